"""Listeners: what accepts connections, `/listeners`, `/nodes/:node/listeners`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import ok
from emqx_compat.core.nodes import Listener
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import node_is_down
from emqx_compat.http.route import DASHBOARD, MANAGEMENT, MANAGEMENT_LEGACY, Route

HTTP_NAMES = {MANAGEMENT_LEGACY: "management", MANAGEMENT: "management", DASHBOARD: "dashboard"}
ORDER = ("tcp", "ssl", "http", "https", "ws", "wss")
UNLIMITED = {"tcp": 1024000, "ssl": 102400, "ws": 102400, "wss": 102400, "http": 512, "https": 512}
"""What stands for "no limit", which 3.x does not know: its defaults, by type."""

# --- render


def render_listener(listener: Listener) -> dict[str, Any]:
    """A row; reasons for ended connections are kept for MQTT over TCP and TLS only."""
    kind, name, limit = listener.type, listener.name, listener.max_connections
    over_http = kind.startswith("http")
    counted = kind in ("tcp", "ssl") and listener.shutdown_count
    port = str(listener.bound_port)
    return {
        "acceptors": listener.acceptors,
        "current_conns": listener.current_connections,
        "listen_on": port if listener.host is None else f"{listener.host}:{port}",
        "max_conns": UNLIMITED.get(kind, 1024000) if limit is None else limit,
        "protocol": f"{kind}:{HTTP_NAMES.get(name, name)}" if over_http else f"mqtt:{kind}",
        "shutdown_count": dict(listener.shutdown_count) if counted else [],
    }


def rank(listener: Listener) -> int:
    """Where a listener stands in the list."""
    return ORDER.index(listener.type) if listener.type in ORDER else len(ORDER)


# --- handlers


async def node_listeners(call: Call) -> list[dict[str, Any]]:
    """The rows of this node; what is switched off is not there in 3.x."""
    running = (listener for listener in await call.engine.listeners.list() if listener.running)
    return [render_listener(listener) for listener in sorted(running, key=rank)]


async def list_listeners(call: Call) -> Response:
    """The listeners of every node."""
    return ok([{"listeners": await node_listeners(call), "node": call.engine.nodes.local}])


async def list_node_listeners(call: Call) -> Response:
    """The listeners of one node; of a node that is down 3.2.8 tells so in the data."""
    return ok({"error": "nodedown"} if node_is_down(call) else await node_listeners(call))


# --- routes

ROWS = [
    {
        "acceptors": 8,
        "current_conns": 2,
        "listen_on": "0.0.0.0:1883",
        "max_conns": 1024000,
        "protocol": "mqtt:tcp",
        "shutdown_count": {"closed": 2, "kicked": 1},
    },
    {
        "acceptors": 4,
        "current_conns": 0,
        "listen_on": "8083",
        "max_conns": 102400,
        "protocol": "mqtt:ws",
        "shutdown_count": [],
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
        example={"code": 0, "data": [{"listeners": ROWS, "node": "emqx@127.0.0.1"}]},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/listeners",
        "list_node_listeners",
        list_node_listeners,
        "A list of listeners on the node",
        tag="listeners",
        example={"code": 0, "data": ROWS},
    ),
)
