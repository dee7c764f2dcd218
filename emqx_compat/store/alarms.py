"""The table of alarms."""

from __future__ import annotations

import json
from typing import cast

from emqx_compat.core.alarms import Alarm, Severity
from emqx_compat.store.database import Store, Value
from emqx_compat.store.values import json_object, json_text, names_set, names_text

_COLUMNS = (
    "name, node, message, details, severity, title, summary, legacy_name, legacy_description,"
    " activated_at, deactivated_at, by_restart, generations"
)
_PUT = f"INSERT INTO alarms ({_COLUMNS}) VALUES ({', '.join('?' * 13)})"
_END = "UPDATE alarms SET deactivated_at = ?, by_restart = ? WHERE name = ? AND deactivated_at IS NULL"
_FORGET = """
    DELETE FROM alarms WHERE id IN
        (SELECT id FROM alarms WHERE deactivated_at IS NOT NULL ORDER BY deactivated_at, id LIMIT ?)
"""


class AlarmTable:
    """Alarms as they outlive the process; written without waiting, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Alarm]:
        """All alarms, in the order they were raised."""
        return [_alarm(row) for row in self._store.rows(f"SELECT {_COLUMNS} FROM alarms ORDER BY id")]

    def put(self, alarm: Alarm) -> None:
        """Add one that is active."""
        self._store.post((_PUT, _row(alarm)))

    def end(self, alarm: Alarm) -> None:
        """The active one of that name is over."""
        self._store.post((_END, (alarm.deactivated_at, int(alarm.by_restart), alarm.name)))

    def forget(self, count: int) -> None:
        """Forget so many of those that are over, the oldest."""
        self._store.post((_FORGET, (count,)))

    async def clear_history(self) -> None:
        """Forget all that is over."""
        await self._store.write(("DELETE FROM alarms WHERE deactivated_at IS NOT NULL", ()))

    async def delete(self, name: str) -> None:
        """Forget one name."""
        await self._store.write(("DELETE FROM alarms WHERE name = ?", (name,)))


def _row(alarm: Alarm) -> tuple[Value, ...]:
    return (
        alarm.name,
        alarm.node,
        alarm.message,
        json_text(alarm.details),
        alarm.severity,
        alarm.title,
        alarm.summary,
        alarm.legacy_name,
        json.dumps(alarm.legacy_description),
        alarm.activated_at,
        alarm.deactivated_at,
        int(alarm.by_restart),
        names_text(alarm.generations),
    )


def _alarm(row: tuple[Value, ...]) -> Alarm:
    name, node, message, details, severity, title, summary, legacy_name, legacy_description, *rest = row
    activated_at, deactivated_at, by_restart, generations = rest
    return Alarm(
        name=str(name),
        node=str(node),
        message=str(message),
        details=json_object(details),
        severity=cast(Severity, severity),
        title=str(title),
        summary=str(summary),
        legacy_name=str(legacy_name),
        legacy_description=json.loads(str(legacy_description)),
        activated_at=cast(float, activated_at),
        deactivated_at=cast(float | None, deactivated_at),
        by_restart=bool(by_restart),
        generations=names_set(generations),
    )
