"""uvicorn's HTTP/1.1 protocol, made to let through what the old servers' routers saw.

llhttp refuses bytes beyond ASCII in a request line (2.3.11 answers `GET /api/v2/clients/中文` with 200) and methods
that it does not know (5.6.1 answers them itself). Such a line is repaired before it is parsed, and the request gets
its original words back. Lines and headers have limits; what cannot be parsed is answered with an empty 400.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MAX_TARGET = 60_000
"""Bytes; the parser ends at 65535, the dialects refuse earlier in their own words."""
MAX_HEADERS = 200
MAX_HEADER_BYTES = 65_536

_LOG = logging.getLogger(__name__)
_LOG.setLevel(
    logging.ERROR
)  # what clients send wrongly is answered, not logged; an application that fails still is

_METHODS = frozenset((b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT"))
_STAND_IN = b"POST"
_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


class LenientProtocol(HttpToolsProtocol):
    """One connection of an HTTP port."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False  # else any handler of the root logger switches it on
        self.logger = _LOG
        self._between = True
        """No request is being read."""
        self._original: tuple[bytes, bytes] | None = None
        """Method and target as they were sent, when the line had to be repaired."""
        self._refusal = 400
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that never asks is closed like one that stopped asking."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        if self._between and (data[: data.find(b" ")] not in _METHODS or not data.isascii()):
            data = self._repaired(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Parser: the first byte of a request."""
        self._between = False
        self._header_bytes = 0
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Parser: the last byte of a request."""
        self._between = True
        super().on_message_complete()

    def on_url(self, url: bytes) -> None:
        """Parser: a piece of the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: one header."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
            self._refuse(431)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Parser: the request is known but for its body; its task is created here and runs later."""
        super().on_headers_complete()
        if self._original is not None:
            method, target = self._original
            self._original = None
            path, _, query = target.partition(b"?")
            scope: Any = self.scope
            scope.update(method=method.decode("ascii"), raw_path=path, query_string=query)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, without a body, and close."""
        lines = [STATUS_LINE[self._refusal]]
        lines += [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        lines.append(b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.write(b"".join(lines))
        self.transport.close()

    def _refuse(self, status: int) -> None:
        self._refusal = status
        raise httptools.HttpParserError(status)

    def _repaired(self, data: bytes) -> bytes:
        end = data.find(b"\r\n")
        method, _, rest = data[: max(end, 0)].partition(b" ")
        target, _, version = rest.rpartition(b" ")
        if not target or not _TOKEN.fullmatch(method) or (method in _METHODS and target.isascii()):
            return data  # nothing to repair, or nothing that could be
        self._original = (method, target)
        stand_in = method if method in _METHODS else _STAND_IN
        safe = _BEYOND_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], target)
        return b" ".join((stand_in, safe, version)) + data[end:]
