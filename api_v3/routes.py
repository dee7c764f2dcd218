"""The routing table: `/routes`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import EVERYTHING, PageQuery, arguments, ok, page_request, paged
from emqx_compat.core.clients import TopicRoute
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- render


def render_route(route: TopicRoute) -> dict[str, Any]:
    """A row; a shared subscription shows its bare filter."""
    return {"node": route.node, "topic": route.topic}


# --- handlers


async def list_routes(call: Call) -> Response:
    """One page of the table."""
    request, meta = page_request(arguments(call))
    page = await call.engine.subscriptions.routes(request)
    return await paged(page.rows, page.total, meta, render_route)


async def lookup_routes(call: Call) -> Response:
    """The rows of exactly this filter; nothing is matched."""
    page = await call.engine.subscriptions.routes(EVERYTHING, call.params["topic"])
    return ok([render_route(route) for route in page.rows])


# --- routes

ROW = {"node": "emqx@127.0.0.1", "topic": "t"}

ROUTES = (
    Route(
        "GET",
        "/routes",
        "list_routes",
        list_routes,
        "List routes",
        registered="/routes/",
        query=PageQuery,
        example={"code": 0, "data": [ROW], "meta": {"page": 1, "limit": 10000, "count": 1}},
    ),
    Route(
        "GET",
        "/routes/{topic}",
        "lookup_routes",
        lookup_routes,
        "Lookup routes to a topic",
        example={"code": 0, "data": [ROW]},
    ),
)
