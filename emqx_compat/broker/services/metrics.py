"""Counters and gauges, read by the management APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emqx_compat.broker.counters import with_aliases

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


class EmbeddedMetrics:
    """`MetricsService`."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def counters(self) -> Mapping[str, int]:
        """Every counter; what waits to be written is written, and counted, first."""
        self._broker.flush()
        return with_aliases(self._broker.counters)

    def gauges(self) -> Mapping[str, tuple[int, int]]:
        """Every gauge: (now, high-water mark)."""
        return self._broker.gauges.values()

    def gauge(self, name: str) -> int:
        """One gauge, now."""
        return self._broker.gauges.now(name)
