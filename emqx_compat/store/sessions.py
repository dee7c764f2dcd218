"""The tables of sessions: subscriptions, queued and sent messages, identifiers of QoS 2."""

from __future__ import annotations

from collections.abc import Iterator

from emqx_compat.core.durable import Batch, Kept, MessageRow, QueueRow, ReceivedRow, SessionRow, SubscriptionRow
from emqx_compat.store.database import Statement, Store
from emqx_compat.store.many import drop, drop_pairs, put

# What nobody needs any more; no crash leaves such rows, another hand may.
_ORPHANS = (
    "DELETE FROM queue WHERE session NOT IN (SELECT id FROM sessions) OR message NOT IN (SELECT id FROM messages)",
    "DELETE FROM messages WHERE id NOT IN (SELECT message FROM queue)",
    "DELETE FROM subscriptions WHERE session NOT IN (SELECT id FROM sessions)",
    "DELETE FROM received WHERE session NOT IN (SELECT id FROM sessions)",
)


class SessionTables:
    """Sessions with all that belongs to them."""

    def load(self, store: Store, kept: Kept) -> None:
        """Fill in what is there."""
        for sql in _ORPHANS:
            store.rows(sql)
        kept.sessions = map(
            SessionRow._make, store.each(f"SELECT {', '.join(SessionRow._fields)} FROM sessions ORDER BY id")
        )
        kept.subscriptions = map(
            SubscriptionRow._make,
            store.each(f"SELECT {', '.join(SubscriptionRow._fields)} FROM subscriptions ORDER BY session"),
        )
        kept.messages = map(
            MessageRow._make, store.each(f"SELECT {', '.join(MessageRow._fields)} FROM messages ORDER BY id")
        )
        kept.queue = map(QueueRow._make, store.each(f"SELECT {', '.join(QueueRow._fields)} FROM queue ORDER BY id"))
        kept.received = map(
            ReceivedRow._make,
            store.each(f"SELECT {', '.join(ReceivedRow._fields)} FROM received ORDER BY session, received_at"),
        )

    def statements(self, batch: Batch) -> Iterator[Statement]:
        """What a commit changes here."""
        yield from put("sessions", ("id",), SessionRow._fields, batch.sessions)
        yield from put("subscriptions", ("session", "filter"), SubscriptionRow._fields, batch.subscriptions)
        yield from drop_pairs("subscriptions", ("session", "filter"), batch.unsubscribed)
        yield from put("messages", ("id",), MessageRow._fields, batch.messages)
        yield from put("queue", ("id",), QueueRow._fields, batch.queue)
        yield from drop("queue", "id", batch.taken)
        yield from drop("messages", "id", batch.finished)
        yield from put("received", ("session", "packet_id"), ReceivedRow._fields, batch.received)
        yield from drop_pairs("received", ("session", "packet_id"), batch.released)
        yield from drop("sessions", "id", batch.ended)
