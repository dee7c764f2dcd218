"""Slow subscriptions: which deliveries took longest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MAX_ROWS = 1000
"""How many rows are kept at most, whatever `top_k_num` says."""

StatsType = Literal["whole", "internal", "response"]
"""From publishing to acknowledgement; to sending; from sending to acknowledgement."""


@dataclass(frozen=True, slots=True)
class SlowSubsSettings:
    """Root `slow_subs`, with EMQX's names. Durations in seconds."""

    enable: bool = False
    threshold: float = 0.5
    """What takes no longer does not count."""
    expire_interval: float = 300.0
    """How long a row stays after its last change."""
    top_k_num: int = 10
    stats_type: StatsType = "whole"


@dataclass(frozen=True, slots=True)
class SlowSubscription:
    """The slowest delivery of a topic to a client."""

    clientid: str
    topic: str
    timespan: int
    """Milliseconds."""
    updated_at: float
    """Epoch seconds."""


class SlowSubsService(Protocol):
    """The ranking of this node. Deliveries of QoS 1 and 2 count when they are acknowledged, of QoS 0 when they are
    sent; messages older than their session do not count."""

    @property
    def settings(self) -> SlowSubsSettings:
        """Those of now; `enable` is the switch of feature `slow_subs`."""

    async def configure(self, settings: SlowSubsSettings) -> None:
        """Change them; kept. Faults: SLOW_SUBS_INVALID (nothing is changed then)."""

    def list(self) -> Sequence[SlowSubscription]:
        """The slowest first."""

    def clear(self) -> None:
        """Begin anew."""
