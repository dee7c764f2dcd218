"""Counters and gauges: `/metrics`, `/stats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v4.dialect import ok
from emqx_compat.core.metrics import COUNTERS
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

STATS = (
    "topics",
    "subscriptions.shared",
    "subscriptions",
    "subscribers",
    "suboptions",
    "sessions",
    "routes",
    "retained",
    "resources",
    "live_connections",
    "connections",
    "channels",
)
"""What 4.4 counts, and what the documents of 4.0 show besides: `resources`."""

_FAMILIES = ("bytes.", "packets.", "messages.", "delivery.", "client.", "session.")
_NOT_THERE = frozenset({"client.authorize", "messages.expired", "messages.qos2.dropped", "messages.qos2.expired"})
_RENAMED = {"session.takenover": "session.takeovered"}

METRICS = {
    _RENAMED.get(name, name): name for name in COUNTERS if name.startswith(_FAMILIES) and name not in _NOT_THERE
}
"""Name in 4.x → name in the hub: the 84 of 4.4 and the two that only older documents show."""

# --- render


def render_metrics(counters: Mapping[str, int]) -> dict[str, int]:
    """The counters of a node under their names."""
    return {name: counters[source] for name, source in METRICS.items()}


def render_stats(gauges: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """The gauges of a node: each as it is and as it was at its highest."""
    stats: dict[str, int] = {}
    for name in STATS:
        stats[f"{name}.count"], stats[f"{name}.max"] = gauges[name]
    return stats


# --- handlers


async def list_all_metrics(call: Call) -> Response:
    """Every member's counters."""
    metrics = render_metrics(call.engine.metrics.counters())
    return ok([{"node": call.engine.nodes.local, "metrics": metrics}])


async def list_node_metrics(call: Call) -> Response:
    """One member's counters, bare."""
    require_node(call)
    return ok(render_metrics(call.engine.metrics.counters()))


async def list_stats(call: Call) -> Response:
    """Every member's gauges."""
    stats = render_stats(call.engine.metrics.gauges())
    return ok([{"node": call.engine.nodes.local, "stats": stats}])


async def lookup_node_stats(call: Call) -> Response:
    """One member's gauges, bare."""
    require_node(call)
    return ok(render_stats(call.engine.metrics.gauges()))


# --- routes

_NODE = "emqx@127.0.0.1"
_METRICS: dict[str, Any] = dict.fromkeys(METRICS, 0)
_STATS: dict[str, Any] = {f"{name}.{kind}": 0 for name in STATS for kind in ("count", "max")}

ROUTES = (
    Route(
        "GET",
        "/metrics",
        "list_all_metrics",
        list_all_metrics,
        "A list of metrics of all nodes in the cluster",
        example={"data": [{"node": _NODE, "metrics": _METRICS}], "code": 0},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/metrics",
        "list_node_metrics",
        list_node_metrics,
        "A list of metrics of a node",
        tag="metrics",
        example={"data": _METRICS, "code": 0},
    ),
    Route(
        "GET",
        "/stats",
        "list_stats",
        list_stats,
        "A list of stats of all nodes in the cluster",
        registered="/stats/",
        example={"data": [{"node": _NODE, "stats": _STATS}], "code": 0},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/stats",
        "lookup_node_stats",
        lookup_node_stats,
        "A list of stats of a node",
        tag="stats",
        registered="/nodes/:node/stats/",
        example={"data": _STATS, "code": 0},
    ),
)
