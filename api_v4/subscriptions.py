"""Subscriptions of all sessions, of one client: `/subscriptions`, `/nodes/{node}/subscriptions`."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from marshmallow import fields, validate
from starlette.responses import Response

from api_v4.dialect import Arguments, PageQuery, arguments, decimal, ok, page_request, paged
from api_v4.faults import text
from emqx_compat.core.clients import Subscription, SubscriptionQuery
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import PageRequest
from emqx_compat.http.call import Call
from emqx_compat.http.formats import erlang_term
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route, Wire

# --- schemas


class SubscriptionsQuery(PageQuery):
    """The filters of the listings, combined with AND."""

    clientid = fields.String()
    topic = fields.String()
    qos = fields.Integer(validate=validate.OneOf([0, 1, 2]))
    share = fields.String()
    match_topic = fields.String(data_key="_match_topic")


# --- parse

FILTERS = frozenset({"clientid", "topic", "qos", "share", "_match_topic"})


def parse_query(args: Arguments, page: PageRequest) -> SubscriptionQuery:
    """What is asked for; `topic` is percent-decoded once more. Faults: PARAMETER_TYPE."""
    query = SubscriptionQuery(page=page, count_matched="topic" in args)
    if "qos" in args:
        query.qos = decimal(args["qos"])
        if query.qos is None:
            raise Fault(F.PARAMETER_TYPE, name="qos", value=erlang_term(args["qos"]))
    query.clientid = _text(args, "clientid")
    query.group = _text(args, "share")
    query.match_topic = _text(args, "_match_topic")
    topic = _text(args, "topic")
    query.topic = None if topic is None else unquote(topic)
    return query


def _text(args: Arguments, name: str) -> str | None:
    return str(args[name]) if name in args else None


# --- render


def render_subscription(subscription: Subscription) -> dict[str, Any]:
    """A row; a queue subscription is shown as a share named `$queue`."""
    topic = subscription.topic
    if subscription.group is not None:
        topic = f"$share/{subscription.group}/{topic}"
    return {
        "topic": topic,
        "qos": subscription.qos,
        "node": subscription.node,
        "clientid": subscription.clientid,
    }


# --- handlers


async def list_subscriptions(call: Call) -> Response:
    """One page; a filter makes the count -1, but for `topic`, which counts what it finds."""
    require_node(call)
    args = arguments(call)
    request, meta = page_request(args)
    page = await call.engine.subscriptions.list(parse_query(args, request))
    count: int | None = page.total
    if FILTERS & args.keys():
        count = page.matched if "topic" in args else -1
    return await paged(page, meta, render_subscription, hasnext=page.hasnext, count=count)


async def lookup_client_subscriptions(call: Call) -> Response:
    """All of one client; an empty array for an unknown one."""
    require_node(call)
    subscriptions = await call.engine.clients.subscriptions(call.params["clientid"])
    return ok([render_subscription(subscription) for subscription in subscriptions])


# --- routes

_ROW = {"topic": "a/b/c", "qos": 1, "node": "emqx@127.0.0.1", "clientid": "123"}
_PAGE = {"meta": {"page": 1, "limit": 10000, "hasnext": False, "count": 1}, "data": [_ROW], "code": 0}
_ALL = {"data": [_ROW], "code": 0}

_LIST_FAULTS = {F.PARAMETER_TYPE: text(400, '{{bad_value_type,{{<<"{name}">>,integer,{value}}}}}')}

ROUTES = (
    Route(
        "GET",
        "/subscriptions",
        "list_subscriptions",
        list_subscriptions,
        "A list of subscriptions in the cluster",
        registered="/subscriptions/",
        query=SubscriptionsQuery,
        example=_PAGE,
        faults=_LIST_FAULTS,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/subscriptions",
        "list_node_subscriptions",
        list_subscriptions,
        "A list of subscriptions on a node",
        tag="subscriptions",
        registered="/nodes/:node/subscriptions/",
        query=SubscriptionsQuery,
        example=_PAGE,
        faults=_LIST_FAULTS,
    ),
    Route(
        "GET",
        "/subscriptions/{clientid}",
        "lookup_client_subscriptions",
        lookup_client_subscriptions,
        "A list of subscriptions of a client",
        example=_ALL,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/subscriptions/{clientid}",
        "lookup_client_subscriptions_with_node",
        lookup_client_subscriptions,
        "A list of subscriptions of a client on the node",
        tag="subscriptions",
        example=_ALL,
        faults={F.NODE_DOWN: Wire(204, empty=True)},
    ),
)
