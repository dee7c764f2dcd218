"""uvicorn's HTTP/1.1 protocol, made to let through what the old servers' routers saw.

llhttp refuses bytes beyond ASCII in a request line (2.3.11 answers `GET /api/v2/clients/中文` with 200) and methods
that it does not know (5.6.1 answers them itself). Such a line is repaired before it is parsed, and the request gets
its original words back. Lines and headers have limits; what cannot be parsed is answered with an empty 400.

Nobody holds a connection by being slow: a request has a time for its head and one for its body, an answer one for
each wait for the client to read on; above the most connections of a port the longest idle one makes room.
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
HEAD_TIMEOUT = 10.0
"""Seconds from the first byte of a request to the end of its headers."""
BODY_TIMEOUT = 60.0
"""Seconds from there to the end of its body."""
WRITE_TIMEOUT = 30.0
"""Seconds that a client may leave an answer unread."""
LINGER = 2.0
"""Seconds that the last answer may take to be sent."""

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
        self._in_body = False
        self._deadline: asyncio.TimerHandle | None = None
        """The end of the head or the body that is being read."""
        self._write_deadline: asyncio.TimerHandle | None = None
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that never asks is closed like one that stopped asking."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        limit: int | None = getattr(self.config, "max_connections", None)
        if limit is not None and len(self.connections) > limit:
            self._make_room(limit)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        if self._between and (data[: data.find(b" ")] not in _METHODS or not data.isascii()):
            data = self._repaired(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._between and self._is_answering:
            self._set_deadline(None)
        elif self._deadline is None:
            # Also for what is no beginning of a request yet, such as empty lines.
            self._set_deadline(BODY_TIMEOUT if self._in_body else HEAD_TIMEOUT)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._set_deadline(None)
        self._stop_write_deadline()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        super().pause_writing()
        self._stop_write_deadline()
        self._write_deadline = self.loop.call_later(WRITE_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        self._stop_write_deadline()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """The answer is written; the next request may come."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_idle(self) -> bool:
        return self._between and not self._is_answering and not self.pipeline

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._late)

    def _stop_write_deadline(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _late(self) -> None:
        """The request does not come to its end: 408, as Cowboy answers, and no more."""
        self._deadline = None
        self._tell("http_timeout", int(BODY_TIMEOUT if self._in_body else HEAD_TIMEOUT))
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self._refusal = 408
            self.send_400_response("")
        self.transport.close()
        self.loop.call_later(LINGER, self.transport.abort)

    def _make_room(self, limit: int) -> None:
        """One connection too many: the longest idle one goes, or else this one."""
        self._tell("http_max_connections", limit)
        others = (each for each in self.connections if isinstance(each, LenientProtocol) and each is not self)
        idle = [each for each in others if each._is_idle and not each.transport.is_closing()]
        goes = min(idle, key=lambda each: each._idle_since, default=self)
        goes.transport.abort()

    def _tell(self, limit: str, value: int) -> None:
        limits = getattr(self.config, "limits", None)
        if limits is not None:
            limits.reached(limit, value, str(self.client[0] if self.client else None))

    def on_message_begin(self) -> None:
        """Parser: the first byte of a request."""
        self._between = False
        self._in_body = False
        self._header_bytes = 0
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Parser: the last byte of a request."""
        self._between = True
        self._set_deadline(None)
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
        self._in_body = True
        self._set_deadline(None)
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
