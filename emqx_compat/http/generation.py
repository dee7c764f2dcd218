"""A generation as a plug-in: what a spoke hands to the rest of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import entry_points

from emqx_compat.http.dialect import Dialect
from emqx_compat.http.route import Route

GROUP = "emqx_compat.apis"


@dataclass(frozen=True, slots=True)
class Generation:
    """One management API: its dialect and its route table.

    `outside` holds operations that are not below the prefix (`/status`, v2's `/`); their paths are absolute and
    have no parameters. `title` names it in the documents.
    """

    name: str
    title: str
    dialect: Dialect
    routes: tuple[Route, ...]
    outside: tuple[Route, ...] = ()
    describe: Callable[[dict[str, object]], dict[str, object]] = field(default=lambda document: document)
    """A last touch on the generated OpenAPI document."""

    def routes_on(self, port: str) -> tuple[Route, ...]:
        """The operations that this port serves."""
        return tuple(route for route in self.routes if route.ports is None or port in route.ports)


def generations() -> list[Generation]:
    """The installed generations, oldest first, found through the entry-point group `emqx_compat.apis`."""
    found = (entry.load() for entry in entry_points(group=GROUP))
    return sorted((item for item in found if isinstance(item, Generation)), key=lambda item: item.name)
