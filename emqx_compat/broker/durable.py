"""A session that outlives the process, and its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.message import Message
from emqx_compat.broker.session import Delivery

if TYPE_CHECKING:
    from emqx_compat.broker.changes import Stored
    from emqx_compat.broker.journal import Journal
    from emqx_compat.broker.session import Session


class StoredDelivery(Delivery):
    """A delivery that has a row in the store."""

    __slots__ = ("held", "owner", "packet_id", "row", "safe", "sent", "stored")

    def __init__(
        self, owner: DurableSession, message: Message, binding: Binding, qos: int, retain: bool, at: float
    ) -> None:
        super().__init__(message, binding, qos, retain, at)
        self.owner = owner
        self.packet_id = 0
        """0: it waits in the queue."""
        self.row = 0
        """Its id in the store; 0 until it has one."""
        self.stored: Stored | None = None
        """Its message in the store, while the delivery is not over."""
        self.sent = False
        """A batch has carried it to the store."""
        self.safe = False
        """The store has it."""
        self.held = False
        """QoS 2: its packet identifier is not stored yet, so that it must not be sent [MQTT-4.3.3-2]."""

    def send(self, now: float) -> None:
        """Its packet identifier is stored."""
        self.held = False
        session = self.owner.session
        channel = session.channel
        if session.inflight.get(self.packet_id) is not self or channel is None or not channel.is_open:
            return
        self.at = now
        if not channel.send_publish(self.message, self.binding, self.qos, self.retain, self.packet_id, False, now):
            del session.inflight[self.packet_id]
            self.owner.taken(self)
            session.pump(now)

    def withdraw(self) -> None:
        """The store did not take it and its publisher is told so: forget it, unless it was sent."""
        session = self.owner.session
        if not self.packet_id:
            if session.mqueue and self in session.mqueue:
                session.mqueue.remove(self)
                self.owner.taken(self)
        elif self.held and session.inflight.get(self.packet_id) is self:
            del session.inflight[self.packet_id]
            self.owner.taken(self)


class DurableSession:
    """What a session tells the journal."""

    __slots__ = ("_journal", "id", "session")

    def __init__(self, session: Session, journal: Journal, number: int) -> None:
        self.session = session
        self._journal = journal
        self.id = number

    def changed(self) -> None:
        """Its connection, its facts or its will."""
        self._journal.session(self.id, self.session)

    def subscribed(self, binding: Binding) -> None:
        """A subscription was made or replaced."""
        self._journal.subscription(self.id, binding.key, binding)

    def unsubscribed(self, key: str) -> None:
        """A subscription has ended."""
        self._journal.subscription(self.id, key, None)

    def keep(self, message: Message, binding: Binding, qos: int, retain: bool, now: float) -> StoredDelivery | None:
        """A new delivery; None: the store fails, it is refused."""
        if message.qos and not self._journal.must_keep(message):
            return None
        delivery = StoredDelivery(self, message, binding, qos, retain, now)
        self._journal.delivery(delivery)
        return delivery

    def sends(self, delivery: Delivery, packet_id: int) -> bool:
        """A delivery is in flight; False: it is sent later, when that is stored."""
        assert isinstance(delivery, StoredDelivery)
        delivery.packet_id = packet_id
        self._journal.delivery(delivery)
        if delivery.qos != 2:
            return True
        delivery.held = True
        self._journal.deliver_saved(delivery)
        return False

    def pubrec(self, delivery: Delivery) -> None:
        """The PUBREC of a delivery has come."""
        assert isinstance(delivery, StoredDelivery)
        self._journal.delivery(delivery)

    def taken(self, delivery: Delivery) -> None:
        """A delivery is over."""
        assert isinstance(delivery, StoredDelivery)
        self._journal.taken(delivery)

    def received(self, packet_id: int, message: Message, now: float) -> bool:
        """A QoS 2 message of the client has come; False: the store fails, it is refused."""
        if not self._journal.must_keep(message):
            return False
        self._journal.received(self.id, packet_id, now)
        return True

    def released(self, packet_id: int) -> None:
        """The client has given an identifier up, or has taken too long to."""
        self._journal.received(self.id, packet_id, None)

    def end(self) -> None:
        """Forget all of it; the session in memory may go on."""
        session = self.session
        for delivery in (*session.inflight.values(), *(session.mqueue or ())):
            if isinstance(delivery, StoredDelivery):
                self.taken(delivery)
                delivery.held = False
        for key in session.bindings:
            self.unsubscribed(key)
        for packet_id in session.awaiting_rel or ():
            self.released(packet_id)
        self._journal.session(self.id, None)
        session.durable = None
