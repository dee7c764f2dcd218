"""The table of retained messages."""

from __future__ import annotations

from collections.abc import Iterator

from emqx_compat.core.durable import Batch, Kept, RetainedRow
from emqx_compat.store.database import Statement, Store
from emqx_compat.store.many import drop, put


class RetainedTable:
    """The last message of every topic."""

    def load(self, store: Store, kept: Kept) -> None:
        """Fill in what is there, in the order in which the topics were first retained."""
        kept.retained = map(
            RetainedRow._make, store.each(f"SELECT {', '.join(RetainedRow._fields)} FROM retained ORDER BY rowid")
        )

    def statements(self, batch: Batch) -> Iterator[Statement]:
        """What a commit changes here."""
        yield from put("retained", ("topic",), RetainedRow._fields, batch.retained)
        yield from drop("retained", "topic", batch.cleared)
