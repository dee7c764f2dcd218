"""One dataclass per MQTT control packet, the same for 3.1, 3.1.1 and 5.0.

`properties` is None when a packet has none, and always below 5.0. Reason codes are plain integers in
MQTT 5 values (`ReasonCode` compares equal), except in a 3.1 / 3.1.1 CONNACK and SUBACK, where a decoded
packet has the return codes of that version.
"""

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from emqx_compat.mqtt.packet_types import PacketType
from emqx_compat.mqtt.properties import Properties

__all__ = [
    "Auth",
    "Connack",
    "Connect",
    "Disconnect",
    "Packet",
    "PacketType",
    "Pingreq",
    "Pingresp",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "Suback",
    "Subscribe",
    "SubscriptionRequest",
    "Unsuback",
    "Unsubscribe",
    "Will",
]


@dataclass(slots=True)
class Will:
    """The message a server publishes when its client goes away without a DISCONNECT [§3.1.2.5]."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties | None = None


@dataclass(slots=True)
class Connect:
    """A client asks for a connection [§3.1]."""

    type: ClassVar[PacketType] = PacketType.CONNECT

    clientid: str = ""
    """Empty: the server chooses one [MQTT-3.1.3-6], if it wants to."""
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    proto_name: str = "MQTT"
    """"MQIsdp" for level 3, else "MQTT"."""
    proto_ver: int = 4
    """The protocol level: 3, 4 or 5, without the bridge bit."""
    clean_start: bool = True
    keepalive: int = 60
    """Seconds; 0 turns the mechanism off [§3.1.2.10]."""
    will: Will | None = None
    properties: Properties | None = None
    is_bridge: bool = False
    """Bit 0x80 of the protocol level byte, by which mosquitto and EMQX bridges make themselves known."""


@dataclass(slots=True)
class Connack:
    """The server's answer to a CONNECT or to the end of an authentication exchange [§3.2]."""

    type: ClassVar[PacketType] = PacketType.CONNACK

    session_present: bool = False
    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class Publish:
    """An application message on its way, in either direction [§3.3]."""

    type: ClassVar[PacketType] = PacketType.PUBLISH

    topic: str
    """Empty only together with a `topic_alias` property [§3.3.2.1]."""
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    """1..65535 for QoS 1 and 2, else 0 [MQTT-2.2.1-2]."""
    properties: Properties | None = None


@dataclass(slots=True)
class Puback:
    """The answer to a PUBLISH of QoS 1 [§3.4]."""

    type: ClassVar[PacketType] = PacketType.PUBACK

    packet_id: int
    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class Pubrec:
    """The first answer to a PUBLISH of QoS 2 [§3.5]."""

    type: ClassVar[PacketType] = PacketType.PUBREC

    packet_id: int
    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class Pubrel:
    """The answer to a PUBREC [§3.6]."""

    type: ClassVar[PacketType] = PacketType.PUBREL

    packet_id: int
    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class Pubcomp:
    """The answer to a PUBREL, the end of a QoS 2 exchange [§3.7]."""

    type: ClassVar[PacketType] = PacketType.PUBCOMP

    packet_id: int
    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class SubscriptionRequest:
    """One topic filter of a SUBSCRIBE with its Subscription Options [§3.8.3.1]; below 5.0 only the QoS."""

    topic_filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(slots=True)
class Subscribe:
    """A client asks for one or more subscriptions [§3.8]."""

    type: ClassVar[PacketType] = PacketType.SUBSCRIBE

    packet_id: int
    subscriptions: list[SubscriptionRequest]
    properties: Properties | None = None


@dataclass(slots=True)
class Suback:
    """The server's answer to a SUBSCRIBE, one reason code per filter in the same order [§3.9]."""

    type: ClassVar[PacketType] = PacketType.SUBACK

    packet_id: int
    reason_codes: list[int]
    properties: Properties | None = None


@dataclass(slots=True)
class Unsubscribe:
    """A client gives up subscriptions [§3.10]."""

    type: ClassVar[PacketType] = PacketType.UNSUBSCRIBE

    packet_id: int
    topic_filters: list[str]
    properties: Properties | None = None


@dataclass(slots=True)
class Unsuback:
    """The server's answer to an UNSUBSCRIBE [§3.11]; below 5.0 it has no reason codes."""

    type: ClassVar[PacketType] = PacketType.UNSUBACK

    packet_id: int
    reason_codes: list[int] = field(default_factory=list)
    properties: Properties | None = None


@dataclass(slots=True)
class Pingreq:
    """A client shows that it is alive [§3.12]."""

    type: ClassVar[PacketType] = PacketType.PINGREQ


@dataclass(slots=True)
class Pingresp:
    """The server's answer to a PINGREQ [§3.13]."""

    type: ClassVar[PacketType] = PacketType.PINGRESP


@dataclass(slots=True)
class Disconnect:
    """The last packet of a connection, from a client or (5.0) from the server [§3.14]."""

    type: ClassVar[PacketType] = PacketType.DISCONNECT

    reason_code: int = 0
    properties: Properties | None = None


@dataclass(slots=True)
class Auth:
    """A step of an extended authentication exchange, 5.0 only [§3.15]."""

    type: ClassVar[PacketType] = PacketType.AUTH

    reason_code: int = 0
    properties: Properties | None = None


Packet: TypeAlias = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
    | Auth
)
"""Any control packet."""
