"""The members of the cluster: `/management/nodes` (what they are) and `/monitoring/nodes` (how they fare)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v2.dialect import asked_node, ok, shown_node
from emqx_compat.core.nodes import Node
from emqx_compat.http.call import Call
from emqx_compat.http.formats import decimals, local_time, memory_text, uptime_text
from emqx_compat.http.route import Route

DESCRIPTION = "Erlang MQTT Broker"
OTP_RELEASE = "R20/9.3.3"

# --- render


def render_broker(node: Node, version: str) -> dict[str, Any]:
    """What a member is, without its name."""
    return {
        "version": version,
        "sysdescr": DESCRIPTION,
        "uptime": uptime_text(node.uptime),
        "datetime": local_time(node.now),
        "otp_release": OTP_RELEASE,
        "node_status": "Running",
    }


def render_node(node: Node) -> dict[str, Any]:
    """How a member fares; of one that is down there is only its name."""
    name = shown_node(node.name)
    if not node.running:
        return {"name": name, "node_status": "Stopped"}
    return {
        "name": name,
        "otp_release": OTP_RELEASE,
        "memory_total": memory_text(node.memory_total),
        "memory_used": memory_text(node.memory_used),
        "process_available": node.process_available,
        "process_used": node.process_used,
        "max_fds": node.max_fds,
        "clients": node.live_connections,
        "node_status": "Running",
        "load1": decimals(node.load1),
        "load5": decimals(node.load5),
        "load15": decimals(node.load15),
    }


# --- handlers


async def list_brokers(call: Call) -> Response:
    """The running members."""
    version = call.engine.versions["v2"]
    running = [node for node in await call.engine.nodes.list() if node.running]
    return ok([{"name": shown_node(node.name), **render_broker(node, version)} for node in running])


async def get_broker(call: Call) -> Response:
    """One running member."""
    node = await call.engine.nodes.get(asked_node(call))
    return ok(render_broker(node, call.engine.versions["v2"]))


async def list_nodes(call: Call) -> Response:
    """All members, those that run first."""
    return ok([render_node(node) for node in await call.engine.nodes.list()])


async def get_node(call: Call) -> Response:
    """One running member."""
    return ok(render_node(await call.engine.nodes.get(asked_node(call))))


# --- routes

_BROKER = {
    "version": "2.3.10",
    "sysdescr": DESCRIPTION,
    "uptime": "3 minutes, 32 seconds",
    "datetime": "2018-06-29 09:03:52",
    "otp_release": OTP_RELEASE,
    "node_status": "Running",
}
_NODE = {
    "name": "emq@127.0.0.1",
    "otp_release": OTP_RELEASE,
    "memory_total": "72.94M",
    "memory_used": "50.55M",
    "process_available": 262144,
    "process_used": 324,
    "max_fds": 7168,
    "clients": 0,
    "node_status": "Running",
    "load1": "1.65",
    "load5": "1.93",
    "load15": "2.01",
}

ROUTES = (
    Route(
        "GET",
        "/management/nodes",
        "list_brokers",
        list_brokers,
        "List all nodes in the cluster",
        "nodes",
        registered="management/nodes",
        example={"code": 0, "result": [{"name": "emq@127.0.0.1", **_BROKER}]},
    ),
    Route(
        "GET",
        "/management/nodes/{node_name}",
        "get_broker",
        get_broker,
        "Retrieve a node's info",
        "nodes",
        registered="management/nodes/{node_name}",
        example={"code": 0, "result": _BROKER},
    ),
    Route(
        "GET",
        "/monitoring/nodes",
        "list_nodes",
        list_nodes,
        "List all nodes' statistics in the cluster",
        "nodes",
        registered="monitoring/nodes",
        example={"code": 0, "result": [_NODE]},
    ),
    Route(
        "GET",
        "/monitoring/nodes/{node_name}",
        "get_node",
        get_node,
        "Retrieve a node's statistics",
        "nodes",
        registered="monitoring/nodes/{node_name}",
        example={"code": 0, "result": _NODE},
    ),
)
