"""Topic metrics: counters of single topic names, registered beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_TOPICS = 512

IN, OUT, DROPPED = 0, 1, 8
NAMES: tuple[str, ...] = (
    "messages.in",
    "messages.out",
    "messages.qos0.in",
    "messages.qos0.out",
    "messages.qos1.in",
    "messages.qos1.out",
    "messages.qos2.in",
    "messages.qos2.out",
    "messages.dropped",
)
"""What is counted of a topic: published to it, sent to clients, had no subscriber."""

Counts = list[int]
"""One number for each of NAMES, in their order."""


def count_in(counts: Counts, qos: int) -> None:
    """A message was published."""
    counts[IN] += 1
    counts[IN + 2 + 2 * qos] += 1


def count_out(counts: Counts, qos: int) -> None:
    """A message was sent to a client."""
    counts[OUT] += 1
    counts[OUT + 2 + 2 * qos] += 1


@dataclass(frozen=True, slots=True)
class TopicMetrics:
    """A registered topic as it is now. Times in epoch seconds."""

    topic: str
    created_at: float
    reset_at: float | None
    counts: Mapping[str, int]
    """By the names of NAMES."""
    rates: Mapping[str, float]
    """Messages a second, by the same names: the moving average of five seconds; 0 before the first of them."""


class TopicMetricsService(Protocol):
    """The registered topics of this node; they are kept, their numbers are not."""

    def list(self) -> Sequence[TopicMetrics]:
        """All, in the order in which they were registered."""

    def get(self, topic: str) -> TopicMetrics | None:
        """One of them."""

    async def register(self, topic: str) -> TopicMetrics:
        """Count a topic from now on.

        Faults: TOPIC_METRICS_INVALID (no topic name), TOPIC_METRICS_EXISTS, TOPIC_METRICS_LIMIT.
        """

    async def unregister(self, topic: str) -> bool:
        """Forget a topic. False: it was not registered."""

    async def unregister_all(self) -> None:
        """Forget all."""

    async def reset(self, topic: str | None = None) -> None:
        """Begin at 0 again, with one topic or all. Faults: TOPIC_NOT_FOUND."""
