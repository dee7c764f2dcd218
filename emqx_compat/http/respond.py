"""JSON out of the server, fast: whole values, and long lists that let the event loop breathe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson
from starlette.responses import Response

T = TypeVar("T")

SLICE = 100
"""Rows rendered and encoded before other tasks get their turn: about a millisecond."""


def to_json(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits and lone surrogates: rare, but no reason to fail
        return json.dumps(value, separators=(",", ":")).encode()


def to_ascii_json(value: object) -> bytes:
    """Compact JSON in which everything beyond printable ASCII is escaped, as 2.x writes it."""
    encoded = to_json(value)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    text = json.dumps(json.loads(encoded), separators=(",", ":"), ensure_ascii=True)
    return text.replace("\x7f", "\\u007f").encode()


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as `application/json`."""
    return Response(to_json(value), status, dict(headers) if headers else None, "application/json")


async def json_rows(
    rows: Sequence[T], render: Callable[[T], Any], encode: Callable[[object], bytes] = to_json
) -> orjson.Fragment:
    """A JSON array of rendered rows, to be put into an envelope for `json_response`.

    Long lists are rendered in slices between which other tasks run, so that a page of ten thousand rows does not
    hold up the MQTT clients of the same process.
    """
    if len(rows) <= SLICE:
        return orjson.Fragment(encode([render(row) for row in rows]))
    parts: list[bytes] = []
    for start in range(0, len(rows), SLICE):
        parts.append(encode([render(row) for row in rows[start : start + SLICE]])[1:-1])
        await asyncio.sleep(0)
    return orjson.Fragment(b"[" + b",".join(parts) + b"]")
