"""Subscriptions and the routing table: `/nodes/{node_name}/subscriptions`, `/subscriptions`, `/routes`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v2.dialect import PageQuery, asked_node, objects, page_numbers, page_request, paged, shown_node
from emqx_compat.core.clients import Subscription, SubscriptionQuery, TopicRoute
from emqx_compat.core.pages import PageRequest
from emqx_compat.core.topics import QUEUE_PREFIX, SHARE_PREFIX
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

LOCAL = "$local/"
"""What 2.x puts before a filter that hears the messages of its own node alone."""
HIDDEN_PREFIXES = (SHARE_PREFIX, QUEUE_PREFIX, LOCAL)
"""What the listing leaves out of filters that came over MQTT."""

# --- render


def shown_topic(subscription: Subscription) -> str:
    """The filter as 2.x keeps it: without a share group, `$queue/` or `$local/`, unless it came over HTTP."""
    if subscription.extra and "topic" in subscription.extra:
        return str(subscription.extra["topic"])
    return subscription.topic.removeprefix(LOCAL)


def render_subscription(subscription: Subscription) -> dict[str, Any]:
    """A row."""
    return {
        "client_id": subscription.clientid,
        "topic": shown_topic(subscription),
        "qos": (subscription.extra or {}).get("qos", subscription.qos),
    }


def render_route(route: TopicRoute) -> dict[str, Any]:
    """A row."""
    return {"topic": route.topic, "node": shown_node(route.node)}


# --- handlers


async def list_node_subscriptions(call: Call) -> Response:
    """One page of all subscriptions."""
    asked_node(call)
    request = page_request(call)
    query = SubscriptionQuery(page=request, count_matched=True)
    return await paged(await call.engine.subscriptions.list(query), request, render_subscription)


async def get_node_client_subscriptions(call: Call) -> Response:
    """All subscriptions of a client; the page numbers mean nothing, but must be numbers."""
    asked_node(call)
    page_numbers(call)
    return await get_client_subscriptions(call)


async def get_client_subscriptions(call: Call) -> Response:
    """All subscriptions of a client."""
    return await objects(await call.engine.clients.subscriptions(call.params["clientid"]), render_subscription)


async def list_routes(call: Call) -> Response:
    """One page of the routing table."""
    request = page_request(call)
    return await paged(await call.engine.subscriptions.routes(request), request, render_route)


async def get_route(call: Call) -> Response:
    """The routes of exactly that filter; a local one is found by what follows `$local/`."""
    topic = call.params["topic"]
    rows: list[TopicRoute] = []
    if not topic.startswith(LOCAL):
        for name in (topic, LOCAL + topic):
            rows += (await call.engine.subscriptions.routes(PageRequest(), name)).rows
    unique = {(row.topic, row.node): row for row in rows}
    return await objects(list(unique.values()), render_route)


# --- routes

_SUBSCRIPTION = {"client_id": "mqttjs_722b4d845f", "topic": "/World", "qos": 0}
_ROUTE = {"topic": "/World", "node": "emq@127.0.0.1"}
_PAGE = {"current_page": 1, "page_size": 20, "total_num": 1, "total_page": 1}

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/subscriptions",
        "list_node_subscriptions",
        list_node_subscriptions,
        "List all subscriptions of a node",
        "subscriptions",
        query=PageQuery,
        registered="nodes/{node_name}/subscriptions",
        example={"code": 0, "result": {**_PAGE, "objects": [_SUBSCRIPTION]}},
    ),
    Route(
        "GET",
        "/nodes/{node_name}/subscriptions/{clientid}",
        "get_node_client_subscriptions",
        get_node_client_subscriptions,
        "List subscriptions of a client on a node",
        "subscriptions",
        registered="nodes/{node_name}/subscriptions/{clientid}",
        example={"code": 0, "result": {"objects": [_SUBSCRIPTION]}},
    ),
    Route(
        "GET",
        "/subscriptions/{clientid}",
        "get_client_subscriptions",
        get_client_subscriptions,
        "List subscriptions of a client in the cluster",
        "subscriptions",
        registered="subscriptions/{clientid}",
        example={"code": 0, "result": {"objects": [_SUBSCRIPTION]}},
    ),
    Route(
        "GET",
        "/routes",
        "list_routes",
        list_routes,
        "List all routes in the cluster",
        "routes",
        query=PageQuery,
        registered="routes",
        example={"code": 0, "result": {**_PAGE, "objects": [_ROUTE]}},
    ),
    Route(
        "GET",
        "/routes/{topic}",
        "get_route",
        get_route,
        "Retrieve the routes of a topic",
        "routes",
        registered="routes/{topic}",
        example={"code": 0, "result": {"objects": [_ROUTE]}},
    ),
)
