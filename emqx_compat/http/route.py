"""One row of a generation's route table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from marshmallow import Schema
from starlette.responses import Response

from emqx_compat.core.faults import F

if TYPE_CHECKING:
    from emqx_compat.http.call import Call

Handler = Callable[["Call"], Awaitable[Response]]

MANAGEMENT_LEGACY = "management_legacy"
"""The port of 2.x and 3.x: 8080."""
MANAGEMENT = "management"
"""The port of 4.x: 8081."""
DASHBOARD = "dashboard"
"""18083, where every generation is served."""


class State(StrEnum):
    """How much of an operation is there."""

    FULL = "full"
    PARTIAL = "partial"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Wire:
    """What a generation answers to a fault: a cell of the error catalogue.

    `message` may use the fault's parameters in braces; None leaves the key out. `text` sends the message as plain
    text instead of JSON, an `empty` answer has no body at all.
    """

    status: int = 200
    code: int | str | None = None
    message: str | None = None
    text: bool = False
    empty: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """An operation: where it is, what it takes, who answers.

    `path` is below the generation's prefix; `{name}` is a parameter (percent-decoded), `{name:raw}` one that is
    handed over as it was sent. Routing, the self-listing, OpenAPI, the audit names and the matrix all come from it.
    """

    method: str
    path: str
    id: str
    handler: Handler | None = None
    """None: not built; the operation answers 501 in the generation's error shape."""
    summary: str = ""
    tag: str = ""
    state: State = State.FULL
    public: bool = False
    """Answers without credentials."""
    ports: frozenset[str] | None = None
    """Restricts the operation to some of the generation's ports."""
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    example: object = None
    """A sample of the answer."""
    success: int = 200
    """The HTTP status of that answer; 204 has no body and no sample."""
    feature: str | None = None
    """A feature (`core.features`) without which the operation is an unknown path."""
    faults: Mapping[F, Wire] = field(default_factory=dict)
    """Cells of the catalogue that are different for this operation."""
    registered: str | None = None
    """The path as the self-listing of v3 and v4 prints it, when that is not the plain one."""
    listed: bool = True
    """Whether the self-listing and the documents show it."""

    @property
    def effective_state(self) -> State:
        """ABSENT when there is no handler."""
        return State.ABSENT if self.handler is None else self.state

    @property
    def template(self) -> str:
        """The path with plain `{name}` parameters."""
        return re.sub(r"\{(\w+):\w+\}", r"{\1}", self.path)

    @property
    def colon_path(self) -> str:
        """The path with `:name` parameters."""
        return re.sub(r"\{(\w+)(?::\w+)?\}", r":\1", self.path)


def absent(*rows: tuple[str, str, str]) -> tuple[Route, ...]:
    """Rows for operations that are documented but not built: (method, path, operation id)."""
    return tuple(Route(method, path, id_) for method, path, id_ in rows)
