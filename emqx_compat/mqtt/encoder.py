"""Packets → bytes.

`encode` takes any packet. `encode_publish`, `publish_parts` and `encode_ack` are what a broker's delivery
loop calls: they take plain values, and trust them where `encode` checks.
"""

import struct
from collections.abc import Callable
from typing import Any

from emqx_compat.mqtt import rules, wire
from emqx_compat.mqtt.connect import write_connect
from emqx_compat.mqtt.errors import MalformedPacket, PacketTooLarge, ProtocolViolation
from emqx_compat.mqtt.packet_types import FIRST_BYTE, PacketType
from emqx_compat.mqtt.packets import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
)
from emqx_compat.mqtt.properties import Properties, write_properties
from emqx_compat.mqtt.reason_codes import connack_return_code
from emqx_compat.mqtt.topics import check_filter, check_topic_name

_pack_short_head = struct.Struct(">BBH").pack
_pack_medium_head = struct.Struct(">BBBH").pack
_pack_ack = struct.Struct(">BBH").pack
_pack_reasoned_ack = struct.Struct(">BBHB").pack


def encode(packet: Packet, version: int) -> bytes:
    """The bytes of a packet in protocol version 3, 4 or 5; a CONNECT is written in the version it names.

    Below 5 there are no properties, and reason codes are left out or replaced by the return codes of that
    version. Raises `CodecError` for what cannot be said in the version, or at all.
    """
    return _ENCODERS[packet.type](packet, version)


def encode_publish(
    topic: bytes,
    payload: bytes,
    qos: int = 0,
    retain: bool = False,
    dup: bool = False,
    packet_id: int = 0,
    properties: Properties | None = None,
    version: int = 4,
) -> bytes:
    """A PUBLISH [§3.3]; `topic` is UTF-8 already, and `packet_id` is used for QoS 1 and 2 only.

    Raises `CodecError` when the topic, the packet or a property is too long, or a property has no place here.
    """
    first = 0x30 | dup << 3 | qos << 1 | retain
    middle = packet_id.to_bytes(2, "big") if qos else b""
    if version == 5:
        middle += write_properties(properties, PacketType.PUBLISH) if properties else b"\0"
    topic_size = len(topic)
    head = _publish_head(first, 2 + topic_size + len(middle) + len(payload), topic_size)
    return b"".join((head, topic, middle, payload))


def publish_parts(
    topic: bytes,
    payload: bytes,
    qos: int,
    retain: bool = False,
    properties: Properties | None = None,
    version: int = 4,
) -> tuple[bytes, bytes]:
    """A PUBLISH cut where its packet identifier goes, so that one encoding serves every subscriber.

    For QoS 1 and 2 the packet is `head + packet_id.to_bytes(2, "big") + tail`, for QoS 0 `head + tail`. DUP
    is not set. Raises as `encode_publish`.
    """
    tail = payload
    if version == 5:
        tail = (write_properties(properties, PacketType.PUBLISH) if properties else b"\0") + payload
    topic_size = len(topic)
    remaining = 2 + topic_size + len(tail) + (2 if qos else 0)
    return _publish_head(0x30 | qos << 1 | retain, remaining, topic_size) + topic, tail


def encode_ack(kind: PacketType, packet_id: int, reason_code: int = 0, version: int = 4) -> bytes:
    """A PUBACK, PUBREC, PUBREL or PUBCOMP without properties; the reason code is left out below 5.0."""
    if not reason_code or version != 5:
        return _pack_ack(FIRST_BYTE[kind], 2, packet_id)
    return _pack_reasoned_ack(FIRST_BYTE[kind], 3, packet_id, reason_code)


def _publish_head(first: int, remaining: int, topic_size: int) -> bytes:
    """First byte, Remaining Length and the length of the topic name."""
    if topic_size > wire.MAX_LENGTH:
        raise MalformedPacket("MQTT-4.7.3-3", f"topic name of {topic_size} bytes, {wire.MAX_LENGTH} are the most")
    if remaining < 0x80:
        return _pack_short_head(first, remaining, topic_size)
    if remaining < 0x4000:
        return _pack_medium_head(first, remaining & 0x7F | 0x80, remaining >> 7, topic_size)
    return _fixed_header(first, remaining) + topic_size.to_bytes(2, "big")


def _fixed_header(first: int, remaining: int) -> bytes:
    if remaining > wire.MAX_VARIABLE_INTEGER:
        raise PacketTooLarge("§2.1.4", f"remaining length {remaining}, {wire.MAX_VARIABLE_INTEGER} is the most")
    return bytes((first,)) + wire.write_variable(remaining)


def _packet(kind: PacketType, *parts: bytes) -> bytes:
    """A whole packet from what follows its fixed header."""
    body = b"".join(parts)
    return _fixed_header(FIRST_BYTE[kind], len(body)) + body


def _packet_id(kind: PacketType, packet_id: int) -> bytes:
    rules.check_packet_id(kind, packet_id)
    return wire.write_two_byte(packet_id)


def _properties(properties: Properties | None, kind: PacketType, version: int) -> bytes:
    return write_properties(properties, kind) if version == 5 else b""


def _reason(reason_code: int, properties: Properties | None, kind: PacketType, version: int) -> bytes:
    """Reason code and properties in their shortest form [§3.4.2.1, §3.4.2.2.1]."""
    if version != 5 or not (reason_code or properties):
        return b""
    rules.check_reason_code(kind, reason_code, version)
    code = wire.write_byte(reason_code)
    return code + write_properties(properties, kind) if properties else code


