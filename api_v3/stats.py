"""Gauges with their high-water marks: `/stats`, `/nodes/:node/stats`; both families of names, as in `metrics`."""

from __future__ import annotations

from starlette.responses import Response

from api_v3.dialect import ok
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

BOTH = {
    "connections": "live_connections",
    "sessions": "sessions",
    "sessions.persistent": "sessions.persistent",
    "topics": "topics",
    "subscribers": "subscribers",
    "subscriptions": "subscriptions",
    "subscriptions.shared": "subscriptions.shared",
    "routes": "routes",
    "retained": "retained",
}
"""Name here → gauge of the hub; 3.1 spells these with `/` for `.`. A connection is a live one in 3.x."""
OF_3_2 = {name: name for name in ("suboptions", "rules", "actions", "resources")}

NAMES: dict[tuple[str, str], str] = {
    **{(f"{name.replace('.', '/')}/count", f"{name.replace('.', '/')}/max"): gauge for name, gauge in BOTH.items()},
    **{(f"{name}.count", f"{name}.max"): gauge for name, gauge in (BOTH | OF_3_2).items()},
}
"""Names of the value and of its mark → gauge."""

# --- render


def render_stats(call: Call) -> dict[str, int]:
    """Every gauge under every name."""
    gauges = call.engine.metrics.gauges()
    row: dict[str, int] = {}
    for (count, most), gauge in NAMES.items():
        row[count], row[most] = gauges[gauge]
    return row


# --- handlers


async def list_stats(call: Call) -> Response:
    """The gauges of every node."""
    return ok([{"node": call.engine.nodes.local, **render_stats(call)}])


async def lookup_node_stats(call: Call) -> Response:
    """The gauges of one node."""
    require_node(call)
    return ok(render_stats(call))


# --- routes

SAMPLE = {name: 0 for names in NAMES for name in names}

ROUTES = (
    Route(
        "GET",
        "/stats",
        "list_stats",
        list_stats,
        "A list of stats of all nodes in the cluster",
        registered="/stats/",
        example={"code": 0, "data": [{"node": "emqx@127.0.0.1", **SAMPLE}]},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/stats",
        "lookup_node_stats",
        lookup_node_stats,
        "A list of stats of a node",
        tag="stats",
        registered="/nodes/:node/stats/",
        example={"code": 0, "data": SAMPLE},
    ),
)
