"""Counters and gauges: `/monitoring/metrics` and `/monitoring/stats`."""

from __future__ import annotations

from starlette.responses import Response

from api_v2.dialect import asked_node, ok, shown_node
from emqx_compat.core.engine import MetricsService
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

_AS_SPELT = (
    "packets/disconnect",
    "messages/dropped",
    "messages/qos2/received",
    "packets/suback",
    "packets/pubcomp/received",
    "packets/unsuback",
    "packets/pingresp",
    "packets/puback/missed",
    "packets/pingreq",
    "messages/retained",
    "packets/sent",
    "messages/qos2/dropped",
    "packets/unsubscribe",
    "packets/pubrec/missed",
    "packets/connack",
    "messages/received",
    "packets/pubrec/sent",
    "packets/publish/received",
    "packets/pubcomp/sent",
    "bytes/received",
    "packets/connect",
    "packets/puback/received",
    "messages/sent",
    "packets/publish/sent",
    "bytes/sent",
    "packets/pubrel/missed",
    "packets/puback/sent",
    "messages/qos0/received",
    "packets/subscribe",
    "packets/pubrel/sent",
    "messages/qos2/sent",
    "packets/received",
    "packets/pubrel/received",
    "messages/qos1/received",
    "messages/qos1/sent",
    "packets/pubrec/received",
    "packets/pubcomp/missed",
    "messages/qos0/sent",
)
_OTHERWISE = {
    "packets/connect": "packets.connect.received",
    "packets/connack": "packets.connack.sent",
    "packets/subscribe": "packets.subscribe.received",
    "packets/suback": "packets.suback.sent",
    "packets/unsubscribe": "packets.unsubscribe.received",
    "packets/unsuback": "packets.unsuback.sent",
    "packets/pingreq": "packets.pingreq.received",
    "packets/pingresp": "packets.pingresp.sent",
    "packets/disconnect": "packets.disconnect.received",
}
METRICS = {name: _OTHERWISE.get(name, name.replace("/", ".")) for name in _AS_SPELT}
"""The 38 counters of 2.x by name → their names in `core.metrics`."""

STATS = {
    "clients": "live_connections",
    "retained": "retained",
    "routes": "routes",
    "sessions": "sessions",
    "subscribers": "subscribers",
    "subscriptions": "subscriptions",
    "topics": "topics",
}
"""The gauges of 2.x by name → their names in `core.metrics`."""

# --- render


def render_metrics(metrics: MetricsService) -> dict[str, int]:
    """All counters of a node; `messages/retained` is a gauge among them."""
    counters = metrics.counters()
    retained, _ = metrics.gauges()["retained"]
    return {name: counters[ours] for name, ours in METRICS.items()} | {"messages/retained": retained}


def render_stats(metrics: MetricsService) -> dict[str, int]:
    """All gauges of a node with their high-water marks."""
    gauges = metrics.gauges()
    stats: dict[str, int] = {}
    for name, ours in STATS.items():
        stats[f"{name}/count"], stats[f"{name}/max"] = gauges[ours]
    return stats


# --- handlers


async def list_metrics(call: Call) -> Response:
    """The counters of the cluster."""
    return ok(render_metrics(call.engine.metrics))


async def get_node_metrics(call: Call) -> Response:
    """The counters of a node."""
    asked_node(call)
    return ok(render_metrics(call.engine.metrics))


async def list_stats(call: Call) -> Response:
    """The gauges of every node, by its name, in an array of one."""
    return ok([{shown_node(call.engine.nodes.local): render_stats(call.engine.metrics)}])


async def get_node_stats(call: Call) -> Response:
    """The gauges of a node."""
    asked_node(call)
    return ok(render_stats(call.engine.metrics))


# --- routes

_METRICS = dict.fromkeys(METRICS, 0) | {"messages/retained": 3}
_STATS = {f"{name}/{part}": 3 if name == "retained" else 0 for name in STATS for part in ("count", "max")}

ROUTES = (
    Route(
        "GET",
        "/monitoring/metrics",
        "list_metrics",
        list_metrics,
        "Get metrics of all nodes",
        "metrics",
        registered="monitoring/metrics/",
        example={"code": 0, "result": _METRICS},
    ),
    Route(
        "GET",
        "/monitoring/metrics/{node_name}",
        "get_node_metrics",
        get_node_metrics,
        "Get metrics of a node",
        "metrics",
        registered="monitoring/metrics/{node_name}",
        example={"code": 0, "result": _METRICS},
    ),
    Route(
        "GET",
        "/monitoring/stats",
        "list_stats",
        list_stats,
        "Get statistics of all nodes",
        "stats",
        registered="monitoring/stats",
        example={"code": 0, "result": [{"emq@127.0.0.1": _STATS}]},
    ),
    Route(
        "GET",
        "/monitoring/stats/{node_name}",
        "get_node_stats",
        get_node_stats,
        "Get statistics of a node",
        "stats",
        registered="monitoring/stats/{node_name}",
        example={"code": 0, "result": _STATS},
    ),
)
