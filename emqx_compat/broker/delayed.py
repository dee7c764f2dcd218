"""Delayed publish: `$delayed/<seconds>/<topic>` is published to `<topic>` later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.message import Message
from emqx_compat.mqtt import validate_topic_name

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.broker.broker import Broker

PREFIX = "$delayed/"
LONGEST = 4_294_967
"""Numbers from here on are epoch seconds (EMQX: `MAX_DELAYED_INTERVAL`)."""


class Delayed:
    """Messages that wait, in memory."""

    __slots__ = ("_broker", "waiting")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.waiting: dict[Message, Entry] = {}

    def __len__(self) -> int:
        return len(self.waiting)

    def accept(self, message: Message, now: float) -> bool:
        """Take a message under `$delayed/`; False when number or topic are not legal or too many wait: dropped."""
        seconds, _, topic = message.topic[len(PREFIX) :].partition("/")
        if not (seconds.isascii() and seconds.isdigit() and validate_topic_name(topic)):
            return False
        limit = self._broker.settings.delayed_max_messages
        if limit and len(self.waiting) >= limit:
            self._broker.limits.reached("delayed.max_delayed_messages", limit, topic)
            return False
        interval = float(seconds)
        due = now + interval if interval < LONGEST else max(interval, now)
        message.topic = topic
        message.changed()
        if not self._broker.journal.must_keep(message):
            return False
        self.restore(message, due)
        self._broker.journal.delayed(message, waits=True)
        self._broker.counters["messages.delayed"] += 1
        self._broker.gauges.refresh("delayed")
        return True

    def restore(self, message: Message, due: float) -> None:
        """Publish a message at a point in time, topic and all as they are."""
        self.waiting[message] = self._broker.agenda.at(due, lambda: self._publish(message))

    def clear(self) -> None:
        """Forget all."""
        for message, entry in self.waiting.items():
            self._broker.journal.delayed(message, waits=False)
            self._broker.agenda.cancel(entry)
        self.waiting.clear()

    def _publish(self, message: Message) -> None:
        del self.waiting[message]
        broker = self._broker
        broker.journal.delayed(message, waits=False)
        now = broker.clock.now()
        origin = message.origin
        if broker.banned.check(origin.clientid, origin.username, origin.peerhost, now) is None:
            message.at = now
            broker.publish(message, now)
