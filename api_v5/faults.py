"""v5's column of the error catalogue (EMQX 5.6.1): `{"code":…,"message":…}` below an HTTP status that fits.

An integer code is an MQTT reason code: `{"reason_code":…,"message":…}`, as `/publish` answers.
"""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire

CHALLENGE = {"WWW-Authenticate": 'Basic Realm="emqx-dashboard"'}
_NO_HEADER = Wire(401, "AUTHORIZATION_HEADER_ERROR", "Support authorization: basic/bearer ", headers=CHALLENGE)
_NO_CLIENT = Wire(404, "CLIENTID_NOT_FOUND", "Client ID not found")
_EMPTY_400 = Wire(400, empty=True)
_EMPTY_500 = Wire(500, empty=True)


def bad_request(message: str) -> Wire:
    """400 with the commonest code."""
    return Wire(400, "BAD_REQUEST", message)


def crash(term: str) -> Wire:
    """A handler that 5.6.1 lets crash: class and reason of the exception as Erlang prints them, then the stack.

    The stack is empty here. Braces of `term` are doubled unless they are a fault's parameter.
    """
    return Wire(500, "INTERNAL_ERROR", term + ", []")


NO_LOCAL_ON_SHARED = "Invalid Subscribe options: `no_local` not allowed for shared-sub. See [MQTT-3.8.3-4]"
NO_NODE = Wire(500, "NODE_DOWN", 'bad rpc call <<"{node}">>, Reason <<"invalid node">>')
"""What listings say to a member that is none, where look-ups answer 404."""
EXPIRED_BAN = (
    "[67,97,110,110,111,116,32,99,114,101,97,116,101,32,101,120,112,105,114,101,\n "
    '100,32,98,97,110,110,101,100,44,32,"{at}",32,116,111,32,"{until}"]'
)
"""`Cannot create expired banned, <at> to <until>`, printed as a list of characters."""

