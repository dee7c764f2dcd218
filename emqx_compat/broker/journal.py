"""What must outlive the process, on its way to the store: changes by key, committed in groups, and who waits.

Whatever changes is noted by its key alone and turned into rows when the next batch is handed to the store; a later
change of the same key takes the place of an earlier one, so that a message that comes and goes between two commits
costs the disk nothing. While one batch is being committed the next one gathers: under load many share one fsync.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from emqx_compat.broker.changes import Changes, Stored, batch_of
from emqx_compat.broker.durable import DurableSession
from emqx_compat.broker.message import Message
from emqx_compat.broker.session_store import SessionStore
from emqx_compat.broker.states import State
from emqx_compat.core.durable import Kept
from emqx_compat.core.faults import F, Fault
from emqx_compat.mqtt import PacketType, ReasonCode, encode_ack

if TYPE_CHECKING:
    from emqx_compat.broker.binding import Binding
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.durable import StoredDelivery
    from emqx_compat.broker.session import Session

log = logging.getLogger(__name__)

LAZY = 0.05
"""Seconds that changes nobody waits for may gather."""
RETRY = 1.0
"""Seconds after which a store that failed is tried again."""


class Journal:
    """Gathers changes and hands them to the store. Everything runs in the event loop."""

    def __init__(self, broker: Broker, store: SessionStore) -> None:
        self._broker = broker
        self._store = store
        self.enabled = store.durable
        self.failing = False
        """The store did not take the last batch: what would have to be kept is refused until it does."""
        self.refused: Message | None = None
        """The last message that a durable place has turned away."""
        self.on_health: list[Callable[[str | None], None]] = []
        """Told why the store fails, and None when it works again."""
        self._changes = Changes()
        self._saving: Changes | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_urgent = False
        self._messages: dict[Message, Stored] = {}
        self._delayed: dict[Message, int] = {}
        self._next_session = self._next_message = self._next_delivery = self._next_delayed = 0
        self._closed = False

    # --- what changes ------------------------------------------------------------------------------------------

    def open(self, session: Session) -> DurableSession | None:
        """A new session that outlives its connection; None where nothing outlives the process."""
        if not self.enabled:
            return None
        self._next_session += 1
        return DurableSession(session, self, self._next_session)

    def live_will(self, session: Session) -> int:
        """A connection has a will and its session is not stored: a row, to be taken back when it leaves; 0: none.

        Only a crash leaves it there, for the restart to publish [§3.1.2.5]: a session that has expired. Nobody
        waits for it; who connects and leaves within `LAZY` costs the disk nothing but a deletion.
        """
        if not self.enabled:
            return 0
        self._next_session += 1
        self.session(self._next_session, session)
        return self._next_session

    def session(self, number: int, session: Session | None) -> None:
        """A session began, changed, or (None) ended."""
        self._changes.sessions[number] = session
        self._soon()

    def subscription(self, number: int, key: str, binding: Binding | None) -> None:
        """A subscription was made, or (None) ended."""
        self._changes.subscriptions[number, key] = binding
        self._soon()

    def delivery(self, delivery: StoredDelivery) -> None:
        """A delivery is new (it has no row yet), or has changed."""
        if not delivery.row:
            self._next_delivery += 1
            delivery.row = self._next_delivery
            message = delivery.message
            stored = self._messages.get(message)
            if stored is None:
                self._next_message += 1
                stored = self._messages[message] = Stored(self._next_message)
                self._changes.messages[stored.id] = message
            stored.references += 1
            delivery.stored = stored
        self._changes.deliveries[delivery.row] = delivery
        self._soon()

    def taken(self, delivery: StoredDelivery) -> None:
        """A delivery is over."""
        stored, delivery.stored = delivery.stored, None
        if stored is None:
            return
        changes = self._changes
        if delivery.sent:
            changes.deliveries[delivery.row] = None
        else:  # no batch has carried it
            changes.deliveries.pop(delivery.row, None)
        stored.references -= 1
        if not stored.references:
            del self._messages[delivery.message]
            if stored.sent:
                changes.messages[stored.id] = None
            else:
                changes.messages.pop(stored.id, None)
        self._soon()

    def received(self, number: int, packet_id: int, at: float | None) -> None:
        """A QoS 2 identifier of a session's client is in use, or (None) free again."""
        self._changes.received[number, packet_id] = at
        self._soon()

    def retained(self, topic: str) -> None:
        """What is retained under a topic has changed."""
        if self.enabled and not topic.startswith("$SYS/"):
            self._changes.retained[topic] = None
            self._soon()

    def delayed(self, message: Message, *, waits: bool) -> None:
        """A message waits for its time, or does so no longer."""
        if not self.enabled:
            return
        if waits:
            self._next_delayed += 1
            self._delayed[message] = self._next_delayed
            self._changes.delayed[self._next_delayed] = message
            self._soon()
        elif (number := self._delayed.pop(message, None)) is not None:
            self._changes.delayed[number] = None
            self._soon()

    # --- who waits ---------------------------------------------------------------------------------------------

    def must_keep(self, message: Message) -> bool:
        """A durable place has to keep a message before it is acknowledged; False: it is refused.

        QoS 0 is not acknowledged, so that nobody waits for it and nobody could be told.
        """
        if not message.qos or not self.enabled:
            return True
        self._broker.unsaved = True
        if self.failing:
            self.refused = message
            return False
        return True

    def acknowledge(self, channel: Channel, data: bytes, message: Message | None = None) -> None:
        """Send the PUBACK or PUBREC of a message when it is stored, in order with those that wait already."""
        broker = self._broker
        unsaved, broker.unsaved = broker.unsaved, False
        if unsaved and self.refused is not None and self.refused is message:
            self.refused = None
            refusal = self._refusal(channel, data)
            if refusal is not None and channel.pending is not None:
                channel.pending.acks.append((channel, refusal))
            elif refusal is not None:
                channel.send(refusal)
            return
        if unsaved or channel.pending is None:
            channel.pending = self._changes
        channel.pending.acks.append((channel, data))
        if channel.pending is self._changes:
            self.hurry()

    def send_saved(self, channel: Channel, data: bytes) -> None:
        """Send a packet when what has changed so far is stored."""
        self._changes.acks.append((channel, data))
        self.hurry()

    def deliver_saved(self, delivery: StoredDelivery) -> None:
        """Send a QoS 2 delivery when its packet identifier is stored."""
        self._changes.sends.append(delivery)
        self.hurry()

    def when_saved(self, callback: Callable[[], None]) -> None:
        """Call back when what has changed so far is stored."""
        self._changes.then.append(callback)
        self.hurry()

    async def saved(self) -> None:
        """Wait until what has changed so far is stored. Faults: INTERNAL_ERROR when it cannot be."""
        if (commit := self.commit()) is not None:
            await commit

    def commit(self) -> asyncio.Future[None] | None:
        """What `saved` waits for, asked for now; None: everything is stored."""
        waits_in = self._changes if self._changes else self._saving
        if waits_in is None:
            return None
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waits_in.waiters.append(waiter)
        if waits_in is self._changes:
            self.hurry()
        return waiter

    async def kept(self, message: Message) -> None:
        """Wait until a message that durable places took is stored. Faults: INTERNAL_ERROR when it cannot be."""
        if fault := self.refusal_of(message):
            raise fault
        await self.saved()

    def refusal_of(self, message: Message) -> Fault | None:
        """Why a durable place did not take a message that has just been published, if so."""
        if self.refused is not message:
            return None
        self.refused = None
        return Fault(F.INTERNAL_ERROR)

    def hurry(self) -> None:
        """Hand the changes over at the end of this turn of the loop, or when the store is ready for them."""
        self._changes.urgent = True
        if self._timer_urgent or self._saving is not None or self.failing:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_urgent = True
        self._timer = asyncio.get_running_loop().call_soon(self._hand_over)

    def _soon(self) -> None:
        if self._timer is None and self._saving is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(LAZY, self._hand_over)

    # --- to the store ------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        self._timer = None
        self._timer_urgent = False
        changes = self._changes
        if self._saving is not None or not (changes or self.failing):
            return
        self._saving = changes
        self._changes = Changes()
        self._store.save(batch_of(self._broker, changes, self._messages)).add_done_callback(self._done)

    def _done(self, saving: asyncio.Future[None]) -> None:
        changes, self._saving = self._saving, None
        assert changes is not None
        error = saving.exception()
        if error is not None:
            self._failed(changes, error)
            return
        if self.failing:
            self.failing = False
            self._tell(None)
        try:
            self._saved(changes)
        finally:
            if self._changes.urgent:
                self.hurry()
            elif self._changes:
                self._soon()

    def _saved(self, changes: Changes) -> None:
        """Everyone who has waited for a batch may go on."""
        broker = self._broker
        for delivery in changes.deliveries.values():
            if delivery is not None:
                delivery.safe = True
        for waiter in changes.waiters:
            if not waiter.done():
                waiter.set_result(None)
        for channel, data in changes.acks:
            if channel.pending is changes:
                channel.pending = None
            if channel.state is State.OPEN:
                channel.send(data)
        now = broker.clock.now()
        for delivery in changes.sends:
            broker.run((delivery.send,), now)
        broker.run(changes.then)
        broker.flush()

    def _failed(self, changes: Changes, error: BaseException) -> None:
        """Refuse what came with this batch; everything else is tried again."""
        self._saving = None
        if not self.failing:
            self.failing = True
            self._tell(str(error))
        acks, changes.acks = changes.acks, []
        for channel, data in acks:
            if data[0] in (0x40, 0x50):
                refusal = self._refusal(channel, data)
                if channel.pending is changes:
                    channel.pending = None
                if refusal is not None:
                    channel.send(refusal)
            else:
                changes.acks.append((channel, data))
        waiters, changes.waiters = changes.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(Fault(F.INTERNAL_ERROR))
        for delivery in tuple(changes.deliveries.values()):
            if delivery is not None and not delivery.safe and delivery.message.qos:
                delivery.withdraw()
        self._changes.take_over(changes)
        self._broker.flush()
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(RETRY, self._hand_over)

    def _refusal(self, channel: Channel, data: bytes) -> bytes | None:
        """A PUBACK or PUBREC that says 0x97 in the place of `data`; None to those who cannot be told: closed."""
        if channel.state is not State.OPEN or channel.session is None:
            return None
        kind = PacketType(data[0] >> 4)
        packet_id = int.from_bytes(data[2:4], "big")
        session = channel.session
        if kind is PacketType.PUBREC and session.awaiting_rel is not None:
            session.awaiting_rel.pop(packet_id, None)
            if session.durable is not None:
                session.durable.released(packet_id)
        self._broker.counters["packets.publish.error"] += 1
        if not channel.family:
            channel.close("quota_exceeded")
            return None
        return encode_ack(kind, packet_id, int(ReasonCode.QUOTA_EXCEEDED), channel.version)

    def _tell(self, reason: str | None) -> None:
        if reason is None:
            log.warning("store_works_again")
        else:
            log.error("store_fails, reason: %s, hint: QoS 1 and 2 messages that must be kept are refused", reason)
        self._broker.run(self.on_health, reason)

    # --- life --------------------------------------------------------------------------------------------------

    def load(self) -> Kept:
        """What the store has."""
        return self._store.load()

    def adopt(self, message: Message, number: int) -> None:
        """A message of the store, read at the start."""
        stored = self._messages[message] = Stored(number)
        stored.sent = True
        self._next_message = max(self._next_message, number)

    def adopt_session(self, number: int) -> None:
        """A session of the store."""
        self._next_session = max(self._next_session, number)

    def adopt_delivery(self, delivery: StoredDelivery, row: int) -> None:
        """A delivery of the store, whose message was adopted before."""
        delivery.row = row
        delivery.sent = delivery.safe = True
        delivery.stored = self._messages[delivery.message]
        delivery.stored.references += 1
        self._next_delivery = max(self._next_delivery, row)

    def adopt_delayed(self, message: Message, number: int) -> None:
        """A delayed message of the store."""
        self._delayed[message] = number
        self._next_delayed = max(self._next_delayed, number)

    async def settle(self) -> None:
        """As `saved`, but a store that fails is only logged."""
        try:
            await self.saved()
        except Fault:
            log.error("store_fails, hint: what changed last in sessions is not stored")

    async def close(self) -> None:
        """Store what has changed; nothing is stored any more after that."""
        self._closed = True
        await self.settle()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
