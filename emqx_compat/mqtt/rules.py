"""Rules that hold for a packet whichever way it goes: readers and writers both ask here.

Every check raises `ProtocolViolation`, or `MalformedPacket` where the specification says so.
"""

from collections.abc import Sequence

from emqx_compat.mqtt.errors import MalformedPacket, ProtocolViolation
from emqx_compat.mqtt.packet_types import PUBLISH_FLAGS, PacketType
from emqx_compat.mqtt.packets import SubscriptionRequest
from emqx_compat.mqtt.properties import Properties
from emqx_compat.mqtt.reason_codes import LEGAL_REASON_CODES, REASON_CODE_CLAUSES
from emqx_compat.mqtt.topics import check_filter, split_share

RETURN_CODES: dict[PacketType, frozenset[int]] = {
    PacketType.CONNACK: frozenset(range(6)),
    PacketType.SUBACK: frozenset({0, 1, 2, 0x80}),
}
"""What a 3.1 or 3.1.1 packet may say instead of a reason code [3.1.1 §3.2.2.3, §3.9.3]."""

LISTS: dict[PacketType, tuple[str, str]] = {
    PacketType.SUBSCRIBE: ("MQTT-3.8.3-2", "topic filter"),
    PacketType.SUBACK: ("MQTT-3.9.3-1", "reason code"),
    PacketType.UNSUBSCRIBE: ("MQTT-3.10.3-2", "topic filter"),
    PacketType.UNSUBACK: ("MQTT-3.11.3-1", "reason code"),
}
"""Packets whose payload is a list that must not be empty: clause, and what is listed."""


def check_packet_id(kind: PacketType, packet_id: int) -> None:
    """A packet identifier is not 0 [MQTT-2.2.1-3, MQTT-2.2.1-4]."""
    if not packet_id:
        raise ProtocolViolation("MQTT-2.2.1-3", f"{kind.name} with packet identifier 0")


def check_publish_flags(first: int) -> None:
    """The first byte of a PUBLISH has no QoS 3 [MQTT-3.3.1-4], and no DUP with QoS 0 [MQTT-3.3.1-2]."""
    if PUBLISH_FLAGS[first] is None:
        if first & 6 == 6:
            raise MalformedPacket("MQTT-3.3.1-4", "PUBLISH with QoS 3")
        raise MalformedPacket("MQTT-3.3.1-2", "PUBLISH with DUP and QoS 0")


def check_reason_code(kind: PacketType, reason_code: int, version: int) -> None:
    """The reason code, or return code below 5.0, is one that this type of packet may carry."""
    legal = LEGAL_REASON_CODES[kind] if version == 5 else RETURN_CODES[kind]
    if reason_code not in legal:
        raise ProtocolViolation(REASON_CODE_CLAUSES[kind], f"{kind.name} with reason code 0x{reason_code:02X}")


def check_list(kind: PacketType, items: Sequence[object]) -> None:
    """A SUBSCRIBE or UNSUBSCRIBE lists at least one filter, their answers at least one reason code."""
    if not items:
        clause, what = LISTS[kind]
        raise ProtocolViolation(clause, f"{kind.name} without a {what}")


def check_subscription(request: SubscriptionRequest) -> None:
    """A topic filter is legal, and so are its Subscription Options [§3.8.3.1]."""
    check_filter(request.topic_filter)
    if not 0 <= request.qos <= 2:
        raise ProtocolViolation("§3.8.3.1", f"SUBSCRIBE with QoS {request.qos}")
    if not 0 <= request.retain_handling <= 2:
        raise ProtocolViolation("§3.8.3.1", f"SUBSCRIBE with retain handling {request.retain_handling}")
    if request.no_local and split_share(request.topic_filter)[0] is not None:
        raise ProtocolViolation("MQTT-3.8.3-4", "SUBSCRIBE with no local on a shared subscription")


def check_session_present(session_present: bool, reason_code: int) -> None:
    """A CONNACK that refuses has no session present [MQTT-3.2.2-6]."""
    if session_present and reason_code:
        raise ProtocolViolation("MQTT-3.2.2-6", "CONNACK that refuses, with a session present")


def check_authentication(kind: PacketType, properties: Properties | None) -> None:
    """There is no Authentication Data without an Authentication Method [§3.1.2.11.10]."""
    if properties and "authentication_data" in properties and "authentication_method" not in properties:
        raise ProtocolViolation(
            "§3.1.2.11.10", f"{kind.name} with authentication data but no authentication method"
        )


def check_auth(reason_code: int, properties: Properties | None) -> None:
    """An AUTH names its method [§3.15.2.2.2], unless it is the empty form that means success [§3.15.2.1]."""
    check_authentication(PacketType.AUTH, properties)
    if (reason_code or properties) and "authentication_method" not in (properties or {}):
        raise ProtocolViolation("§3.15.2.2.2", "AUTH without an authentication method")
