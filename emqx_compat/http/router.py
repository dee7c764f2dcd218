"""Routing on the raw path: segments are matched as sent and decoded afterwards.

A framework that decodes first cannot tell `clients/a%2Fb` from `clients/a/b`; every generation does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from emqx_compat.http.route import Route

_PARAMETER = re.compile(r"\{(\w+)(?::(raw))?\}")

Split = Callable[[str], list[str]]
Decode = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that answers, and its decoded parameters."""

    route: Route
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Miss:
    """No operation: `allow` lists the methods of the path in alphabetical order, empty if the path is unknown."""

    allow: tuple[str, ...] = ()


class Router(Protocol):
    """Finds the operation of a method and a raw path below the generation's prefix."""

    def match(self, method: str, path: str) -> Match | Miss:
        """`path` is raw (percent-encoded) and begins behind the prefix."""


def drop_empty(path: str) -> list[str]:
    """Segments with the empty ones dropped, as 3.x and 4.x split a path: slashes at both ends and doubled ones."""
    return [segment for segment in path.split("/") if segment]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    routes: dict[str, tuple[Route, tuple[tuple[str, bool], ...]]] = field(default_factory=dict)


class SegmentRouter:
    """A tree of segments: a literal goes before a parameter, cost is the depth of the path."""

    def __init__(self, routes: Iterable[Route], split: Split = drop_empty, decode: Decode = unquote) -> None:
        self._root = _Node()
        self._split = split
        self._decode = decode
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        for segment in drop_empty(route.path):
            parameter = _PARAMETER.fullmatch(segment)
            if parameter is None:
                node = node.literals.setdefault(segment, _Node())
                continue
            names.append((parameter[1], parameter[2] is None))
            node.parameter = node.parameter or _Node()
            node = node.parameter
        node.routes.setdefault(route.method, (route, tuple(names)))

    def match(self, method: str, path: str) -> Match | Miss:
        """See `Router.match`."""
        segments = self._split(path)
        allow: set[str] = set()
        # Depth first, literals before parameters; a node is (tree node, next segment, values so far).
        pending: list[tuple[_Node, int, tuple[str, ...]]] = [(self._root, 0, ())]
        while pending:
            node, index, values = pending.pop()
            if index == len(segments):
                found = node.routes.get(method)
                if found is not None:
                    route, names = found
                    return Match(
                        route,
                        {
                            name: self._decode(value) if decoded else value
                            for (name, decoded), value in zip(names, values, strict=True)
                        },
                    )
                allow.update(node.routes)
                continue
            segment = segments[index]
            if node.parameter is not None:
                pending.append((node.parameter, index + 1, (*values, segment)))
            literal = node.literals.get(segment)
            if literal is not None:
                pending.append((literal, index + 1, values))
        return Miss(tuple(sorted(allow)))


class SpanningRouter:
    """2.x: a parameter takes one or more characters, slashes included, as few as possible.

    One trailing slash is optional. The templates in `strict` take none: there, the last letter is optional
    instead. A path that fits two templates of its method is unknown. (All observed on 2.3.11.)
    """

    def __init__(self, routes: Iterable[Route], strict: frozenset[str], decode: Decode) -> None:
        self._decode = decode
        self._patterns: dict[str, list[tuple[str, re.Pattern[str], Route]]] = {}
        """By method: what a path begins with, the whole pattern, the operation."""
        for route in routes:
            # Without its last letter, which the pattern may not want.
            start = route.path.strip("/").partition("{")[0][:-1]
            pattern = self._compile(route.path, "?" if route.path in strict else "/?")
            self._patterns.setdefault(route.method, []).append((start, pattern, route))

    @staticmethod
    def _compile(path: str, tail: str) -> re.Pattern[str]:
        parts = _PARAMETER.split(path.strip("/"))
        # split() yields literal, name, raw-mark, literal, name, …
        text = "".join(
            re.escape(part) if index % 3 == 0 else f"(?P<{part}>.+?)" if index % 3 == 1 else ""
            for index, part in enumerate(parts)
        )
        return re.compile(text + tail, re.DOTALL)

    def match(self, method: str, path: str) -> Match | Miss:
        """See `Router.match`; never tells methods (2.x has no 405)."""
        path = path.removeprefix("/")
        found = [
            (route, hit)
            for start, pattern, route in self._patterns.get(method, ())
            if path.startswith(start) and (hit := pattern.fullmatch(path)) is not None
        ]
        if len(found) != 1:
            return Miss()
        route, hit = found[0]
        return Match(route, {name: self._decode(value) for name, value in hit.groupdict().items()})
