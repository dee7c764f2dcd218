"""A codec for MQTT 3.1, 3.1.1 and 5.0: bytes in, packets out, and back; no I/O.

`Decoder` and `decode_packet` read, `encode` and the `encode_*` helpers write, `topics` knows what matches.
Protocol versions are the protocol levels of CONNECT: 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5.0.
"""

from emqx_compat.mqtt.decoder import MAX_PACKET_SIZE, Decoder, decode_packet
from emqx_compat.mqtt.encoder import encode, encode_ack, encode_publish, publish_parts
from emqx_compat.mqtt.errors import (
    CodecError,
    InvalidTopicFilter,
    InvalidTopicName,
    MalformedPacket,
    PacketTooLarge,
    ProtocolViolation,
    UnsupportedProtocolVersion,
)
from emqx_compat.mqtt.packets import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
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
    Will,
)
from emqx_compat.mqtt.properties import Properties
from emqx_compat.mqtt.reason_codes import ReasonCode, connack_return_code, describe
from emqx_compat.mqtt.topics import (
    check_filter,
    check_topic_name,
    levels,
    matches,
    split_share,
    validate_filter,
    validate_topic_name,
)

__all__ = [
    "MAX_PACKET_SIZE",
    "Auth",
    "CodecError",
    "Connack",
    "Connect",
    "Decoder",
    "Disconnect",
    "InvalidTopicFilter",
    "InvalidTopicName",
    "MalformedPacket",
    "Packet",
    "PacketTooLarge",
    "PacketType",
    "Pingreq",
    "Pingresp",
    "Properties",
    "ProtocolViolation",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "ReasonCode",
    "Suback",
    "Subscribe",
    "SubscriptionRequest",
    "Unsuback",
    "Unsubscribe",
    "UnsupportedProtocolVersion",
    "Will",
    "check_filter",
    "check_topic_name",
    "connack_return_code",
    "decode_packet",
    "describe",
    "encode",
    "encode_ack",
    "encode_publish",
    "levels",
    "matches",
    "publish_parts",
    "split_share",
    "validate_filter",
    "validate_topic_name",
]
