"""Slow subscriptions: the ranking of deliveries by their latency, fed at the hook point `delivery.completed`."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emqx_compat.core.clients import Client
from emqx_compat.core.clock import Clock, Timer
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.slow_subs import MAX_ROWS, SlowSubscription, SlowSubsSettings

EXPIRE_CHECK_INTERVAL = 10.0

Keep = Callable[[SlowSubsSettings], None]
"""Writes the settings down; ValueError when they are no good."""
Switch = Callable[[bool], Awaitable[None]]
"""Starts or stops the feature."""

_Id = tuple[str, str]


class SlowSubs:
    """`core.slow_subs.SlowSubsService`, and the effect of feature `slow_subs`."""

    def __init__(self, hooks: Hooks, clock: Clock, settings: SlowSubsSettings, keep: Keep, switch: Switch) -> None:
        self._hooks = hooks
        self._clock = clock
        self._settings = replace(settings, enable=False)
        self._keep = keep
        self._switch = switch
        self._rows: dict[_Id, tuple[int, float]] = {}
        """Client id and topic → milliseconds, and when they were measured."""
        self._order: list[tuple[int, _Id]] = []
        """The same, the fastest first."""
        self._timer: Timer | None = None

    @property
    def settings(self) -> SlowSubsSettings:
        """Those of now."""
        return self._settings

    async def start(self, options: Mapping[str, str]) -> None:
        """Measure from now on."""
        self._settings = replace(self._settings, enable=True)
        self._hooks.delivery_completed.append(self._completed)
        self._timer = self._clock.call_later(EXPIRE_CHECK_INTERVAL, self._expire)

    async def stop(self) -> None:
        """What was measured stays."""
        self._settings = replace(self._settings, enable=False)
        self._hooks.delivery_completed.remove(self._completed)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def configure(self, settings: SlowSubsSettings) -> None:
        """Change the settings."""
        try:
            self._keep(settings)
        except ValueError as error:
            raise Fault(F.SLOW_SUBS_INVALID, reason=str(error)) from error
        before = self._settings
        self._settings = replace(settings, enable=before.enable)
        while len(self._order) > self._limit:
            self._forget(self._order[0][1])
        if settings.enable != before.enable:
            await self._switch(settings.enable)

    def list(self) -> Sequence[SlowSubscription]:
        """The slowest first."""
        return [SlowSubscription(*name, timespan, self._rows[name][1]) for timespan, name in reversed(self._order)]

    def clear(self) -> None:
        """Begin anew."""
        self._rows.clear()
        self._order.clear()

    @property
    def _limit(self) -> int:
        return min(self._settings.top_k_num, MAX_ROWS)

    def _completed(self, client: Client, message: Any, begun: float, now: float) -> None:
        published: float = message.at
        if published <= client.created_at:
            return
        kind = self._settings.stats_type
        first = begun if kind == "response" else published
        last = begun if kind == "internal" else now
        timespan = round((last - first) * 1000)
        if timespan <= self._settings.threshold * 1000:
            return
        name = (client.clientid, message.topic)
        before = self._rows.get(name)
        if before is not None:
            if timespan <= before[0]:
                return
            self._forget(name)
        elif len(self._order) >= self._limit:
            if timespan <= self._order[0][0]:
                return
            self._forget(self._order[0][1])
        self._rows[name] = timespan, now
        insort(self._order, (timespan, name))

    def _forget(self, name: _Id) -> None:
        timespan, _ = self._rows.pop(name)
        del self._order[bisect_left(self._order, (timespan, name))]

    def _expire(self) -> None:
        self._timer = self._clock.call_later(EXPIRE_CHECK_INTERVAL, self._expire)
        oldest = self._clock.now() - self._settings.expire_interval
        for name in [name for name, (_, at) in self._rows.items() if at <= oldest]:
            self._forget(name)
