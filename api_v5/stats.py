"""Gauges and their high-water marks: `/stats`."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from api_v5.metrics import AggregateQuery, told_of_nodes
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

NAMES = (
    "channels",
    "sessions",
    "connections",
    "live_connections",
    "cluster_sessions",
    "topics",
    "suboptions",
    "subscribers",
    "subscriptions",
    "subscriptions.shared",
    "retained",
    "delayed",
)

# --- render


def render_stats(gauges: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """`<name>.count` and `<name>.max` of every gauge that this generation knows."""
    rendered: dict[str, int] = {}
    for name in NAMES:
        rendered[f"{name}.count"], rendered[f"{name}.max"] = gauges.get(name, (0, 0))
    return rendered


# --- handlers


async def list_stats(call: Call) -> Response:
    """The gauges of every member."""
    return told_of_nodes(call, render_stats(call.engine.metrics.gauges()))


# --- routes

ROUTES = (
    Route(
        "GET",
        "/stats",
        "list_stats",
        list_stats,
        "Get the gauges",
        tag="Metrics",
        query=AggregateQuery,
        example=[{"node": "emqx@127.0.0.1", **render_stats({})}],
    ),
)
