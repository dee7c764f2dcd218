"""Alarms: `/alarms/present` and `/alarms/history`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import ok
from emqx_compat.core.alarms import Alarm
from emqx_compat.core.engine import Engine
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.minirest import node_is_down
from emqx_compat.http.route import Route

DOWN = {"desc": "nodedown", "id": "error"}
"""In place of the alarms of a node that is down."""

# --- render


def render_alarm(alarm: Alarm) -> dict[str, Any]:
    """A row of the present ones; what is over also has its end."""
    row = {"desc": alarm.legacy_description, "id": alarm.legacy_name or alarm.name}
    return row if alarm.deactivated_at is None else {"clear_at": local_time(alarm.deactivated_at), **row}


# --- handlers


async def present(engine: Engine) -> list[dict[str, Any]]:
    """What is wrong now."""
    return [render_alarm(alarm) for alarm in await engine.alarms.active("v3")]


async def history(engine: Engine) -> list[dict[str, Any]]:
    """What was: of each id the last end; what ended with the node is forgotten."""
    rows: dict[str, dict[str, Any]] = {}
    for alarm in await engine.alarms.history("v3"):
        if not alarm.by_restart:
            row = render_alarm(alarm)
            rows.setdefault(row["id"], row)
    return list(rows.values())


async def list_all_alarms(call: Call) -> Response:
    """The present alarms of every node."""
    return ok([{"alarms": await present(call.engine), "node": call.engine.nodes.local}])


async def list_node_alarms(call: Call) -> Response:
    """The present alarms of one node."""
    return ok(DOWN if node_is_down(call) else await present(call.engine))


async def list_all_alarm_history(call: Call) -> Response:
    """The alarms of every node that are over."""
    return ok([{"alarms": await history(call.engine), "node": call.engine.nodes.local}])


async def list_node_alarm_history(call: Call) -> Response:
    """The alarms of one node that are over."""
    return ok(DOWN if node_is_down(call) else await history(call.engine))


# --- routes

_PRESENT = {"desc": "82.60344181007542", "id": "cpu_high_watermark"}
_OVER = {"clear_at": "2019-07-10 16:54:35", **_PRESENT}
_NODE = "emqx@127.0.0.1"

ROUTES = (
    Route(
        "GET",
        "/alarms/present",
        "list_all_alarms",
        list_all_alarms,
        "List all alarms",
        example={"code": 0, "data": [{"alarms": [_PRESENT], "node": _NODE}]},
    ),
    Route(
        "GET",
        "/alarms/present/{node:raw}",
        "list_node_alarms",
        list_node_alarms,
        "List alarms of a node",
        example={"code": 0, "data": [_PRESENT]},
    ),
    Route(
        "GET",
        "/alarms/history",
        "list_all_alarm_history",
        list_all_alarm_history,
        "List all alarm history",
        example={"code": 0, "data": [{"alarms": [_OVER], "node": _NODE}]},
    ),
    Route(
        "GET",
        "/alarms/history/{node:raw}",
        "list_node_alarm_history",
        list_node_alarm_history,
        "List alarm history of a node",
        example={"code": 0, "data": [_OVER]},
    ),
)
