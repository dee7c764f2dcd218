"""Publish, subscribe, unsubscribe, one by one and in batches: `/mqtt/…`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import UNKNOWN, Arguments, arguments, ok
from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.messages import PublishRequest
from emqx_compat.core.topics import is_shared, valid_topic_filter, valid_topic_name
from emqx_compat.http.call import Call
from emqx_compat.http.respond import to_json
from emqx_compat.http.route import Route, Wire

MAX_TOPIC = 4096
NO_SESSION = Wire(code=112, message="session_not_found")
Act = Callable[[Call, Arguments], Awaitable[bool]]
"""Does what one set of fields asks; False: the client has no session."""

# --- schemas


class TopicsSchema(Schema):
    """Which topics: `topic`, else `topics`; either may name several, separated by commas."""

    client_id = fields.String()
    topic = fields.String()
    topics = fields.String()
    qos = fields.Integer(load_default=0)


class PublishSchema(TopicsSchema):
    """The body of `POST /mqtt/publish`."""

    payload = fields.String(load_default="")
    retain = fields.Boolean(load_default=False)


class SubscribeSchema(TopicsSchema):
    """The body of `POST /mqtt/subscribe`."""

    client_id = fields.String(required=True)


class UnsubscribeSchema(Schema):
    """The body of `POST /mqtt/unsubscribe`; commas do not separate here."""

    client_id = fields.String(required=True)
    topic = fields.String(required=True)


# --- parse


def parse_topics(args: Arguments, valid: Callable[[str, int], bool]) -> list[str]:
    """The topics asked for, all of them valid. Faults: TOPIC_INVALID."""
    text = args["topic"] if "topic" in args else args.get("topics")
    topics = text.split(",") if isinstance(text, str) else []
    if not topics or not all(valid(topic, MAX_TOPIC) for topic in topics):
        raise Fault(F.TOPIC_INVALID, topic=text)
    return topics


def parse_qos(args: Arguments) -> int | None:
    """0, 1 or 2, also as a float; None for anything else."""
    qos = args.get("qos", 0)
    return int(qos) if isinstance(qos, int | float) and not isinstance(qos, bool) and qos in (0, 1, 2) else None


def parse_payload(args: Arguments) -> bytes:
    """The payload; what is no text goes as JSON, where 3.2.8 breaks its subscribers."""
    payload = args.get("payload", "")
    return payload.encode() if isinstance(payload, str) else to_json(payload)


def parse_messages(args: Arguments) -> list[PublishRequest]:
    """A message for every topic. Faults: TOPIC_INVALID, QOS_INVALID, PARAMETER_TYPE."""
    topics = parse_topics(args, valid_topic_name)
    qos, payload, retain = parse_qos(args), parse_payload(args), args.get("retain") is True
    if qos is None:
        raise Fault(F.QOS_INVALID, qos=args["qos"])
    clientid = args.get("client_id", UNKNOWN)
    if clientid is None:
        clientid = "null"
    if not isinstance(clientid, str):
        raise Fault(F.PARAMETER_TYPE, name="client_id", value=clientid)
    return [PublishRequest(topic, payload, qos, retain, clientid) for topic in topics]


def parse_filters(args: Arguments) -> list[SubscriptionOptions]:
    """A subscription for every filter; none for a QoS that does not exist (observed). Faults: TOPIC_INVALID."""
    topics = parse_topics(args, valid_topic_filter)
    qos = parse_qos(args)
    return [] if qos is None else [SubscriptionOptions(topic, qos) for topic in topics]


def parse_filter(args: Arguments) -> str:
    """The one filter to unsubscribe; 3.2.8 crashes over shared ones. Faults: TOPIC_INVALID."""
    topic = args.get("topic")
    if not isinstance(topic, str) or not valid_topic_filter(topic, MAX_TOPIC) or is_shared(topic):
        raise Fault(F.TOPIC_INVALID, topic=topic)
    return topic


def parse_batch(call: Call) -> list[Any]:
    """The elements of a batch; no body is an empty one. Faults: PARAMETER_TYPE."""
    batch = call.body if call.raw_body else []
    if not isinstance(batch, list):
        raise Fault(F.PARAMETER_TYPE, name="body", value=batch)
    return batch


# --- render


def render_result(args: Arguments, done: bool, *shown: str) -> dict[str, Any]:
    """One answer of a batch: the named fields, the topics as they were sent, the code."""
    topic = "topic" if "topic" in args else "topics"
    row = {name: args.get(name, UNKNOWN) for name in (*shown, topic)}
    return {**row, "code": 0 if done else NO_SESSION.code}


# --- handlers


async def act_publish(call: Call, args: Arguments) -> bool:
    """Publish to every topic."""
    await call.engine.publisher.publish_many(parse_messages(args))
    return True


async def act_subscribe(call: Call, args: Arguments) -> bool:
    """Subscribe on behalf of a session."""
    filters = parse_filters(args)
    clientid = await session_of(call, args)
    if clientid is not None:
        await call.engine.clients.subscribe(clientid, filters)
    return clientid is not None


async def act_unsubscribe(call: Call, args: Arguments) -> bool:
    """Unsubscribe on behalf of a session; a filter it never had is no mistake."""
    topic = parse_filter(args)
    clientid = await session_of(call, args)
    if clientid is not None:
        await call.engine.clients.unsubscribe(clientid, [topic])
    return clientid is not None


async def session_of(call: Call, args: Arguments) -> str | None:
    """The client id, when there is a session of it."""
    clientid = args.get("client_id")
    if not isinstance(clientid, str) or await call.engine.clients.get(clientid) is None:
        return None
    return clientid


async def one(call: Call, act: Act) -> Response:
    """A single call."""
    args = arguments(call)
    if not await act(call, args):
        raise Fault(F.SESSION_NOT_FOUND, clientid=args.get("client_id"))
    return ok()


async def batch(call: Call, act: Act, *shown: str) -> Response:
    """One after the other; a malformed element ends it, what came before is done. Faults: PARAMETER_TYPE."""
    rows = []
    for args in parse_batch(call):
        if not isinstance(args, dict):
            raise Fault(F.PARAMETER_TYPE, name="body", value=args)
        rows.append(render_result(args, await act(call, args), *shown))
    return ok(rows)


async def mqtt_publish(call: Call) -> Response:
    """Publish to one or several topics; nobody need be subscribed."""
    return await one(call, act_publish)


async def mqtt_subscribe(call: Call) -> Response:
    """Subscribe a client, connected or not, to one or several filters."""
    return await one(call, act_subscribe)


async def mqtt_unsubscribe(call: Call) -> Response:
    """Unsubscribe a client, connected or not, from one filter."""
    return await one(call, act_unsubscribe)


async def mqtt_publish_batch(call: Call) -> Response:
    """Several publishes, with one wait for the disk; a malformed one ends it, what came before is published."""
    rows, messages = [], []
    try:
        for args in parse_batch(call):
            if not isinstance(args, dict):
                raise Fault(F.PARAMETER_TYPE, name="body", value=args)
            messages += parse_messages(args)
            rows.append(render_result(args, True))
    finally:
        await call.engine.publisher.publish_many(messages)
    return ok(rows)


async def mqtt_subscribe_batch(call: Call) -> Response:
    """Several subscribes."""
    return await batch(call, act_subscribe, "client_id")


async def mqtt_unsubscribe_batch(call: Call) -> Response:
    """Several unsubscribes."""
    return await batch(call, act_unsubscribe, "client_id")


# --- routes

TAG = "mqtt"
NEEDS_SESSION = {F.SESSION_NOT_FOUND: NO_SESSION}

ROUTES = (
    Route(
        "POST",
        "/mqtt/subscribe",
        "mqtt_subscribe",
        mqtt_subscribe,
        "Subscribe a topic",
        tag=TAG,
        body=SubscribeSchema,
        example={"code": 0},
        faults=NEEDS_SESSION,
    ),
    Route(
        "POST",
        "/mqtt/publish",
        "mqtt_publish",
        mqtt_publish,
        "Publish a MQTT message",
        tag=TAG,
        body=PublishSchema,
        example={"code": 0},
    ),
    Route(
        "POST",
        "/mqtt/unsubscribe",
        "mqtt_unsubscribe",
        mqtt_unsubscribe,
        "Unsubscribe a topic",
        tag=TAG,
        body=UnsubscribeSchema,
        example={"code": 0},
        faults=NEEDS_SESSION,
    ),
)

BATCH_ROUTES = (
    Route(
        "POST",
        "/mqtt/subscribe_batch",
        "mqtt_subscribe_batch",
        mqtt_subscribe_batch,
        "Batch subscribes topics",
        tag=TAG,
        example={"code": 0, "data": [{"client_id": "c1", "topic": "a", "code": 0}]},
    ),
    Route(
        "POST",
        "/mqtt/publish_batch",
        "mqtt_publish_batch",
        mqtt_publish_batch,
        "Batch publish MQTT messages",
        tag=TAG,
        example={"code": 0, "data": [{"topic": "a", "code": 0}]},
    ),
    Route(
        "POST",
        "/mqtt/unsubscribe_batch",
        "mqtt_unsubscribe_batch",
        mqtt_unsubscribe_batch,
        "Batch unsubscribes topics",
        tag=TAG,
        example={"code": 0, "data": [{"client_id": "c1", "topic": "a", "code": 0}]},
    ),
)
"""Since 3.2.4; the documented list does not know them."""
