"""v2's column of the error catalogue (emqttd 2.3.11): HTTP 200 with a code, an empty 401 or an empty 404.

There was no 400: whatever a handler could not digest (bad page numbers, unknown nodes, an odd qos) was a 404. Where
the real server dropped the connection, the nearest of these answers is given, with a status that says "failed".
"""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire

_UNAUTHORIZED = Wire(401, empty=True, headers={"WWW-Authenticate": 'Basic Realm="emqx control center"'})
_NOT_FOUND = Wire(404, empty=True, headers={"Content-Type": "text/plain"})
_PARAMETERS = Wire(code=107, message="params error")
_TYPES = Wire(code=108, message="params type error")
_UNKNOWN = Wire(code=102, message="unknown")

COLUMN: Column = {
    F.CREDENTIALS_MISSING: _UNAUTHORIZED,
    F.CREDENTIALS_MALFORMED: _UNAUTHORIZED,
    F.CREDENTIALS_WRONG: _UNAUTHORIZED,
    F.PATH_UNKNOWN: _NOT_FOUND,
    F.METHOD_UNKNOWN: _NOT_FOUND,
    F.PATH_INCOMPLETE: Wire(404, message="Not found.", text=True),
    F.BODY_NOT_JSON: Wire(code=109, message="Body not json"),
    F.BODY_TYPE: Wire(400, code=107, message="params error"),
    F.BODY_TOO_LARGE: _NOT_FOUND,
    F.NOT_BUILT: Wire(501, code=501, message="{operation} is not built"),
    F.INTERNAL_ERROR: Wire(500, code=102, message="unknown"),
    F.PARAMETER_MISSING: _PARAMETERS,
    F.PARAMETER_TYPE: _TYPES,
    F.PARAMETER_INVALID: _NOT_FOUND,
    F.PAGE_INVALID: _NOT_FOUND,
    F.NODE_UNKNOWN: _NOT_FOUND,
    F.CLIENT_OFFLINE: Wire(code=112),
    F.SESSION_NOT_FOUND: Wire(code=102, message="Clientid: {clientid} not found"),
    F.TOPIC_INVALID: Wire(code=102, message="validate topic: {topic} fail"),
    F.QOS_INVALID: _NOT_FOUND,
    F.PACKET_TOO_LARGE: _UNKNOWN,
    F.USER_EXISTS: Wire(code=113, message="User already exist"),
    F.USER_NOT_FOUND: Wire(code=105, message="User not found"),
    F.USER_UNDELETABLE: Wire(code=106, message="admin cannot be deleted"),
    F.OLD_PASSWORD_WRONG: Wire(code=114, message="OldPassword error"),
    F.PASSWORD_WRONG: Wire(code=103, message="Password error"),
    F.FEATURE_UNKNOWN: _UNKNOWN,
    F.FEATURE_RUNNING: Wire(code=110, message="already_started"),
    F.FEATURE_STOPPED: Wire(code=111, message="not_started"),
    F.FEATURE_FAILED: _UNKNOWN,
    F.SETTING_UNKNOWN: Wire(code=102),
    F.SETTING_INVALID: Wire(code=102),
}
