"""The broker as it was: sessions, queues, retained and delayed messages, read before the first connection."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.closing import end_session
from emqx_compat.broker.durable import DurableSession, StoredDelivery
from emqx_compat.broker.exclusive import hold
from emqx_compat.broker.message import Message, Origin
from emqx_compat.broker.mqueue import new_queue
from emqx_compat.broker.rows import message_of, properties_of, retained_message
from emqx_compat.broker.session import NEVER, Session
from emqx_compat.broker.wills import PendingWill, wait_with_will
from emqx_compat.core.clients import Client
from emqx_compat.core.durable import Kept, QueueRow, SessionRow

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


def restore(broker: Broker) -> None:
    """Load everything and end what has expired. Messages that were due are published in the loop's next turn."""
    collecting = gc.isenabled()
    gc.disable()  # millions of new objects, none of them garbage
    try:
        _load(broker, broker.journal.load())
    finally:
        if collecting:
            gc.enable()


def _load(broker: Broker, kept: Kept) -> None:
    now = broker.clock.now()
    journal = broker.journal
    sessions: dict[int, Session] = {}
    for row in kept.sessions:
        sessions[row.id] = _session(broker, row, now)
    for subscription in kept.subscriptions:
        session = sessions[subscription.session]
        binding = Binding(
            session,
            subscription.filter,
            subscription.qos,
            bool(subscription.no_local),
            bool(subscription.retain_as_published),
            subscription.retain_handling,
            subscription.subid,
            json.loads(subscription.extra) if subscription.extra else None,
        )
        broker.router.add(binding)
        session.bindings[binding.key] = binding
        hold(broker, binding)
    messages: dict[int, Message] = {}
    for stored in kept.messages:
        message = messages[stored.id] = message_of(stored)
        journal.adopt(message, stored.id)
    for queued in kept.queue:
        _queue(sessions[queued.session], queued, messages[queued.message])
    for received in kept.received:
        session = sessions[received.session]
        if session.awaiting_rel is None:
            session.awaiting_rel = {}
        session.awaiting_rel[received.packet_id] = received.received_at
    for retained in kept.retained:
        broker.retained.restore(retained_message(retained))
    for delayed in kept.delayed:
        message = message_of(delayed)
        journal.adopt_delayed(message, delayed.id)
        broker.delayed.restore(message, delayed.due_at)
    for session in sessions.values():
        _settle(session, now)


def _session(broker: Broker, row: SessionRow, now: float) -> Session:
    client = Client(
        clientid=row.clientid,
        node=broker.node,
        username=row.username,
        listener=row.listener,
        peerhost=row.peerhost,
        peerport=row.peerport,
        sockport=row.sockport,
        proto_name=row.proto_name,
        proto_ver=row.proto_ver,
        keepalive=row.keepalive,
        clean_start=bool(row.clean_start),
        is_bridge=bool(row.is_bridge),
        connected=False,
        expiry_interval=row.expiry_interval,
        created_at=row.created_at,
        connected_at=row.connected_at,
        # Whoever was connected has been away since the process ended, which nobody has seen.
        disconnected_at=now if row.disconnected_at is None else row.disconnected_at,
        disconnected_cleanly=bool(row.disconnected_cleanly),
        subscriptions_max=broker.settings.max_subscriptions,
        inflight_max=row.inflight_max,
        mqueue_max=broker.settings.max_mqueue_len,
        mqueue_dropped=row.mqueue_dropped,
        awaiting_rel_max=broker.settings.max_awaiting_rel,
    )
    session = Session(broker, client)
    session.durable = DurableSession(session, broker.journal, row.id)
    broker.journal.adopt_session(row.id)
    broker.registry.add(session)
    if row.will_topic is not None:
        origin = Origin(row.clientid, row.username, row.peerhost)
        message = Message(
            row.will_topic,
            row.will_payload or b"",
            row.will_qos or 0,
            bool(row.will_retain),
            origin,
            properties_of(row.will_properties),
            now,
        )
        session.will = PendingWill(message)
        due_at = row.will_at
        if due_at is None:  # it was connected: its will waits from now on
            delay = message.properties.pop("will_delay_interval", 0) if message.properties else 0
            due_at = now + delay
        wait_with_will(session, due_at)
    if row.disconnected_at is None:
        session.durable.changed()
    return session


def _queue(session: Session, row: QueueRow, message: Message) -> None:
    assert session.durable is not None
    binding = session.bindings.get(row.filter)
    if binding is None or binding.subid != row.subid:
        binding = Binding(session, row.filter, row.qos, subid=row.subid)  # it has ended, or was replaced
    delivery = StoredDelivery(session.durable, message, binding, row.qos, bool(row.retain), message.at)
    session.broker.journal.adopt_delivery(delivery, row.id)
    if row.packet_id is None:
        if session.mqueue is None:
            session.mqueue = new_queue(session.broker.settings)
        session.mqueue.append(delivery)
    else:
        delivery.packet_id = session.next_packet_id = row.packet_id
        delivery.released = bool(row.released)
        session.inflight[row.packet_id] = delivery


def _settle(session: Session, now: float) -> None:
    """The time of a session without a connection runs on while nobody is there to look."""
    interval = session.client.expiry_interval
    if interval == NEVER:
        return
    ends_at = (session.client.disconnected_at or now) + interval
    if ends_at <= now:
        end_session(session, "expired")
    else:
        session.expiry = session.broker.agenda.at(ends_at, lambda: end_session(session, "expired"))
