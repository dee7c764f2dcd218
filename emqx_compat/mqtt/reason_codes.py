"""Reason codes: their values, where each is legal, and what older clients and EMQX call them."""

from enum import IntEnum
from typing import NamedTuple

from emqx_compat.mqtt.packet_types import PacketType as P


class ReasonCode(IntEnum):
    """MQTT 5.0 reason codes [§2.4]; values from 0x80 up mean failure."""

    SUCCESS = 0x00
    NORMAL_DISCONNECTION = 0x00
    GRANTED_QOS_0 = 0x00
    GRANTED_QOS_1 = 0x01
    GRANTED_QOS_2 = 0x02
    DISCONNECT_WITH_WILL_MESSAGE = 0x04
    NO_MATCHING_SUBSCRIBERS = 0x10
    NO_SUBSCRIPTION_EXISTED = 0x11
    CONTINUE_AUTHENTICATION = 0x18
    RE_AUTHENTICATE = 0x19
    UNSPECIFIED_ERROR = 0x80
    MALFORMED_PACKET = 0x81
    PROTOCOL_ERROR = 0x82
    IMPLEMENTATION_SPECIFIC_ERROR = 0x83
    UNSUPPORTED_PROTOCOL_VERSION = 0x84
    CLIENT_IDENTIFIER_NOT_VALID = 0x85
    BAD_USER_NAME_OR_PASSWORD = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_UNAVAILABLE = 0x88
    SERVER_BUSY = 0x89
    BANNED = 0x8A
    SERVER_SHUTTING_DOWN = 0x8B
    BAD_AUTHENTICATION_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    SESSION_TAKEN_OVER = 0x8E
    TOPIC_FILTER_INVALID = 0x8F
    TOPIC_NAME_INVALID = 0x90
    PACKET_IDENTIFIER_IN_USE = 0x91
    PACKET_IDENTIFIER_NOT_FOUND = 0x92
    RECEIVE_MAXIMUM_EXCEEDED = 0x93
    TOPIC_ALIAS_INVALID = 0x94
    PACKET_TOO_LARGE = 0x95
    MESSAGE_RATE_TOO_HIGH = 0x96
    QUOTA_EXCEEDED = 0x97
    ADMINISTRATIVE_ACTION = 0x98
    PAYLOAD_FORMAT_INVALID = 0x99
    RETAIN_NOT_SUPPORTED = 0x9A
    QOS_NOT_SUPPORTED = 0x9B
    USE_ANOTHER_SERVER = 0x9C
    SERVER_MOVED = 0x9D
    SHARED_SUBSCRIPTIONS_NOT_SUPPORTED = 0x9E
    CONNECTION_RATE_EXCEEDED = 0x9F
    MAXIMUM_CONNECT_TIME = 0xA0
    SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED = 0xA1
    WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED = 0xA2


class ReasonCodeRow(NamedTuple):
    """What is known about one reason code."""

    name: str
    """EMQX's name for it, as in `emqx_reason_codes:name/1`."""
    packets: frozenset[P]
    """The packet types it may appear in [§2.4, table 2-6]."""
    return_code: int | None = None
    """The 3.1.1 CONNACK return code EMQX answers instead (`emqx_reason_codes:compat/2`)."""


_ACKS = (P.PUBACK, P.PUBREC)
_SUBS = (P.SUBACK, P.UNSUBACK)


def _row(name: str, *packets: P, return_code: int | None = None) -> ReasonCodeRow:
    return ReasonCodeRow(name, frozenset(packets), return_code)


_ANY_SUCCESS = (P.CONNACK, *_ACKS, P.PUBREL, P.PUBCOMP, *_SUBS, P.DISCONNECT, P.AUTH)
_UNACCEPTABLE_VERSION, _IDENTIFIER_REJECTED, _SERVER_UNAVAILABLE, _BAD_CREDENTIALS, _NOT_AUTHORIZED = range(1, 6)

