"""Gauges: what there is now, and the most there has been."""

from __future__ import annotations

from collections.abc import Callable

from emqx_compat.core.metrics import GAUGES

Source = Callable[[], int]


class Gauges:
    """Every name of `core.metrics.GAUGES` with its high-water mark since the start."""

    __slots__ = ("_marks", "_sources")

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._marks: dict[str, int] = dict.fromkeys(GAUGES, 0)

    def provide(self, source: Source, *names: str) -> None:
        """Let `source` be asked for the gauges of these names, which then always carry the same number."""
        for name in names:
            self._sources[name] = source
            self._marks.setdefault(name, 0)

    def refresh(self, *names: str) -> None:
        """Raise the marks of these gauges (of all, when none is named); to be called when they grow."""
        marks = self._marks
        for name in names or tuple(self._sources):
            now = self._sources[name]()
            if now > marks[name]:
                marks[name] = now

    def now(self, name: str) -> int:
        """One gauge."""
        source = self._sources.get(name)
        return source() if source is not None else 0

    def values(self) -> dict[str, tuple[int, int]]:
        """Name → (now, high-water mark)."""
        self.refresh()
        return {
            name: (self._sources[name]() if name in self._sources else 0, mark)
            for name, mark in self._marks.items()
        }
