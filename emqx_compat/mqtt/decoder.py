"""Bytes → packets, incrementally and without I/O.

The loop in `Decoder.feed` is the hot path of the whole broker. It reads PUBLISH and the plain
acknowledgements in place, with one index into one buffer, and leaves every other packet to the body
readers in `bodies` and `connect`.
"""

from emqx_compat.mqtt.bodies import BODY_READERS
from emqx_compat.mqtt.connect import read_connect, read_protocol
from emqx_compat.mqtt.errors import CodecError, InvalidTopicName, MalformedPacket, PacketTooLarge, ProtocolViolation
from emqx_compat.mqtt.packet_types import FIRST_BYTE, FIXED_FLAGS, PUBLISH_FLAGS, PacketType
from emqx_compat.mqtt.packets import Packet, Puback, Pubcomp, Publish, Pubrec, Pubrel
from emqx_compat.mqtt.properties import Properties, read_properties
from emqx_compat.mqtt.rules import check_packet_id, check_publish_flags
from emqx_compat.mqtt.topics import check_topic_name
from emqx_compat.mqtt.wire import MAX_VARIABLE_INTEGER, decode_utf8, read_variable

MAX_PACKET_SIZE = MAX_VARIABLE_INTEGER + 5
"""The longest packet there can be, fixed header included [§2.1.4]."""

_ACK_CLASSES: tuple[type[Puback | Pubrec | Pubrel | Pubcomp] | None, ...] = tuple(
    {FIRST_BYTE[kind.type]: kind for kind in (Puback, Pubrec, Pubrel, Pubcomp)}.get(first) for first in range(256)
)
"""First byte → the class of the acknowledgement it opens, else None."""

_SENT_BY_SERVERS = frozenset({PacketType.CONNACK, PacketType.SUBACK, PacketType.UNSUBACK, PacketType.PINGRESP})
"""What a client never sends [§2.1.2, table 2-1]."""

_TOPICS: dict[bytes, str] = {}
"""Checked topic names by their bytes, for all decoders of the process; `_learn_topic` keeps it small."""
_TOPICS_MAX = 8192
_TOPICS_MAX_BYTES = 256


class Decoder:
    """Decodes what one peer sends over one connection.

    A server's decoder starts with `version` None and learns it from the CONNECT, which must come first
    [MQTT-3.1.0-1] and only once [MQTT-3.1.0-2]; from then on the peer is known to be a client and may not
    send what only servers send. A client's decoder is told the version.

    `max_packet_size` limits whole packets, fixed header included, and is checked before any of the body is
    kept: at most one packet of that size, and the chunk it came with, is in memory. Both may be set at any
    time and hold from the next `feed`. `error` is what ended the stream, if it has ended.
    """

    __slots__ = ("_from_client", "_pending", "_wanted", "error", "max_packet_size", "version")

    def __init__(self, version: int | None = None, max_packet_size: int = MAX_PACKET_SIZE) -> None:
        self.version = version
        self.max_packet_size = max_packet_size
        self.error: CodecError | None = None
        self._from_client = False
        self._pending = bytearray()
        """The beginning of a packet that is not complete yet."""
        self._wanted = 0
        """How long `_pending` must be before it is worth another look."""

    def feed(self, data: bytes) -> list[Packet]:
        """Every packet that `data`, after what was left of earlier calls, completes.

        Never raises. A bad packet sets `error`: the packets before it are returned, and later calls return [].
        """
        if self.error is not None:
            return []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._wanted:
                return []
            data = bytes(self._pending)
            self._pending.clear()
        packets: list[Packet] = []
        append = packets.append
        version = self.version
        limit = self.max_packet_size
        size = len(data)
        index = 0
        wanted = 2
        try:
            while index + 1 < size:
                first = data[index]
                length = data[index + 1]
                body = index + 2
                if length > 0x7F:
                    if body < size and data[body] < 0x80:
                        length = length & 0x7F | data[body] << 7
                        body += 1
                    else:
                        _check_first_byte(first, version)
                        length, body = _read_length(data, index + 1, size)
                        if length < 0:
                            wanted = size - index + 1
                            break
                end = body + length
                if end > size or end - index > limit:
                    _check_first_byte(first, version)
                    wanted = end - index
                    if wanted > limit:
                        raise PacketTooLarge("MQTT-3.2.2-15", f"packet of {wanted} bytes, {limit} are allowed")
                    break

                if version is not None and (flags := PUBLISH_FLAGS[first]) is not None:
                    dup, qos, retain = flags
                    if length < 2:
                        raise MalformedPacket("§3.3.2.1", "PUBLISH ends inside its topic name")
                    topic_end = body + 2 + (data[body] << 8 | data[body + 1])
                    cursor = topic_end + 2 if qos else topic_end
                    if cursor > end:
                        raise MalformedPacket("§3.3.2", "PUBLISH ends inside its variable header")
                    raw_topic = data[body + 2 : topic_end]
                    packet_id = 0
                    if qos:
                        packet_id = data[topic_end] << 8 | data[topic_end + 1]
                        if not packet_id:
                            check_packet_id(PacketType.PUBLISH, packet_id)
                    topic = _TOPICS.get(raw_topic)
                    if topic is None:
                        topic = _learn_topic(raw_topic)
                    properties = None
                    if version == 5:
                        if cursor < end and not data[cursor]:
                            cursor += 1
                        else:
                            properties, cursor = read_properties(data, cursor, end, PacketType.PUBLISH)
                            if self._from_client:
                                _check_client_properties(properties)
                    if not topic:
                        _check_alias(properties, version)
                    append(Publish(topic, data[cursor:end], qos, retain, dup, packet_id, properties))
                elif length == 2 and version is not None and (ack := _ACK_CLASSES[first]) is not None:
                    packet_id = data[body] << 8 | data[body + 1]
                    if not packet_id:
                        check_packet_id(ack.type, packet_id)
                    append(ack(packet_id))
                else:
                    append(self._decode_other(first, data, body, end))
                    version = self.version
                index = end
        except CodecError as error:
            self.error = error
            return packets
        if index < size:
            self._pending += data[index:]
            self._wanted = wanted
        return packets

    def _decode_other(self, first: int, data: bytes, index: int, end: int) -> Packet:
        """A complete packet that `feed` does not read in place; `index` is after the fixed header."""
        kind = _check_first_byte(first, self.version)
        packet: Packet
        if kind is PacketType.CONNECT:
            if self._from_client:
                raise ProtocolViolation("MQTT-3.1.0-2", "second CONNECT")
            version, is_bridge, index = read_protocol(data, index, end)
            # Known before the rest is read, so that a server can refuse a bad CONNECT in its own version.
            self.version = version
            self._from_client = True
            packet, index = read_connect(data, index, end, version, is_bridge)
        else:
            if self._from_client and kind in _SENT_BY_SERVERS:
                raise ProtocolViolation("§2.1.2", f"{kind.name} from a client")
            assert self.version is not None  # or _check_first_byte had raised
            packet, index = BODY_READERS[kind](data, index, end, self.version)
        if index != end:
            raise MalformedPacket("§2.1.4", f"{end - index} byte(s) after the end of {kind.name}")
        return packet


