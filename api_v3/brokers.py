"""Brokers: what each node runs, `/brokers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v3.dialect import by_key, ok
from api_v3.faults import NODE_DOWN_102
from emqx_compat.core.faults import F
from emqx_compat.core.nodes import Node
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time, uptime_text
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

OTP_RELEASE = "R21/10.3.2"
DESCRIPTION = "EMQ X Broker"

# --- render


def render_broker(node: Node, versions: Mapping[str, str]) -> dict[str, Any]:
    """The single form; rows of the list also name the node."""
    return {
        "datetime": local_time(node.now),
        "node_status": "Running",
        "otp_release": OTP_RELEASE,
        "sysdescr": DESCRIPTION,
        "uptime": uptime_text(node.uptime),
        "version": versions["v3"],
    }


# --- handlers


async def list_brokers(call: Call) -> Response:
    """All running nodes."""
    nodes = await call.engine.nodes.list()
    versions = call.engine.versions
    return ok([by_key({"node": node.name, **render_broker(node, versions)}) for node in nodes if node.running])


async def get_broker(call: Call) -> Response:
    """One node."""
    require_node(call)
    return ok(render_broker(await call.engine.nodes.get(call.params["node"]), call.engine.versions))


# --- routes

SAMPLE = {
    "datetime": "2019-04-29 10:59:59",
    "node_status": "Running",
    "otp_release": "R21/10.3.2",
    "sysdescr": "EMQ X Broker",
    "uptime": "7 minutes, 16 seconds",
    "version": "v3.1.0",
}

ROUTES = (
    Route(
        "GET",
        "/brokers",
        "list_brokers",
        list_brokers,
        "A list of brokers in the cluster",
        registered="/brokers/",
        example={"code": 0, "data": [{"node": "emqx@127.0.0.1", **SAMPLE}]},
    ),
    Route(
        "GET",
        "/brokers/{node:raw}",
        "get_broker",
        get_broker,
        "Get broker info of a node",
        example={"code": 0, "data": SAMPLE},
        faults={F.NODE_DOWN: NODE_DOWN_102},
    ),
)
