"""MQTT 5.0 properties: what they are, where they may stand, how they are read and written [§2.2.2]."""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypedDict, cast

from emqx_compat.mqtt import wire
from emqx_compat.mqtt.errors import MalformedPacket, ProtocolViolation
from emqx_compat.mqtt.packet_types import WILL
from emqx_compat.mqtt.packet_types import PacketType as P
from emqx_compat.mqtt.reason_codes import ReasonCode
from emqx_compat.mqtt.topics import validate_topic_name


class Properties(TypedDict, total=False):
    """The properties of one packet by name; a packet without any has None instead."""

    payload_format_indicator: int
    message_expiry_interval: int
    content_type: str
    response_topic: str
    correlation_data: bytes
    subscription_identifier: list[int]
    session_expiry_interval: int
    assigned_client_identifier: str
    server_keep_alive: int
    authentication_method: str
    authentication_data: bytes
    request_problem_information: int
    will_delay_interval: int
    request_response_information: int
    response_information: str
    server_reference: str
    reason_string: str
    receive_maximum: int
    topic_alias_maximum: int
    topic_alias: int
    maximum_qos: int
    retain_available: int
    user_property: list[tuple[str, str]]
    maximum_packet_size: int
    wildcard_subscription_available: int
    subscription_identifier_available: int
    shared_subscription_available: int


class WireType(Enum):
    """How a property value is laid out: its reader and its writer [§1.5]."""

    BYTE = (wire.read_byte, wire.write_byte)
    TWO_BYTE = (wire.read_two_byte, wire.write_two_byte)
    FOUR_BYTE = (wire.read_four_byte, wire.write_four_byte)
    VARIABLE = (wire.read_variable, wire.write_variable)
    BINARY = (wire.read_binary, wire.write_binary)
    UTF8 = (wire.read_utf8, wire.write_utf8)
    UTF8_PAIR = (wire.read_utf8_pair, wire.write_utf8_pair)

    def __init__(self, read: Callable[[bytes, int, int], tuple[Any, int]], write: Callable[[Any], bytes]) -> None:
        self.read = read
        self.write = write


class Rule(NamedTuple):
    """What a value must be beyond its wire type."""

    holds: Callable[[Any], bool]
    text: str
    """Completes "<property> …" in the error message."""
    reason_code: ReasonCode = ReasonCode.PROTOCOL_ERROR


class PropertyRow(NamedTuple):
    """One line of the property table [§2.2.2.2, table 2-4]."""

    identifier: int
    name: str
    wire_type: WireType
    packets: frozenset[int]
    """Packet types it may appear in; `WILL` for the Will Properties."""
    clause: str = "§2.2.2.2"
    """The rule that a bad value breaks."""
    rule: Rule | None = None
    repeatable: frozenset[int] = frozenset()
    """Packet types it may appear in more than once."""
    is_list: bool = False
    """Whether its values are collected into a list."""


_BOOLEAN = Rule(lambda value: value <= 1, "is neither 0 nor 1")
_NOT_ZERO = Rule(lambda value: value != 0, "is 0")
_ALIAS = Rule(lambda value: value != 0, "is 0", ReasonCode.TOPIC_ALIAS_INVALID)
_TOPIC_NAME = Rule(validate_topic_name, "is not a topic name")

_MESSAGE = frozenset({P.PUBLISH, WILL})
_ACKS = frozenset({P.PUBACK, P.PUBREC, P.PUBREL, P.PUBCOMP})
_AUTHENTICATED = frozenset({P.CONNECT, P.CONNACK, P.AUTH})
_ENDPOINTS = frozenset({P.CONNECT, P.CONNACK})
_REASONED = _ACKS | {P.CONNACK, P.SUBACK, P.UNSUBACK, P.DISCONNECT, P.AUTH}
_EVERYWHERE = _REASONED | {P.CONNECT, P.PUBLISH, WILL, P.SUBSCRIBE, P.UNSUBSCRIBE}
_CONNECT = frozenset({P.CONNECT})
_CONNACK = frozenset({P.CONNACK})
_PUBLISH = frozenset({P.PUBLISH})

