"""Durations, byte sizes, percents, rates and socket addresses as EMQX writes them, read and written.

Every reader raises ValueError for what EMQX would refuse; the message says what was expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DURATION = "a duration such as 15s, 1h30m or 500ms"
SIZE = "a byte size such as 1MB, 64KB or 1024"
PERCENT = "a percentage from 0% to 100%"
RATE = "a rate such as 1000/s or 10MB/1m, or infinity"
ADDRESS = "a port or address:port such as 1883, 0.0.0.0:1883 or [::]:1883"

_MILLISECONDS = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "f": 1_209_600_000,
}
_BYTES = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}

_STEP = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|[smhdwf])", re.IGNORECASE)
_SIZE = re.compile(r"(\d+)(b|kb|mb|gb)?", re.IGNORECASE)
_RATE = re.compile(r"(\d+[a-z]*)(?:/(\d*)(ms|[smhd]))?", re.IGNORECASE)


def parse_duration(value: str | int | float, bare: str = "ms") -> float:
    """Seconds. A number without a unit counts `bare`: milliseconds, as most of EMQX's settings, or `s`."""
    if isinstance(value, bool):
        raise ValueError(DURATION)
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdecimal():
            return int(text) * _MILLISECONDS[bare] / 1000
        total, at = 0.0, 0
        while (step := _STEP.match(text, at)) is not None:
            total += float(step[1]) * _MILLISECONDS[step[2].lower()]
            at = step.end()
        if at == 0 or at != len(text):
            raise ValueError(DURATION)
        return total / 1000
    if value < 0:
        raise ValueError(DURATION)
    return value * _MILLISECONDS[bare] / 1000


def duration_text(seconds: float) -> str:
    """The shortest form in one unit: 0.5 → `500ms`, 7200 → `2h`, 90 → `90s`, 0 → `0s`."""
    milliseconds = round(seconds * 1000)
    for unit in ("d", "h", "m", "s"):
        if milliseconds % _MILLISECONDS[unit] == 0 and (milliseconds or unit == "s"):
            return f"{milliseconds // _MILLISECONDS[unit]}{unit}"
    return f"{milliseconds}ms"


def parse_size(value: str | int) -> int:
    """Bytes; KB, MB and GB are powers of 1024."""
    if isinstance(value, bool):
        raise ValueError(SIZE)
    if isinstance(value, int):
        if value < 0:
            raise ValueError(SIZE)
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise ValueError(SIZE)
    return int(match[1]) * _BYTES[(match[2] or "b").lower()]


def size_text(size: int) -> str:
    """The largest unit that divides: 1048576 → `1MB`, 1536 → `1536B`."""
    for unit in ("gb", "mb", "kb"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit.upper()}"
    return f"{size}B"


def parse_percent(value: str | int | float) -> float:
    """A fraction from 0.0 to 1.0; `"80%"` and 0.8 mean the same."""
    if isinstance(value, bool):
        raise ValueError(PERCENT)
    if isinstance(value, str):
        try:
            fraction = float(value.strip().removesuffix("%")) / 100 if value.strip().endswith("%") else -1.0
        except ValueError:
            raise ValueError(PERCENT) from None
    else:
        fraction = float(value)
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(PERCENT)
    return fraction


def percent_text(fraction: float) -> str:
    """0.8 → `80%`, 0.125 → `12.5%`."""
    return f"{round(fraction * 100, 4):g}%"


def parse_rate(value: str | int) -> float | None:
    """Units (messages, connections or bytes) a second; None for `infinity`."""
    if isinstance(value, bool):
        raise ValueError(RATE)
    text = str(value).strip()
    if text == "infinity":
        return None
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(RATE)
    quota, count, unit = match.groups()
    try:
        per = int(count or 1) * _MILLISECONDS[(unit or "s").lower()] / 1000
        return parse_size(quota) / per
    except (ValueError, ZeroDivisionError):
        raise ValueError(RATE) from None


@dataclass(slots=True, frozen=True)
class Address:
    """A listening address; `host` is None when only a port was given."""

    host: str | None
    port: int

    def __str__(self) -> str:
        """As EMQX answers it: `:1883`, `0.0.0.0:1883`, `[::]:1883`."""
        if self.host is None:
            return f":{self.port}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(value: str | int) -> Address:
    """`1883`, `:1883`, `host:1883`, `[::]:1883`; the port is everything after the last colon."""
    if isinstance(value, bool):
        raise ValueError(ADDRESS)
    host, _, port = str(value).replace(" ", "").rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535) or any(sign in host for sign in "[]/"):
        raise ValueError(ADDRESS)
    return Address(host or None, int(port))
