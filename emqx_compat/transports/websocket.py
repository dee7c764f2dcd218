"""MQTT over WebSocket [§6]: the upgrade and the frames, between a transport and a channel, without I/O."""

from __future__ import annotations

import http
import logging
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from websockets.datastructures import MultipleValuesError
from websockets.exceptions import NegotiationError, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from emqx_compat.transports.spec import WebSocketOptions

MAX_REQUEST = 65_536
"""Bytes of request line and headers together."""

_BINARY = 0x82
_LOG = logging.getLogger(__name__)
_LOG.setLevel(logging.ERROR)  # what clients send wrongly is answered, not logged


class WebSocketError(Exception):
    """The stream is no WebSocket for MQTT; `too_large` when a frame was longer than allowed."""

    def __init__(self, text: str, *, too_large: bool = False) -> None:
        super().__init__(text)
        self.too_large = too_large


class WebSocket:
    """The server's end of one WebSocket. `pending` is to be sent after every call."""

    __slots__ = ("_options", "_protocol", "_received", "cookie", "ended", "ready")

    def __init__(self, options: WebSocketOptions, limit: int) -> None:
        """`limit` is the longest frame accepted, in bytes."""
        self._options = options
        self._protocol = ServerProtocol(
            subprotocols=[Subprotocol(name) for name in options.supported_subprotocols],
            select_subprotocol=self._select if not options.fail_if_no_subprotocol else None,
            max_size=(None, limit),
            logger=_LOG,
        )
        self._received = 0
        self.ready = False
        """The upgrade is done."""
        self.ended = False
        """Nothing more will be read: refused, closed, or broken."""
        self.cookie: str | None = None

    def feed(self, data: bytes) -> bytes:
        """The MQTT bytes in these: a frame may hold several packets, and a packet may span frames [MQTT-6.0.0-2].

        Raises WebSocketError for a text frame [MQTT-6.0.0-1] and for what is no WebSocket.
        """
        protocol = self._protocol
        if not self.ready:
            self._received += len(data)
            if self._received > MAX_REQUEST:
                raise WebSocketError("a request of more than 64 KiB", too_large=True)
        protocol.receive_data(data)
        parts: list[bytes] = []
        for event in protocol.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame):
                if event.opcode is Opcode.TEXT:
                    raise WebSocketError("[MQTT-6.0.0-1] text frame")
                if event.opcode is Opcode.CLOSE:
                    self.ended = True
                elif event.opcode in (Opcode.BINARY, Opcode.CONT):
                    parts.append(bytes(event.data))
        error = protocol.parser_exc or protocol.handshake_exc
        if error is not None and not self.ended:
            self.ended = True
            raise WebSocketError(str(error), too_large=isinstance(error, PayloadTooBig))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def wrap(self, data: bytes) -> bytes:
        """Data as one binary frame."""
        size = len(data)
        if size < 126:
            return bytes((_BINARY, size)) + data
        if size < 65_536:
            return struct.pack("!BBH", _BINARY, 126, size) + data
        return struct.pack("!BBQ", _BINARY, 127, size) + data

    def pending(self) -> bytes:
        """Answers to the upgrade, to pings, and to a close."""
        return b"".join(self._protocol.data_to_send())

    def farewell(self) -> bytes:
        """The last thing to send: a close frame, unless one was sent."""
        protocol = self._protocol
        if self.ready and protocol.close_sent is None and not protocol.eof_sent and protocol.close_rcvd is None:
            protocol.send_close(CloseCode.NORMAL_CLOSURE)
        return self.pending()

    def _answer(self, request: Request) -> None:
        response = self._refusal(request) or self._protocol.accept(request)
        self._protocol.send_response(response)
        if response.status_code != 101:
            self.ended = True
            return
        self.ready = True
        cookies = request.headers.get_all("Cookie")
        self.cookie = cookies[0] if cookies else None

    def _refusal(self, request: Request) -> Response | None:
        """Why there is no WebSocket for that path or that page."""
        options = self._options
        reject = self._protocol.reject
        if request.path.partition("?")[0] != options.mqtt_path:
            return reject(http.HTTPStatus.NOT_FOUND, "Not found.\n")
        if options.check_origins is None:
            return None
        try:
            origin = request.headers.get("Origin")
        except MultipleValuesError:
            return reject(http.HTTPStatus.BAD_REQUEST, "More than one origin.\n")
        if origin is None:
            allowed = options.allow_origin_absence
        else:
            allowed = origin in options.check_origins
        return None if allowed else reject(http.HTTPStatus.FORBIDDEN, "The origin is not allowed.\n")

    @staticmethod
    def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """None need be offered; of those that are, one must be known."""
        if not offered:
            return None
        for name in protocol.available_subprotocols or ():
            if name in offered:
                return name
        raise NegotiationError("no subprotocol is supported")