R = ReasonCode
REASON_CODES: dict[int, ReasonCodeRow] = {
    R.SUCCESS: _row("success", *_ANY_SUCCESS, return_code=0),
    R.GRANTED_QOS_1: _row("granted_qos1", P.SUBACK),
    R.GRANTED_QOS_2: _row("granted_qos2", P.SUBACK),
    R.DISCONNECT_WITH_WILL_MESSAGE: _row("disconnect_with_will_message", P.DISCONNECT),
    R.NO_MATCHING_SUBSCRIBERS: _row("no_matching_subscribers", *_ACKS),
    R.NO_SUBSCRIPTION_EXISTED: _row("no_subscription_existed", P.UNSUBACK),
    R.CONTINUE_AUTHENTICATION: _row("continue_authentication", P.AUTH),
    R.RE_AUTHENTICATE: _row("re_authenticate", P.AUTH),
    R.UNSPECIFIED_ERROR: _row(
        "unspecified_error", P.CONNACK, *_ACKS, *_SUBS, P.DISCONNECT, return_code=_UNACCEPTABLE_VERSION
    ),
    R.MALFORMED_PACKET: _row("malformed_packet", P.CONNACK, P.DISCONNECT, return_code=_UNACCEPTABLE_VERSION),
    R.PROTOCOL_ERROR: _row("protocol_error", P.CONNACK, P.DISCONNECT, return_code=_UNACCEPTABLE_VERSION),
    R.IMPLEMENTATION_SPECIFIC_ERROR: _row(
        "implementation_specific_error",
        P.CONNACK,
        *_ACKS,
        *_SUBS,
        P.DISCONNECT,
        return_code=_UNACCEPTABLE_VERSION,
    ),
    R.UNSUPPORTED_PROTOCOL_VERSION: _row(
        "unsupported_protocol_version", P.CONNACK, return_code=_UNACCEPTABLE_VERSION
    ),
    R.CLIENT_IDENTIFIER_NOT_VALID: _row("client_identifier_not_valid", P.CONNACK, return_code=_IDENTIFIER_REJECTED),
    R.BAD_USER_NAME_OR_PASSWORD: _row("bad_username_or_password", P.CONNACK, return_code=_BAD_CREDENTIALS),
    R.NOT_AUTHORIZED: _row("not_authorized", P.CONNACK, *_ACKS, *_SUBS, P.DISCONNECT, return_code=_NOT_AUTHORIZED),
    R.SERVER_UNAVAILABLE: _row("server_unavailable", P.CONNACK, return_code=_SERVER_UNAVAILABLE),
    R.SERVER_BUSY: _row("server_busy", P.CONNACK, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE),
    R.BANNED: _row("banned", P.CONNACK, return_code=_NOT_AUTHORIZED),
    R.SERVER_SHUTTING_DOWN: _row("server_shutting_down", P.DISCONNECT, return_code=_SERVER_UNAVAILABLE),
    R.BAD_AUTHENTICATION_METHOD: _row(
        "bad_authentication_method", P.CONNACK, P.DISCONNECT, return_code=_NOT_AUTHORIZED
    ),
    R.KEEP_ALIVE_TIMEOUT: _row("keepalive_timeout", P.DISCONNECT),
    R.SESSION_TAKEN_OVER: _row("session_taken_over", P.DISCONNECT),
    R.TOPIC_FILTER_INVALID: _row("topic_filter_invalid", *_SUBS, P.DISCONNECT),
    R.TOPIC_NAME_INVALID: _row(
        "topic_name_invalid", P.CONNACK, *_ACKS, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE
    ),
    R.PACKET_IDENTIFIER_IN_USE: _row("packet_identifier_inuse", *_ACKS, *_SUBS),
    R.PACKET_IDENTIFIER_NOT_FOUND: _row("packet_identifier_not_found", P.PUBREL, P.PUBCOMP),
    R.RECEIVE_MAXIMUM_EXCEEDED: _row("receive_maximum_exceeded", P.DISCONNECT),
    R.TOPIC_ALIAS_INVALID: _row("topic_alias_invalid", P.DISCONNECT),
    R.PACKET_TOO_LARGE: _row("packet_too_large", P.CONNACK, P.DISCONNECT),
    R.MESSAGE_RATE_TOO_HIGH: _row("message_rate_too_high", P.DISCONNECT),
    R.QUOTA_EXCEEDED: _row(
        "quota_exceeded", P.CONNACK, *_ACKS, P.SUBACK, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE
    ),
    R.ADMINISTRATIVE_ACTION: _row("administrative_action", P.DISCONNECT),
    R.PAYLOAD_FORMAT_INVALID: _row("payload_format_invalid", P.CONNACK, *_ACKS, P.DISCONNECT),
    R.RETAIN_NOT_SUPPORTED: _row("retain_not_supported", P.CONNACK, P.DISCONNECT),
    R.QOS_NOT_SUPPORTED: _row("qos_not_supported", P.CONNACK, P.DISCONNECT),
    R.USE_ANOTHER_SERVER: _row("use_another_server", P.CONNACK, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE),
    R.SERVER_MOVED: _row("server_moved", P.CONNACK, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE),
    R.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED: _row("shared_subscriptions_not_supported", P.SUBACK, P.DISCONNECT),
    R.CONNECTION_RATE_EXCEEDED: _row(
        "connection_rate_exceeded", P.CONNACK, P.DISCONNECT, return_code=_SERVER_UNAVAILABLE
    ),
    R.MAXIMUM_CONNECT_TIME: _row("maximum_connect_time", P.DISCONNECT),
    R.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: _row(
        "subscription_identifiers_not_supported", P.SUBACK, P.DISCONNECT
    ),
    R.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED: _row("wildcard_subscriptions_not_supported", P.SUBACK, P.DISCONNECT),
}
"""Every reason code with its row, in order of value."""

LEGAL_REASON_CODES: dict[P, frozenset[int]] = {
    kind: frozenset(code for code, row in REASON_CODES.items() if kind in row.packets) for kind in P
}
"""Packet type → the reason codes it may carry; empty for packets without one."""

REASON_CODE_CLAUSES: dict[P, str] = {
    P.CONNACK: "MQTT-3.2.2-8",
    P.PUBACK: "MQTT-3.4.2-1",
    P.PUBREC: "MQTT-3.5.2-1",
    P.PUBREL: "MQTT-3.6.2-1",
    P.PUBCOMP: "MQTT-3.7.2-1",
    P.SUBACK: "MQTT-3.9.3-2",
    P.UNSUBACK: "MQTT-3.11.3-2",
    P.DISCONNECT: "MQTT-3.14.2-1",
    P.AUTH: "MQTT-3.15.2-1",
}
"""Packet type → the clause that a reason code outside its list breaks."""


def connack_return_code(reason: int) -> int:
    """The 3.1 / 3.1.1 CONNACK return code (0..5) for an MQTT 5 reason code, as EMQX maps them.

    Codes EMQX has no row for are refusals without a better word: 3, server unavailable.
    """
    row = REASON_CODES.get(reason)
    if row is None or row.return_code is None:
        return _SERVER_UNAVAILABLE
    return row.return_code


def describe(reason: int) -> str:
    """EMQX's snake_case name of a reason code, such as `not_authorized`; `unknown_error` if it has none."""
    row = REASON_CODES.get(reason)
    return "unknown_error" if row is None else row.name
