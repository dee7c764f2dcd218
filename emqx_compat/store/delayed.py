"""The table of delayed messages."""

from __future__ import annotations

from collections.abc import Iterator

from emqx_compat.core.durable import Batch, DelayedRow, Kept
from emqx_compat.store.database import Statement, Store
from emqx_compat.store.many import drop, put


class DelayedTable:
    """Messages that wait for their time."""

    def load(self, store: Store, kept: Kept) -> None:
        """Fill in what is there."""
        kept.delayed = map(
            DelayedRow._make, store.each(f"SELECT {', '.join(DelayedRow._fields)} FROM delayed ORDER BY id")
        )

    def statements(self, batch: Batch) -> Iterator[Statement]:
        """What a commit changes here."""
        yield from put("delayed", ("id",), DelayedRow._fields, batch.delayed)
        yield from drop("delayed", "id", batch.published)
