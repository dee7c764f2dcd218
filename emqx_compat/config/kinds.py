"""The types a configuration value can have: how it is read, what is said when it does not fit, how it is shown.

A kind reads a node and gives the typed value: durations as seconds (float), sizes as bytes, percents as fractions,
addresses as `Address`. The words `infinity` and `disabled` become None where a kind allows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from emqx_compat.config import units
from emqx_compat.config.nodes import Arr, Json, Leaf, Node, Obj, Scalar, is_index_map, listed, plain


@dataclass(slots=True, frozen=True)
class Kind:
    """`read` raises ValueError for what does not fit. `written` says that the raw form keeps what the operator
    wrote (`"1MB"`); otherwise it is the typed value."""

    name: str
    expected: str
    read: Callable[[Node], object]
    written: bool = False


def _scalar(node: Node) -> Scalar:
    if not isinstance(node, Leaf):
        raise ValueError("a single value")
    return node.value


def _or_words(expected: str, words: tuple[str, ...]) -> str:
    return ", ".join([expected, *words[:-1]]) + f" or {words[-1]}" if words else expected


def boolean(*words: str) -> Kind:
    """True or false; `words` are further values that stand for themselves."""

    def read(node: Node) -> object:
        value = _scalar(node)
        if isinstance(value, str) and value in ("true", "false"):
            return value == "true"
        if isinstance(value, bool) or value in words:
            return value
        raise ValueError

    return Kind("boolean", _or_words("true, false" if words else "true or false", words), read)


def integer(low: int | None = None, high: int | None = None, *words: str) -> Kind:
    """A whole number in a range, both ends included; `words` are read as None."""
    limits = "" if low is None else f" from {low}" if high is None else f" from {low} to {high}"

    def read(node: Node) -> object:
        value = _scalar(node)
        if value in words:
            return None
        if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError
        return value

    return Kind("integer", _or_words(f"an integer{limits}", words), read, written=bool(words))


def number(low: float) -> Kind:
    """A number that is not below `low`."""

    def read(node: Node) -> object:
        value = _scalar(node)
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else low - 1
        if not low <= number < float("inf"):
            raise ValueError
        return number

    return Kind("number", f"a number from {low:g}", read)


def text() -> Kind:
    """Any text; a number or boolean that was not quoted counts as it was written."""

    def read(node: Node) -> object:
        value = _scalar(node)
        if isinstance(node, Leaf) and node.text is not None:
            return node.text
        return value if isinstance(value, str) else str(value).lower()

    return Kind("text", "text", read)


def matching(pattern: str, expected: str) -> Kind:
    """Text that a regular expression matches as a whole."""
    whole = re.compile(pattern)
    inner = text()

    def read(node: Node) -> object:
        value = inner.read(node)
        if not isinstance(value, str) or whole.fullmatch(value) is None:
            raise ValueError
        return value

    return Kind("text", expected, read)


def texts(*allowed: str) -> Kind:
    """A list of texts, as an array or separated by commas; any, or those allowed."""

    def read(node: Node) -> object:
        if isinstance(node, Obj) and is_index_map(node):
            node = listed(node, ())
        if isinstance(node, Arr):
            found = [str(_scalar(item)) for item in node.items]
        else:
            found = [part.strip() for part in str(_scalar(node)).split(",") if part.strip()]
        if allowed and not set(found) <= set(allowed):
            raise ValueError
        return found

    return Kind("texts", "an array of " + (", ".join(allowed) or "texts"), read)


def enum(*values: str) -> Kind:
    """One of the words."""

    def read(node: Node) -> object:
        value = _scalar(node)
        if value not in values:
            raise ValueError
        return value

    return Kind("enum", _or_words(", ".join(values[:-1]), values[-1:]), read)


def _measure(name: str, expected: str, parse: Callable[..., object], words: tuple[str, ...]) -> Kind:
    def read(node: Node) -> object:
        value = _scalar(node)
        return None if value in words else parse(value)

    return Kind(name, _or_words(expected, words), read, written=True)


def duration(*words: str, bare: str = "ms", low: float = 0.0) -> Kind:
    """Seconds as float. `bare` is the unit of a number without one; `low` the least allowed, in seconds."""

    def parse(value: str | int | float) -> float:
        seconds = units.parse_duration(value, bare)
        if seconds < low:
            raise ValueError
        return seconds

    expected = units.DURATION + (f", at least {units.duration_text(low)}" if low else "")
    return _measure("duration", expected, parse, words)


def size(*words: str, high: int | None = None) -> Kind:
    """Bytes."""

    def parse(value: str | int) -> int:
        number = units.parse_size(value)
        if high is not None and number > high:
            raise ValueError
        return number

    expected = units.SIZE + (f", at most {units.size_text(high)}" if high is not None else "")
    return _measure("size", expected, parse, words)


def percent() -> Kind:
    """A fraction from 0.0 to 1.0."""
    return _measure("percent", units.PERCENT, units.parse_percent, ())


def rate() -> Kind:
    """Units a second; None for `infinity`."""
    return _measure("rate", units.RATE, units.parse_rate, ())


def address() -> Kind:
    """A listening `Address`."""
    return _measure("address", units.ADDRESS, units.parse_address, ())


def anything(expected: str = "a value", *types: type) -> Kind:
    """Plain JSON values, of the given Python types when some are given."""

    def read(node: Node) -> Json:
        value = plain(node)
        if types and not isinstance(value, types):
            raise ValueError
        return value

    return Kind("any", expected, read, written=True)
