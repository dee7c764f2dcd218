"""Bans, asked and told by the management APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.pages import Page, PageRequest, page_of

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


class EmbeddedBans:
    """`BanService` over the table and its store."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def list(self, page: PageRequest) -> Page[Ban]:
        """One page, in the order they were made."""
        return page_of(tuple(self._broker.banned.bans.values()), page)

    async def get(self, kind: BanKind, who: str) -> Ban | None:
        """One ban."""
        return self._broker.banned.bans.get((kind, who))

    async def put(self, ban: Ban) -> None:
        """Store or replace; it holds, and is stored, when this returns."""
        self._broker.banned.put(ban)
        await self._broker.ban_store.put(ban)

    async def remove(self, kind: BanKind, who: str) -> bool:
        """False: there was none."""
        if not self._broker.banned.remove(kind, who):
            return False
        await self._broker.ban_store.remove(kind, who)
        return True

    async def clear(self) -> None:
        """Remove all."""
        self._broker.banned.clear()
        await self._broker.ban_store.clear()
