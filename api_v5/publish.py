"""Publishing: `/publish` and `/publish/bulk`."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v5.dialect import ok
from api_v5.faults import crash
from api_v5.fields import Boolean, Enum, Integer, ListOf, Map, Qos, Text, between
from api_v5.validation import Array, Struct, body
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.messages import MessageProperties, PublishRequest, PublishResult
from emqx_compat.core.topics import valid_topic_name
from emqx_compat.http.call import Call
from emqx_compat.http.formats import erlang_term
from emqx_compat.http.route import Route

PUBLISHER = "http_api"
"""Who the messages come from."""
NO_SUBSCRIBERS = {"reason_code": 16, "message": "no_matching_subscribers"}
TWO_BYTES, FOUR_BYTES = (1 << 16) - 1, (1 << 32) - 1

# --- schemas


def _text_values(properties: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else str(value) for name, value in properties.items()}


class PropertiesSchema(Struct):
    """MQTT 5 properties of a message."""

    payload_format_indicator = between(0, 1)
    message_expiry_interval = Integer("integer()", 0, FOUR_BYTES)
    response_topic = Text()
    correlation_data = Text()
    user_properties = Map()
    content_type = Text()


class MessageSchema(Struct):
    """A message to publish."""

    topic = Text(required=True)
    qos = Qos(load_default=0)
    clientid = Text(metadata={"deprecated": True})
    payload = Text(required=True)
    retain = Boolean(load_default=False)
    payload_encoding = Enum("plain", "base64", load_default="plain")
    properties = fields.Nested(PropertiesSchema, load_default=dict)


class MessagesSchema(Array):
    """Messages to publish."""

    items = ListOf(fields.Nested(MessageSchema))


# --- parse


def parse_payload(given: dict[str, Any]) -> bytes:
    """The bytes to publish. Faults: PAYLOAD_ENCODING."""
    text: str = given["payload"]
    if given["payload_encoding"] == "plain":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(F.PAYLOAD_ENCODING, payload=erlang_term(text)) from None


def parse_properties(given: dict[str, Any]) -> MessageProperties:
    """The properties under the hub's names; values of user properties become text."""
    properties = MessageProperties()
    for name in ("payload_format_indicator", "message_expiry_interval", "response_topic", "content_type"):
        if name in given:
            properties[name] = given[name]
    if "correlation_data" in given:
        properties["correlation_data"] = given["correlation_data"].encode("utf-8", "surrogatepass")
    if given.get("user_properties"):
        properties["user_property"] = list(_text_values(given["user_properties"]).items())
    return properties


def parse_message(given: dict[str, Any], engine: Engine) -> PublishRequest:
    """The message that a body asks for. Faults: PAYLOAD_ENCODING, TOPIC_INVALID, PACKET_TOO_LARGE."""
    topic, payload = given["topic"], parse_payload(given)
    if not valid_topic_name(topic):
        raise Fault(F.TOPIC_INVALID, topic=topic)
    limit = engine.options["max_packet_size"]
    if isinstance(limit, int) and len(topic.encode()) + len(payload) > limit:
        raise Fault(F.PACKET_TOO_LARGE)
    return PublishRequest(
        topic=topic,
        payload=payload,
        qos=given["qos"],
        retain=given["retain"],
        clientid=PUBLISHER,
        properties=parse_properties(given["properties"]),
    )


# --- render


def render_result(result: PublishResult) -> dict[str, Any]:
    """The message's id, or that nobody wanted it."""
    return {"id": result.msgid.hex().upper()} if result.receivers else NO_SUBSCRIBERS


# --- handlers


async def publish(call: Call) -> Response:
    """Publish one message: 200, or 202 without subscribers."""
    message = parse_message(body(call), call.engine)
    result = await call.engine.publisher.publish(message)
    return ok(render_result(result), 200 if result.receivers else 202)


async def publish_bulk(call: Call) -> Response:
    """Publish several messages, or none of them when one is invalid; the worst result decides the status."""
    messages = [parse_message(given, call.engine) for given in body(call)]
    if not messages:
        raise Fault(F.PARAMETER_MISSING, name="messages")
    results = await call.engine.publisher.publish_many(messages)
    status = 200 if all(result.receivers for result in results) else 202
    return ok([render_result(result) for result in results], status)


# --- routes

_EXAMPLE = {"id": "0006081E4B1F3D2CF4450000066E0000"}

ROUTES = (
    Route(
        "POST",
        "/publish",
        "publish",
        publish,
        "Publish a message",
        tag="Publish",
        body=MessageSchema,
        example=_EXAMPLE,
    ),
    Route(
        "POST",
        "/publish/bulk",
        "publish_bulk",
        publish_bulk,
        "Publish messages",
        tag="Publish",
        body=MessagesSchema,
        example=[_EXAMPLE],
        faults={F.PARAMETER_MISSING: crash('error, {{case_clause,{{errror,<<"empty_batch">>}}}}')},
    ),
)
