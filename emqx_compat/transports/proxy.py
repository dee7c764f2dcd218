"""The header of the PROXY protocol, versions 1 and 2, without I/O [HAProxy, proxy-protocol.txt]."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
"""How version 2 begins."""
V1_MAX = 107
V2_MAX = 4096
"""Longest header accepted, its 16 bytes included; version 2 could announce 64 KiB."""

_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_TLV_SSL, _TLV_CN = 0x20, 0x22


class ProxyError(ValueError):
    """What came first is no header."""


@dataclass(slots=True, frozen=True)
class ProxyHeader:
    """Whom the proxy speaks for; None: for itself, the addresses of the socket stand."""

    size: int
    """Bytes of the header."""
    host: str | None = None
    port: int | None = None
    cn: str | None = None
    """Common name of the client's certificate, when the proxy has checked one."""


def read_header(data: bytes) -> ProxyHeader | None:
    """The header that the bytes begin with; None while it is not complete. Raises ProxyError."""
    if data.startswith(SIGNATURE[: len(data)]):
        return _version_2(data)
    if b"PROXY "[: len(data)] == data[:6]:
        return _version_1(data)
    raise ProxyError("no PROXY header")


def _version_1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, V1_MAX)
    if end < 0:
        if len(data) >= V1_MAX:
            raise ProxyError("a line of more than 107 bytes")
        return None
    size = end + 2
    words = data[:end].split(b" ")
    if words[1] == b"UNKNOWN":
        return ProxyHeader(size)
    if len(words) != 6 or words[1] not in (b"TCP4", b"TCP6"):
        raise ProxyError("not PROXY TCP4|TCP6 and four words")
    try:
        source, target = (ip_address(word.decode("ascii")) for word in words[2:4])
        if {source.version, target.version} != {4 if words[1] == b"TCP4" else 6}:
            raise ProxyError("addresses of another family")
        ports = [int(word) for word in words[4:] if word.isdigit()]
    except ValueError as error:
        raise ProxyError(str(error)) from None
    if len(ports) != 2 or max(ports) > 0xFFFF:
        raise ProxyError("no port numbers")
    return ProxyHeader(size, str(source), ports[0])


def _version_2(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    command, family, length = struct.unpack_from("!BBH", data, 12)
    size = 16 + length
    if command not in (_LOCAL, _PROXY) or size > V2_MAX:
        raise ProxyError("no version 2, or too long")
    if len(data) < size:
        return None
    width = {_TCP4: 4, _TCP6: 16}.get(family)
    if command == _LOCAL or width is None:
        return ProxyHeader(size)
    end = 16 + 2 * width + 4
    if end > size:
        raise ProxyError("addresses are cut off")
    host = str(ip_address(data[16 : 16 + width]))
    (port,) = struct.unpack_from("!H", data, 16 + 2 * width)
    return ProxyHeader(size, host, port, _common_name(data[end:size]))


def _common_name(tlvs: bytes) -> str | None:
    """The certificate's common name among the vectors that follow the addresses."""
    tls = _find(tlvs, _TLV_SSL)
    if tls is None or len(tls) < 5:
        return None
    name = _find(tls[5:], _TLV_CN)
    return None if name is None else name.decode("utf-8", "replace")


def _find(tlvs: bytes, wanted: int) -> bytes | None:
    index = 0
    while index + 3 <= len(tlvs):
        kind, length = struct.unpack_from("!BH", tlvs, index)
        if index + 3 + length > len(tlvs):
            raise ProxyError("a vector is cut off")
        if kind == wanted:
            return tlvs[index + 3 : index + 3 + length]
        index += 3 + length
    return None
