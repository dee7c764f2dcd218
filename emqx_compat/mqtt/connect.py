"""The CONNECT packet, read and written [§3.1].

It is the packet that names the protocol version, so it is read in two steps: what it speaks, then the rest.
"""

from typing import NamedTuple

from emqx_compat.mqtt import wire
from emqx_compat.mqtt.errors import MalformedPacket, UnsupportedProtocolVersion
from emqx_compat.mqtt.packet_types import WILL, PacketType
from emqx_compat.mqtt.packets import Connect, Will
from emqx_compat.mqtt.properties import read_properties, write_properties
from emqx_compat.mqtt.rules import check_authentication
from emqx_compat.mqtt.topics import check_topic_name

PROTOCOL_NAMES: dict[int, str] = {3: "MQIsdp", 4: "MQTT", 5: "MQTT"}
"""Protocol level → the name that goes with it [MQTT-3.1.2-1, MQTT-3.1.2-2]."""

BRIDGE_BIT = 0x80

CLEAN_START = 0x02
WILL_FLAG = 0x04
WILL_RETAIN = 0x20
PASSWORD_FLAG = 0x40
USERNAME_FLAG = 0x80


class FlagRule(NamedTuple):
    """A combination of Connect Flags that is forbidden: `flags & mask == value`."""

    mask: int
    value: int
    versions: frozenset[int]
    clause: str
    text: str


_ALL = frozenset({3, 4, 5})
_FROM_3_1_1 = frozenset({4, 5})  # 3.1 calls the bits unused that later versions demand to be 0

FLAG_RULES: tuple[FlagRule, ...] = (
    FlagRule(0x01, 0x01, _FROM_3_1_1, "MQTT-3.1.2-3", "the reserved flag"),
    FlagRule(0x18, 0x18, _ALL, "MQTT-3.1.2-12", "Will QoS 3"),
    FlagRule(0x0C, 0x08, _FROM_3_1_1, "MQTT-3.1.2-11", "Will QoS but no Will"),
    FlagRule(0x14, 0x10, _FROM_3_1_1, "MQTT-3.1.2-11", "Will QoS but no Will"),
    FlagRule(0x24, 0x20, _FROM_3_1_1, "MQTT-3.1.2-13", "Will Retain but no Will"),
    FlagRule(0xC0, 0x40, frozenset({3, 4}), "3.1.1 MQTT-3.1.2-22", "a password but no user name"),
)


def read_protocol(data: bytes, index: int, end: int) -> tuple[int, bool, int]:
    """Protocol level, bridge bit, and the index after them.

    The bridge bit is accepted at every level, as EMQX does; mosquitto sets it below 5. Raises
    `UnsupportedProtocolVersion` for any other name or level, and for a name with the level of the other.
    """
    name, index = wire.read_utf8(data, index, end)
    byte, index = wire.read_byte(data, index, end)
    level = byte & ~BRIDGE_BIT
    if name not in PROTOCOL_NAMES.values():
        raise UnsupportedProtocolVersion("MQTT-3.1.2-1", name, byte)
    if PROTOCOL_NAMES.get(level) != name:
        raise UnsupportedProtocolVersion("MQTT-3.1.2-2", name, byte)
    return level, bool(byte & BRIDGE_BIT), index


def read_connect(data: bytes, index: int, end: int, version: int, is_bridge: bool) -> tuple[Connect, int]:
    """The CONNECT whose Connect Flags are at `index`, and the index after it."""
    flags, index = wire.read_byte(data, index, end)
    _check_flags(flags, version)
    keepalive, index = wire.read_two_byte(data, index, end)
    properties = None
    if version == 5:
        properties, index = read_properties(data, index, end, PacketType.CONNECT)
        check_authentication(PacketType.CONNECT, properties)
    clientid, index = wire.read_utf8(data, index, end)
    will = None
    if flags & WILL_FLAG:
        will, index = _read_will(data, index, end, version, flags)
    # In 3.1 the remaining length takes precedence: flagged credentials may be missing [3.1, "CONNECT"].
    may_be_missing = version == 3
    username, password = None, None
    if flags & USERNAME_FLAG and not (may_be_missing and index == end):
        username, index = wire.read_utf8(data, index, end)
    if flags & PASSWORD_FLAG and not (may_be_missing and index == end):
        password, index = wire.read_binary(data, index, end)
    return Connect(
        clientid=clientid,
        username=username,
        password=password,
        proto_name=PROTOCOL_NAMES[version],
        proto_ver=version,
        clean_start=bool(flags & CLEAN_START),
        keepalive=keepalive,
        will=will,
        properties=properties,
        is_bridge=is_bridge,
    ), index


def _check_flags(flags: int, version: int) -> None:
    """Raise `MalformedPacket` when the Connect Flags break one of `FLAG_RULES`."""
    for rule in FLAG_RULES:
        if flags & rule.mask == rule.value and version in rule.versions:
            raise MalformedPacket(rule.clause, f"CONNECT with {rule.text}")


def _read_will(data: bytes, index: int, end: int, version: int, flags: int) -> tuple[Will, int]:
    properties = None
    if version == 5:
        properties, index = read_properties(data, index, end, WILL)
    topic, index = wire.read_utf8(data, index, end)
    check_topic_name(topic)
    payload, index = wire.read_binary(data, index, end)
    return Will(topic, payload, flags >> 3 & 3, bool(flags & WILL_RETAIN), properties), index


def write_connect(packet: Connect) -> bytes:
    """Everything after the fixed header, in the version that the packet itself names.

    Raises `UnsupportedProtocolVersion` when its name and level do not go together, else as `read_connect`.
    """
    version = packet.proto_ver
    if PROTOCOL_NAMES.get(version) != packet.proto_name:
        raise UnsupportedProtocolVersion("MQTT-3.1.2-2", packet.proto_name, version)
    flags = CLEAN_START if packet.clean_start else 0
    payload = [wire.write_utf8(packet.clientid)]
    if packet.will is not None:
        flags |= WILL_FLAG | packet.will.qos << 3 | (WILL_RETAIN if packet.will.retain else 0)
        payload += _will_parts(packet.will, version)
    if packet.username is not None:
        flags |= USERNAME_FLAG
        payload.append(wire.write_utf8(packet.username))
    if packet.password is not None:
        flags |= PASSWORD_FLAG
        payload.append(wire.write_binary(packet.password))
    _check_flags(flags, version)
    properties = b""
    if version == 5:
        check_authentication(PacketType.CONNECT, packet.properties)
        properties = write_properties(packet.properties, PacketType.CONNECT)
    return b"".join(
        (
            wire.write_utf8(packet.proto_name),
            bytes((version | (BRIDGE_BIT if packet.is_bridge else 0), flags)),
            wire.write_two_byte(packet.keepalive),
            properties,
            *payload,
        )
    )


def _will_parts(will: Will, version: int) -> list[bytes]:
    check_topic_name(will.topic)
    if not 0 <= will.qos <= 2:
        raise MalformedPacket("MQTT-3.1.2-12", f"CONNECT with Will QoS {will.qos}")
    parts = [write_properties(will.properties, WILL)] if version == 5 else []
    return [*parts, wire.write_utf8(will.topic), wire.write_binary(will.payload)]
