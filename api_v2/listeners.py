"""What listens: `/monitoring/listeners`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v2.dialect import asked_node, ok, shown_node
from emqx_compat.core.nodes import Listener
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD, MANAGEMENT_LEGACY, Route

PROTOCOLS = {
    "tcp": "mqtt:tcp",
    "ssl": "mqtt:ssl",
    "ws": "mqtt:ws",
    "wss": "mqtt:wss",
    f"http:{MANAGEMENT_LEGACY}": "mqtt:api",
    f"http:{DASHBOARD}": "dashboard:http",
}
"""By type, or by id where the type alone does not tell. What 2.x has no word for is not shown."""
NO_LIMIT = 102400
"""2.x knows no listener without a limit; this is the one that it ships for MQTT."""
ENDED = {
    "kicked": "kick",
    "discard": "conflict",
    "frame_error": "parser_error",
    "frame_too_large": "parser_error",
    "not_authorized": "auth_failure",
}
"""Why connections end, in the words of 2.x where they differ."""

# --- render


def protocol_of(listener: Listener) -> str | None:
    """The name in 2.x; None when it has none."""
    return PROTOCOLS.get(listener.type) or PROTOCOLS.get(listener.id)


def render_ends(counts: Mapping[str, int]) -> dict[str, int] | list[Any]:
    """Ended connections by reason; an empty array when there are none."""
    ended: dict[str, int] = {}
    for reason, count in counts.items():
        word = ENDED.get(reason, reason)
        ended[word] = ended.get(word, 0) + count
    return ended or []


def render_listener(listener: Listener) -> dict[str, Any]:
    """A row; `shutdown_count` is an empty array or an object of counters."""
    port = str(listener.bound_port)
    return {
        "protocol": protocol_of(listener),
        "listen": port if listener.host is None else f"{listener.host}:{port}",
        "acceptors": listener.acceptors,
        "max_clients": NO_LIMIT if listener.max_connections is None else listener.max_connections,
        "current_clients": listener.current_connections,
        "shutdown_count": render_ends(listener.shutdown_count),
    }


async def rows_of(call: Call) -> list[dict[str, Any]]:
    """The rows of the answering node, in the order in which the listeners were started."""
    found = await call.engine.listeners.list()
    return [render_listener(listener) for listener in found if listener.running and protocol_of(listener)]


# --- handlers


async def list_listeners(call: Call) -> Response:
    """All listeners by node; oldest first."""
    return ok({shown_node(call.engine.nodes.local): await rows_of(call)})


async def get_node_listeners(call: Call) -> Response:
    """The listeners of a node; newest first."""
    asked_node(call)
    return ok((await rows_of(call))[::-1])


# --- routes


def _sample(protocol: str, listen: str, acceptors: int, max_clients: int, current: int = 0) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "listen": listen,
        "acceptors": acceptors,
        "max_clients": max_clients,
        "current_clients": current,
        "shutdown_count": [],
    }


_ROWS = [
    _sample("dashboard:http", "18083", 2, 512),
    _sample("mqtt:tcp", "127.0.0.1:11883", 16, 102400),
    _sample("mqtt:tcp", "0.0.0.0:1883", 16, 102400),
    _sample("mqtt:ws", "8083", 4, 64),
    _sample("mqtt:ssl", "8883", 16, 1024),
    _sample("mqtt:wss", "8084", 4, 64),
    _sample("mqtt:api", "127.0.0.1:8080", 4, 64, 1),
]

ROUTES = (
    Route(
        "GET",
        "/monitoring/listeners",
        "list_listeners",
        list_listeners,
        "List all listeners",
        "listeners",
        registered="monitoring/listeners",
        example={"code": 0, "result": {"emq@127.0.0.1": _ROWS}},
    ),
    Route(
        "GET",
        "/monitoring/listeners/{node_name}",
        "get_node_listeners",
        get_node_listeners,
        "List listeners of a node",
        "listeners",
        registered="monitoring/listeners/{node_name}",
        example={"code": 0, "result": _ROWS[::-1]},
    ),
)
