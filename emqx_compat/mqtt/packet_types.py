"""MQTT control packet types and the fixed-header flags each of them must carry."""

from enum import IntEnum


class PacketType(IntEnum):
    """Control packet types, the upper four bits of the first byte [§2.1.2]."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


WILL = 0
"""Stands for "the Will Properties of a CONNECT" where a table is keyed by packet type; 0 is reserved."""

FIXED_FLAGS: dict[PacketType, tuple[int, str]] = {
    PacketType.CONNECT: (0, "MQTT-2.1.3-1"),
    PacketType.CONNACK: (0, "MQTT-2.1.3-1"),
    PacketType.PUBACK: (0, "MQTT-2.1.3-1"),
    PacketType.PUBREC: (0, "MQTT-2.1.3-1"),
    PacketType.PUBREL: (2, "MQTT-3.6.1-1"),
    PacketType.PUBCOMP: (0, "MQTT-2.1.3-1"),
    PacketType.SUBSCRIBE: (2, "MQTT-3.8.1-1"),
    PacketType.SUBACK: (0, "MQTT-2.1.3-1"),
    PacketType.UNSUBSCRIBE: (2, "MQTT-3.10.1-1"),
    PacketType.UNSUBACK: (0, "MQTT-2.1.3-1"),
    PacketType.PINGREQ: (0, "MQTT-2.1.3-1"),
    PacketType.PINGRESP: (0, "MQTT-2.1.3-1"),
    PacketType.DISCONNECT: (0, "MQTT-3.14.1-1"),
    PacketType.AUTH: (0, "MQTT-3.15.1-1"),
}
"""The lower four bits of the first byte for every type but PUBLISH, and the clause that fixes them."""

FIRST_BYTE: dict[PacketType, int] = {kind: kind << 4 | flags for kind, (flags, _) in FIXED_FLAGS.items()}
"""The whole first byte for every type but PUBLISH."""

PUBLISH_FLAGS: tuple[tuple[bool, int, bool] | None, ...] = tuple(
    (bool(first & 8), first >> 1 & 3, bool(first & 1))
    if first >> 4 == PacketType.PUBLISH
    and first >> 1 & 3 != 3  # [MQTT-3.3.1-4]
    and not (first & 8 and first >> 1 & 3 == 0)  # [MQTT-3.3.1-2]
    else None
    for first in range(256)
)
"""First byte → (DUP, QoS, RETAIN) when it opens a legal PUBLISH, else None."""
