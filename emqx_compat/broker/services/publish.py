"""Messages from outside MQTT."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from emqx_compat.broker.message import Message, Origin, forwarded
from emqx_compat.core.messages import PublishRequest, PublishResult
from emqx_compat.mqtt import Properties

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


class EmbeddedPublisher:
    """`PublishService`: counted as received messages, but not as packets."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def publish(self, request: PublishRequest) -> PublishResult:
        """Publish one message; written to its subscribers, and stored where it must be, when this returns."""
        broker = self._broker
        now = broker.clock.now()
        counters = broker.counters
        counters["messages.received"] += 1
        counters[f"messages.qos{request.qos}.received"] += 1
        given = cast(Properties, request.properties)
        message = Message(
            request.topic,
            request.payload,
            request.qos,
            request.retain,
            Origin(request.clientid, request.username),
            forwarded(given),
            now,
        )
        msgid = message.id(broker.ids)
        receivers = broker.publish(message, now)
        broker.flush()
        if broker.unsaved:
            broker.unsaved = False
            await broker.journal.kept(message)
        return PublishResult(msgid, receivers)
