"""How 5.6.1 finds an operation: the path first, then the method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from emqx_compat.http.route import Route
from emqx_compat.http.router import Match, Miss, SegmentRouter

_ANY = "*"


def segments(path: str) -> list[str]:
    """Split behind the prefix: one trailing slash is ignored, `.` and `..` are resolved, empty segments stay."""
    kept: list[str] = []
    for segment in path.removeprefix("/").removesuffix("/").split("/") if path.strip("/") else ():
        match decoded(segment):
            case ".":
                pass
            case "..":
                del kept[-1:]
            case _:
                kept.append(segment)
    return kept


def decoded(segment: str) -> str:
    """A percent-decoded segment; bytes that are no UTF-8 become U+FFFD."""
    return unquote_to_bytes(segment.encode("ascii", "surrogateescape")).decode(errors="replace")


class PathRouter:
    """Chooses among paths, literals before parameters; the best path alone decides which methods there are.

    So `GET /authentication/order` is a wrong method of `/authentication/order`, not the authenticator `order`.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._methods: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._methods.setdefault(route.path, {})[route.method] = route
        paths = (replace(next(iter(methods.values())), method=_ANY) for methods in self._methods.values())
        self._paths = SegmentRouter(paths, segments, decoded)

    def match(self, method: str, path: str) -> Match | Miss:
        """See `http.router.Router`."""
        found = self._paths.match(_ANY, path)
        if isinstance(found, Miss):
            return Miss()
        methods = self._methods[found.route.path]
        if method not in methods:
            return Miss(tuple(sorted(methods)))
        return Match(methods[method], found.params)
