"""Message queues in which some topics go before others: EMQX's `mqueue_priorities`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from emqx_compat.broker.settings import BrokerSettings

if TYPE_CHECKING:
    from emqx_compat.broker.session import Delivery

LOWEST = 0
HIGHEST = 1_000_000
"""Of topics without a priority of their own; in the table they are from 1 to 255."""

TURN = 10
"""Messages that a priority may send in a row, for each of its points; then others get their turn, so that none
waits for ever."""


class PriorityQueue:
    """One queue for each priority that something waits with, the one whose turn it is first."""

    __slots__ = ("_credit", "_default", "_last", "_length", "_priorities", "_queues")

    def __init__(self, priorities: Mapping[str, int], default: int) -> None:
        self._priorities = priorities
        self._default = default
        self._queues: list[tuple[int, deque[Delivery]]] = []
        self._length = 0
        self._credit = 0
        """How many more the first one may send."""
        self._last = False
        """Whether somebody has the turn."""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Delivery]:
        for _, queue in self._queues:
            yield from queue

    def __getitem__(self, index: int) -> Delivery:
        """The next one to go, for index 0."""
        self._pass_on()
        return self._queues[index][1][0]

    def append(self, delivery: Delivery) -> None:
        """Let it wait behind those of its priority."""
        priority = self._priority(delivery)
        self._length += 1
        for own, queue in self._queues:
            if own == priority:
                queue.append(delivery)
                return
        self._queues.append((priority, deque((delivery,))))
        self._queues.sort(key=_descending)

    def popleft(self) -> Delivery:
        """Take the next one; IndexError when there is none."""
        self._pass_on()
        priority, queue = self._queues[0]
        if not self._last:
            self._last = True
            self._credit = (priority + 1) * TURN
        self._credit -= 1
        return self._taken(queue, queue.popleft())

    def displaced(self, delivery: Delivery, limit: int) -> Delivery | None:
        """Take the oldest one of the same priority, if as many as the limit wait with it."""
        priority = self._priority(delivery)
        for own, queue in self._queues:
            if own == priority and len(queue) >= limit:
                return self._taken(queue, queue.popleft())
        return None

    def remove(self, delivery: Delivery) -> None:
        """Take a certain one; ValueError when it does not wait."""
        for _, queue in self._queues:
            if delivery in queue:
                queue.remove(delivery)
                self._taken(queue, delivery)
                return
        raise ValueError(delivery)

    def _taken(self, queue: deque[Delivery], delivery: Delivery) -> Delivery:
        self._length -= 1
        if not queue:
            self._queues = [row for row in self._queues if row[1] is not queue]
        return delivery

    def _pass_on(self) -> None:
        """The turn goes on when it is over."""
        if self._last and self._credit <= 0:
            self._queues.append(self._queues.pop(0))
            self._last = False

    def _priority(self, delivery: Delivery) -> int:
        return self._priorities.get(delivery.message.topic, self._default)


Queue = deque["Delivery"] | PriorityQueue


def new_queue(settings: BrokerSettings) -> Queue:
    """A queue as the settings want it."""
    if not settings.mqueue_priorities:
        return deque()
    return PriorityQueue(
        settings.mqueue_priorities, HIGHEST if settings.mqueue_default_priority == "highest" else LOWEST
    )


def _descending(row: tuple[int, deque[Delivery]]) -> int:
    return -row[0]
