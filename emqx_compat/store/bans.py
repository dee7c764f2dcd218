"""The table of bans."""

from __future__ import annotations

from typing import cast

from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.store.database import Store, Value
from emqx_compat.store.values import json_object, json_text

_COLUMNS = "kind, who, by, reason, at, until, extra"
_PUT = f"""
    INSERT INTO bans ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, who) DO UPDATE SET
        by = excluded.by, reason = excluded.reason, at = excluded.at, until = excluded.until, extra = excluded.extra
"""


class BanTable:
    """Bans as they outlive the process; which of them hold is the broker's business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Ban]:
        """All bans, in the order they were made."""
        return [_ban(row) for row in self._store.rows(f"SELECT {_COLUMNS} FROM bans ORDER BY id")]

    async def put(self, ban: Ban) -> None:
        """Store or replace."""
        extra = json_text(ban.extra)
        await self._store.write((_PUT, (ban.kind, ban.who, ban.by, ban.reason, ban.at, ban.until, extra)))

    async def remove(self, kind: BanKind, who: str) -> None:
        """Forget one; harmless when there is none."""
        await self._store.write(("DELETE FROM bans WHERE kind = ? AND who = ?", (kind, who)))

    def purge(self, kind: BanKind, who: str) -> None:
        """Forget one that has expired, without waiting."""
        self._store.post(("DELETE FROM bans WHERE kind = ? AND who = ?", (kind, who)))

    async def clear(self) -> None:
        """Forget all."""
        await self._store.write(("DELETE FROM bans", ()))


def _ban(row: tuple[Value, ...]) -> Ban:
    kind, who, by, reason, at, until, extra = row
    return Ban(
        kind=cast(BanKind, kind),
        who=str(who),
        by=cast(str | None, by),
        reason=cast(str | None, reason),
        at=cast(int | None, at),
        until=cast(int | None, until),
        extra=json_object(extra),
    )