W = WireType
PROPERTY_TABLE: tuple[PropertyRow, ...] = (
    PropertyRow(0x01, "payload_format_indicator", W.BYTE, _MESSAGE, "§3.3.2.3.2", _BOOLEAN),
    PropertyRow(0x02, "message_expiry_interval", W.FOUR_BYTE, _MESSAGE),
    PropertyRow(0x03, "content_type", W.UTF8, _MESSAGE),
    PropertyRow(0x08, "response_topic", W.UTF8, _MESSAGE, "MQTT-3.3.2-14", _TOPIC_NAME),
    PropertyRow(0x09, "correlation_data", W.BINARY, _MESSAGE),
    PropertyRow(
        0x0B,
        "subscription_identifier",
        W.VARIABLE,
        frozenset({P.PUBLISH, P.SUBSCRIBE}),
        "§3.8.2.1.2",
        _NOT_ZERO,
        repeatable=_PUBLISH,
        is_list=True,
    ),
    PropertyRow(0x11, "session_expiry_interval", W.FOUR_BYTE, frozenset({P.CONNECT, P.CONNACK, P.DISCONNECT})),
    PropertyRow(0x12, "assigned_client_identifier", W.UTF8, _CONNACK),
    PropertyRow(0x13, "server_keep_alive", W.TWO_BYTE, _CONNACK),
    PropertyRow(0x15, "authentication_method", W.UTF8, _AUTHENTICATED),
    PropertyRow(0x16, "authentication_data", W.BINARY, _AUTHENTICATED),
    PropertyRow(0x17, "request_problem_information", W.BYTE, _CONNECT, "§3.1.2.11.7", _BOOLEAN),
    PropertyRow(0x18, "will_delay_interval", W.FOUR_BYTE, frozenset({WILL})),
    PropertyRow(0x19, "request_response_information", W.BYTE, _CONNECT, "§3.1.2.11.6", _BOOLEAN),
    PropertyRow(0x1A, "response_information", W.UTF8, _CONNACK),
    PropertyRow(0x1C, "server_reference", W.UTF8, frozenset({P.CONNACK, P.DISCONNECT})),
    PropertyRow(0x1F, "reason_string", W.UTF8, _REASONED),
    PropertyRow(0x21, "receive_maximum", W.TWO_BYTE, _ENDPOINTS, "§3.1.2.11.3", _NOT_ZERO),
    PropertyRow(0x22, "topic_alias_maximum", W.TWO_BYTE, _ENDPOINTS),
    PropertyRow(0x23, "topic_alias", W.TWO_BYTE, _PUBLISH, "MQTT-3.3.2-8", _ALIAS),
    PropertyRow(0x24, "maximum_qos", W.BYTE, _CONNACK, "§3.2.2.3.4", _BOOLEAN),
    PropertyRow(0x25, "retain_available", W.BYTE, _CONNACK, "§3.2.2.3.5", _BOOLEAN),
    PropertyRow(0x26, "user_property", W.UTF8_PAIR, _EVERYWHERE, repeatable=_EVERYWHERE, is_list=True),
    PropertyRow(0x27, "maximum_packet_size", W.FOUR_BYTE, _ENDPOINTS, "§3.1.2.11.4", _NOT_ZERO),
    PropertyRow(0x28, "wildcard_subscription_available", W.BYTE, _CONNACK, "§3.2.2.3.11", _BOOLEAN),
    PropertyRow(0x29, "subscription_identifier_available", W.BYTE, _CONNACK, "§3.2.2.3.12", _BOOLEAN),
    PropertyRow(0x2A, "shared_subscription_available", W.BYTE, _CONNACK, "§3.2.2.3.13", _BOOLEAN),
)
"""Every property of MQTT 5.0, in order of identifier."""

_BY_IDENTIFIER = {row.identifier: row for row in PROPERTY_TABLE}
_BY_NAME = {row.name: row for row in PROPERTY_TABLE}


def read_properties(data: bytes, index: int, end: int, kind: int) -> tuple[Properties | None, int]:
    """The Property Length and properties that start at `index`, and the index after them.

    `kind` is the packet type, or `WILL`. Raises `MalformedPacket` for what does not parse or does not belong
    into this packet [§2.2.2.2], `ProtocolViolation` for duplicates and values out of range.
    """
    if index < end and data[index] < 0x80:
        length = data[index]
        index += 1
    else:
        length, index = wire.read_variable(data, index, end)
    stop = index + length
    if stop > end:
        raise MalformedPacket("§2.2.2.1", f"property length {length} reaches beyond the packet")
    if not length:
        return None, index
    properties: dict[str, Any] = {}
    while index < stop:
        identifier = data[index]
        if identifier < 0x80:
            index += 1
        else:
            identifier, index = wire.read_variable(data, index, stop)
        row = _BY_IDENTIFIER.get(identifier)
        if row is None:
            raise MalformedPacket("§2.2.2.2", f"unknown property 0x{identifier:02X}")
        name = row.name
        if kind not in row.packets:
            raise MalformedPacket("§2.2.2.2", f"property {name} in {_place(kind)}")
        if name in properties and kind not in row.repeatable:
            raise ProtocolViolation("§2.2.2.2", f"property {name} more than once in {_place(kind)}")
        value, index = row.wire_type.read(data, index, stop)
        if row.rule is not None:
            _check_value(row, row.rule, value)
        if row.is_list:
            properties.setdefault(name, []).append(value)
        else:
            properties[name] = value
    return cast(Properties, properties), index


def write_properties(properties: Properties | None, kind: int) -> bytes:
    """Property Length and properties as bytes; a single zero byte for none [MQTT-2.2.2-1].

    Raises `MalformedPacket` for an unknown name, a property that does not belong into a packet of type
    `kind`, or a value that cannot be represented; `ProtocolViolation` for a value out of range.
    """
    if not properties:
        return b"\0"
    parts: list[bytes] = []
    for name, value in properties.items():
        row = _BY_NAME.get(name)
        if row is None:
            raise MalformedPacket("§2.2.2.2", f"unknown property {name!r}")
        if kind not in row.packets:
            raise MalformedPacket("§2.2.2.2", f"property {name} in {_place(kind)}")
        values = cast("list[Any]", value) if row.is_list else (value,)
        if len(values) > 1 and kind not in row.repeatable:
            raise ProtocolViolation("§2.2.2.2", f"property {name} more than once in {_place(kind)}")
        for item in values:
            if row.rule is not None:
                _check_value(row, row.rule, item)
            parts.append(wire.write_byte(row.identifier))
            parts.append(row.wire_type.write(item))
    body = b"".join(parts)
    return wire.write_variable(len(body)) + body


def _check_value(row: PropertyRow, rule: Rule, value: Any) -> None:
    if not rule.holds(value):
        raise ProtocolViolation(row.clause, f"property {row.name} {rule.text}", rule.reason_code)


def _place(kind: int) -> str:
    """Where a property was found, for messages."""
    return "the Will Properties" if kind == WILL else f"a {P(kind).name}"
