"""What can be wrong with a packet.

Clauses are numbered as in MQTT 5.0, also for the older versions where they say the same. A rule without a
number of its own is cited by its section ("§3.8.3.1"), a rule that only 3.1.1 has as "3.1.1 MQTT-3.1.2-22".
"""

from typing import ClassVar

from emqx_compat.mqtt.reason_codes import ReasonCode


class CodecError(Exception):
    """A packet that cannot be decoded, or cannot be encoded.

    `reason_code` is what a server puts into its CONNACK or DISCONNECT [§4.13.1]; `clause` names the rule
    that was broken, and leads the message: `[MQTT-3.3.1-4] PUBLISH with QoS 3`.
    """

    default_reason_code: ClassVar[ReasonCode] = ReasonCode.UNSPECIFIED_ERROR

    def __init__(self, clause: str, message: str, reason_code: ReasonCode | None = None) -> None:
        super().__init__(f"[{clause}] {message}")
        self.clause = clause
        self.reason_code = self.default_reason_code if reason_code is None else reason_code


class MalformedPacket(CodecError):
    """The bytes do not parse according to the specification [§1.2, "Malformed Packet"]."""

    default_reason_code = ReasonCode.MALFORMED_PACKET


class ProtocolViolation(CodecError):
    """The bytes parse, but say what the protocol does not allow [§1.2, "Protocol Error"]."""

    default_reason_code = ReasonCode.PROTOCOL_ERROR


class InvalidTopicName(ProtocolViolation, ValueError):
    """A topic that messages cannot be published to [§4.7]."""

    default_reason_code = ReasonCode.TOPIC_NAME_INVALID


class InvalidTopicFilter(ProtocolViolation, ValueError):
    """A topic filter that cannot be subscribed to [§4.7, §4.8.2]."""

    default_reason_code = ReasonCode.TOPIC_FILTER_INVALID


class PacketTooLarge(CodecError):
    """A packet is longer than the receiver takes [MQTT-3.1.2-24, MQTT-3.2.2-15]."""

    default_reason_code = ReasonCode.PACKET_TOO_LARGE


class UnsupportedProtocolVersion(CodecError):
    """A CONNECT names a protocol or a level that is not spoken here [MQTT-3.1.2-1, MQTT-3.1.2-2].

    `name` and `level` are what it asked for; a server answers a CONNACK in a version of its choice.
    """

    default_reason_code = ReasonCode.UNSUPPORTED_PROTOCOL_VERSION

    def __init__(self, clause: str, name: str, level: int) -> None:
        super().__init__(clause, f"protocol {name!r} level {level} is not supported")
        self.name = name
        self.level = level
