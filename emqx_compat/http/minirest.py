"""What 3.x and 4.x have in common below their APIs: the HTTP server's rules for paths, queries and node names."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD

MAX_PATH = 8000

KNOWN_WORDS = frozenset({"emqx", "erlang", "kernel", "mnesia", "stdlib"})
"""Words that every EMQX knows as atoms: 3.2.8 and 4.4.19 take them for the names of nodes that are down, where a
name that they have never seen is an unknown path."""

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def check_path(call: Call) -> None:
    """The server refuses broken escapes and bytes beyond ASCII before anything else (observed on 3.2.8, 4.4.19).

    Faults: PATH_TOO_LONG, PATH_MALFORMED, PATH_INCOMPLETE (the bare prefix on the dashboard's port).
    """
    if len(call.raw_path) > MAX_PATH:
        raise Fault(F.PATH_TOO_LONG)
    if not call.raw_path.isascii() or _BAD_ESCAPE.search(call.raw_path):
        raise Fault(F.PATH_MALFORMED)
    if not call.path and call.port == DASHBOARD:
        raise Fault(F.PATH_INCOMPLETE)


def parse_query(raw: bytes) -> list[tuple[str, Any]]:
    """Name and value pairs; a name without `=` is True. Faults: QUERY_MALFORMED."""
    text = raw.decode("latin-1")
    if not text.isascii() or _BAD_ESCAPE.search(text):
        raise Fault(F.QUERY_MALFORMED)
    pairs: list[tuple[str, Any]] = []
    for part in filter(None, text.split("&")):
        name, equals, value = part.partition("=")
        pairs.append((unquote_plus(name), unquote_plus(value) if equals else True))
    return pairs


def node_is_down(call: Call) -> bool:
    """Whether `{node}`, if the path has one, is known but not running. Faults: NODE_UNKNOWN."""
    name = call.params.get("node")
    if name in KNOWN_WORDS:
        return True
    if name is not None:
        call.engine.nodes.require(name)
    return False


def require_node(call: Call) -> None:
    """Faults: NODE_UNKNOWN, NODE_DOWN when the path names another node than a running one."""
    if node_is_down(call):
        raise Fault(F.NODE_DOWN, node=call.params["node"])
