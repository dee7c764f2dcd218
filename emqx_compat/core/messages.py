"""Messages as the hub knows them: what is published, and what a publish came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict


class MessageProperties(TypedDict, total=False):
    """The MQTT 5 properties of a PUBLISH that travel with the message [MQTT-3.3.2.3]."""

    payload_format_indicator: int
    message_expiry_interval: int
    """Seconds."""
    content_type: str
    response_topic: str
    correlation_data: bytes
    subscription_identifier: list[int]
    user_property: list[tuple[str, str]]
    """In the order they were given; names may repeat."""


@dataclass(slots=True)
class PublishRequest:
    """A message that an API call (or a rule, a timer) brings into the broker."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    clientid: str = "undefined"
    """Who the message is said to come from; needs not be connected."""
    username: str | None = None
    properties: MessageProperties = field(default_factory=MessageProperties)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What became of a publish: its id (16 bytes) and to how many sessions it was handed."""

    msgid: bytes
    receivers: int
