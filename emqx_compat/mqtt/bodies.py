"""Reads what follows the fixed header, for every packet type but PUBLISH (which `decoder` reads in place).

A body reader takes the buffer, the index after the fixed header, the end of the packet and the protocol
version, and returns the packet and the index it got to; the decoder refuses bytes left over.
"""

from collections.abc import Callable

from emqx_compat.mqtt import wire
from emqx_compat.mqtt.errors import MalformedPacket, ProtocolViolation
from emqx_compat.mqtt.packet_types import PacketType
from emqx_compat.mqtt.packets import (
    Auth,
    Connack,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
)
from emqx_compat.mqtt.properties import Properties, read_properties
from emqx_compat.mqtt.reason_codes import LEGAL_REASON_CODES, REASON_CODE_CLAUSES
from emqx_compat.mqtt.topics import check_filter, split_share

CONNACK_RETURN_CODES = frozenset(range(6))
"""What a 3.1 or 3.1.1 CONNACK may say [3.1.1 §3.2.2.3]."""

SUBACK_RETURN_CODES = frozenset({0, 1, 2, 0x80})
"""What a 3.1 or 3.1.1 SUBACK may say [3.1.1 §3.9.3]."""


def check_reason_code(kind: PacketType, reason_code: int, version: int) -> None:
    """Raise `ProtocolViolation` unless a packet of type `kind` may carry `reason_code`."""
    if version == 5:
        legal = LEGAL_REASON_CODES[kind]
    else:
        legal = CONNACK_RETURN_CODES if kind == PacketType.CONNACK else SUBACK_RETURN_CODES
    if reason_code not in legal:
        raise ProtocolViolation(REASON_CODE_CLAUSES[kind], f"{kind.name} with reason code 0x{reason_code:02X}")


def check_authentication(kind: PacketType, properties: Properties | None) -> None:
    """Raise `ProtocolViolation` for Authentication Data without an Authentication Method [§3.1.2.11.10]."""
    if properties and "authentication_data" in properties and "authentication_method" not in properties:
        raise ProtocolViolation(
            "§3.1.2.11.10", f"{kind.name} with authentication data but no authentication method"
        )


def _read_packet_id(data: bytes, index: int, end: int) -> tuple[int, int]:
    packet_id, index = wire.read_two_byte(data, index, end)
    if not packet_id:
        raise ProtocolViolation("MQTT-2.2.1-3", "packet identifier 0")
    return packet_id, index


def _read_common(
    data: bytes, index: int, end: int, version: int, kind: PacketType
) -> tuple[int, Properties | None, int]:
    """Packet identifier and (5.0) properties, with which the subscription packets begin."""
    packet_id, index = _read_packet_id(data, index, end)
    properties = None
    if version == 5:
        properties, index = read_properties(data, index, end, kind)
    return packet_id, properties, index


def _read_reason(
    data: bytes, index: int, end: int, version: int, kind: PacketType
) -> tuple[int, Properties | None, int]:
    """Reason code and properties; each may be missing at the end of a 5.0 packet [§3.4.2.1, §3.4.2.2.1]."""
    if version != 5 or index == end:
        return 0, None, index
    reason_code, index = wire.read_byte(data, index, end)
    check_reason_code(kind, reason_code, version)
    properties = None
    if index < end:
        properties, index = read_properties(data, index, end, kind)
    return reason_code, properties, index


