"""The types of parameters and body fields, read and refused as 5.6.1 does it.

A field raises `ValidationError([Problem(…)])`; where it stands becomes the problem's path. `"123"` counts as a
number, `"true"` as a boolean, a number as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from api_v5.problems import Problem, problem, unexpected

Number = int | float

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[+-]?[0-9]+\.[0-9]+")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_END_OF_9999 = 253_402_300_799


def number_of(value: object) -> object:
    """Text that spells a number as that number; anything else as it is."""
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            return int(value)
        if _FLOAT.fullmatch(value):
            return float(value)
    return value


class Text(fields.String):
    """Text; numbers and booleans are taken as they are spelt in JSON.

    `rule` checks it: the text of a problem's `reason`, or None.
    """

    def __init__(self, *, rule: Callable[[str], str | None] | None = None, **more: Any) -> None:
        super().__init__(**more)
        self._rule = rule

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, Number):
            value = str(value)
        if not isinstance(value, str):
            raise unexpected("binary()", value)
        reason = self._rule(value) if self._rule is not None else None
        if reason is not None:
            raise problem(reason=reason, value=value)
        return value


class Integer(fields.Integer):
    """An integer within bounds; `expected` is 5.6.1's name for it."""

    def __init__(self, expected: str, least: int | None = None, most: int | None = None, **more: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **more)
        self._expected, self._least, self._most = expected, least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        number = number_of(value)
        if (
            type(number) is not int
            or (self._least is not None and number < self._least)
            or (self._most is not None and number > self._most)
        ):
            raise unexpected(self._expected, number)
        return number


def integer(**more: Any) -> Integer:
    """Any integer."""
    return Integer("integer()", **more)


def between(least: int, most: int, **more: Any) -> Integer:
    """An integer from `least` to `most`."""
    return Integer(f"{least}..{most}", least, most, **more)


class Boolean(fields.Boolean):
    """true or false, also as text; never a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        match value:
            case bool():
                return value
            case "true" | "false":
                return bool(value == "true")
        raise unexpected("boolean()", value)


class Qos(fields.Integer):
    """0, 1 or 2."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(0, 2), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        number = number_of(value)
        if type(number) is int and 0 <= number <= 2:
            return number
        raise unexpected("qos()", str(number) if type(number) is int else value)


class Enum(fields.String):
    """One of some words."""

    KNOWN = frozenset({"all", "not_found", "mqtt", "stop", "GET", "POST", "PUT", "DELETE"})
    """5.6.1 has two reasons: one for words that its virtual machine has seen before, one for others."""

    def __init__(self, *words: str, **more: Any) -> None:
        super().__init__(validate=validate.OneOf(words), **more)
        self._words = frozenset(words)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if isinstance(value, str) and value in self._words:
            return value
        known = isinstance(value, str) and value in self.KNOWN
        raise problem(
            reason="not_a_enum_symbol" if known else "unable_to_convert_to_enum_symbol",
            value=value,
        )


class Literal(fields.String):
    """Exactly one word, as a member of a union."""

    def __init__(self, word: str, **more: Any) -> None:
        super().__init__(validate=validate.Equal(word), **more)
        self._word = word

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if value != self._word:
            raise unexpected(self._word, value)
        return self._word


class Epoch(fields.Integer):
    """A time: an integer in `unit`s since the epoch, or RFC 3339 with any offset; at most the end of 9999."""

    _PER_SECOND = {"second": 1, "millisecond": 1_000, "microsecond": 1_000_000}

    def __init__(self, unit: str, **more: Any) -> None:
        super().__init__(**more)
        self.expected = f"emqx_utils_calendar:epoch_{unit}()"
        self._factor = self._PER_SECOND[unit]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        number = number_of(value)
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            try:
                number = int(datetime.fromisoformat(value.upper()).timestamp() * self._factor)
            except ValueError:  # 30 February
                number = None
        if type(number) is not int or not 0 <= number < (_END_OF_9999 + 1) * self._factor:
            raise unexpected(self.expected, value)
        return number


class Map(fields.Dict):
    """An object with any keys."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unexpected("map()", _joined(value))
        return value


def _joined(value: object) -> object:
    """A list of lists of texts is printed as one text."""
    if isinstance(value, list) and value and all(isinstance(part, list) for part in value):
        pieces = [piece for part in value for piece in part]
        if all(isinstance(piece, str) for piece in pieces):
            return "".join(pieces)
    return value


class ListOf(fields.List[Any]):
    """An array; an object counts as one if its keys are positions."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[Any]:
        if isinstance(value, dict):
            strange = [key for key in value if not key.isdecimal()]
            if strange:
                raise problem(bad_array_index_keys=strange)
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            raise problem(expected_data_type="array", got=_kind_of(value))
        return super()._deserialize(value, attr, data, **more)


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


class Repeated(ListOf):
    """A query parameter whose every occurrence counts; of others the last does."""


class Either(fields.Raw):
    """A union: the first member that takes the value."""

    def __init__(self, members: Mapping[str, fields.Field[Any]], **more: Any) -> None:
        super().__init__(**more)
        self._members = members

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        mismatches: dict[str, Any] = {}
        for name, member in self._members.items():
            try:
                return member.deserialize(value, attr)
            except ValidationError as error:
                mismatches[name] = error.messages
        raise ValidationError([Problem({"reason": "matched_no_union_member"}, mismatches)])
