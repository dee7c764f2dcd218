"""What outlives the process of sessions and messages, as plain rows: the broker writes them, a store keeps them.

Times are epoch seconds, `properties` and `extra` JSON texts or None, flags 0 and 1 as SQLite has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class SessionRow(NamedTuple):
    """A session that outlives its connection, with the facts of its last one."""

    id: int
    """Never used again, so that what is left of one session cannot be taken for another's."""
    clientid: str
    username: str | None
    listener: str
    peerhost: str | None
    peerport: int | None
    sockport: int | None
    proto_name: str
    proto_ver: int
    keepalive: int
    clean_start: int
    is_bridge: int
    expiry_interval: int
    created_at: float
    connected_at: float
    disconnected_at: float | None
    """None: it had a connection."""
    disconnected_cleanly: int
    inflight_max: int
    mqueue_dropped: int
    will_topic: str | None
    """None: there is no will, as for the other columns of it."""
    will_payload: bytes | None
    will_qos: int | None
    will_retain: int | None
    will_properties: str | None
    will_at: float | None
    """When it is published; None while the connection lasted."""


class SubscriptionRow(NamedTuple):
    """One filter of a session."""

    session: int
    filter: str
    """As sent, share prefix included."""
    qos: int
    no_local: int
    retain_as_published: int
    retain_handling: int
    subid: int | None
    extra: str | None


class MessageRow(NamedTuple):
    """A message that one queue or more hold."""

    id: int
    topic: str
    payload: bytes
    qos: int
    retain: int
    properties: str | None
    clientid: str
    username: str | None
    peerhost: str | None
    received_at: float


class QueueRow(NamedTuple):
    """A message on its way to one session; the order of the ids is that of delivery."""

    id: int
    session: int
    message: int
    filter: str
    subid: int | None
    qos: int
    retain: int
    packet_id: int | None
    """None: it waits in the queue; else it was sent, or is about to be."""
    released: int
    """QoS 2: the PUBREC has come."""


class ReceivedRow(NamedTuple):
    """A QoS 2 identifier of the client that waits for its PUBREL."""

    session: int
    packet_id: int
    received_at: float


class RetainedRow(NamedTuple):
    """The retained message of a topic."""

    topic: str
    payload: bytes
    qos: int
    properties: str | None
    clientid: str
    username: str | None
    peerhost: str | None
    received_at: float


class DelayedRow(NamedTuple):
    """A message that waits for its time."""

    id: int
    due_at: float
    topic: str
    payload: bytes
    qos: int
    retain: int
    properties: str | None
    clientid: str
    username: str | None
    peerhost: str | None
    received_at: float


@dataclass(slots=True)
class Batch:
    """What one commit changes: rows to put in place, and keys of those to remove. No key is in both."""

    sessions: list[SessionRow] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    subscriptions: list[SubscriptionRow] = field(default_factory=list)
    unsubscribed: list[tuple[int, str]] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    queue: list[QueueRow] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    received: list[ReceivedRow] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)
    retained: list[RetainedRow] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    delayed: list[DelayedRow] = field(default_factory=list)
    published: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Kept:
    """What a store found at the start, each in the order of its ids; to be read once, in this order."""

    sessions: Iterable[SessionRow] = ()
    subscriptions: Iterable[SubscriptionRow] = ()
    messages: Iterable[MessageRow] = ()
    queue: Iterable[QueueRow] = ()
    received: Iterable[ReceivedRow] = ()
    retained: Iterable[RetainedRow] = ()
    delayed: Iterable[DelayedRow] = ()
