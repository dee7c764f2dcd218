"""What listens: `/listeners`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v4.dialect import ok
from api_v4.faults import NODE_DOWN
from emqx_compat.core.nodes import Listener
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import node_is_down
from emqx_compat.http.route import MANAGEMENT_LEGACY, Route

NO_LIMIT = {"tcp": 1024000, "http": 512, "https": 512}
"""What 4.x allows a listener by default, shown where there is no limit; the other types: `NO_LIMIT_ELSE`."""
NO_LIMIT_ELSE = 102400

# --- render


def render_listener(listener: Listener) -> dict[str, Any]:
    """A row; only plain and TLS listeners of MQTT have an identifier, those of WebSocket name their port."""
    port = listener.bound_port
    row = {
        "protocol": _protocol(listener, port),
        "listen_on": str(port) if listener.host is None else f"{listener.host}:{port}",
        "acceptors": listener.acceptors,
        "max_conns": _limit(listener),
        "current_conns": listener.current_connections,
        "shutdown_count": listener.shutdown_count or [],
    }
    if listener.type in ("tcp", "ssl"):
        name = "external" if listener.name == "default" else listener.name
        row["identifier"] = f"mqtt:{listener.type}:{name}"
    return row


def _limit(listener: Listener) -> int:
    if listener.max_connections is None:
        return NO_LIMIT.get(listener.type, NO_LIMIT_ELSE)
    return listener.max_connections


def _protocol(listener: Listener, port: int) -> str:
    match listener.type:
        case "http" | "https":
            return f"{listener.type}:{listener.name}"
        case "ws" | "wss":
            return f"mqtt:{listener.type}:{port}"
        case other:
            return f"mqtt:{other}"


# --- handlers


async def list_listeners(call: Call) -> Response:
    """Every member's listeners."""
    return ok([{"node": call.engine.nodes.local, "listeners": await _rows(call)}])


async def list_node_listeners(call: Call) -> Response:
    """One member's listeners, bare."""
    if node_is_down(call):
        return ok({"error": NODE_DOWN})
    return ok(await _rows(call))


async def _rows(call: Call) -> list[dict[str, Any]]:
    """What runs, but for the port of older generations, which 4.x does not have."""
    listeners = await call.engine.listeners.list()
    return [render_listener(each) for each in listeners if each.running and each.name != MANAGEMENT_LEGACY]


# --- routes

_ROWS = [
    {
        "shutdown_count": [],
        "protocol": "mqtt:tcp",
        "max_conns": 1024000,
        "listen_on": "0.0.0.0:1883",
        "identifier": "mqtt:tcp:external",
        "current_conns": 13,
        "acceptors": 8,
    },
    {
        "shutdown_count": [],
        "protocol": "http:management",
        "max_conns": 512,
        "listen_on": "8081",
        "current_conns": 1,
        "acceptors": 2,
    },
]

ROUTES = (
    Route(
        "GET",
        "/listeners",
        "list_listeners",
        list_listeners,
        "A list of listeners in the cluster",
        registered="/listeners/",
        example={"data": [{"node": "emqx@127.0.0.1", "listeners": _ROWS}], "code": 0},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/listeners",
        "list_node_listeners",
        list_node_listeners,
        "A list of listeners on the node",
        tag="listeners",
        example={"data": _ROWS, "code": 0},
    ),
)
