"""Reading parameters and bodies, and what 5.6.1 says to bad ones: 400 BAD_REQUEST whose `message` holds JSON.

One object, or a list of several: `kind`, `path`, and what is wrong (`reason`, `value`, …; see `api_v5.problems`).
Schemas are marshmallow's, so that OpenAPI comes from them, of the fields of `api_v5.fields`:

- `Query` and `FieldList` (the body of `/login`, `/users`, `/api_key`) ignore unknown names and report only the
  first problem; `Struct` and `Array` (nearly every other body) refuse unknown names and report all, below `root`;
- `null` counts as absent.

All observed of 5.6.1. Handlers call `query`, `body` and `parameter`, which raise the fault VALIDATION.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from api_v5.fields import Integer, Repeated, between
from api_v5.problems import flat, one_or_all, problem
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import MISSING, Call

NAMED = 2
"""How many unknown and allowed names a problem lists before it says `...`."""

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
    problems = list(flat(messages, path))
    return Fault(F.VALIDATION, errors=one_or_all(problems[:1] if first_only else problems))


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
