"""MQTT listeners: `/listeners`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v5.dialect import FOREVER, listed, ok
from api_v5.fields import Enum, Text
from api_v5.validation import Query, parameter, query
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.nodes import Listener
from emqx_compat.http.call import Call
from emqx_compat.http.formats import Atom, erlang_term
from emqx_compat.http.route import Route

TYPES = ("tcp", "ssl", "ws", "wss", "quic")


def _id_rule(text: str) -> str | None:
    type_, colon, _ = text.partition(":")
    if colon and type_ in TYPES:
        return None
    return erlang_term((Atom("invalid_listener_id"), Atom(text if text.isalnum() else f"'{text}'")))


ID = Text(rule=_id_rule)

# --- schemas


class ListenerQuery(Query):
    """Which kind of listener."""

    type = Enum(*TYPES)


# --- render


def render_bind(listener: Listener) -> str:
    """`127.0.0.1:1883`, `[::]:1883`, or `:1883` where only a port was configured."""
    host = listener.host or ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{listener.port or listener.bound_port}"


def render_status(listener: Listener) -> dict[str, Any]:
    """How it is on one node, or on all."""
    return {
        "running": listener.running,
        "max_connections": _limit(listener),
        "current_connections": listener.current_connections,
    }


def render_row(listener: Listener, node: str) -> dict[str, Any]:
    """A row of the list."""
    status = render_status(listener)
    return {
        "id": listener.id,
        "type": listener.type,
        "name": listener.name,
        "enable": listener.enable,
        "acceptors": listener.acceptors,
        "bind": render_bind(listener),
        "number": 1,
        "status": status,
        "node_status": [{"node": node, "status": status}],
    }


def render_listener(listener: Listener) -> dict[str, Any]:
    """Its configuration without authentication and the usual zone, and how it is."""
    settings = dict(listener.settings)
    settings.pop("authentication", None)
    if settings.get("zone") == "default":
        del settings["zone"]
    return settings | {
        "id": listener.id,
        "type": listener.type,
        "enable": listener.enable,
        "acceptors": listener.acceptors,
        "bind": render_bind(listener),
        "max_connections": _limit(listener),
        "running": listener.running,
        "current_connections": listener.current_connections,
    }


def _limit(listener: Listener) -> int | str:
    return FOREVER if listener.max_connections is None else listener.max_connections


# --- handlers


async def list_listeners(call: Call) -> Response:
    """All of them, or those of one type."""
    wanted = query(call).get("type")
    node = call.engine.nodes.local
    rows = [row for row in await _mqtt_listeners(call) if wanted in (None, row.type)]
    return await listed(rows, lambda row: render_row(row, node))


async def get_listener(call: Call) -> Response:
    """One of them."""
    id_ = parameter(call, "id", ID)
    for listener in await _mqtt_listeners(call):
        if listener.id == id_:
            return ok(render_listener(listener))
    raise Fault(F.LISTENER_NOT_FOUND, id=id_)


async def _mqtt_listeners(call: Call) -> list[Listener]:
    rows = [row for row in await call.engine.listeners.list() if row.type in TYPES]
    return sorted(rows, key=lambda row: row.id)


# --- routes

_STATUS = {"running": True, "max_connections": "infinity", "current_connections": 10}
_EXAMPLE = {
    "id": "tcp:default",
    "type": "tcp",
    "name": "default",
    "enable": True,
    "acceptors": 16,
    "bind": "0.0.0.0:1883",
    "number": 1,
    "status": _STATUS,
    "node_status": [{"node": "emqx@127.0.0.1", "status": _STATUS}],
}

ROUTES = (
    Route(
        "GET",
        "/listeners",
        "list_listeners",
        list_listeners,
        "List listeners",
        tag="Listeners",
        query=ListenerQuery,
        example=[_EXAMPLE],
    ),
    Route(
        "GET",
        "/listeners/{id}",
        "get_listener",
        get_listener,
        "Get a listener",
        tag="Listeners",
        example={
            "id": "tcp:default",
            "type": "tcp",
            "enable": True,
            "enable_authn": True,
            "acceptors": 16,
            "access_rules": ["allow all"],
            "bind": "0.0.0.0:1883",
            "max_connections": "infinity",
            "mountpoint": "",
            "proxy_protocol": False,
            "proxy_protocol_timeout": "3s",
            "running": True,
            "current_connections": 10,
            "tcp_options": {
                "active_n": 100,
                "backlog": 1024,
                "buffer": "4KB",
                "high_watermark": "1MB",
                "keepalive": "none",
                "nodelay": True,
                "reuseaddr": True,
                "send_timeout": "15s",
                "send_timeout_close": True,
            },
        },
    ),
)
