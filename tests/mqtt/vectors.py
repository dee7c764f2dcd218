"""The notation of the byte vectors."""

import re
from typing import NamedTuple

from emqx_compat.mqtt import CodecError, Packet

_TOKEN = re.compile(r'"(?P<text>[^"]*)"|<(?P<raw>[^>]*)>|(?P<hex>(?:[0-9A-F]{2})+)(?=\s|$)|\s+')


def wire(notation: str) -> bytes:
    """Bytes from hex digits, `"text"` (a string with its two bytes of length) and `<text>` (without)."""
    result = bytearray()
    position = 0
    while position < len(notation):
        token = _TOKEN.match(notation, position)
        assert token is not None, notation[position:]
        position = token.end()
        if token["text"] is not None:
            encoded = token["text"].encode()
            result += len(encoded).to_bytes(2, "big") + encoded
        elif token["raw"] is not None:
            result += token["raw"].encode()
        elif token["hex"] is not None:
            result += bytes.fromhex(token["hex"])
    return bytes(result)


class Good(NamedTuple):
    """Bytes that are a packet; unless `canonical`, the packet is written in a shorter way."""

    name: str
    version: int
    notation: str
    packet: Packet
    canonical: bool = True


class Bad(NamedTuple):
    """Bytes that are no packet, and why."""

    name: str
    version: int | None
    notation: str
    error: type[CodecError]
    clause: str


class Unwritable(NamedTuple):
    """A packet that no bytes can say, and why."""

    name: str
    version: int
    packet: Packet
    error: type[CodecError]
    clause: str
