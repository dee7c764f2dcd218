"""v4's column of the error catalogue (EMQX 4.4.19): business errors are HTTP 200 with a code, or without one."""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire


def text(status: int, message: str) -> Wire:
    """A plain-text answer, as the HTTP server itself gives them."""
    return Wire(status, message=message, text=True, headers={"Content-Type": "text/plain"})


CRASH = text(500, "Internal Error")
"""What a handler that crashes comes to: 4.4.19 leaves many mistakes of the caller unchecked."""

NODE_DOWN = "nodedown"
"""The message about a node that is down."""

_CHALLENGE = {"WWW-Authenticate": 'Basic Realm="minirest-server"'}
_UNAUTHORIZED = Wire(401, message="UNAUTHORIZED", text=True, headers=_CHALLENGE)
_NOT_FOUND = text(404, "Not found.")
_BAD_REQUEST = text(400, "Bad Request")
_REFUSED = text(400, "Not found.")
_NOTHING_HERE = Wire(404, empty=True)

COLUMN: Column = {
    # how the call was made
    F.CREDENTIALS_MISSING: _UNAUTHORIZED,
    F.CREDENTIALS_MALFORMED: _UNAUTHORIZED,
    F.CREDENTIALS_WRONG: _UNAUTHORIZED,
    F.PATH_UNKNOWN: _NOT_FOUND,
    F.METHOD_UNKNOWN: _NOT_FOUND,
    F.PATH_MALFORMED: Wire(400, empty=True),
    F.PATH_TOO_LONG: Wire(414, empty=True),
    F.PATH_INCOMPLETE: _REFUSED,
    F.QUERY_MALFORMED: _BAD_REQUEST,
    F.BODY_NOT_JSON: _BAD_REQUEST,
    F.BODY_TOO_LARGE: _BAD_REQUEST,
    F.NOT_BUILT: Wire(501, code=501, message="{operation} is not built"),
    F.INTERNAL_ERROR: CRASH,
    # what the call says
    F.PAGE_INVALID: CRASH,
    F.PARAMETER_MISSING: Wire(code=107, message="missing mandatory params"),
    F.PARAMETER_TYPE: CRASH,
    F.PARAMETER_INVALID: Wire(code=108, message="bad_params"),
    F.TOPIC_INVALID: Wire(code=115, message="bad_topic"),
    F.QOS_INVALID: Wire(code=116, message="bad_qos"),
    # what it is about
    F.NODE_UNKNOWN: _NOT_FOUND,
    F.NODE_DOWN: Wire(message="nodedown"),
    F.CLIENT_OFFLINE: Wire(code=112, message="not_found"),
    F.SESSION_NOT_FOUND: Wire(code=112, message="channel_not_found"),
    F.BAN_INVALID: CRASH,
}

OUTSIDE: Column = {F.PATH_UNKNOWN: _NOTHING_HERE, F.METHOD_UNKNOWN: _REFUSED}
"""Other answers for paths that are not below `/api/v4`."""

ROOT: Column = {F.METHOD_UNKNOWN: _BAD_REQUEST}
"""Other answers for `/api/v4/` itself."""
