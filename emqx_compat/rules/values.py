"""Values as rules compute with them: Erlang's order of terms, and how texts, numbers and words become each other.

A text is `str`; a word (an Erlang atom) is `Atom`, `True`, `False` or None, which is JSON's null. An unset value is
the word `undefined`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from emqx_compat.core.terms import UNDEFINED, Atom

_INTEGER = re.compile(r"[+-]?[0-9]+\Z", re.A)
_DECIMAL = re.compile(r"[+-]?[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?\Z", re.A)
_MAX_DIGITS = 4000


class EvalError(Exception):
    """A value cannot be computed; `reason` is the term that says why."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


def bad_argument() -> EvalError:
    """A value of the right type that does not do."""
    return EvalError(Atom("badarg"))


def wrong_type() -> EvalError:
    """A value that the operation has no clause for."""
    return EvalError(Atom("function_clause"))


def because(kind: str, value: object) -> EvalError:
    """`{kind,value}`."""
    return EvalError((Atom(kind), value))


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is an integer or a float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_integer(value: object) -> TypeGuard[int]:
    """Whether it is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is text, and no word."""
    return isinstance(value, str) and not isinstance(value, Atom)


def is_word(value: object) -> bool:
    """Whether it is a word."""
    return value is None or isinstance(value, (bool, Atom))


def word_text(value: object) -> str:
    """The letters of a word."""
    if value is None:
        return "null"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def number(text: str) -> int | float:
    """The number that a text says. Raises EvalError(badarg)."""
    if _INTEGER.match(text) and len(text) < _MAX_DIGITS:
        return int(text)
    if _DECIMAL.match(text):
        value = float(text)
        if value not in (float("inf"), float("-inf")):
            return value
    raise bad_argument()


def text_of(value: object) -> str:
    """A value as text: floats with up to ten decimals, objects as JSON. Raises EvalError."""
    if isinstance(value, str):
        return str(value)
    if is_word(value):
        return word_text(value)
    if isinstance(value, float):
        plain = f"{value:.10f}".rstrip("0")
        return plain + "0" if plain.endswith(".") else plain
    if is_integer(value):
        return str(value)
    if isinstance(value, dict):
        return json_text(value)
    if isinstance(value, list):
        return _text_of_list(value)
    raise because("invalid_bin", value)


def json_text(value: object) -> str:
    """Compact JSON."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        raise bad_argument() from None


def from_json(text: str) -> object:
    """The value of a JSON text. Raises EvalError(badarg)."""
    try:
        value: object = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise bad_argument() from None
    return value


def order(left: object, right: object) -> int:
    """Negative, 0 or positive: numbers, words, objects, arrays, texts; numbers by value."""
    first, second = _rank(left), _rank(right)
    if first != second:
        return first - second
    if is_number(left) and is_number(right):
        return (left > right) - (left < right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _order_objects(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return _order_lists(left, right)
    a, b = _letters(left), _letters(right)
    return (a > b) - (a < b)


def identical(left: object, right: object) -> bool:
    """Equality that tells 1 from 1.0, and a word from its text."""
    if isinstance(left, float) is not isinstance(right, float):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(identical(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(identical, left, right))
    return order(left, right) == 0


def get_path(path: Sequence[str], value: object) -> object:
    """What lies at a path; UNDEFINED when nothing does."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return UNDEFINED
        value = value[key]
    return value


def put_path(path: Sequence[str], value: object, target: dict[str, object]) -> None:
    """Put a value at a path, over whatever is no object there; UNDEFINED changes nothing."""
    if value is UNDEFINED:
        return
    *way, last = path
    for key in way:
        below = target.get(key)
        target[key] = target = dict(below) if isinstance(below, dict) else {}
    target[last] = value


def _no_json(_text: str) -> object:
    raise ValueError


def _rank(value: object) -> int:
    if is_number(value):
        return 0
    if is_word(value):
        return 1
    if isinstance(value, dict):
        return 2
    return 3 if isinstance(value, list) else 4


def _letters(value: object) -> str:
    return word_text(value) if is_word(value) else str(value)


def _order_lists(left: Sequence[object], right: Sequence[object]) -> int:
    for a, b in zip(left, right, strict=False):
        found = order(a, b)
        if found:
            return found
    return len(left) - len(right)


def _order_objects(left: Mapping[str, object], right: Mapping[str, object]) -> int:
    """Smaller ones first, then by their keys, then by their values."""
    if len(left) != len(right):
        return len(left) - len(right)
    keys, others = sorted(left), sorted(right)
    return _order_lists(keys, others) or _order_lists([left[key] for key in keys], [right[key] for key in others])


def _text_of_list(values: Sequence[object]) -> str:
    """Bytes, texts and lists of them make one text; anything else does not."""
    parts = bytearray()
    for value in values:
        if is_integer(value) and 0 <= value <= 255:
            parts.append(value)
        elif is_text(value):
            parts += value.encode("utf-8", "surrogateescape")
        elif isinstance(value, list):
            parts += _text_of_list(value).encode("utf-8", "surrogateescape")
        else:
            raise bad_argument()
    return parts.decode("utf-8", "surrogateescape")
