"""v4's column of the error catalogue (EMQX 4.4.19): business errors are HTTP 200 with a code, or without one."""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire

_CHALLENGE = {"WWW-Authenticate": 'Basic Realm="minirest-server"'}
_UNAUTHORIZED = Wire(401, message="UNAUTHORIZED", text=True, headers=_CHALLENGE)
_NOT_FOUND = Wire(404, message="Not found.", text=True)
_BAD_REQUEST = Wire(400, message="Bad Request", text=True)

COLUMN: Column = {
    F.CREDENTIALS_MISSING: _UNAUTHORIZED,
    F.CREDENTIALS_MALFORMED: _UNAUTHORIZED,
    F.CREDENTIALS_WRONG: _UNAUTHORIZED,
    F.PATH_UNKNOWN: _NOT_FOUND,
    F.METHOD_UNKNOWN: _NOT_FOUND,
    F.PATH_MALFORMED: Wire(400, empty=True),
    F.PATH_TOO_LONG: Wire(414, empty=True),
    F.QUERY_MALFORMED: _BAD_REQUEST,
    F.BODY_NOT_JSON: _BAD_REQUEST,
    F.BODY_TOO_LARGE: _BAD_REQUEST,
    F.NOT_BUILT: Wire(501, code=501, message="{operation} is not built"),
    F.INTERNAL_ERROR: Wire(500, message="Internal Error", text=True),
    F.PARAMETER_MISSING: Wire(200, code=107, message="missing mandatory params"),
    F.NODE_UNKNOWN: _NOT_FOUND,
    F.PAGE_INVALID: Wire(500, message="Internal Error", text=True),
}
