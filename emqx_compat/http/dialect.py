"""What cuts across the operations of one generation, as one value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.responses import Response

from emqx_compat.core.accounts import Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.formats import erlang_term, escaped_text, quoted_word
from emqx_compat.http.route import Route, Wire
from emqx_compat.http.router import Router, SegmentRouter

Column = Mapping[F, Wire]
"""A generation's column of the error catalogue."""

T = TypeVar("T")


def plain_query(raw: bytes) -> list[tuple[str, str]]:
    """The pairs of a query string in UTF-8, escaped or not; blank values are kept, `+` is a space."""
    return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)


def any_path(_call: Call) -> None:
    """Accepts every path."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one generation speaks.

    Order of a call: `check_path` → (routing and credentials, whose order `authenticate_first` decides) → query and
    body → handler. Whatever goes wrong is a `Fault` that `render_fault` turns into the generation's answer.
    """

    name: str
    prefix: str
    ports: tuple[str, ...]
    authenticate: Callable[[Call], Awaitable[Principal]]
    """Who calls. Faults: the CREDENTIALS_*, KEY_*, TOKEN_* and ROLE_* ones."""
    authenticate_first: bool
    """True: an unknown path without credentials is a matter of credentials (v2–v4)."""
    parse_body: Callable[[Call], object]
    """`call.raw_body` (not empty) to `call.body`. Faults: BODY_NOT_JSON."""
    render_fault: Callable[[Fault, Call], Response]
    column: Column
    max_body: int
    check_path: Callable[[Call], None] = any_path
    """What the old HTTP servers refused before anything else. Faults: PATH_MALFORMED, PATH_TOO_LONG, …"""
    parse_query: Callable[[bytes], list[tuple[str, str]]] = plain_query
    router: Callable[[Iterable[Route]], Router] = SegmentRouter
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every answer."""


def wire_for(fault: Fault, call: Call) -> Wire:
    """The cell of the catalogue that answers a fault: the operation's own, else the generation's."""
    if call.route is not None and fault.kind in call.route.faults:
        return call.route.faults[fault.kind]
    column = call.generation.dialect.column
    return column.get(fault.kind) or column[F.INTERNAL_ERROR]


def message_of(wire: Wire, fault: Fault) -> str | None:
    """The message with the fault's parameters filled in.

    `{name!e}` prints a parameter as an Erlang term, `{name!w}` as an Erlang word, `{name!q}` as the inside of an
    Erlang string. A placeholder without parameter stays as it is, instead of failing while a failure is reported.
    """
    return None if wire.message is None else _MESSAGES.vformat(wire.message, (), fault.params)


class _Messages(Formatter):
    def get_value(self, key: int | str, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
        return kwargs.get(str(key), "{" + str(key) + "}")

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion == "e":
            return erlang_term(value)
        if conversion == "w":
            return quoted_word(str(value))
        if conversion == "q":
            return escaped_text(str(value))
        return super().convert_field(value, conversion)


_MESSAGES = _Messages()


def first_values(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Pairs to a dictionary; of repeated names the first value counts (v2–v4)."""
    values: dict[str, T] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values
