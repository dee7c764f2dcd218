"""Reads what follows the fixed header, for every packet type but CONNECT and PUBLISH.

A body reader takes the buffer, the index after the fixed header, the end of the packet and the protocol
version, and returns the packet and the index it got to; the decoder refuses bytes left over.
"""

from collections.abc import Callable, Sequence

from emqx_compat.mqtt import rules, wire
from emqx_compat.mqtt.errors import MalformedPacket, PacketTooLarge, ProtocolViolation
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
from emqx_compat.mqtt.topics import check_filter

MAX_FILTERS = 10_000
"""Topic filters that one SUBSCRIBE or UNSUBSCRIBE may list. The limit is ours: no packet takes long to read."""

BodyReader = Callable[[bytes, int, int, int], tuple[Packet, int]]


def _read_packet_id(data: bytes, index: int, end: int, kind: PacketType) -> tuple[int, int]:
    packet_id, index = wire.read_two_byte(data, index, end)
    rules.check_packet_id(kind, packet_id)
    return packet_id, index


def _read_common(
    data: bytes, index: int, end: int, version: int, kind: PacketType
) -> tuple[int, Properties | None, int]:
    """Packet identifier and (5.0) properties, with which the subscription packets begin."""
    packet_id, index = _read_packet_id(data, index, end, kind)
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
    rules.check_reason_code(kind, reason_code, version)
    properties = None
    if index < end:
        properties, index = read_properties(data, index, end, kind)
    return reason_code, properties, index


def _read_codes(data: bytes, index: int, end: int, version: int, kind: PacketType) -> list[int]:
    """The reason codes that fill the rest of a SUBACK or UNSUBACK."""
    codes = list(data[index:end])
    rules.check_list(kind, codes)
    for code in codes:
        rules.check_reason_code(kind, code, version)
    return codes


def _read_connack(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    flags, index = wire.read_byte(data, index, end)
    if version == 3:
        flags = 0  # reserved and unused in 3.1
    elif flags > 1:
        raise MalformedPacket("MQTT-3.2.2-1", f"CONNACK with acknowledge flags 0x{flags:02X}")
    reason_code, index = wire.read_byte(data, index, end)
    rules.check_reason_code(PacketType.CONNACK, reason_code, version)
    rules.check_session_present(bool(flags), reason_code)
    properties = None
    if version == 5:
        properties, index = read_properties(data, index, end, PacketType.CONNACK)
        rules.check_authentication(PacketType.CONNACK, properties)
    return Connack(bool(flags), reason_code, properties), index


def _ack_reader(packet_class: type[Puback | Pubrec | Pubrel | Pubcomp]) -> BodyReader:
    """The four acknowledgements of PUBLISH have one layout [§3.4 to §3.7]."""

    def read(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
        packet_id, index = _read_packet_id(data, index, end, packet_class.type)
        reason_code, properties, index = _read_reason(data, index, end, version, packet_class.type)
        return packet_class(packet_id, reason_code, properties), index

    return read


def _read_subscribe(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.SUBSCRIBE)
    subscriptions = []
    while index < end:
        topic_filter, index = wire.read_utf8(data, index, end)
        options, index = wire.read_byte(data, index, end)
        subscriptions.append(_subscription(topic_filter, options, version))
        _check_length(PacketType.SUBSCRIBE, subscriptions)
    rules.check_list(PacketType.SUBSCRIBE, subscriptions)
    return Subscribe(packet_id, subscriptions, properties), index


def _check_length(kind: PacketType, filters: Sequence[object]) -> None:
    """Raise before a list of filters takes long to read."""
    if len(filters) > MAX_FILTERS:
        raise PacketTooLarge("§4.13.1", f"{kind.name} with more than {MAX_FILTERS} topic filters")


def _subscription(topic_filter: str, options: int, version: int) -> SubscriptionRequest:
    """A topic filter with its Subscription Options [§3.8.3.1], both checked."""
    if version == 3:
        options &= 3  # the upper six bits are unused in 3.1
    elif options & (0xC0 if version == 5 else 0xFC):
        raise MalformedPacket("MQTT-3.8.3-5", f"SUBSCRIBE with reserved option bits: 0x{options:02X}")
    request = SubscriptionRequest(
        topic_filter,
        qos=options & 3,
        no_local=bool(options & 4),
        retain_as_published=bool(options & 8),
        retain_handling=options >> 4,
    )
    rules.check_subscription(request)
    return request


def _read_suback(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.SUBACK)
    codes = _read_codes(data, index, end, version, PacketType.SUBACK)
    return Suback(packet_id, codes, properties), end


def _read_unsubscribe(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.UNSUBSCRIBE)
    topic_filters = []
    while index < end:
        topic_filter, index = wire.read_utf8(data, index, end)
        check_filter(topic_filter)
        topic_filters.append(topic_filter)
        _check_length(PacketType.UNSUBSCRIBE, topic_filters)
    rules.check_list(PacketType.UNSUBSCRIBE, topic_filters)
    return Unsubscribe(packet_id, topic_filters, properties), index


def _read_unsuback(data: bytes, index: int, end: int, version: int) -> tuple[Packet, int]:
    packet_id, properties, index = _read_common(data, index, end, version, PacketType.UNSUBACK)
    if version != 5:
        return Unsuback(packet_id, []), index
    codes = _read_codes(data, index, end, version, PacketType.UNSUBACK)
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
    rules.check_auth(reason_code, properties)
    return Auth(reason_code, properties), index


BODY_READERS: dict[PacketType, BodyReader] = {
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
"""The body reader of every packet type but CONNECT (see `connect`) and PUBLISH (see `decoder`)."""
