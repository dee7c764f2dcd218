"""Members of the cluster, in two views: `/brokers` and `/nodes`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v4.dialect import ok
from api_v4.faults import NODE_DOWN
from emqx_compat.core.faults import F
from emqx_compat.core.nodes import Node
from emqx_compat.http.call import Call
from emqx_compat.http.formats import decimals, local_time, memory_text, uptime_text
from emqx_compat.http.minirest import node_is_down, require_node
from emqx_compat.http.route import Route, Wire

SYSDESCR = "EMQX"
OTP_RELEASE = "25.2.3/13.1.5"

# --- render


def render_broker(node: Node, version: str) -> dict[str, Any]:
    """What runs there; `datetime` is the server's local time."""
    return {
        "version": version,
        "uptime": uptime_text(node.uptime),
        "sysdescr": SYSDESCR,
        "otp_release": OTP_RELEASE,
        "node_status": _status(node),
        "node": node.name,
        "datetime": local_time(node.now),
    }


def render_node(node: Node, version: str) -> dict[str, Any]:
    """How it fares; memory and load are texts."""
    return {
        "version": version,
        "uptime": uptime_text(node.uptime),
        "process_used": node.process_used,
        "process_available": node.process_available,
        "otp_release": OTP_RELEASE,
        "node_status": _status(node),
        "node": node.name,
        "memory_used": memory_text(node.memory_used),
        "memory_total": memory_text(node.memory_total),
        "max_fds": node.max_fds,
        "load5": decimals(node.load5),
        "load15": decimals(node.load15),
        "load1": decimals(node.load1),
        "live_connections": node.live_connections,
        "connections": node.connections,
    }


def _status(node: Node) -> str:
    return "Running" if node.running else "Stopped"


# --- handlers


async def list_brokers(call: Call) -> Response:
    """Every member."""
    version = call.engine.versions["v4"]
    return ok([render_broker(node, version) for node in await call.engine.nodes.list()])


async def get_broker(call: Call) -> Response:
    """One member: an object where the list has an array."""
    require_node(call)
    return ok(render_broker(await call.engine.nodes.get(call.params["node"]), call.engine.versions["v4"]))


async def list_nodes(call: Call) -> Response:
    """Every member."""
    version = call.engine.versions["v4"]
    return ok([render_node(node, version) for node in await call.engine.nodes.list()])


async def get_node(call: Call) -> Response:
    """One member; of one that is down only that."""
    name = call.params["node"]
    if node_is_down(call):
        return ok({"node": name, "error": NODE_DOWN})
    return ok(render_node(await call.engine.nodes.get(name), call.engine.versions["v4"]))


# --- routes

_BROKER = {
    "version": "4.4.19",
    "uptime": "4 hours, 21 minutes, 19 seconds",
    "sysdescr": SYSDESCR,
    "otp_release": OTP_RELEASE,
    "node_status": "Running",
    "node": "emqx@127.0.0.1",
    "datetime": "2020-02-19 15:27:24",
}
_NODE = {
    "version": "4.4.19",
    "uptime": "7 seconds",
    "process_used": 315,
    "process_available": 2097152,
    "otp_release": OTP_RELEASE,
    "node_status": "Running",
    "node": "emqx@127.0.0.1",
    "memory_used": "96.75M",
    "memory_total": "118.27M",
    "max_fds": 10240,
    "load5": "2.60",
    "load15": "2.65",
    "load1": "2.31",
    "live_connections": 0,
    "connections": 0,
}

ROUTES = (
    Route(
        "GET",
        "/brokers",
        "list_brokers",
        list_brokers,
        "A list of brokers in the cluster",
        registered="/brokers/",
        example={"data": [_BROKER], "code": 0},
    ),
    Route(
        "GET",
        "/brokers/{node:raw}",
        "get_broker",
        get_broker,
        "Get broker info of a node",
        example={"data": _BROKER, "code": 0},
        faults={F.NODE_DOWN: Wire(code=102, message=NODE_DOWN)},
    ),
    Route(
        "GET",
        "/nodes",
        "list_nodes",
        list_nodes,
        "A list of nodes in the cluster",
        registered="/nodes/",
        example={"data": [_NODE], "code": 0},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}",
        "get_node",
        get_node,
        "Lookup a node in the cluster",
        example={"data": _NODE, "code": 0},
    ),
)