def _read_connack(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    flags, index = wire.read_byte(data, index, end)
    if version == 3:
        flags = 0  # reserved and unused in 3.1
    elif flags > 1:
        raise MalformedPacket("MQTT-3.2.2-1", f"CONNACK with acknowledge flags 0x{flags:02X}")
    reason_code, index = wire.read_byte(data, index, end)
    check_reason_code(PacketType.CONNACK, reason_code, version)
    if flags and reason_code:
        raise ProtocolViolation("MQTT-3.2.2-6", "CONNACK that refuses, with a session present")
    properties = None
    if version == 5:
        properties, index = read_properties(data, index, end, PacketType.CONNACK)
        check_authentication(PacketType.CONNACK, properties)
    return Connack(bool(flags), reason_code, properties), index


def _ack_reader(
    packet_class: type[Puback | Pubrec | Pubrel | Pubcomp],
) -> Callable[[bytes, int, int, int], tuple[Packet, int]]:
    """The four acknowledgements of PUBLISH have one layout [§3.4 to §3.7]."""

    def read(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
        packet_id, index = _read_packet_id(data, index, end)
        reason_code, properties, index = _read_reason(data, index, end, version, packet_class.type)
        return packet_class(packet_id, reason_code, properties), index

    return read


def _read_subscribe(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.SUBSCRIBE)
    if index == end:
        raise ProtocolViolation("MQTT-3.8.3-2", "SUBSCRIBE without a topic filter")
    subscriptions = []
    while index < end:
        topic_filter, index = wire.read_utf8(data, index, end)
        options, index = wire.read_byte(data, index, end)
        subscriptions.append(_subscription(topic_filter, options, version))
    return Subscribe(packet_id, subscriptions, properties), index


def _subscription(topic_filter: str, options: int, version: int) -> SubscriptionRequest:
    """A topic filter with its Subscription Options [§3.8.3.1], both checked."""
    check_filter(topic_filter)
    qos = options & 3
    if qos == 3:
        raise ProtocolViolation("§3.8.3.1", "SUBSCRIBE with QoS 3")
    if version == 3:
        return SubscriptionRequest(topic_filter, qos)  # the upper six bits are unused in 3.1
    if options & (0xC0 if version == 5 else 0xFC):
        raise MalformedPacket("MQTT-3.8.3-5", f"SUBSCRIBE with reserved option bits: 0x{options:02X}")
    retain_handling = options >> 4
    if retain_handling == 3:
        raise ProtocolViolation("§3.8.3.1", "SUBSCRIBE with retain handling 3")
    no_local = bool(options & 4)
    if no_local and split_share(topic_filter)[0] is not None:
        raise ProtocolViolation("MQTT-3.8.3-4", "SUBSCRIBE with no local on a shared subscription")
    return SubscriptionRequest(topic_filter, qos, no_local, bool(options & 8), retain_handling)


def _read_suback(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.SUBACK)
    codes = list(data[index:end])
    if not codes:
        raise ProtocolViolation("MQTT-3.9.3-1", "SUBACK without a reason code")
    for code in codes:
        check_reason_code(PacketType.SUBACK, code, version)
    return Suback(packet_id, codes, properties), end


def _read_unsubscribe(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.UNSUBSCRIBE)
    if index == end:
        raise ProtocolViolation("MQTT-3.10.3-2", "UNSUBSCRIBE without a topic filter")
    topic_filters = []
    while index < end:
        topic_filter, index = wire.read_utf8(data, index, end)
        check_filter(topic_filter)
        topic_filters.append(topic_filter)
    return Unsubscribe(packet_id, topic_filters, properties), index


def _read_unsuback(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.UNSUBACK)
    if version != 5:
        return Unsuback(packet_id, []), index
    codes = list(data[index:end])
    if not codes:
        raise ProtocolViolation("MQTT-3.11.3-1", "UNSUBACK without a reason code")
    for code in codes:
        check_reason_code(PacketType.UNSUBACK, code, version)
    return Unsuback(packet_id, codes, properties), end


def _read_pingreq(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    return Pingreq(), index


def _read_pingresp(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    return Pingresp(), index


def _read_disconnect(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    reason_code, properties, index = _read_reason(data, index, end, version, PacketType.DISCONNECT)
    return Disconnect(reason_code, properties), index


def _read_auth(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    if version != 5:
        raise ProtocolViolation("§3.15", "AUTH before MQTT 5.0")
    reason_code, properties, index = _read_reason(data, index, end, version, PacketType.AUTH)
    check_authentication(PacketType.AUTH, properties)
    if reason_code and "authentication_method" not in (properties or {}):
        raise ProtocolViolation("§3.15.2.2.2", "AUTH without an authentication method")
    return Auth(reason_code, properties), index


BODY_READERS: dict[PacketType, Callable[[bytes, int, int, int], tuple[Packet, int]]] = {
    PacketType.CONNACK: _read_connack,
    PacketType.PUBACK: _ack_reader(Puback),
    PacketType.PUBREC: _ack_reader(Pubrec),
    PacketType.PUBREL: _ack_reader(Pubrel),
    PacketType.PUBCOMP: _ack_reader(Pubcomp),
    PacketType.SUBSCRIBE: _read_subscribe,
    PacketType.SUBACK: _read_suback,
    PacketType.UNSUBSCRIBE: _read_unsubscribe,
    PacketType.UNSUBACK: _read_unsuback,
    PacketType.PINGREQ: _read_pingreq,
    PacketType.PINGRESP: _read_pingresp,
    PacketType.DISCONNECT: _read_disconnect,
    PacketType.AUTH: _read_auth,
}
"""The body reader of every packet type but CONNECT (`connect`) and PUBLISH (`decoder`)."""
