"""Subscriptions of all clients: `/subscriptions`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v5.dialect import page_request, paged
from api_v5.faults import NO_NODE
from api_v5.fields import Qos, Text
from api_v5.validation import PageQuery, query
from emqx_compat.core.clients import Subscription, SubscriptionQuery
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.topics import is_shared
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- schemas


class SubscriptionsQuery(PageQuery):
    """Which subscriptions; several conditions combine."""

    node = Text()
    clientid = Text()
    qos = Qos()
    topic = Text()
    match_topic = Text()
    share_group = Text()


# --- parse


def parse_subscriptions(args: dict[str, Any]) -> SubscriptionQuery:
    """The engine's question; a `topic` without `share_group` finds no shared ones. Faults: PARAMETER_INVALID."""
    match_topic = args.get("match_topic")
    if match_topic is not None and is_shared(match_topic):
        raise Fault(F.PARAMETER_INVALID, name="match_topic", value=match_topic, reason="match_topic_invalid")
    group = args.get("share_group")
    return SubscriptionQuery(
        page=page_request(args),
        count_matched=match_topic is None,
        clientid=args.get("clientid"),
        qos=args.get("qos"),
        topic=args.get("topic"),
        group="" if group is None and "topic" in args else group,
        match_topic=match_topic,
    )


# --- render


def render_subscription(subscription: Subscription) -> dict[str, Any]:
    """A row; shared topics in their full form."""
    return {
        "clientid": subscription.clientid,
        "node": subscription.node,
        "topic": subscription.shared_topic,
        "qos": subscription.qos,
        "nl": int(subscription.no_local),
        "rap": int(subscription.retain_as_published),
        "rh": subscription.retain_handling,
    }


# --- handlers


async def list_subscriptions(call: Call) -> Response:
    """One page; `match_topic` leaves the count out."""
    args = query(call)
    if "node" in args:
        call.engine.nodes.require(args["node"])
    question = parse_subscriptions(args)
    page = await call.engine.subscriptions.list(question)
    return await paged(
        page, question.page, render_subscription, count=page.matched if question.count_matched else None
    )


# --- routes

EXAMPLE = {
    "clientid": "emqx_clientid_xx128cdhfc",
    "node": "emqx@127.0.0.1",
    "topic": "testtopic/1",
    "qos": 0,
    "nl": 0,
    "rap": 0,
    "rh": 0,
}

ROUTES = (
    Route(
        "GET",
        "/subscriptions",
        "list_subscriptions",
        list_subscriptions,
        "List subscriptions",
        tag="Subscriptions",
        query=SubscriptionsQuery,
        example={"data": [EXAMPLE], "meta": {"page": 1, "limit": 100, "count": 1, "hasnext": False}},
        faults={F.NODE_UNKNOWN: NO_NODE},
    ),
)
