"""Events that rules can select from: `/rule_events`."""

from __future__ import annotations

from starlette.responses import Response

from api_v3.dialect import ok
from api_v3.rule_catalogue import EVENTS
from api_v3.rules import FEATURE
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- handlers


async def list_events(_call: Call) -> Response:
    """All events with their columns, an example of their data and one of SQL."""
    return ok(EVENTS)


# --- routes

ROUTES = (
    Route(
        "GET",
        "/rule_events",
        "list_events",
        list_events,
        "List all events with detailed info",
        registered="/rule_events/",
        feature=FEATURE,
        example={"code": 0, "data": EVENTS},
    ),
)
