"""The routing table: `/routes`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v4.dialect import EVERYTHING, PageQuery, arguments, ok, page_request, paged
from emqx_compat.core.clients import TopicRoute
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- render


def render_route(route: TopicRoute) -> dict[str, Any]:
    """A row; share groups are not told."""
    return {"topic": route.topic, "node": route.node}


# --- handlers


async def list_routes(call: Call) -> Response:
    """One page of the table."""
    request, meta = page_request(arguments(call), least=1, most=None)
    return await paged(await call.engine.subscriptions.routes(request), meta, render_route)


async def lookup_routes(call: Call) -> Response:
    """The rows of exactly this filter; nothing is matched."""
    page = await call.engine.subscriptions.routes(EVERYTHING, call.params["topic"])
    return ok([render_route(route) for route in page.rows])


# --- routes

_ROW = {"topic": "a/b/c", "node": "emqx@127.0.0.1"}

ROUTES = (
    Route(
        "GET",
        "/routes",
        "list_routes",
        list_routes,
        "List routes",
        registered="/routes/",
        query=PageQuery,
        example={"meta": {"page": 1, "limit": 10000, "count": 1}, "data": [_ROW], "code": 0},
    ),
    Route(
        "GET",
        "/routes/{topic}",
        "lookup_routes",
        lookup_routes,
        "Lookup routes to a topic",
        example={"data": [_ROW], "code": 0},
    ),
)
