"""What is wrong right now: `/nodes/{node_name}/alarms`. Not documented, but the dashboard of 2.3 asks for it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v2.dialect import ok
from emqx_compat.core.alarms import Alarm
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.route import Route

# --- render


def render_alarm(alarm: Alarm) -> dict[str, Any]:
    """A row."""
    return {
        "id": alarm.legacy_name or alarm.name,
        "severity": alarm.severity,
        "title": alarm.title,
        "summary": alarm.summary,
        "occurred_at": local_time(alarm.activated_at),
    }


# --- handlers


async def list_node_alarms(call: Call) -> Response:
    """The active alarms of the answering node, newest first; the node's name is not looked at."""
    return ok([render_alarm(alarm) for alarm in await call.engine.alarms.active("v2")])


# --- routes

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/alarms",
        "list_node_alarms",
        list_node_alarms,
        "List the active alarms of a node",
        "alarms",
        example={
            "code": 0,
            "result": [
                {
                    "id": "queue_high_watermark.pq",
                    "severity": "warning",
                    "title": "Queue pq high-water mark",
                    "summary": "queue len 7 > high_watermark 6",
                    "occurred_at": "2018-06-29 09:03:52",
                }
            ],
        },
    ),
)
