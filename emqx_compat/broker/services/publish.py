"""Messages from outside MQTT."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from emqx_compat.broker.message import Message, Origin, forwarded
from emqx_compat.core.faults import Fault
from emqx_compat.core.messages import PublishRequest, PublishResult
from emqx_compat.mqtt import Properties

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


CHUNK = 100
"""Messages of one call that are published before others get their turn."""


class EmbeddedPublisher:
    """`PublishService`: counted as received messages, but not as packets."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def publish(self, request: PublishRequest) -> PublishResult:
        """Publish one message; written to its subscribers, and stored where it must be, when this returns."""
        broker = self._broker
        message, result = self._enter(request)
        broker.flush()
        if broker.unsaved:
            broker.unsaved = False
            await broker.journal.kept(message)
        return result

    async def publish_many(self, requests: Sequence[PublishRequest]) -> list[PublishResult]:
        """Publish in order; stored where they must be when this returns, with commits that they share.

        Faults: INTERNAL_ERROR when one cannot be stored; those after it are not published.
        """
        broker = self._broker
        journal = broker.journal
        results: list[PublishResult] = []
        commits: list[asyncio.Future[None]] = []
        fault: Fault | None = None
        for start in range(0, len(requests), CHUNK):
            if start:
                await asyncio.sleep(0)
            unsaved = False
            for request in requests[start : start + CHUNK]:
                message, result = self._enter(request)
                results.append(result)
                if broker.unsaved:
                    unsaved, broker.unsaved = True, False
                    if fault := journal.refusal_of(message):
                        break
            broker.flush()
            if unsaved and (commit := journal.commit()) is not None:
                commits.append(commit)
            if fault is not None:
                break
        for failure in await asyncio.gather(*commits, return_exceptions=True):
            if failure is not None:
                raise failure
        if fault is not None:
            raise fault
        return results

    def _enter(self, request: PublishRequest) -> tuple[Message, PublishResult]:
        """Hand a message to the broker."""
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
        return message, PublishResult(msgid, broker.publish(message, now))
