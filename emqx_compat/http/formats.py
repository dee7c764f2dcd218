"""Texts that several generations write the same way: sizes, spans, times, Erlang terms."""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import lru_cache

from emqx_compat.core.terms import Atom as Atom

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\b": "\\b",
        "\f": "\\f",
        "\x1b": "\\e",
    }
)
_PLAIN_WORD = re.compile(r"[a-z][A-Za-z0-9_@]*")
_UNITS = ((1024**3, "G"), (1024**2, "M"), (1024, "K"))


def memory_text(size: int) -> str | int:
    """Bytes as `118.27M`: two decimals and G, M or K; up to 1 KiB the bare integer (v2–v5)."""
    for unit, letter in _UNITS:
        if size > unit:
            return f"{size / unit:.2f}{letter}"
    return size


def uptime_text(seconds: float) -> str:
    """`1 days,18 hours, 45 minutes, 1 seconds`: no space behind `days,`, always plural (v2–v4)."""
    left = int(seconds)
    days, left = divmod(left, 86400)
    hours, left = divmod(left, 3600)
    minutes, left = divmod(left, 60)
    text = f"{left} seconds"
    if days or hours or minutes:
        text = f"{minutes} minutes, {text}"
    if days or hours:
        text = f"{hours} hours, {text}"
    return f"{days} days,{text}" if days else text


def local_time(seconds: float) -> str:
    """`YYYY-MM-DD HH:MM:SS` in the server's time zone (v2–v4)."""
    return _local_second(int(seconds))


# Listings write the same few thousand times again and again, and each costs microseconds.
@lru_cache(maxsize=32_768)
def _local_second(second: int) -> str:
    return datetime.fromtimestamp(second).strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=32_768)
def rfc3339(seconds: float, timespec: str = "milliseconds") -> str:
    """RFC 3339 with the server's offset, never `Z` (v5); timespec: seconds, milliseconds, microseconds."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec=timespec)


def decimals(value: float) -> str:
    """Two decimals, as load averages are written."""
    return f"{value:.2f}"


def erlang_term(value: object) -> str:
    """A value as Erlang prints it on one line: `<<"text">>`, `[1,2]`, `{a,b}` (tuples), `#{<<"k">> => 1}`."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "undefined"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else str(value)
        case str():
            return _binary(value)
        case tuple():
            return "{" + ",".join(item if isinstance(item, Atom) else erlang_term(item) for item in value) + "}"
        case list():
            return "[" + ",".join(erlang_term(item) for item in value) + "]"
        case dict():
            return "#{" + ",".join(f"{erlang_term(k)} => {erlang_term(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


def escaped_text(text: str) -> str:
    """The inside of an Erlang string."""
    return text.translate(_ESCAPES)


def quoted_word(text: str) -> str:
    """A word as Erlang prints it: in quotes, unless it is made of letters and begins with a small one."""
    return text if _PLAIN_WORD.fullmatch(text) else f"'{text}'"


def _binary(text: str) -> str:
    if isinstance(text, Atom):
        return str(text)
    escaped = escaped_text(text)
    if text and escaped.isascii() and escaped.isprintable():
        return f'<<"{escaped}">>'
    return "<<" + ",".join(str(byte) for byte in text.encode()) + ">>"
