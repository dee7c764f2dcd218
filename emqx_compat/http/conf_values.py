"""Values of configuration keys as text: what 2.x and 3.x read, and how they show them.

Reading raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hot_settings import SettingValue

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}([eE][+-]?[0-9]{1,2})?")
_SPAN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s|m|h|d|w|f)")
_SIZE = re.compile(r"([0-9]{1,15})([kmg]b)?", re.IGNORECASE)

_MILLISECONDS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "f": 1_209_600_000,
}
_BYTES = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_FLAGS = {"on": True, "off": False}
_BOOLEANS = {"true": True, "false": False}

# --- reading


def read_integer(text: str) -> int:
    """Decimal digits, maybe signed."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"no integer: {text!r}")
    return int(text)


def read_float(text: str) -> float:
    """A number with a point: `1.0`, never `1`."""
    if not _FLOAT.fullmatch(text):
        raise ValueError(f"no float: {text!r}")
    return float(text)


def read_duration(text: str) -> int:
    """Milliseconds of `30s` or `1h30m`; a bare number is none."""
    if not re.fullmatch(f"(?:{_SPAN.pattern})+", text):
        raise ValueError(f"no duration: {text!r}")
    return round(sum(float(number) * _MILLISECONDS[unit] for number, unit in _SPAN.findall(text)))


def read_size(text: str) -> int:
    """Bytes of `65536`, `64KB`, `1MB`, `1GB`."""
    hit = _SIZE.fullmatch(text)
    if hit is None:
        raise ValueError(f"no size: {text!r}")
    return int(hit[1]) * _BYTES[(hit[2] or "").lower()]


def read_percent(text: str) -> float:
    """The fraction of `30%`: the last character is dropped, whatever it is. Faults: PARAMETER_INVALID.

    2.3.11 failed on what is left when that is no integer, and answered 404.
    """
    if not _INTEGER.fullmatch(text[:-1]):
        raise Fault(F.PARAMETER_INVALID, name="value", value=text)
    return int(text[:-1]) / 100


def read_word(words: Mapping[str, bool], text: str) -> bool:
    """One of the words."""
    if text not in words:
        raise ValueError(f"not one of {', '.join(words)}: {text!r}")
    return words[text]


def read_flag(text: str) -> bool:
    """`on` or `off`."""
    return read_word(_FLAGS, text)


def read_boolean(text: str) -> bool:
    """`true` or `false`."""
    return read_word(_BOOLEANS, text)


def read_text(text: str) -> str:
    """Anything."""
    return text


# --- types of hot keys


@dataclass(frozen=True, slots=True)
class Datatype:
    """How the values of a key are called, read and shown; here they are `SettingValue`s of the engine."""

    name: str
    read: Callable[[str], SettingValue]
    """Raises ValueError when the text does not fit."""
    show: Callable[[SettingValue], str]


def number_of(value: SettingValue) -> float:
    """What is counted; "no limit" is 0."""
    return float(value) if isinstance(value, int | float) else 0.0


def _show_number(value: SettingValue) -> str:
    return str(round(number_of(value)))


def _show_boolean(value: SettingValue) -> str:
    return "true" if value else "false"


def _show_flag(value: SettingValue) -> str:
    return "on" if value else "off"


def _show_milliseconds(value: SettingValue) -> str:
    return str(round(number_of(value) * 1000))


def _show_fraction(value: SettingValue) -> str:
    return f"{number_of(value):.4f}"


def _read_seconds(text: str) -> float:
    return read_duration(text) / 1000


def _read_whole_seconds(text: str) -> int:
    """Rounded up, so that a session outlives no shorter span than asked for."""
    return -(-read_duration(text) // 1000)


def _read_milliseconds_or_duration(text: str) -> float:
    return (read_integer(text) if _INTEGER.fullmatch(text) else read_duration(text)) / 1000


def _read_seconds_or_duration(text: str) -> float:
    return read_integer(text) if _INTEGER.fullmatch(text) else _read_seconds(text)


WORD = Datatype("enum", read_text, str)
"""Which words there are is the setting's matter."""
BOOLEAN = Datatype("enum", read_boolean, _show_boolean)
FLAG = Datatype("flag", read_flag, _show_boolean)
SWITCH = Datatype("flag", read_flag, _show_flag)
"""A flag that is shown as it is set."""
TEXT = Datatype("string", read_text, str)
ATOM = Datatype("atom", read_text, str)
INTEGER = Datatype("integer", read_integer, _show_number)
LIMIT = Datatype("integer", lambda text: read_integer(text) or None, _show_number)
"""0 is "no limit"."""
SIZE = Datatype("bytesize", read_size, _show_number)
DURATION = Datatype("duration", _read_seconds, _show_milliseconds)
WHOLE_SECONDS = Datatype("duration", _read_whole_seconds, _show_milliseconds)
EXPIRY = Datatype("integer, duration", _read_milliseconds_or_duration, _show_milliseconds)
INTERVAL = Datatype("integer", _read_seconds_or_duration, _show_number)
"""Seconds, as the seed shows `mqtt.broker.sys_interval`; 2.3.11's own durations are taken too."""
PERCENT = Datatype("percent", read_percent, _show_fraction)
BACKOFF = Datatype("float", lambda text: read_float(text) * 2, lambda value: f"{number_of(value) / 2:.4f}")
"""2.x waited for two periods of `backoff` times the keep alive where later versions have one multiplier."""
