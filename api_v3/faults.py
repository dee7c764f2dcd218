"""v3's column of the error catalogue (EMQ X 3.2.8): business errors are HTTP 200, most of them with a code."""

from __future__ import annotations

from emqx_compat.core.faults import F
from emqx_compat.http.dialect import Column
from emqx_compat.http.route import Wire


def text(status: int, message: str) -> Wire:
    """A plain-text answer, as the HTTP server itself gives them."""
    return Wire(status, message=message, text=True, headers={"Content-Type": "text/plain"})


def refused(term: str) -> Wire:
    """How the rule engine says no: with the Erlang term of what went wrong."""
    return Wire(code=400, message="Bad Arguments: " + term)


CRASH = text(500, "Internal Error")
"""What a handler that crashes comes to: 3.2.8 leaves most mistakes of the caller unchecked."""
NOT_FOUND = text(404, "Not found.")
BAD_REQUEST = text(400, "Bad Request")
REFUSED = text(400, "Not found.")
"""What the HTTP server answers to a path or method that reaches no dispatcher: `/status/`, the bare prefix."""
NOTHING = Wire(404, empty=True)
"""Any path outside the API."""
ABSENT = Wire(code=404, message="Not Found")
"""No such rule, action, resource or type of resources."""
UNREADABLE = refused("function_clause")
"""What the rule engine says to a call without its mandatory fields."""
IN_USE_BY_NAME = refused("{{dependency_exists,{{rule_name,{name!e}}}}}")
"""A resource that a rule of 3.1 uses, which has a name."""
NODE_DOWN = Wire(message="nodedown")
NODE_DOWN_102 = Wire(code=102, message="nodedown")
NUMBER_1 = Wire(code=102, message="1")
"""A key that cannot be set; 3.2.8 sends the message as a number, and so does `dialect.render_fault`."""
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
    # the rule engine; where 3.2.8 adds a stack trace, the list is empty here
    F.ARGUMENTS_INVALID: refused("{reason!e}"),
    F.SQL_SYNTAX: refused('{{parse_error,{{"{line}: syntax error before: {near!q}",[]}}}}'),
    F.SQL_ILLEGAL: refused('{{lex_error,{{{line},sql_lex,{{illegal,"{text!q}"}}}}}}'),
    F.SQL_EMPTY: refused("{{parse_error,invalid_string}}"),
    F.SQL_UNSUPPORTED: refused("{{parse_error,function_clause,[]}}"),
    F.SQL_NUMBER_INVALID: refused("{{parse_error,badarg,[]}}"),
    F.SQL_FUNCTION_UNKNOWN: refused("{{parse_error,badarg,[]}}"),
    F.SQL_EVENT_UNKNOWN: refused("{{parse_error,unknown_event_type,[]}}"),
    F.SQL_COLUMN_UNKNOWN: refused("{{parse_error,{{unknown_column,{column!e}}},[]}}"),
    F.SQL_TEST_COLUMN_UNKNOWN: Wire(code=400, message="Unknown Column: {name}"),
    F.SQL_FAILED: refused("{{{step},{reason!e}}}"),
    F.SQL_NOT_MATCHED: Wire(code=404, message="SQL Not Match"),
    F.CONTEXT_UNKNOWN: refused("badarg"),
    F.EVENT_UNKNOWN: Wire(code=400, message="Event {event} Not Found"),
    F.RULE_NOT_FOUND: ABSENT,
    F.ACTION_UNKNOWN: refused("{{action_not_found,{name!w}}}"),
    F.CONFIG_MISSING: refused("{{required_field_missing,{name!w}}}"),
    F.CONFIG_TYPE: refused("{{invalid_data_type,{{{expected},{value!e}}}}}"),
    F.CONFIG_ENUM: refused("{{invalid_data_type,{{enum,{{{value!e},{allowed!e}}}}}}}"),
    F.CONFIG_RANGE: refused("{{invalid_data_type,{{number,{{{value!e},{allowed!e}}}}}}}"),
    F.RESOURCE_NOT_FOUND: Wire(code=400, message="Resource {id} Not Found"),
    F.RESOURCE_TYPE_UNKNOWN: Wire(code=400, message="Resource Type {type} Not Found"),
    F.RESOURCE_NOT_STARTED: refused("{{resource_not_initialized,{id!e}}}"),
    F.RESOURCE_START_FAILED: Wire(code=400, message="Start Resource {id} Failed"),
    F.RESOURCE_TEST_FAILED: Wire(code=500, message="Test Creating Resource Failed"),
    F.RESOURCE_IN_USE: refused("{{dependency_exists,{{rule,{rule!e}}}}}"),
}
