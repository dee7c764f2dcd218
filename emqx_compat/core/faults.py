"""Everything that can go wrong with a call, as one list of names.

The engine and the shared HTTP layer raise a `Fault`; each spoke's `faults.py` holds its column of the catalogue:
what that generation answers (HTTP status, code, message). Handlers therefore hold no `try/except` for faults.
`docs/faults.md` is generated from the names here and the columns of all spokes.
"""

from __future__ import annotations

from enum import StrEnum


class F(StrEnum):
    """Names of faults. The comment behind a name lists the parameters that its message may use."""

    # how the call was made
    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_MALFORMED = "credentials_malformed"
    CREDENTIALS_WRONG = "credentials_wrong"
    KEY_WRONG = "key_wrong"
    KEY_NOT_ALLOWED_HERE = "key_not_allowed_here"
    TOKEN_UNKNOWN = "token_unknown"
    TOKEN_EXPIRED = "token_expired"
    ROLE_TOO_LOW = "role_too_low"  # principal kind: user | key
    PATH_UNKNOWN = "path_unknown"
    METHOD_UNKNOWN = "method_unknown"  # allow
    PATH_MALFORMED = "path_malformed"
    PATH_TOO_LONG = "path_too_long"
    PATH_INCOMPLETE = "path_incomplete"  # the bare prefix, where it needs a slash (v4's dashboard port)
    QUERY_MALFORMED = "query_malformed"
    BODY_NOT_JSON = "body_not_json"
    BODY_TYPE = "body_type"  # JSON, but no object where v5 looks for fields in one
    BODY_TOO_LARGE = "body_too_large"
    NOT_BUILT = "not_built"  # operation
    INTERNAL_ERROR = "internal_error"
    # what the call says
    PARAMETER_MISSING = "parameter_missing"  # name
    PARAMETER_TYPE = "parameter_type"  # name, value
    PARAMETER_INVALID = "parameter_invalid"  # name, value, reason
    VALIDATION = "validation"  # errors: list of v5's validation objects
    PAGE_INVALID = "page_invalid"
    # what it is about
    NODE_UNKNOWN = "node_unknown"  # node
    NODE_DOWN = "node_down"  # node: a name that is known, but of no running member
    CLIENT_NOT_FOUND = "client_not_found"  # clientid
    CLIENT_OFFLINE = "client_offline"  # clientid
    SESSION_NOT_FOUND = "session_not_found"  # clientid
    SESSION_RUNNING = "session_running"  # clientid
    TOPIC_INVALID = "topic_invalid"  # topic
    QOS_INVALID = "qos_invalid"  # qos
    TOPIC_NOT_FOUND = "topic_not_found"  # topic
    TOPIC_METRICS_INVALID = "topic_metrics_invalid"  # topic: no name of one
    TOPIC_METRICS_EXISTS = "topic_metrics_exists"  # topic
    TOPIC_METRICS_LIMIT = "topic_metrics_limit"  # limit
    SLOW_SUBS_INVALID = "slow_subs_invalid"  # reason
    NO_LOCAL_ON_SHARED = "no_local_on_shared"
    PAYLOAD_ENCODING = "payload_encoding"  # payload
    PACKET_TOO_LARGE = "packet_too_large"
    USER_EXISTS = "user_exists"  # username
    USER_NOT_FOUND = "user_not_found"  # username
    USER_UNDELETABLE = "user_undeletable"  # username
    USER_SELF_UNDELETABLE = "user_self_undeletable"
    USER_FIELDS_EMPTY = "user_fields_empty"
    USERNAME_EMPTY = "username_empty"
    PASSWORD_EMPTY = "password_empty"
    USERNAME_RULE = "username_rule"  # username
    PASSWORD_LENGTH = "password_length"
    PASSWORD_TOO_PLAIN = "password_too_plain"
    PASSWORD_NOT_ASCII = "password_not_ascii"
    PASSWORD_WRONG = "password_wrong"
    OLD_PASSWORD_WRONG = "old_password_wrong"
    TOKEN_OF_OTHER_USER = "token_of_other_user"
    ROLE_UNKNOWN = "role_unknown"  # role
    APP_EXISTS = "app_exists"
    APP_NOT_FOUND = "app_not_found"
    APP_RULE = "app_rule"  # app_id
    KEY_LIMIT = "key_limit"
    BAN_EXISTS = "ban_exists"  # ban: the existing one
    BAN_NOT_FOUND = "ban_not_found"  # as_, who
    BAN_INVALID = "ban_invalid"  # reason
    BAN_EXPIRED = "ban_expired"  # at, until
    LISTENER_NOT_FOUND = "listener_not_found"  # id
    LISTENER_EXISTS = "listener_exists"  # id
    LISTENER_INVALID = "listener_invalid"  # id, reason
    LISTENER_FAILED = "listener_failed"  # id, reason
    ERROR_CODE_UNKNOWN = "error_code_unknown"  # code
    FEATURE_UNKNOWN = "feature_unknown"  # name
    FEATURE_RUNNING = "feature_running"  # name
    FEATURE_STOPPED = "feature_stopped"  # name
    FEATURE_FAILED = "feature_failed"  # name, reason
    MQTT_USER_EXISTS = "mqtt_user_exists"  # as_, who
    MQTT_USER_NOT_FOUND = "mqtt_user_not_found"  # as_, who
    HASH_SCHEME_UNKNOWN = "hash_scheme_unknown"  # scheme
    SETTING_UNKNOWN = "setting_unknown"  # name
    SETTING_INVALID = "setting_invalid"  # name, value
    SQL_SYNTAX = "sql_syntax"  # line, near: the token as Erlang prints it
    SQL_ILLEGAL = "sql_illegal"  # line, text: characters that begin no token
    SQL_EMPTY = "sql_empty"
    SQL_UNSUPPORTED = "sql_unsupported"  # what: grammatical, but nothing that rules understand
    SQL_NUMBER_INVALID = "sql_number_invalid"  # text
    SQL_EVENT_UNKNOWN = "sql_event_unknown"  # event
    SQL_COLUMN_UNKNOWN = "sql_column_unknown"  # column: text, or its path; name: all of it
    SQL_FUNCTION_UNKNOWN = "sql_function_unknown"  # name
    SQL_FAILED = "sql_failed"  # step, reason: a term
    SQL_NOT_MATCHED = "sql_not_matched"
    SQL_TEST_COLUMN_UNKNOWN = "sql_test_column_unknown"  # column, name: as above, when SQL is only tried
    CONTEXT_UNKNOWN = "context_unknown"  # name
    ARGUMENTS_INVALID = "arguments_invalid"  # reason: a term
    EVENT_UNKNOWN = "event_unknown"  # event
    RULE_NOT_FOUND = "rule_not_found"  # id
    ACTION_UNKNOWN = "action_unknown"  # name
    CONFIG_MISSING = "config_missing"  # name
    CONFIG_TYPE = "config_type"  # expected, value
    CONFIG_ENUM = "config_enum"  # value, allowed
    CONFIG_RANGE = "config_range"  # value, allowed: [min, max]
    RESOURCE_NOT_FOUND = "resource_not_found"  # id
    RESOURCE_TYPE_UNKNOWN = "resource_type_unknown"  # type
    RESOURCE_NOT_STARTED = "resource_not_started"  # id
    RESOURCE_START_FAILED = "resource_start_failed"  # id
    RESOURCE_TEST_FAILED = "resource_test_failed"  # type
    RESOURCE_IN_USE = "resource_in_use"  # id, rule: the first of rules, name: its name


class Fault(Exception):
    """A fault with the parameters that its message may use."""

    def __init__(self, kind: F, **params: object) -> None:
        super().__init__(kind.value, params)
        self.kind = kind
        self.params = params
