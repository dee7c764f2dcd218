"""v3's column of the error catalogue (EMQ X 3.2.8): business errors are HTTP 200, most of them with a code."""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire


def text(status: int, message: str) -> Wire:
    """A plain-text answer, as the HTTP server itself gives them."""
    return Wire(status, message=message, text=True, headers={"Content-Type": "text/plain"})


CRASH = text(500, "Internal Error")
"""What a handler that crashes comes to: 3.2.8 leaves most mistakes of the caller unchecked."""
NOT_FOUND = text(404, "Not found.")
BAD_REQUEST = text(400, "Bad Request")
REFUSED = text(400, "Not found.")
"""What the HTTP server answers to a path or method that reaches no dispatcher: `/status/`, the bare prefix."""
NOTHING = Wire(404, empty=True)
"""Any path outside the API."""
NODE_DOWN = Wire(message="nodedown")
NODE_DOWN_102 = Wire(code=102, message="nodedown")
NO_CONTENT = Wire(204, empty=True)
"""An answer that 3.2.8 cannot encode (observed): look-ups on a node that is down."""

_CHALLENGE = {"WWW-Authenticate": 'Basic Realm="minirest-server"'}
_UNAUTHORIZED = Wire(401, message="UNAUTHORIZED", text=True, headers=_CHALLENGE)

COLUMN: Column = {
    # how the call was made
    F.CREDENTIALS_MISSING: _UNAUTHORIZED,
    F.CREDENTIALS_MALFORMED: CRASH,
    F.CREDENTIALS_WRONG: _UNAUTHORIZED,
    F.PATH_UNKNOWN: NOT_FOUND,
    F.METHOD_UNKNOWN: NOT_FOUND,
    F.PATH_MALFORMED: Wire(400, empty=True),
    F.PATH_TOO_LONG: Wire(414, empty=True),
    F.PATH_INCOMPLETE: REFUSED,
    F.QUERY_MALFORMED: BAD_REQUEST,
    F.BODY_NOT_JSON: BAD_REQUEST,
    F.BODY_TOO_LARGE: BAD_REQUEST,
    F.NOT_BUILT: Wire(501, code=501, message="{operation} is not built"),
    F.INTERNAL_ERROR: CRASH,
    # what the call says
    F.PAGE_INVALID: CRASH,
    F.PARAMETER_MISSING: Wire(code=107, message="missing mandatory params: [{name}]"),
    F.PARAMETER_INVALID: Wire(code=108, message="value of '{name}' must be one of: [{reason}]"),
    F.PARAMETER_TYPE: CRASH,
    F.TOPIC_INVALID: CRASH,
    F.QOS_INVALID: CRASH,
    # what it is about
    F.NODE_UNKNOWN: NOT_FOUND,
    F.NODE_DOWN: NODE_DOWN,
    F.CLIENT_OFFLINE: Wire(code=112, message="not_found"),
    F.SESSION_NOT_FOUND: Wire(message="not_found"),
    F.SESSION_RUNNING: Wire(message="running_session"),
    F.BAN_INVALID: CRASH,
    F.APP_EXISTS: Wire(code=102, message="alread_existed"),
    F.APP_NOT_FOUND: Wire(code=102, message="ont_found"),
    F.USER_EXISTS: Wire(message="Username Already Exist"),
    F.USER_NOT_FOUND: Wire(message="Username Not Found"),
    F.USER_UNDELETABLE: Wire(message="Cannot delete admin"),
    F.USER_FIELDS_EMPTY: Wire(message="Username or password undefined"),
    F.USERNAME_EMPTY: Wire(message="Username undefined"),
    F.PASSWORD_EMPTY: Wire(message="Password undefined"),
    F.PASSWORD_WRONG: Wire(message="Password Error"),
}
