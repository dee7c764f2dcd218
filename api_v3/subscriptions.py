"""Subscriptions: `/subscriptions`, `/nodes/:node/subscriptions`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import PageQuery, arguments, ok, page_request, paged
from emqx_compat.core.clients import Subscription, SubscriptionQuery
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import node_is_down, require_node
from emqx_compat.http.respond import json_rows
from emqx_compat.http.route import Route

# --- render


def render_subscription(subscription: Subscription) -> dict[str, Any]:
    """A row; a shared subscription shows its bare filter."""
    return {
        "client_id": subscription.clientid,
        "node": subscription.node,
        "qos": subscription.qos,
        "topic": subscription.topic,
    }


# --- handlers


async def list_subscriptions(call: Call) -> Response:
    """One page of all subscriptions."""
    require_node(call)
    request, meta = page_request(arguments(call))
    page = await call.engine.subscriptions.list(SubscriptionQuery(request))
    return await paged(page.rows, page.total, meta, render_subscription)


async def lookup_client_subscriptions(call: Call) -> Response:
    """All subscriptions of one client, also of a held session; a node that is down has none."""
    if node_is_down(call):
        return ok([])
    rows = await call.engine.clients.subscriptions(call.params["clientid"])
    return ok(await json_rows(rows, render_subscription))


# --- routes

TAG = "subscriptions"
ROW = {"client_id": "mosquitto_mqtt", "node": "emqx@127.0.0.1", "qos": 0, "topic": "t"}
LIST = {"code": 0, "data": [ROW], "meta": {"page": 1, "limit": 10000, "count": 1}}
LOOKUP = {"code": 0, "data": [ROW]}

ROUTES = (
    Route(
        "GET",
        "/subscriptions",
        "list_subscriptions",
        list_subscriptions,
        "A list of subscriptions in the cluster",
        tag=TAG,
        registered="/subscriptions/",
        query=PageQuery,
        example=LIST,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/subscriptions",
        "list_node_subscriptions",
        list_subscriptions,
        "A list of subscriptions on a node",
        tag=TAG,
        registered="/nodes/:node/subscriptions/",
        query=PageQuery,
        example=LIST,
    ),
    Route(
        "GET",
        "/subscriptions/{clientid}",
        "lookup_client_subscriptions",
        lookup_client_subscriptions,
        "A list of subscriptions of a client",
        tag=TAG,
        example=LOOKUP,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/subscriptions/{clientid}",
        "lookup_client_subscriptions_with_node",
        lookup_client_subscriptions,
        "A list of subscriptions of a client on the node",
        tag=TAG,
        example=LOOKUP,
    ),
)
