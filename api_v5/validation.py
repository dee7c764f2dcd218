"""What 5.6.1 says to bad input: 400 BAD_REQUEST whose `message` is a string that holds JSON.

One object, or a list of several: `kind`, `path`, and what is wrong (`reason`, `value`, …). Fields and schemas here
are marshmallow's, so that OpenAPI comes from them, but they speak that dialect:

- a field raises `ValidationError([Problem(…)])`; where it stands becomes the `path`;
- `Query` and `FieldList` (the body of `/login`, `/users`, `/api_key`) ignore unknown names and report only the
  first problem; `Struct` and `Array` (nearly every other body) refuse unknown names and report all, below `root`;
- `null` counts as absent, `"123"` as a number, `"true"` as a boolean, a number as text.

All observed of 5.6.1. Handlers call `query`, `body` and `parameter`, which raise the fault VALIDATION.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import MISSING, Call

NAMED = 2
"""How many unknown and allowed names a problem lists before it says `...`."""

# --- problems


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one value."""

    says: Mapping[str, object]
    """Everything but `kind`, `path` and `mismatches`."""
    mismatches: Mapping[str, Any] = field(default_factory=dict)
    """Of a union: member → what marshmallow collected when that member was tried."""

    def at(self, path: str) -> dict[str, object]:
        """The object that the caller reads."""
        told: dict[str, object] = {"kind": "validation_error", "path": path, **self.says}
        if self.mismatches:
            told["mismatches"] = {
                member: _one_or_all(list(_flat(messages, path))) for member, messages in self.mismatches.items()
            }
        return dict(sorted(told.items(), reverse=True))


REQUIRED = Problem({"reason": "required_field"})


def problem(**says: object) -> ValidationError:
    """An error with one problem."""
    return ValidationError([Problem(says)])


def unexpected(expected: str, value: object) -> ValidationError:
    """The value is not of the named type."""
    return problem(reason={"expected": expected}, value=value)


def _flat(messages: Any, path: str) -> Iterator[dict[str, object]]:
    """marshmallow's tree of messages as a list of objects with dotted paths; elements count from 1."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flat(below, path if key == "_schema" else _join(path, key))
    else:
        for message in messages:
            # The only words of marshmallow's own: a required field is missing.
            yield (message if isinstance(message, Problem) else REQUIRED).at(path)


def _join(path: str, key: str | int) -> str:
    step = str(key + 1) if isinstance(key, int) else key
    return f"{path}.{step}" if path else step


def _one_or_all(problems: Sequence[dict[str, object]]) -> object:
    return problems[0] if len(problems) == 1 else problems


# --- fields

Number = int | float

_INTEGER = re.compile(r"[+-]?[0-9]+")
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


# --- schemas


class Lenient(Schema):
    """Ignores names that it does not know."""

    class Meta:
        """marshmallow's options."""

        unknown = EXCLUDE


class Query(Lenient):
    """The parameters behind `?`."""


class PageQuery(Query):
    """`page` and `limit` of the listings."""

    page = Integer("pos_integer()", 1, load_default=1)
    limit = between(1, 10_000, load_default=100)


class FieldList(Lenient):
    """A body whose fields are looked at one by one; anything but an object crashes 5.6.1."""

    @pre_load
    def _only_given(self, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise Fault(F.BODY_TYPE)
        return _given(data)


class Struct(Schema):
    """An object that may hold what the schema names and nothing else."""

    @pre_load
    def _only_known(self, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise problem(reason="bad_value_for_struct", value=data)
        allowed = {one.data_key or name for name, one in self.fields.items()}
        unknown = data.keys() - allowed
        if unknown:
            raise problem(
                reason="unknown_fields", unknown=_named(unknown), unmatched=_named(allowed - data.keys()) or "none"
            )
        return _given(data)


class Array(Schema):
    """A body that is an array; its one field, `items`, says of what."""


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _named(names: set[str]) -> str:
    first = sorted(names)
    return ",".join([*first[:NAMED], "..."] if len(first) > NAMED else first)


# --- reading a call


@cache
def _instance(kind: type[Schema]) -> Schema:
    return kind()


def _load(kind: type[Schema], data: object, path: str = "", *, first_only: bool) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _instance(kind).load(data)  # type: ignore[arg-type]
        return loaded
    except ValidationError as error:
        raise _fault(error.messages, path, first_only=first_only) from None


def _fault(messages: Any, path: str, *, first_only: bool) -> Fault:
    problems = list(_flat(messages, path))
    return Fault(F.VALIDATION, errors=_one_or_all(problems[:1] if first_only else problems))


def query(call: Call) -> dict[str, Any]:
    """The query as the route's schema reads it. Faults: VALIDATION."""
    assert call.route is not None and call.route.query is not None
    repeated = {name for name, one in _instance(call.route.query).fields.items() if isinstance(one, Repeated)}
    data: dict[str, Any] = {}
    for name, value in call.query:
        if name in repeated:
            data.setdefault(name, []).append(value)
        else:
            data[name] = value
    return _load(call.route.query, data, first_only=True)


def body(call: Call) -> Any:
    """The body as the route's schema reads it; none at all and `null` count as `{}`.

    Faults: VALIDATION, BODY_TYPE.
    """
    assert call.route is not None and call.route.body is not None
    kind = call.route.body
    data = {} if call.body is MISSING or call.body is None else call.body
    if issubclass(kind, FieldList):
        return _load(kind, data, first_only=True)
    if not issubclass(kind, Array):
        return _load(kind, data, "root", first_only=False)
    try:
        return _instance(kind).load({"items": data})["items"]
    except ValidationError as error:
        raise _fault(error.messages_dict["items"], "root", first_only=False) from None


def parameter(call: Call, name: str, kind: fields.Field[Any]) -> Any:
    """A parameter of the path, read by a field. Faults: VALIDATION."""
    try:
        return kind.deserialize(call.params[name])
    except ValidationError as error:
        raise _fault(error.messages, name, first_only=True) from None
