"""Limits of what is stored: what they turn away is counted, and said once a minute."""

from __future__ import annotations

import logging

from emqx_compat.core.clock import Clock

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two log lines of one limit."""


class Limits:
    """Says in the log which limits are reached; each at most once in `INTERVAL`."""

    __slots__ = ("_clock", "_said", "counts")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}
        self.counts: dict[str, int] = {}
        """Setting → how often it has turned something away."""

    def reached(self, setting: str, limit: int, what: str) -> None:
        """Something is turned away: `what` is the topic or client id that meets the limit."""
        count = self.counts[setting] = self.counts.get(setting, 0) + 1
        now = self._clock.now()
        said_at, said = self._said.get(setting, (now - INTERVAL, 0))
        if now < said_at + INTERVAL:
            return
        self._said[setting] = (now, count)
        log.warning(
            "limit_reached, setting: %s, limit: %d, at: %s, times_since_last: %d",
            setting,
            limit,
            what,
            count - said,
        )
