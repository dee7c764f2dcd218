"""A client over WebSocket with the words of `Wire`: handshake and frames are written byte by byte [RFC 6455]."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
from typing import Self

from conformance.wire import Server, Wire
from emqx_compat.mqtt import Packet, encode

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Upgrade:
    """A socket that has asked for an upgrade: `status` and `headers` (names in lower case) of the answer."""

    def __init__(self, sock: socket.socket, path: str = "/mqtt", subprotocols: str | None = "mqtt") -> None:
        self.socket = sock
        key = base64.b64encode(os.urandom(16))
        offer = "" if subprotocols is None else f"Sec-WebSocket-Protocol: {subprotocols}\r\n"
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(4096)
            assert data, f"the server closed the connection: {head!r}"
            head += data
        head, _, self.rest = head.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
            assert self.headers["sec-websocket-accept"] == accept


class _Frames:
    """What `Wire` takes for its socket: everything sent is a binary frame, only binary frames are received."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._socket = upgrade.socket
        self._buffer = upgrade.rest
        self.close_code: int | None = None

    def sendall(self, data: bytes) -> None:
        self.send_frame(BINARY, data)

    def send_frame(self, opcode: int, data: bytes, final: bool = True) -> None:
        """One masked frame."""
        mask = os.urandom(4)
        size = len(data)
        assert size < 65_536
        length = bytes((size | _MASKED,)) if size < 126 else bytes((126 | _MASKED,)) + size.to_bytes(2, "big")
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self._socket.sendall(bytes((opcode | (_FINAL if final else 0),)) + length + mask + body)

    def receive_frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame. Raises `EOFError` when there is none."""
        first, length = self._take(2)
        assert not length & _MASKED, "a server does not mask"
        if length >= 126:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return first, self._take(length)

    def recv(self, size: int) -> bytes:
        """The content of the next frame, or nothing when the WebSocket is closed."""
        try:
            first, data = self.receive_frame()
        except EOFError:
            return b""
        if first == _FINAL | CLOSE:
            self.close_code = int.from_bytes(data[:2], "big")
            return b""
        assert first == _FINAL | BINARY, f"[MQTT-6.0.0-1] a frame that begins with 0x{first:02x}"
        return data

    def close(self) -> None:
        self._socket.close()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._socket.recv(65_536)
            if not data:
                raise EOFError
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


class WebSocketWire(Wire):
    """A client whose packets travel in frames; `upgrade` is the answer to its handshake, which must be a yes."""

    def __init__(self, server: Server, version: int = 5, subprotocols: str = "mqtt") -> None:
        super().__init__(server, version)
        server.adopt(self)
        self.upgrade = Upgrade(self._socket, subprotocols=subprotocols)
        assert self.upgrade.status == 101, self.upgrade.status
        self.frames = _Frames(self.upgrade)
        self._socket = self.frames  # type: ignore[assignment]

    def send_frame(self, opcode: int, *packets: Packet | bytes, final: bool = True) -> Self:
        """One frame with exactly that content."""
        data = b"".join(p if isinstance(p, bytes) else encode(p, self.version) for p in packets)
        self.frames.send_frame(opcode, data, final)
        return self


def refused(server: Server, path: str = "/mqtt", subprotocols: str | None = "mqtt") -> int:
    """The HTTP status that answers a handshake."""
    with socket.create_connection(("127.0.0.1", server.port), 5.0) as sock:
        return Upgrade(sock, path, subprotocols).status