def decode_packet(data: bytes, version: int | None) -> Packet:
    """The one packet that `data` is; raises `CodecError` when it is bad, incomplete, or more than one.

    `version` is not needed (None) for a CONNECT, which names its own.
    """
    decoder = Decoder(version)
    packets = decoder.feed(data)
    if decoder.error is not None:
        raise decoder.error
    if len(packets) != 1 or decoder._pending:
        raise MalformedPacket("§2.1.4", f"{len(packets)} complete packet(s) in {len(data)} bytes, not one")
    return packets[0]


def _check_first_byte(first: int, version: int | None) -> PacketType:
    """The packet type, when the first byte is legal; called for whatever `feed` does not know by its tables."""
    kind = first >> 4
    if version is None and kind != PacketType.CONNECT:
        raise ProtocolViolation("MQTT-3.1.0-1", f"first packet is of type {kind}, not CONNECT")
    if kind == 0:
        raise MalformedPacket("§2.1.2", "packet of the reserved type 0")
    kind = PacketType(kind)
    if kind is PacketType.PUBLISH:
        check_publish_flags(first)
        return kind
    flags, clause = FIXED_FLAGS[kind]
    # 3.1 leaves the flags unused, or lets DUP be set on what it sends again.
    if first & 0x0F != flags and version != 3:
        raise MalformedPacket(clause, f"{kind.name} with flags 0x{first & 0x0F:X}")
    return kind


def _read_length(data: bytes, index: int, size: int) -> tuple[int, int]:
    """Remaining Length and the index after it [§2.1.4]; the length is -1 while bytes of it are missing."""
    if size - index < 4 and all(byte > 0x7F for byte in data[index:size]):
        return -1, index
    return read_variable(data, index, size)


def _learn_topic(raw_topic: bytes) -> str:
    """The topic name of a PUBLISH, checked and remembered; an empty one is left to `_check_alias`."""
    topic = decode_utf8(raw_topic)
    if topic:
        check_topic_name(topic)
        if len(raw_topic) <= _TOPICS_MAX_BYTES:
            if len(_TOPICS) >= _TOPICS_MAX:
                _TOPICS.clear()
            _TOPICS[raw_topic] = topic
    return topic


def _check_alias(properties: Properties | None, version: int) -> None:
    """Raise unless an empty topic name has a Topic Alias to stand for it [§3.3.2.1]."""
    if version != 5:
        raise InvalidTopicName("MQTT-4.7.3-1", "PUBLISH without a topic name")
    if not properties or "topic_alias" not in properties:
        raise ProtocolViolation("§3.3.2.1", "PUBLISH without a topic name or topic alias")


def _check_client_properties(properties: Properties | None) -> None:
    """Raise for what a client must not say in a PUBLISH."""
    if properties and "subscription_identifier" in properties:
        raise ProtocolViolation("MQTT-3.3.4-6", "PUBLISH from a client with a subscription identifier")
