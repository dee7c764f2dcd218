"""Topic metrics: which topics are counted, and how fast their numbers grow.

The engine counts into `counts`; it looks there only while there is a topic in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from emqx_compat.core.clock import Clock, Timer
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.topic_metrics import MAX_TOPICS, NAMES, Counts, TopicMetrics
from emqx_compat.core.topics import valid_topic_name

TICK = 1.0
WINDOW = 5
"""Ticks in the moving average of a rate."""

Keep = Callable[[Sequence[str]], None]
"""Writes the registered topics down."""


class _Registered:
    __slots__ = ("before", "counts", "created_at", "rates", "reset_at")

    def __init__(self, counts: Counts, now: float) -> None:
        self.counts = counts
        self.created_at = now
        self.reset_at: float | None = None
        self.before = list(counts)
        self.rates: list[float] = [0] * len(NAMES)

    def reset(self, now: float) -> None:
        self.reset_at = now
        self.before = [0] * len(NAMES)
        self.counts[:] = self.before
        self.rates = [0] * len(NAMES)

    def tick(self) -> None:
        for index, (count, before) in enumerate(zip(self.counts, self.before, strict=True)):
            self.rates[index] = (self.rates[index] * (WINDOW - 1) + (count - before) / TICK) / WINDOW
        self.before = list(self.counts)


class TopicMetricsTable:
    """`core.topic_metrics.TopicMetricsService`, and the effect of feature `topic_metrics`."""

    def __init__(
        self, counts: dict[str, Counts], clock: Clock, keep: Keep = lambda topics: None, topics: Iterable[str] = ()
    ) -> None:
        self._counts = counts
        self._clock = clock
        self._keep = keep
        self._wanted = tuple(topics)
        self._rows: dict[str, _Registered] = {}
        self._timer: Timer | None = None
        self._closed = False

    def load(self) -> None:
        """Begin with the topics that were kept."""
        for topic in self._wanted:
            if topic not in self._rows and len(self._rows) < MAX_TOPICS and valid_topic_name(topic):
                self._add(topic)

    def close(self) -> None:
        """The server stops: nothing is forgotten."""
        self._closed = True
        self._rest()

    async def start(self, options: Mapping[str, str]) -> None:
        """Topics may be registered at any time; that they are is all there is to it."""

    async def stop(self) -> None:
        """As 4.x, whose module forgets everything."""
        if not self._closed:
            await self.unregister_all()

    def list(self) -> Sequence[TopicMetrics]:
        """All of them."""
        return [_shown(topic, row) for topic, row in self._rows.items()]

    def get(self, topic: str) -> TopicMetrics | None:
        """One of them."""
        row = self._rows.get(topic)
        return None if row is None else _shown(topic, row)

    async def register(self, topic: str) -> TopicMetrics:
        """Count a topic from now on."""
        if topic in self._rows:
            raise Fault(F.TOPIC_METRICS_EXISTS, topic=topic)
        if not valid_topic_name(topic):
            raise Fault(F.TOPIC_METRICS_INVALID, topic=topic)
        if len(self._rows) >= MAX_TOPICS:
            raise Fault(F.TOPIC_METRICS_LIMIT, limit=MAX_TOPICS)
        self._keep((*self._rows, topic))
        return _shown(topic, self._add(topic))

    async def unregister(self, topic: str) -> bool:
        """Forget a topic."""
        if topic not in self._rows:
            return False
        self._keep([each for each in self._rows if each != topic])
        del self._rows[topic]
        del self._counts[topic]
        if not self._rows:
            self._rest()
        return True

    async def unregister_all(self) -> None:
        """Forget all."""
        if self._rows:
            self._keep(())
            self._rows.clear()
            self._counts.clear()
            self._rest()

    async def reset(self, topic: str | None = None) -> None:
        """Begin at 0 again."""
        if topic is not None and topic not in self._rows:
            raise Fault(F.TOPIC_NOT_FOUND, topic=topic)
        now = self._clock.now()
        for row in self._rows.values() if topic is None else (self._rows[topic],):
            row.reset(now)

    def _add(self, topic: str) -> _Registered:
        counts = self._counts[topic] = [0] * len(NAMES)
        row = self._rows[topic] = _Registered(counts, self._clock.now())
        if self._timer is None:
            self._timer = self._clock.call_later(TICK, self._tick)
        return row

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = self._clock.call_later(TICK, self._tick)
        for row in self._rows.values():
            row.tick()


def _shown(topic: str, row: _Registered) -> TopicMetrics:
    return TopicMetrics(
        topic,
        row.created_at,
        row.reset_at,
        dict(zip(NAMES, row.counts, strict=True)),
        dict(zip(NAMES, row.rates, strict=True)),
    )