def _codes(reason_codes: list[int], kind: PacketType, version: int) -> bytes:
    """The reason codes of a SUBACK or UNSUBACK."""
    rules.check_list(kind, reason_codes)
    for code in reason_codes:
        rules.check_reason_code(kind, code, version)
    return bytes(reason_codes)


def _encode_connect(packet: Connect, version: int) -> bytes:
    return _packet(packet.type, write_connect(packet))


def _encode_connack(packet: Connack, version: int) -> bytes:
    code = packet.reason_code
    if version != 5 and code >= 0x80:
        code = connack_return_code(code)
    rules.check_reason_code(packet.type, code, version)
    rules.check_session_present(packet.session_present, code)
    rules.check_authentication(packet.type, packet.properties)
    flags = packet.session_present and version != 3  # 3.1 cannot say it
    return _packet(packet.type, bytes((flags, code)), _properties(packet.properties, packet.type, version))


def _encode_publish(packet: Publish, version: int) -> bytes:
    topic = packet.topic
    if topic or version != 5 or "topic_alias" not in (packet.properties or {}):
        check_topic_name(topic)
    if not 0 <= packet.qos <= 2:
        raise MalformedPacket("MQTT-3.3.1-4", f"PUBLISH with QoS {packet.qos}")
    rules.check_publish_flags(0x30 | packet.dup << 3 | packet.qos << 1)
    if packet.qos:
        _packet_id(packet.type, packet.packet_id)
    return encode_publish(
        topic.encode(),
        packet.payload,
        packet.qos,
        packet.retain,
        packet.dup,
        packet.packet_id,
        packet.properties,
        version,
    )


def _encode_ack(packet: Puback | Pubrec | Pubrel | Pubcomp, version: int) -> bytes:
    reason = _reason(packet.reason_code, packet.properties, packet.type, version)
    return _packet(packet.type, _packet_id(packet.type, packet.packet_id), reason)


def _encode_subscribe(packet: Subscribe, version: int) -> bytes:
    rules.check_list(packet.type, packet.subscriptions)
    parts = [_packet_id(packet.type, packet.packet_id), _properties(packet.properties, packet.type, version)]
    for request in packet.subscriptions:
        rules.check_subscription(request)
        parts.append(wire.write_utf8(request.topic_filter))
        parts.append(wire.write_byte(_options(request) if version == 5 else request.qos))
    return _packet(packet.type, *parts)


def _options(request: SubscriptionRequest) -> int:
    """The Subscription Options byte [§3.8.3.1]."""
    return request.qos | request.no_local << 2 | request.retain_as_published << 3 | request.retain_handling << 4


def _encode_suback(packet: Suback, version: int) -> bytes:
    codes = packet.reason_codes if version == 5 else [min(code, 0x80) for code in packet.reason_codes]
    return _packet(
        packet.type,
        _packet_id(packet.type, packet.packet_id),
        _properties(packet.properties, packet.type, version),
        _codes(codes, packet.type, version),
    )


def _encode_unsubscribe(packet: Unsubscribe, version: int) -> bytes:
    rules.check_list(packet.type, packet.topic_filters)
    parts = [_packet_id(packet.type, packet.packet_id), _properties(packet.properties, packet.type, version)]
    for topic_filter in packet.topic_filters:
        check_filter(topic_filter)
        parts.append(wire.write_utf8(topic_filter))
    return _packet(packet.type, *parts)


def _encode_unsuback(packet: Unsuback, version: int) -> bytes:
    packet_id = _packet_id(packet.type, packet.packet_id)
    if version != 5:
        return _packet(packet.type, packet_id)
    properties = write_properties(packet.properties, packet.type)
    return _packet(packet.type, packet_id, properties, _codes(packet.reason_codes, packet.type, version))


def _encode_empty(packet: Pingreq | Pingresp, version: int) -> bytes:
    return _packet(packet.type)


def _encode_disconnect(packet: Disconnect, version: int) -> bytes:
    return _packet(packet.type, _reason(packet.reason_code, packet.properties, packet.type, version))


def _encode_auth(packet: Auth, version: int) -> bytes:
    if version != 5:
        raise ProtocolViolation("§3.15", "AUTH before MQTT 5.0")
    rules.check_auth(packet.reason_code, packet.properties)
    return _packet(packet.type, _reason(packet.reason_code, packet.properties, packet.type, version))


_ENCODERS: dict[PacketType, Callable[[Any, int], bytes]] = {
    PacketType.CONNECT: _encode_connect,
    PacketType.CONNACK: _encode_connack,
    PacketType.PUBLISH: _encode_publish,
    PacketType.PUBACK: _encode_ack,
    PacketType.PUBREC: _encode_ack,
    PacketType.PUBREL: _encode_ack,
    PacketType.PUBCOMP: _encode_ack,
    PacketType.SUBSCRIBE: _encode_subscribe,
    PacketType.SUBACK: _encode_suback,
    PacketType.UNSUBSCRIBE: _encode_unsubscribe,
    PacketType.UNSUBACK: _encode_unsuback,
    PacketType.PINGREQ: _encode_empty,
    PacketType.PINGRESP: _encode_empty,
    PacketType.DISCONNECT: _encode_disconnect,
    PacketType.AUTH: _encode_auth,
}
