"""Members of the cluster: `/nodes`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v5.dialect import listed, ok
from api_v5.metrics import render_metrics
from api_v5.stats import render_stats
from emqx_compat.core.nodes import Node
from emqx_compat.http.call import Call
from emqx_compat.http.formats import memory_text
from emqx_compat.http.route import Route

EDITION = "Enterprise"
OTP_RELEASE = "25.3.2-2/13.2.2.1"

# --- render


def render_node(node: Node, version: str) -> dict[str, Any]:
    """A member; of a stopped one only its name and role are known."""
    known = {"node": node.name, "node_status": "running" if node.running else "stopped", "role": node.role}
    if not node.running:
        return known
    return known | {
        "connections": node.connections,
        "live_connections": node.live_connections,
        "cluster_sessions": node.cluster_sessions,
        "load1": round(node.load1, 2),
        "load5": round(node.load5, 2),
        "load15": round(node.load15, 2),
        "max_fds": node.max_fds,
        "memory_total": str(memory_text(node.memory_total)),
        "memory_used": str(memory_text(node.memory_used)),
        "process_available": node.process_available,
        "process_used": node.process_used,
        "otp_release": OTP_RELEASE,
        "uptime": int(node.uptime * 1000),
        "version": version,
        "edition": EDITION,
        "log_path": node.log_path,
        "sys_path": node.sys_path,
    }


# --- handlers


async def list_nodes(call: Call) -> Response:
    """All members."""
    version = call.engine.versions["v5"]
    return await listed(await call.engine.nodes.list(), lambda node: render_node(node, version))


async def get_node(call: Call) -> Response:
    """One member."""
    return ok(render_node(await call.engine.nodes.get(call.params["node"]), call.engine.versions["v5"]))


async def get_node_metrics(call: Call) -> Response:
    """The counters of one member, without its name."""
    call.engine.nodes.require(call.params["node"])
    return ok(render_metrics(call.engine.metrics.counters()))


async def get_node_stats(call: Call) -> Response:
    """The gauges of one member, without its name."""
    call.engine.nodes.require(call.params["node"])
    return ok(render_stats(call.engine.metrics.gauges()))


# --- routes

_EXAMPLE = {
    "node": "emqx@127.0.0.1",
    "node_status": "running",
    "role": "core",
    "connections": 0,
    "live_connections": 0,
    "cluster_sessions": 0,
    "load1": 2.66,
    "load5": 2.66,
    "load15": 2.66,
    "max_fds": 1024,
    "memory_total": "512.00M",
    "memory_used": "256.00M",
    "process_available": 2097152,
    "process_used": 1024,
    "otp_release": OTP_RELEASE,
    "uptime": 5120000,
    "version": "5.6.1",
    "edition": EDITION,
    "log_path": "log.file.enable is false, not logging to file.",
    "sys_path": "/opt/emqx",
}

ROUTES = (
    Route("GET", "/nodes", "list_nodes", list_nodes, "List nodes", tag="Nodes", example=[_EXAMPLE]),
    Route("GET", "/nodes/{node}", "get_node", get_node, "Get a node", tag="Nodes", example=_EXAMPLE),
    Route(
        "GET",
        "/nodes/{node}/metrics",
        "get_node_metrics",
        get_node_metrics,
        "Get the counters of a node",
        tag="Nodes",
        example=render_metrics({}),
    ),
    Route(
        "GET",
        "/nodes/{node}/stats",
        "get_node_stats",
        get_node_stats,
        "Get the gauges of a node",
        tag="Nodes",
        example=render_stats({}),
    ),
)
