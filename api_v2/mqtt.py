"""Acting as an MQTT client: `/mqtt/publish`, `/mqtt/subscribe`, `/mqtt/unsubscribe`."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v2.dialect import BodySchema, arguments, ok
from api_v2.subscriptions import HIDDEN_PREFIXES, shown_topic
from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.messages import PublishRequest
from emqx_compat.core.topics import valid_topic_filter, valid_topic_name
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

MAX_TOPIC_BYTES = 4096
DEFAULT_CLIENT_ID = "http"

# --- schemas


class PublishSchema(BodySchema):
    """The body of `POST /mqtt/publish`."""

    topic = fields.String(required=True)
    payload = fields.String()
    qos = fields.Raw(allow_none=True, metadata={"type": "integer"})
    retain = fields.Raw(allow_none=True, metadata={"type": "boolean"})
    client_id = fields.Raw(allow_none=True, metadata={"type": "string"})


class SubscribeSchema(BodySchema):
    """The body of `POST /mqtt/subscribe`."""

    topic = fields.String(required=True)
    client_id = fields.String(required=True)
    qos = fields.Raw(allow_none=True, metadata={"type": "integer"})


class UnsubscribeSchema(BodySchema):
    """The body of `POST /mqtt/unsubscribe`."""

    topic = fields.String(required=True)
    client_id = fields.String(required=True)


PUBLISH, SUBSCRIBE, UNSUBSCRIBE = PublishSchema(), SubscribeSchema(), UnsubscribeSchema()

# --- parse


def parse_topic(topic: str) -> str:
    """A topic name: 1–4096 bytes without wildcards. Faults: TOPIC_INVALID."""
    if not valid_topic_name(topic, MAX_TOPIC_BYTES):
        raise Fault(F.TOPIC_INVALID, topic=topic)
    return topic


def parse_message(args: dict[str, Any], *, retainer: bool) -> PublishRequest:
    """The message that the fields make. Faults: TOPIC_INVALID, QOS_INVALID, PARAMETER_INVALID (retain).

    It was the retainer that failed on an odd `retain`; without it anything is taken.
    """
    topic = parse_topic(args["topic"])
    qos, retain = args.get("qos", 0), args.get("retain", False)
    if type(qos) is not int or qos not in (0, 1, 2):
        raise Fault(F.QOS_INVALID, qos=qos)
    if not isinstance(retain, bool) and retainer:
        raise Fault(F.PARAMETER_INVALID, name="retain", value=retain)
    client_id = args.get("client_id", DEFAULT_CLIENT_ID)
    return PublishRequest(
        topic,
        args.get("payload", "").encode(),
        qos,
        retain is True,
        clientid=client_id if isinstance(client_id, str) else json.dumps(client_id),
    )


def parse_subscription(args: dict[str, Any]) -> SubscriptionOptions:
    """The filter to subscribe; wildcards are refused. Faults: TOPIC_INVALID.

    2.x checks no qos: anything else than 0, 1 or 2 means "no lower than the message's", and is listed as it was
    sent. So is a prefix that the listing leaves out of filters that came over MQTT.
    """
    topic, qos = parse_topic(args["topic"]), args.get("qos", 0)
    if not valid_topic_filter(topic):  # a share prefix without group or topic
        raise Fault(F.TOPIC_INVALID, topic=topic)
    extra = {"topic": topic} if topic.startswith(HIDDEN_PREFIXES) else {}
    if type(qos) is int and qos in (0, 1, 2):
        return SubscriptionOptions(topic, qos, extra=extra)
    return SubscriptionOptions(topic, 2, extra={**extra, "qos": qos})


# --- handlers


async def publish(call: Call) -> Response:
    """Publish one message, subscribers or not."""
    retainer = call.engine.features.active("retainer")
    await call.engine.publisher.publish(parse_message(arguments(call, PUBLISH), retainer=retainer))
    return ok()


async def subscribe(call: Call) -> Response:
    """Subscribe a session, connected or held, to one topic."""
    args = arguments(call, SUBSCRIBE)
    await call.engine.clients.subscribe(args["client_id"], [parse_subscription(args)])
    return ok()


async def unsubscribe(call: Call) -> Response:
    """Remove a topic, named as the listing shows it, from a session; one that is not there is no mistake."""
    args = arguments(call, UNSUBSCRIBE)
    clients, clientid, topic = call.engine.clients, args["client_id"], parse_topic(args["topic"])
    same = [row.shared_topic for row in await clients.subscriptions(clientid) if shown_topic(row) == topic]
    await clients.unsubscribe(clientid, [topic, *same])
    return ok()


# --- routes


def _route(name: str, handler: Any, summary: str, body: type[BodySchema]) -> Route:
    path = f"mqtt/{name}"
    return Route(
        "POST",
        "/" + path,
        name,
        handler,
        summary,
        "mqtt",
        body=body,
        registered=path,
        example={"code": 0, "result": []},
    )


ROUTES = (
    _route("publish", publish, "Publish a message", PublishSchema),
    _route("subscribe", subscribe, "Create a subscription", SubscribeSchema),
    _route("unsubscribe", unsubscribe, "Remove a subscription", UnsubscribeSchema),
)
