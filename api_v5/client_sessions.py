"""What one client has: its subscriptions and its cached authorizations, below `/clients/{clientid}`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v5.dialect import listed, no_content, ok
from api_v5.faults import NO_LOCAL_ON_SHARED
from api_v5.fields import ListOf, Qos, Text, integer
from api_v5.subscriptions import EXAMPLE, render_subscription
from api_v5.validation import Array, Struct, body
from emqx_compat.core.clients import AuthzDecision, Subscription, SubscriptionOptions
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.topics import is_shared
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- schemas


class SubscribeSchema(Struct):
    """A filter and its options, spelt as in MQTT 5."""

    topic = Text(required=True)
    qos = Qos(load_default=0)
    nl = integer(load_default=0)
    rap = integer(load_default=0)
    rh = integer(load_default=0)


class SubscribeBulkSchema(Array):
    """Several filters."""

    items = ListOf(fields.Nested(SubscribeSchema))


class UnsubscribeSchema(Struct):
    """A filter in its full form. 5.6.1 documents it as optional and crashes without it."""

    topic = Text()


class UnsubscribeBulkSchema(Array):
    """Several of them."""

    items = ListOf(fields.Nested(UnsubscribeSchema))


# --- parse


def parse_options(given: dict[str, Any]) -> SubscriptionOptions:
    """What to subscribe to."""
    return SubscriptionOptions(
        topic=given["topic"],
        qos=given["qos"],
        no_local=given["nl"] == 1,
        retain_as_published=given["rap"] == 1,
        retain_handling=given["rh"],
    )


def is_refused(options: SubscriptionOptions) -> bool:
    """The protocol error that even the API sees [MQTT-3.8.3-4]."""
    return options.no_local and is_shared(options.topic)


def parse_topic(given: dict[str, Any]) -> str:
    """What to unsubscribe from. Faults: PARAMETER_MISSING."""
    if "topic" not in given:
        raise Fault(F.PARAMETER_MISSING, name="topic")
    topic: str = given["topic"]
    return topic


# --- render


def render_refusal(clientid: str, options: SubscriptionOptions) -> dict[str, Any]:
    """One of several filters that could not be subscribed to."""
    asked = {
        "qos": options.qos,
        "nl": int(options.no_local),
        "rap": int(options.retain_as_published),
        "rh": options.retain_handling,
    }
    return {"data": [clientid, options.topic, asked], "reason": NO_LOCAL_ON_SHARED}


def render_decision(decision: AuthzDecision) -> dict[str, Any]:
    """A cached answer to "may this client do that"."""
    access: dict[str, Any] = {"action_type": decision.action, "qos": decision.qos}
    if decision.action == "publish":
        access["retain"] = decision.retain
    return {
        "access": access,
        "topic": decision.topic,
        "result": decision.result,
        "updated_time": int(decision.updated_at * 1000),
    }


# --- handlers


async def list_client_subscriptions(call: Call) -> Response:
    """All filters of a client, without pages."""
    clientid = call.params["clientid"]
    rows = await call.engine.clients.subscriptions(clientid)
    if not rows:
        await _require(call)
    return await listed(rows, render_subscription)


async def subscribe(call: Call) -> Response:
    """Subscribe on the client's behalf."""
    options = parse_options(body(call))
    await _require(call)
    if is_refused(options):
        raise Fault(F.NO_LOCAL_ON_SHARED)
    (made,) = await _subscribe(call, [options])
    return ok(render_subscription(made))


async def subscribe_bulk(call: Call) -> Response:
    """Subscribe to several filters; those that are refused are told apart."""
    asked = [parse_options(given) for given in body(call)]
    made = await _subscribe(call, [options for options in asked if not is_refused(options)])
    succeeded = [render_subscription(subscription) for subscription in made]
    failed = [render_refusal(call.params["clientid"], options) for options in asked if is_refused(options)]
    return ok({"succeed": succeeded, "failed": failed} if failed else succeeded)


async def unsubscribe(call: Call) -> Response:
    """Remove a filter; one that is not there is no mistake."""
    topic = parse_topic(body(call))
    await call.engine.clients.unsubscribe(call.params["clientid"], [topic])
    return no_content()


async def unsubscribe_bulk(call: Call) -> Response:
    """Remove several filters."""
    topics = [parse_topic(given) for given in body(call)]
    await call.engine.clients.unsubscribe(call.params["clientid"], topics)
    return no_content()


async def list_authz_cache(call: Call) -> Response:
    """What was decided lately about the client's wishes."""
    decisions = await call.engine.clients.authz_cache(call.params["clientid"])
    if decisions is None:
        raise Fault(F.CLIENT_NOT_FOUND)
    return await listed(decisions, render_decision)


async def clean_authz_cache(call: Call) -> Response:
    """Decide anew from now on."""
    if not await call.engine.clients.clean_authz_cache(call.params["clientid"]):
        raise Fault(F.CLIENT_NOT_FOUND)
    return no_content()


async def _subscribe(call: Call, options: list[SubscriptionOptions]) -> list[Subscription]:
    return list(await call.engine.clients.subscribe(call.params["clientid"], options))


async def _require(call: Call) -> None:
    if await call.engine.clients.get(call.params["clientid"]) is None:
        raise Fault(F.CLIENT_NOT_FOUND)


# --- routes

_CACHED = {
    "access": {"action_type": "publish", "qos": 1, "retain": False},
    "topic": "t/1",
    "result": "allow",
    "updated_time": 1687850712989,
}

ROUTES = (
    Route(
        "GET",
        "/clients/{clientid}/subscriptions",
        "list_client_subscriptions",
        list_client_subscriptions,
        "List a client's subscriptions",
        tag="Clients",
        example=[EXAMPLE],
    ),
    Route(
        "POST",
        "/clients/{clientid}/subscribe",
        "subscribe",
        subscribe,
        "Subscribe a client",
        tag="Clients",
        body=SubscribeSchema,
        example=EXAMPLE,
    ),
    Route(
        "POST",
        "/clients/{clientid}/subscribe/bulk",
        "subscribe_bulk",
        subscribe_bulk,
        "Subscribe a client to several filters",
        tag="Clients",
        body=SubscribeBulkSchema,
        example=[EXAMPLE],
    ),
    Route(
        "POST",
        "/clients/{clientid}/unsubscribe",
        "unsubscribe",
        unsubscribe,
        "Unsubscribe a client",
        tag="Clients",
        body=UnsubscribeSchema,
    ),
    Route(
        "POST",
        "/clients/{clientid}/unsubscribe/bulk",
        "unsubscribe_bulk",
        unsubscribe_bulk,
        "Unsubscribe a client from several filters",
        tag="Clients",
        body=UnsubscribeBulkSchema,
    ),
    Route(
        "GET",
        "/clients/{clientid}/authorization/cache",
        "list_authz_cache",
        list_authz_cache,
        "List a client's cached authorizations",
        tag="Clients",
        example=[_CACHED],
    ),
    Route(
        "DELETE",
        "/clients/{clientid}/authorization/cache",
        "clean_authz_cache",
        clean_authz_cache,
        "Clean a client's cached authorizations",
        tag="Clients",
    ),
)
