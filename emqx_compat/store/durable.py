"""What the broker keeps of sessions and messages, in one transaction."""

from __future__ import annotations

import asyncio

from emqx_compat.core.durable import Batch, Kept
from emqx_compat.store.database import Statement, Store
from emqx_compat.store.delayed import DelayedTable
from emqx_compat.store.retained import RetainedTable
from emqx_compat.store.sessions import SessionTables


class DurableTables:
    """The broker's `SessionStore` over SQLite."""

    durable = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables = (SessionTables(), RetainedTable(), DelayedTable())

    def load(self) -> Kept:
        """All there is. Waits for the disk while it is read: for the start. Raises StoreError."""
        kept = Kept()
        for table in self._tables:
            table.load(self._store, kept)
        return kept

    def save(self, batch: Batch) -> asyncio.Future[None]:
        """Commit a batch, all of it or nothing; batches in their order. A StoreError says that it was not."""
        statements: list[Statement] = []
        for table in self._tables:
            statements += table.statements(batch)
        return self._store.begin(statements)
