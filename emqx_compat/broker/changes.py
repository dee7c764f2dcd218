"""What one commit of the journal changes, by key, and who waits for it; the batch of rows that it becomes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from emqx_compat.broker import rows
from emqx_compat.broker.message import Message
from emqx_compat.core.durable import Batch

if TYPE_CHECKING:
    from emqx_compat.broker.binding import Binding
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.durable import StoredDelivery
    from emqx_compat.broker.session import Session

R = TypeVar("R")

log = logging.getLogger(__name__)


class Stored:
    """A message in the store: its id, how many deliveries refer to it, whether a batch has carried it."""

    __slots__ = ("id", "references", "sent")

    def __init__(self, number: int) -> None:
        self.id = number
        self.references = 0
        self.sent = False


class Changes:
    """What the next commit changes; None removes. And who waits for it."""

    __slots__ = (
        "acks",
        "delayed",
        "deliveries",
        "messages",
        "received",
        "retained",
        "sends",
        "sessions",
        "subscriptions",
        "then",
        "urgent",
        "waiters",
    )

    def __init__(self) -> None:
        self.sessions: dict[int, Session | None] = {}
        self.subscriptions: dict[tuple[int, str], Binding | None] = {}
        self.messages: dict[int, Message | None] = {}
        self.deliveries: dict[int, StoredDelivery | None] = {}
        self.received: dict[tuple[int, int], float | None] = {}
        self.retained: dict[str, None] = {}
        """Topics; what is retained there when the batch is made up is what is stored."""
        self.delayed: dict[int, Message | None] = {}
        self.acks: list[tuple[Channel, bytes]] = []
        self.sends: list[StoredDelivery] = []
        """QoS 2 deliveries, sent when their packet identifier is stored."""
        self.then: list[Callable[[], None]] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.urgent = False
        """Somebody waits."""

    def __bool__(self) -> bool:
        return self.urgent or any(
            (
                self.sessions,
                self.subscriptions,
                self.messages,
                self.deliveries,
                self.received,
                self.retained,
                self.delayed,
            )
        )

    def take_over(self, failed: Changes) -> None:
        """Put what was not stored before what has changed since."""
        for name in (
            "sessions",
            "subscriptions",
            "messages",
            "deliveries",
            "received",
            "retained",
            "delayed",
        ):
            setattr(self, name, {**getattr(failed, name), **getattr(self, name)})
        for name in ("acks", "sends", "then"):
            setattr(self, name, getattr(failed, name) + getattr(self, name))
        self.urgent = self.urgent or bool(self.acks or self.sends or self.then or self.waiters)


def batch_of(broker: Broker, changes: Changes, messages: Mapping[Message, Stored]) -> Batch:
    """The rows of what has changed, as it is now."""
    batch = Batch()
    for number, session in changes.sessions.items():
        if session is None:
            batch.ended.append(number)
        else:
            _add(batch.sessions, rows.session_row, number, session)
    for key, binding in changes.subscriptions.items():
        if binding is None:
            batch.unsubscribed.append((key[0], rows.text(key[1])))
        else:
            _add(batch.subscriptions, rows.subscription_row, key[0], binding)
    for number, message in changes.messages.items():
        if message is None:
            batch.finished.append(number)
        else:
            messages[message].sent = True
            _add(batch.messages, rows.message_row, number, message)
    for number, delivery in changes.deliveries.items():
        if delivery is None or delivery.stored is None:
            batch.taken.append(number)
        else:
            delivery.sent = True
            _add(batch.queue, rows.queue_row, delivery, delivery.stored.id)
    for pair, at in changes.received.items():
        if at is None:
            batch.released.append(pair)
        else:
            batch.received.append(rows.received_row(pair, at))
    for topic in changes.retained:
        message = broker.retained.messages.get(topic)
        if message is None:
            batch.cleared.append(rows.text(topic))
        else:
            _add(batch.retained, rows.retained_row, message)
    for number, message in changes.delayed.items():
        entry = None if message is None else broker.delayed.waiting.get(message)
        if message is None or entry is None:
            batch.published.append(number)
        else:
            _add(batch.delayed, rows.delayed_row, number, entry.at, message)
    return batch


def _add(found: list[R], make: Callable[..., R], *args: object) -> None:
    """A row that cannot be made up must not keep all others from the disk."""
    try:
        found.append(make(*args))
    except Exception:  # see above
        log.exception("a row could not be made up: %r", args)
