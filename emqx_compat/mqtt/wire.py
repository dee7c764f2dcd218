"""The data types every packet is made of [§1.5].

A reader takes the buffer, the index it starts at and the end of the packet, and returns the value and the
index after it; it raises `MalformedPacket` when the packet ends first. A writer returns the bytes.
"""

from emqx_compat.mqtt.errors import MalformedPacket

MAX_VARIABLE_INTEGER = 268_435_455
MAX_LENGTH = 65_535


def read_byte(data: bytes, index: int, end: int) -> tuple[int, int]:
    """A single byte."""
    if index >= end:
        raise _truncated("§1.5.1", "byte")
    return data[index], index + 1


def read_two_byte(data: bytes, index: int, end: int) -> tuple[int, int]:
    """A Two Byte Integer, big-endian [§1.5.2]."""
    if index + 2 > end:
        raise _truncated("§1.5.2", "two byte integer")
    return data[index] << 8 | data[index + 1], index + 2


def read_four_byte(data: bytes, index: int, end: int) -> tuple[int, int]:
    """A Four Byte Integer, big-endian [§1.5.3]."""
    if index + 4 > end:
        raise _truncated("§1.5.3", "four byte integer")
    return int.from_bytes(data[index : index + 4], "big"), index + 4


def read_variable(data: bytes, index: int, end: int) -> tuple[int, int]:
    """A Variable Byte Integer of at most four bytes [§1.5.5].

    More bytes than the value needs are accepted: the duty to use the fewest [MQTT-1.5.5-1] is the sender's.
    """
    value = 0
    for shift in (0, 7, 14, 21):
        if index >= end:
            raise _truncated("§1.5.5", "variable byte integer")
        byte = data[index]
        index += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, index
    raise MalformedPacket("§1.5.5", "variable byte integer of more than four bytes")


def read_binary(data: bytes, index: int, end: int) -> tuple[bytes, int]:
    """Binary Data: two bytes of length, then as many bytes [§1.5.6]."""
    start = index + 2
    if start > end:
        raise _truncated("§1.5.6", "length of binary data")
    stop = start + (data[index] << 8 | data[index + 1])
    if stop > end:
        raise _truncated("§1.5.6", "binary data")
    return data[start:stop], stop


def read_utf8(data: bytes, index: int, end: int) -> tuple[str, int]:
    """A UTF-8 Encoded String [§1.5.4]; a byte order mark is kept [MQTT-1.5.4-3]."""
    start = index + 2
    if start > end:
        raise _truncated("§1.5.4", "length of a string")
    stop = start + (data[index] << 8 | data[index + 1])
    if stop > end:
        raise _truncated("§1.5.4", "string")
    return decode_utf8(data[start:stop]), stop


def read_utf8_pair(data: bytes, index: int, end: int) -> tuple[tuple[str, str], int]:
    """A UTF-8 String Pair [MQTT-1.5.7-1]."""
    name, index = read_utf8(data, index, end)
    value, index = read_utf8(data, index, end)
    return (name, value), index


def decode_utf8(data: bytes) -> str:
    """The text of a UTF-8 Encoded String, without its length.

    Raises `MalformedPacket` for ill-formed UTF-8 and surrogates [MQTT-1.5.4-1] and for U+0000 [MQTT-1.5.4-2].
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedPacket("MQTT-1.5.4-1", f"string is not UTF-8: {error.reason}") from None
    if "\0" in text:
        raise MalformedPacket("MQTT-1.5.4-2", "string with U+0000")
    return text


def write_byte(value: int) -> bytes:
    """A single byte; raises `MalformedPacket` for what does not fit."""
    return _write_integer(value, 1)


def write_two_byte(value: int) -> bytes:
    """A Two Byte Integer [§1.5.2]; raises `MalformedPacket` for what does not fit."""
    return _write_integer(value, 2)


def write_four_byte(value: int) -> bytes:
    """A Four Byte Integer [§1.5.3]; raises `MalformedPacket` for what does not fit."""
    return _write_integer(value, 4)


def write_variable(value: int) -> bytes:
    """A Variable Byte Integer in the fewest bytes [MQTT-1.5.5-1]; raises `MalformedPacket` out of range."""
    if 0 <= value < 0x80:
        return bytes((value,))
    if not 0 <= value <= MAX_VARIABLE_INTEGER:
        raise MalformedPacket("§1.5.5", f"{value} does not fit a variable byte integer")
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def write_binary(value: bytes) -> bytes:
    """Binary Data with its length [§1.5.6]; raises `MalformedPacket` from 64 KiB up."""
    size = len(value)
    if size > MAX_LENGTH:
        raise MalformedPacket("§1.5.6", f"{size} bytes of binary data, {MAX_LENGTH} are the most")
    return size.to_bytes(2, "big") + value


def write_utf8(value: str) -> bytes:
    """A UTF-8 Encoded String with its length [§1.5.4].

    Raises `MalformedPacket` for surrogates, U+0000 and text of 64 KiB or more.
    """
    if "\0" in value:
        raise MalformedPacket("MQTT-1.5.4-2", "string with U+0000")
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        raise MalformedPacket("MQTT-1.5.4-1", "string with a surrogate") from None
    size = len(encoded)
    if size > MAX_LENGTH:
        raise MalformedPacket("§1.5.4", f"string of {size} bytes, {MAX_LENGTH} are the most")
    return size.to_bytes(2, "big") + encoded


def write_utf8_pair(value: tuple[str, str]) -> bytes:
    """A UTF-8 String Pair [§1.5.7]; raises as `write_utf8`."""
    return write_utf8(value[0]) + write_utf8(value[1])


def _write_integer(value: int, size: int) -> bytes:
    try:
        return value.to_bytes(size, "big")
    except OverflowError:
        raise MalformedPacket("§1.5", f"{value} does not fit {size} byte(s)") from None


def _truncated(clause: str, what: str) -> MalformedPacket:
    return MalformedPacket(clause, f"packet ends inside a {what}")
