"""Subscribing on a client's behalf: `/mqtt/subscribe`, `/mqtt/unsubscribe` and their batch forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from marshmallow import Schema, fields, validate
from starlette.responses import Response

from api_v4.batches import echo_of, items_of, outcome_of
from api_v4.dialect import UNKNOWN, Arguments, arguments, ok
from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.topics import SHARE_PREFIX, valid_topic_filter
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

EXCLUSIVE_PREFIX = "$exclusive/"
"""Taken off the filter, as 4.4.19 does; it does not keep others from subscribing."""

# --- schemas


class UnsubscribeSchema(Schema):
    """The body of `POST /mqtt/unsubscribe`."""

    topic = fields.String(required=True)
    clientid = fields.String(required=True)


class SubscribeSchema(Schema):
    """The body of `POST /mqtt/subscribe`; `topic` goes before `topics`, both are split on commas."""

    topic = fields.String()
    topics = fields.String()
    clientid = fields.String(required=True)
    qos = fields.Integer(validate=validate.OneOf([0, 1, 2]), load_default=0)


# --- parse


def parse_clientid(args: Arguments) -> str:
    """Whose session. Faults: PARAMETER_INVALID."""
    clientid = args.get("clientid")
    if not isinstance(clientid, str):
        raise Fault(F.PARAMETER_INVALID, name="clientid", value=clientid)
    return clientid


def parse_subscribe(args: Arguments) -> tuple[str, list[SubscriptionOptions]]:
    """Whose session, and what to add to it; invalid filters are dropped.

    Faults, in this order: PARAMETER_INVALID, TOPIC_INVALID, QOS_INVALID; INTERNAL_ERROR for topics that are no
    text and for `$share/<group>` alone, at which 4.4.19 crashes.
    """
    clientid = parse_clientid(args)
    topics = args.get("topic") if "topic" in args else args.get("topics", "")
    if not isinstance(topics, str):
        raise Fault(F.INTERNAL_ERROR)
    filters = [topic for topic in topics.split(",") if _acceptable(topic)]
    if not filters:
        raise Fault(F.TOPIC_INVALID, topic=topics)
    qos = args.get("qos", 0)
    if type(qos) is not int or not 0 <= qos <= 2:
        raise Fault(F.QOS_INVALID, qos=qos)
    return clientid, [SubscriptionOptions(topic.removeprefix(EXCLUSIVE_PREFIX), qos) for topic in filters]


def _acceptable(topic: str) -> bool:
    if topic.startswith(SHARE_PREFIX) and "/" not in topic.removeprefix(SHARE_PREFIX):
        raise Fault(F.INTERNAL_ERROR)
    return valid_topic_filter(topic)


def parse_unsubscribe(args: Arguments) -> tuple[str, str]:
    """Whose session, and the one filter to take out of it. Faults: PARAMETER_INVALID, TOPIC_INVALID."""
    clientid = parse_clientid(args)
    topic = args.get("topic")
    if not isinstance(topic, str) or not valid_topic_filter(topic):
        raise Fault(F.TOPIC_INVALID, topic=topic)
    return clientid, topic


# --- handlers


async def mqtt_subscribe(call: Call) -> Response:
    """Subscribe a client to one or several filters."""
    await _subscribe(call, arguments(call))
    return ok()


async def mqtt_unsubscribe(call: Call) -> Response:
    """Unsubscribe a client from one filter; one that it never subscribed is no mistake."""
    await _unsubscribe(call, arguments(call))
    return ok()


async def mqtt_subscribe_batch(call: Call) -> Response:
    """Subscribe item by item, and tell how each one went."""
    return await _batch(call, _subscribe)


async def mqtt_unsubscribe_batch(call: Call) -> Response:
    """Unsubscribe item by item, and tell how each one went."""
    return await _batch(call, _unsubscribe)


async def _subscribe(call: Call, args: Arguments) -> None:
    clientid, options = parse_subscribe(args)
    await call.engine.clients.subscribe(clientid, options)


async def _unsubscribe(call: Call, args: Arguments) -> None:
    clientid, topic = parse_unsubscribe(args)
    await call.engine.clients.unsubscribe(clientid, [topic])


async def _batch(call: Call, work: Callable[[Call, Arguments], Awaitable[None]]) -> Response:
    rows: list[dict[str, Any]] = []
    for item in items_of(call):
        if not isinstance(item, dict):
            raise Fault(F.INTERNAL_ERROR)
        outcome = await outcome_of(call, work(call, item))
        clientid = item.get("clientid", UNKNOWN)
        rows.append({"topic": echo_of(item), "code": outcome.code, "clientid": clientid})
    return ok(rows)


# --- routes

_DONE = {"code": 0}
_ROWS = {"data": [{"topic": "a", "code": 0, "clientid": "c1"}], "code": 0}
_FAULTS = {F.PARAMETER_INVALID: Wire(code=108, message="bad clientid: must be string")}

ROUTES = (
    Route(
        "POST",
        "/mqtt/subscribe",
        "mqtt_subscribe",
        mqtt_subscribe,
        "Subscribe a topic",
        body=SubscribeSchema,
        example=_DONE,
        faults=_FAULTS,
    ),
    Route(
        "POST",
        "/mqtt/unsubscribe",
        "mqtt_unsubscribe",
        mqtt_unsubscribe,
        "Unsubscribe a topic",
        body=UnsubscribeSchema,
        example=_DONE,
        faults=_FAULTS,
    ),
    Route(
        "POST",
        "/mqtt/subscribe_batch",
        "mqtt_subscribe_batch",
        mqtt_subscribe_batch,
        "Batch subscribes topics",
        body=SubscribeSchema,
        example=_ROWS,
        faults=_FAULTS,
    ),
    Route(
        "POST",
        "/mqtt/unsubscribe_batch",
        "mqtt_unsubscribe_batch",
        mqtt_unsubscribe_batch,
        "Batch unsubscribes topics",
        body=UnsubscribeSchema,
        example=_ROWS,
        faults=_FAULTS,
    ),
)
