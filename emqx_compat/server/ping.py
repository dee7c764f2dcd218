"""Asking a running server for its status, with as few imports as a health check deserves."""

from __future__ import annotations

import re
import socket

_URL = re.compile(r"http://(?:\[([0-9A-Fa-f:.]+)\]|([^/:\[\]]+))(?::(\d+))?(/.*)?")
_MOST = 65_536


class PingError(Exception):
    """Nobody answered, or not in HTTP."""


def ping_status(url: str, timeout: float) -> tuple[int, str]:
    """HTTP status and body of `GET url`. Raises ValueError for a URL that is not http, PingError without answer."""
    parts = _URL.fullmatch(url)
    if parts is None:
        raise ValueError(f"{url!r} is not http://host:port/path")
    host, port, path = parts[1] or parts[2], int(parts[3] or 80), parts[4] or "/"
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            connection.sendall(request.encode())
            while len(answer) < _MOST and (chunk := connection.recv(_MOST)):
                answer += chunk
    except OSError as error:
        raise PingError(f"no answer from {host}:{port}: {error}") from error
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise PingError(f"{host}:{port} does not speak HTTP")
    return int(words[1]), body.decode("utf-8", "replace")
