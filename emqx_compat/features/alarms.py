"""The alarms of this node: raised and cleared at once, kept, told to subscribers in every generation's form."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from emqx_compat.core.alarms import Alarm, Severity
from emqx_compat.core.clock import Clock
from emqx_compat.store.alarms import AlarmTable

log = logging.getLogger(__name__)

SIZE_LIMIT = 1000
VALIDITY_PERIOD = 24 * 3600.0
"""Seconds that an alarm stays in the history; with the limit, EMQX 4.4's and 5.6's defaults."""


class SysPublisher(Protocol):
    """Messages below `$SYS/brokers`."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish one."""

    def wanted(self, topic: str) -> bool:
        """Whether anyone subscribes to it."""


class Alarms:
    """`core.alarms.AlarmService`; `raise_alarm` and `clear_alarm` are for those who cannot wait."""

    def __init__(
        self,
        node: str,
        clock: Clock,
        table: AlarmTable,
        sys: SysPublisher,
        *,
        size_limit: int = SIZE_LIMIT,
        validity_period: float = VALIDITY_PERIOD,
        actions: Sequence[str] = ("log", "publish"),
    ) -> None:
        self._node = node
        self._clock = clock
        self._table = table
        self._sys = sys
        self._size_limit = size_limit
        self._validity_period = validity_period
        self._actions = frozenset(actions)
        self._active: dict[str, Alarm] = {}
        self._history: list[Alarm] = []
        """In the order of their end."""

    def load(self) -> None:
        """Read the alarms of earlier runs; those that were active ended with their run."""
        now = self._clock.now()
        for alarm in self._table.load():
            if alarm.deactivated_at is None:
                alarm = replace(alarm, deactivated_at=now, by_restart=True)
                self._table.end(alarm)
            self._history.append(alarm)
        self._history.sort(key=lambda alarm: alarm.deactivated_at or 0.0)
        self._trim()

    def raise_alarm(
        self,
        name: str,
        *,
        message: str = "",
        details: Mapping[str, object] | None = None,
        severity: Severity = "warning",
        title: str = "",
        summary: str = "",
        legacy_name: str = "",
        legacy_description: object = "",
        generations: frozenset[str] | None = None,
    ) -> bool:
        """See `AlarmService.activate`."""
        if name in self._active:
            return False
        alarm = Alarm(
            name=name,
            node=self._node,
            message=message,
            details=dict(details or {}),
            severity=severity,
            title=title or message,
            summary=summary or message,
            legacy_name=legacy_name or name,
            legacy_description=legacy_description or message,
            activated_at=self._clock.now(),
            generations=generations,
        )
        self._active[name] = alarm
        self._table.put(alarm)
        self._act(alarm)
        return True

    def clear_alarm(self, name: str) -> bool:
        """See `AlarmService.deactivate`."""
        alarm = self._active.pop(name, None)
        if alarm is None:
            return False
        alarm = replace(alarm, deactivated_at=self._clock.now())
        self._history.append(alarm)
        self._table.end(alarm)
        self._trim()
        self._act(alarm)
        return True

    async def active(self, generation: str | None = None) -> Sequence[Alarm]:
        """Newest first."""
        return _seen(reversed(self._active.values()), generation)

    async def history(self, generation: str | None = None) -> Sequence[Alarm]:
        """Newest first."""
        self._trim()
        return _seen(reversed(self._history), generation)

    async def activate(
        self,
        name: str,
        *,
        message: str = "",
        details: Mapping[str, object] | None = None,
        severity: Severity = "warning",
        title: str = "",
        summary: str = "",
        legacy_name: str = "",
        legacy_description: object = "",
        generations: frozenset[str] | None = None,
    ) -> bool:
        """Raise an alarm."""
        return self.raise_alarm(
            name,
            message=message,
            details=details,
            severity=severity,
            title=title,
            summary=summary,
            legacy_name=legacy_name,
            legacy_description=legacy_description,
            generations=generations,
        )

    async def deactivate(self, name: str) -> bool:
        """Clear an alarm."""
        return self.clear_alarm(name)

    async def clear_history(self) -> None:
        """Forget those that are over."""
        self._history.clear()
        await self._table.clear_history()

    async def delete(self, name: str) -> bool:
        """Forget every trace of that name."""
        known = self._active.pop(name, None) is not None or any(alarm.name == name for alarm in self._history)
        if known:
            self._history = [alarm for alarm in self._history if alarm.name != name]
            await self._table.delete(name)
        return known

    def _trim(self) -> None:
        """Forget what is too old, and the oldest of too many."""
        oldest = self._clock.now() - self._validity_period
        gone = max(len(self._history) - self._size_limit, 0)
        while gone < len(self._history) and (self._history[gone].deactivated_at or 0.0) <= oldest:
            gone += 1
        if gone:
            self._table.forget(gone)
            del self._history[:gone]

    def _act(self, alarm: Alarm) -> None:
        if "log" in self._actions:
            verb = "alarm_is_activated" if alarm.deactivated_at is None else "alarm_is_deactivated"
            log.warning("%s, name: %s, message: %s", verb, alarm.name, alarm.message)
        if "publish" in self._actions:
            for topic, payload in told(alarm):
                if self._sys.wanted(topic):
                    self._sys.publish(topic, payload)


def _seen(alarms: Iterable[Alarm], generation: str | None) -> list[Alarm]:
    return [alarm for alarm in alarms if generation is None or alarm.visible_to(generation)]


def told(alarm: Alarm) -> Iterator[tuple[str, bytes]]:
    """Topics below `$SYS/brokers` and payloads that tell of a change: 2.x's, 3.x's, and that of 4.x and 5.x."""
    over = alarm.deactivated_at is not None
    base = f"/{alarm.node}/alarms"
    if alarm.visible_to("v2"):
        fields: dict[str, object] = {"id": alarm.legacy_name}
        if not over:
            fields |= {"severity": alarm.severity, "title": alarm.title, "summary": alarm.summary}
        fields["ts"] = int(alarm.deactivated_at if alarm.deactivated_at is not None else alarm.activated_at)
        yield f"{base}/{alarm.legacy_name}/{'clear' if over else 'alert'}", _json(fields)
    if alarm.visible_to("v3"):
        fields = {"id": alarm.legacy_name}
        if not over:
            fields["desc"] = alarm.legacy_description
        yield f"{base}/{'clear' if over else 'alert'}", _json(fields)
    if alarm.visible_to("v4") or alarm.visible_to("v5"):
        fields = {
            "name": alarm.name,
            "details": alarm.details,
            "message": alarm.message,
            "activate_at": int(alarm.activated_at * 1_000_000),
            "deactivate_at": "infinity" if alarm.deactivated_at is None else int(alarm.deactivated_at * 1_000_000),
            "activated": not over,
        }
        yield f"{base}/{'deactivate' if over else 'activate'}", _json(fields)


def _json(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
