"""Nodes: load, memory and counts of each, `/nodes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v3.brokers import OTP_RELEASE
from api_v3.dialect import by_key, ok
from api_v3.faults import NO_CONTENT
from emqx_compat.core.faults import F
from emqx_compat.core.nodes import Node
from emqx_compat.http.call import Call
from emqx_compat.http.formats import decimals, memory_text, uptime_text
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

# --- render


def render_node(node: Node, versions: Mapping[str, str]) -> dict[str, Any]:
    """The single form: memory in bytes."""
    return {
        "connections": node.live_connections,
        "load1": decimals(node.load1),
        "load15": decimals(node.load15),
        "load5": decimals(node.load5),
        "max_fds": node.max_fds,
        "memory_total": node.memory_total,
        "memory_used": node.memory_used,
        "name": node.name,
        "node_status": "Running",
        "otp_release": OTP_RELEASE,
        "process_available": node.process_available,
        "process_used": node.process_used,
        "uptime": uptime_text(node.uptime),
        "version": versions["v3"],
    }


def render_row(node: Node, versions: Mapping[str, str]) -> dict[str, Any]:
    """A row of the list: memory as text, the name twice; a stopped member has nothing else to tell."""
    if not node.running:
        return {"name": node.name, "node": node.name, "node_status": "Stopped"}
    memory = {
        "memory_total": memory_text(node.memory_total),
        "memory_used": memory_text(node.memory_used),
    }
    return by_key({"node": node.name, **render_node(node, versions), **memory})


# --- handlers


async def list_nodes(call: Call) -> Response:
    """All members of the cluster."""
    return ok([render_row(node, call.engine.versions) for node in await call.engine.nodes.list()])


async def get_node(call: Call) -> Response:
    """One running member."""
    require_node(call)
    return ok(render_node(await call.engine.nodes.get(call.params["node"]), call.engine.versions))


# --- routes

SAMPLE = {
    "connections": 1,
    "load1": "2.75",
    "load15": "2.87",
    "load5": "2.57",
    "max_fds": 7168,
    "memory_total": 80162816,
    "memory_used": 62254160,
    "name": "emqx@127.0.0.1",
    "node_status": "Running",
    "otp_release": "R21/10.3.2",
    "process_available": 262144,
    "process_used": 331,
    "uptime": "1 days,18 hours, 45 minutes, 1 seconds",
    "version": "v3.1.0",
}

ROUTES = (
    Route(
        "GET",
        "/nodes",
        "list_nodes",
        list_nodes,
        "A list of nodes in the cluster",
        registered="/nodes/",
        example={
            "code": 0,
            "data": [{**SAMPLE, "node": "emqx@127.0.0.1", "memory_total": "76.45M", "memory_used": "59.48M"}],
        },
    ),
    Route(
        "GET",
        "/nodes/{node:raw}",
        "get_node",
        get_node,
        "Lookup a node in the cluster",
        example={"code": 0, "data": SAMPLE},
        faults={F.NODE_DOWN: NO_CONTENT},
    ),
)
