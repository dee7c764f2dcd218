"""The `{node}` of node-scoped operations."""

from __future__ import annotations

from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call

KNOWN_WORDS = frozenset({"emqx", "erlang", "kernel", "mnesia", "stdlib"})
"""Words that every EMQ X knows as atoms: 3.2.8 takes them for the names of nodes that are down, where a name that
it has never seen is an unknown path."""


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
