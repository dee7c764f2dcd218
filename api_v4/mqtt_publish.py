"""Publishing: `/mqtt/publish`, `/mqtt/publish_batch`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from marshmallow import Schema, fields, validate
from starlette.responses import Response

from api_v4.batches import echo_of, items_of, outcome_of
from api_v4.dialect import UNKNOWN, Arguments, json_object, ok
from api_v4.faults import CRASH
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.messages import MessageProperties, PublishRequest, PublishResult
from emqx_compat.core.topics import valid_topic_name
from emqx_compat.http.call import Call
from emqx_compat.http.respond import to_json
from emqx_compat.http.route import Route, Wire

# --- schemas


class PropertiesSchema(Schema):
    """MQTT 5 properties of a message; any other name is refused."""

    payload_format_indicator = fields.Integer()
    message_expiry_interval = fields.Integer()
    response_topic = fields.String()
    correlation_data = fields.String()
    user_properties = fields.Dict(keys=fields.String())
    subscription_identifier = fields.Integer()
    content_type = fields.String()


class PublishSchema(Schema):
    """The body of `POST /mqtt/publish`; `topic` goes before `topics`, both are split on commas."""

    topic = fields.String()
    topics = fields.String()
    clientid = fields.String()
    payload = fields.Raw()
    encoding = fields.String(validate=validate.OneOf(["plain", "base64"]), load_default="plain")
    qos = fields.Integer(validate=validate.OneOf([0, 1, 2]), load_default=0)
    retain = fields.Boolean(load_default=False)
    properties = fields.Nested(PropertiesSchema)
    user_properties = fields.Dict(keys=fields.String())


# --- parse


def parse_publish(args: Arguments) -> list[PublishRequest]:
    """One message a topic that is left when the invalid ones are dropped.

    Faults, in this order: PARAMETER_INVALID, PARAMETER_TYPE (`clientid`), TOPIC_INVALID, QOS_INVALID.
    """
    topics = args.get("topic") if "topic" in args else args.get("topics", "")
    if not isinstance(topics, str):
        raise _invalid("topics", topics)
    payload = parse_payload(args)
    properties = parse_properties(args)
    clientid = args.get("clientid", UNKNOWN)
    if not isinstance(clientid, str):
        raise Fault(F.PARAMETER_TYPE, name="clientid", value=clientid)
    names = [topic for topic in topics.split(",") if valid_topic_name(topic)]
    if not names:
        raise Fault(F.TOPIC_INVALID, topic=topics)
    qos = args.get("qos", 0)
    if type(qos) is not int or not 0 <= qos <= 2:
        raise Fault(F.QOS_INVALID, qos=qos)
    return [
        PublishRequest(
            topic=topic,
            payload=payload,
            qos=qos,
            retain=args.get("retain") is True,
            clientid=clientid,
            properties=properties,
        )
        for topic in names
    ]


def parse_payload(args: Arguments) -> bytes:
    """Text as bytes, other JSON as its text; `encoding` knows `base64`, any other word means plain."""
    payload = args.get("payload", "")
    raw = payload.encode() if isinstance(payload, str) else to_json(payload)
    if args.get("encoding") != "base64":
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        raise _invalid("payload", payload) from None


def parse_properties(args: Arguments) -> MessageProperties:
    """`properties`, and user properties in both places: those of the older top-level form come first."""
    given = args.get("properties", {})
    if not isinstance(given, dict) or not given.keys() <= _PROPERTIES.keys() | {"user_properties"}:
        raise _invalid("properties", given)
    values: dict[str, Any] = {}
    for name, read in _PROPERTIES.items():
        if name in given:
            values[name] = read(given[name])
            if values[name] is None:
                raise _invalid(name, given[name])
    pairs = [*_user_properties(args), *_user_properties(given)]
    if pairs:
        values["user_property"] = pairs
    return cast(MessageProperties, values)


def _user_properties(args: Arguments) -> Iterator[tuple[str, str]]:
    given = args.get("user_properties", {})
    if not isinstance(given, dict):
        raise _invalid("user_properties", given)
    for name, value in given.items():
        yield name, _user_property(value)


def _user_property(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            whole, _, fraction = f"{value:.17f}".partition(".")
            return f"{whole}.{fraction.rstrip('0') or '0'}"
    raise _invalid("user_properties", value)


def _integer(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _bytes(value: object) -> bytes | None:
    return value.encode() if isinstance(value, str) else None


def _integers(value: object) -> list[int] | None:
    return [value] if type(value) is int and value > 0 else None


_PROPERTIES: dict[str, Callable[[object], Any]] = {
    "payload_format_indicator": _integer,
    "message_expiry_interval": _integer,
    "response_topic": _text,
    "correlation_data": _bytes,
    "subscription_identifier": _integers,
    "content_type": _text,
}


def _invalid(name: str, value: object) -> Fault:
    return Fault(F.PARAMETER_INVALID, name=name, value=value)


# --- render


def render_ids(args: Arguments, results: Sequence[PublishResult]) -> dict[str, Any] | None:
    """Message ids, for callers that sent `return`: the first one, or with `topics` all of them."""
    if "return" not in args:
        return None
    ids = [result.msgid.hex().upper() for result in results]
    return {"msgids": ids} if "topics" in args else {"msgid": ids[0]}


# --- handlers


async def mqtt_publish(call: Call) -> Response:
    """Publish one message to one or several topics."""
    args = json_object(call)
    return ok(render_ids(args, await _publish(call, args)))


async def mqtt_publish_batch(call: Call) -> Response:
    """Publish message by message, and tell how each one went."""
    # An object is a list of pairs to Erlang, and a pair is no message.
    items = list(call.body) if isinstance(call.body, dict) else items_of(call)
    messages: list[PublishRequest] = []
    try:
        rows = [await _take_item(call, item, messages) for item in items]
    finally:
        await call.engine.publisher.publish_many(messages)
    return ok(rows)


async def _take_item(call: Call, item: object, messages: list[PublishRequest]) -> dict[str, Any]:
    """Add an item's messages to those that are published; its answer."""
    args = item if isinstance(item, dict) else _NO_MESSAGE

    async def take() -> None:
        messages.extend(parse_publish(args))

    outcome = await outcome_of(call, take())
    if outcome is _BAD_PARAMS:
        return {"message": outcome.message, "code": outcome.code}
    return {"topic": echo_of(args), "code": outcome.code}


async def _publish(call: Call, args: Arguments) -> list[PublishResult]:
    return await call.engine.publisher.publish_many(parse_publish(args))


_NO_MESSAGE: dict[str, Any] = {"topic": None}

# --- routes

_BAD_PARAMS = Wire(code=108, message="bad_params")
_FAULTS = {
    F.PARAMETER_INVALID: _BAD_PARAMS,
    F.PARAMETER_TYPE: Wire(code=108, message="bad clientid: must be string"),
    F.QOS_INVALID: CRASH,
}

ROUTES = (
    Route(
        "POST",
        "/mqtt/publish",
        "mqtt_publish",
        mqtt_publish,
        "Publish a MQTT message",
        body=PublishSchema,
        example={"code": 0},
        faults=_FAULTS,
    ),
    Route(
        "POST",
        "/mqtt/publish_batch",
        "mqtt_publish_batch",
        mqtt_publish_batch,
        "Batch publish MQTT messages",
        body=PublishSchema,
        example={"data": [{"topic": "a/b/c", "code": 0}, {"topic": "a/b/c", "code": 0}], "code": 0},
        faults=_FAULTS,
    ),
)
