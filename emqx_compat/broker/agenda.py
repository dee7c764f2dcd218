"""Everything that waits for its time, behind a single timer of the clock."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable

from emqx_compat.core.clock import Clock, Timer

log = logging.getLogger(__name__)

_COMPACT_FROM = 1024
"""Cancelled entries are left in the heap until there are that many, and more of them than live ones."""


class Entry:
    """One appointment; `callback` is None once it has run or been cancelled."""

    __slots__ = ("at", "callback", "order")

    def __init__(self, at: float, order: int, callback: Callable[[], None]) -> None:
        self.at = at
        self.order = order
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: Entry) -> bool:
        return (self.at, self.order) < (other.at, other.order)


class Agenda:
    """A heap of deadlines; the clock is asked for a call at the earliest one only.

    A connection has one entry here (its next idle or keep-alive check), a held session one for its end.
    """

    __slots__ = ("_cancelled", "_clock", "_heap", "_order", "_stopped", "_timer", "_timer_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[Entry] = []
        self._order = 0
        self._cancelled = 0
        self._stopped = False
        self._timer: Timer | None = None
        self._timer_at = 0.0

    def at(self, when: float, callback: Callable[[], None]) -> Entry:
        """Run `callback` once the clock shows `when`; equal times run in the order they were asked for."""
        self._order += 1
        entry = Entry(when, self._order, callback)
        heapq.heappush(self._heap, entry)
        if self._timer is None or when < self._timer_at:
            self._arm()
        return entry

    def after(self, delay: float, callback: Callable[[], None]) -> Entry:
        """Run `callback` in `delay` seconds."""
        return self.at(self._clock.now() + delay, callback)

    def cancel(self, entry: Entry | None) -> None:
        """Forget an appointment; harmless for None and for one that has been."""
        if entry is None or entry.callback is None:
            return
        entry.callback = None
        self._cancelled += 1
        if self._cancelled > _COMPACT_FROM and self._cancelled * 2 > len(self._heap):
            self._heap = [each for each in self._heap if each.callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def stop(self) -> None:
        """Forget everything; nothing will run any more."""
        self._stopped = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap and not self._stopped:
            self._timer_at = self._heap[0].at
            self._timer = self._clock.call_later(max(self._timer_at - self._clock.now(), 0.0), self._run)

    def _run(self) -> None:
        self._timer = None
        heap = self._heap
        now = self._clock.now()
        while heap and heap[0].at <= now:
            entry = heapq.heappop(heap)
            callback = entry.callback
            if callback is None:
                self._cancelled -= 1
                continue
            entry.callback = None
            try:
                callback()
            except Exception:  # one task must not stop the clock of all others
                log.exception("a timed task failed")
            heap = self._heap
        self._arm()