COLUMN: Column = {
    # how the call was made
    F.CREDENTIALS_MISSING: _NO_HEADER,
    F.CREDENTIALS_WRONG: _NO_HEADER,
    F.CREDENTIALS_MALFORMED: _EMPTY_400,
    F.KEY_WRONG: Wire(401, "BAD_API_KEY_OR_SECRET", "Check api_key/api_secret", headers=CHALLENGE),
    F.KEY_NOT_ALLOWED_HERE: Wire(
        401,
        "API_KEY_NOT_ALLOW",
        "Please use bearer Token instead, using API key/secret in {section} path is not permitted",
        headers=CHALLENGE,
    ),
    F.TOKEN_UNKNOWN: Wire(401, "BAD_TOKEN", "Get a token by POST /login"),
    F.TOKEN_EXPIRED: Wire(401, "TOKEN_TIME_OUT", "Token expired, get new token by POST /login"),
    F.ROLE_TOO_LOW: Wire(403, "UNAUTHORIZED_ROLE", "{who} don't have permission to access this resource"),
    F.PATH_MALFORMED: _EMPTY_400,
    F.METHOD_UNKNOWN: Wire(405, empty=True),
    F.BODY_NOT_JSON: bad_request("Invalid json message received"),
    F.BODY_TYPE: _EMPTY_500,
    F.BODY_TOO_LARGE: _EMPTY_500,
    F.NOT_BUILT: Wire(501, "NOT_IMPLEMENTED", "{operation} is not built"),
    F.INTERNAL_ERROR: Wire(500, "INTERNAL_ERROR", "error, internal_error, []"),
    # what the call says
    F.VALIDATION: bad_request("{errors}"),
    F.PARAMETER_MISSING: crash('error, {{badkey,<<"{name}">>}}'),
    F.PARAMETER_TYPE: Wire(
        400,
        "INVALID_PARAMETER",
        "the {name} parameter expected type is {expected}, but the value is {value}",
    ),
    F.PARAMETER_INVALID: Wire(400, "INVALID_PARAMETER", "{reason}"),
    F.TOPIC_INVALID: Wire(400, 144, "topic_name_invalid"),
    F.PACKET_TOO_LARGE: Wire(400, 151, "packet_too_large"),
    F.PAYLOAD_ENCODING: Wire(400, 131, "{{decode_base64_payload_failed,{payload}}}"),
    F.NO_LOCAL_ON_SHARED: Wire(400, "INVALID_PARAMETER", NO_LOCAL_ON_SHARED),
    # what it is about
    F.NODE_UNKNOWN: Wire(404, "NOT_FOUND", "Node not found: {node}"),
    F.CLIENT_NOT_FOUND: _NO_CLIENT,
    F.SESSION_NOT_FOUND: _NO_CLIENT,
    F.TOPIC_NOT_FOUND: Wire(404, "TOPIC_NOT_FOUND", "Topic not found"),
    F.TOPIC_METRICS_INVALID: Wire(400, "BAD_TOPIC", "Wildcard topic is not supported"),
    F.TOPIC_METRICS_EXISTS: Wire(400, "BAD_TOPIC", "Topic already registered"),
    F.TOPIC_METRICS_LIMIT: Wire(409, "EXCEED_LIMIT", "Max topic metrics count is {limit}"),
    F.SLOW_SUBS_INVALID: bad_request("Update slow subs config failed {reason}"),
    F.LISTENER_NOT_FOUND: Wire(404, "BAD_LISTENER_ID", "Listener id not found"),
    F.LISTENER_EXISTS: Wire(400, "BAD_LISTENER_ID", "Already Exist"),
    F.LISTENER_INVALID: bad_request("{reason}"),
    F.LISTENER_FAILED: bad_request("{reason}"),
    F.USER_EXISTS: bad_request("username_already_exist"),
    F.USER_NOT_FOUND: Wire(404, "USER_NOT_FOUND", "username_not_found"),
    F.USER_UNDELETABLE: Wire(400, "NOT_ALLOWED", 'Cannot delete user <<"{username}">>'),
    F.USER_SELF_UNDELETABLE: Wire(400, "NOT_ALLOWED", "Cannot delete self"),
    F.USER_FIELDS_EMPTY: bad_request("Username or password undefined"),
    F.USERNAME_RULE: bad_request(
        "Bad Username. Only upper and lower case letters, numbers and underscores are supported"
    ),
    F.PASSWORD_EMPTY: bad_request("Old password or new password undefined"),
    F.PASSWORD_LENGTH: bad_request("The range of password length is 8~64"),
    F.PASSWORD_TOO_PLAIN: bad_request(
        "Bad password. At least two different kind of characters from groups of letters, numbers, and special "
        "characters. For example, if password is composed from letters, it must contain at least one number or a "
        "special character."
    ),
    F.PASSWORD_NOT_ASCII: bad_request("Only ascii characters are allowed in the password"),
    F.PASSWORD_WRONG: Wire(401, "BAD_USERNAME_OR_PWD", "Auth failed"),
    F.OLD_PASSWORD_WRONG: Wire(400, "ERROR_PWD_NOT_MATCH", "Old password not match"),
    F.TOKEN_OF_OTHER_USER: Wire(401, "WRONG_TOKEN_OR_USERNAME", "Ensure your token & username"),
    F.ROLE_UNKNOWN: bad_request("Role does not exist"),
    F.APP_EXISTS: bad_request("name_already_existed"),
    F.APP_NOT_FOUND: Wire(404, "NOT_FOUND", "Name NOT FOUND"),
    F.KEY_LIMIT: bad_request('"Maximum number of ApiKeys reached."'),
    F.BAN_EXISTS: Wire(400, "ALREADY_EXISTS", "{ban}"),
    F.BAN_NOT_FOUND: Wire(404, "NOT_FOUND", "{as_}: {who} not found"),
    F.BAN_INVALID: bad_request("{reason}"),
    F.BAN_EXPIRED: bad_request(EXPIRED_BAN),
}
