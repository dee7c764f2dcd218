"""A session: what the broker keeps for a client, connected or not [§4.1], and the way its messages go out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.message import Message
from emqx_compat.broker.mqueue import Queue, new_queue
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import PacketType, encode_ack

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.durable import DurableSession
    from emqx_compat.broker.replay import Replay
    from emqx_compat.broker.wills import PendingWill

NEVER = 0xFFFF_FFFF
"""The Session Expiry Interval of a session that does not expire [§3.1.2.11.2]."""

MAX_PACKET_ID = 65_535


class Delivery:
    """A message on its way to one session: waiting in the queue, or sent and not yet acknowledged."""

    __slots__ = ("at", "begun", "binding", "message", "qos", "released", "retain")

    begun: float
    """When it was first sent, if that is not `at`; see `begun_at`."""
    held: bool = False
    """Not to be sent yet; see `durable.StoredDelivery`."""

    def __init__(self, message: Message, binding: Binding, qos: int, retain: bool, at: float) -> None:
        self.message = message
        self.binding = binding
        self.qos = qos
        self.retain = retain
        self.at = at
        """When it was queued, or last sent; epoch seconds."""
        self.released = False
        """QoS 2: the PUBREC has come, what remains is PUBREL and PUBCOMP."""

    def begun_at(self) -> float:
        """When it was first sent."""
        return getattr(self, "begun", self.at)

    def goes_on(self, now: float) -> None:
        """Something more is sent for it."""
        self.begun = self.begun_at()
        self.at = now


class Session:
    """State of one client id. Dictionaries that most sessions never need are made when they are needed."""

    __slots__ = (
        "above_watermark",
        "awaiting_rel",
        "bindings",
        "broker",
        "channel",
        "client",
        "durable",
        "expiry",
        "inflight",
        "mqueue",
        "next_packet_id",
        "qos0_queued",
        "replays",
        "unsent",
        "will",
    )

    def __init__(self, broker: Broker, client: Client) -> None:
        self.broker = broker
        self.client = client
        self.channel: Channel | None = None
        self.bindings: dict[str, Binding] = {}
        """Filter as sent → its subscription."""
        self.inflight: dict[int, Delivery] = {}
        """Packet identifier → what was sent with it, in the order of sending."""
        self.mqueue: Queue | None = None
        self.awaiting_rel: dict[int, float] | None = None
        """Packet identifiers of QoS 2 messages from the client that wait for their PUBREL → when they came."""
        self.above_watermark = False
        """The queue has passed its high watermark and not yet come below its low one."""
        self.next_packet_id = 0
        self.qos0_queued = False
        """QoS 0 came while the client was away and still waits: later ones must not overtake it [MQTT-4.6.0-5]."""
        self.unsent: deque[int] | None = None
        """Identifiers in `inflight` that a resumed connection with a smaller window has not sent again yet."""
        self.replays: deque[Replay] | None = None
        self.will: PendingWill | None = None
        """The will of the last connection, while it waits for its delay."""
        self.expiry: Entry | None = None
        """The end of the session, while it has no connection."""
        self.durable: DurableSession | None = None
        """Where it is kept, if it outlives the process."""

    def record(self) -> Client:
        """The listing record with its gauges refreshed."""
        client = self.client
        client.inflight_cnt = len(self.inflight)
        client.mqueue_len = len(self.mqueue) if self.mqueue else 0
        client.awaiting_rel_cnt = len(self.awaiting_rel) if self.awaiting_rel else 0
        client.subscriptions_cnt = len(self.bindings)
        return client

    # --- out ---------------------------------------------------------------------------------------------------

    def deliver(self, message: Message, binding: Binding, qos: int, retain: bool, now: float) -> None:
        """Send a message, or queue it while the client is away, slow, or has its window full."""
        channel = self.channel
        if channel is not None and channel.is_open:
            if not qos:
                if not (self.qos0_queued and self.mqueue):
                    channel.send_publish(message, binding, 0, retain, 0, False, now)
                    return
            elif not self.mqueue and not channel.paused and len(self.inflight) < self.client.inflight_max:
                if (delivery := self._delivery(message, binding, qos, retain, now)) is not None:
                    self._transmit(channel, delivery, now)
                return
        elif not qos and not self.broker.settings.mqueue_store_qos0:
            self.broker.drop_delivery(self.client, "qos0_msg")
            return
        if (delivery := self._delivery(message, binding, qos, retain, now)) is not None:
            self.enqueue(delivery)

    def _delivery(self, message: Message, binding: Binding, qos: int, retain: bool, now: float) -> Delivery | None:
        """A new delivery; None: it would have to be kept and cannot be."""
        if self.durable is None:
            return Delivery(message, binding, qos, retain, now)
        delivery = self.durable.keep(message, binding, qos, retain, now)
        if delivery is None:
            self.broker.drop_delivery(self.client, "queue_full")
        return delivery

    def over(self, packet_id: int) -> None:
        """What was in flight with that identifier is over."""
        delivery = self.inflight.pop(packet_id)
        if self.durable is not None:
            self.durable.taken(delivery)

    def reserve(self, delivery: Delivery) -> int:
        """A packet identifier that is not in use [MQTT-2.2.1-4], with which the delivery is in flight."""
        inflight = self.inflight
        packet_id = self.next_packet_id
        while True:
            packet_id = packet_id + 1 if packet_id < MAX_PACKET_ID else 1
            if packet_id not in inflight:
                break
        self.next_packet_id = packet_id
        inflight[packet_id] = delivery
        return packet_id

    def _transmit(self, channel: Channel, delivery: Delivery, now: float) -> None:
        packet_id = self.reserve(delivery)
        if self.durable is not None and not self.durable.sends(delivery, packet_id):
            return
        if not channel.send_publish(
            delivery.message, delivery.binding, delivery.qos, delivery.retain, packet_id, False, now
        ):
            self.over(packet_id)

    def enqueue(self, delivery: Delivery) -> None:
        """Let it wait; in a full queue the oldest one is dropped for it."""
        queue = self.mqueue
        if queue is None:
            queue = self.mqueue = new_queue(self.broker.settings)
        client = self.client
        limit = client.mqueue_max
        if limit and len(queue) >= limit:
            oldest = queue.popleft() if isinstance(queue, deque) else queue.displaced(delivery, limit)
            if oldest is not None:
                if self.durable is not None:
                    self.durable.taken(oldest)
                client.mqueue_dropped += 1
                self.broker.drop_delivery(client, "queue_full")
                self.broker.limits.reached("mqtt.max_mqueue_len", limit, client.clientid)
        queue.append(delivery)
        client.counters.enqueue_msg += 1
        if not self.above_watermark and client.mqueue_max:
            self._check_high_watermark(len(queue))

    def _check_high_watermark(self, length: int) -> None:
        if length > self.client.mqueue_max * self.broker.settings.mqueue_high_watermark:
            self.above_watermark = True
            self.broker.run(self.broker.hooks.mqueue_high, self.client, length)

    def check_low_watermark(self) -> None:
        """To be called when the queue has become shorter, or is gone."""
        length = len(self.mqueue) if self.mqueue else 0
        if not length or length < self.client.mqueue_max * self.broker.settings.mqueue_low_watermark:
            self.above_watermark = False
            self.broker.run(self.broker.hooks.mqueue_low, self.client, length)

    def pump(self, now: float) -> None:
        """Send what waits, as far as the client's window and its connection allow."""
        channel = self.channel
        if channel is None or channel.paused or not channel.is_open:
            return
        if self.unsent:
            self._resend(channel, now)
            if self.unsent:
                return
        queue = self.mqueue
        if queue:
            inflight = self.inflight
            window = self.client.inflight_max
            interval = self.broker.settings.message_expiry_interval
            while queue and not channel.paused:
                if queue[0].qos and len(inflight) >= window:
                    break
                delivery = queue.popleft()
                if delivery.message.expired(now, interval):
                    self.broker.drop_delivery(self.client, "expired")
                elif delivery.qos:
                    delivery.at = now
                    self._transmit(channel, delivery, now)
                    continue
                else:
                    channel.send_publish(delivery.message, delivery.binding, 0, delivery.retain, 0, False, now)
                    if point := self.broker.hooks.delivery_completed:
                        self.broker.run(point, self.client, delivery.message, now, now)
                if self.durable is not None:
                    self.durable.taken(delivery)
            if self.above_watermark:
                self.check_low_watermark()
        if self.qos0_queued and not queue:
            self.qos0_queued = False
            channel.set_fast()
        if self.replays and not queue:
            self.replays[0].pump()

    def resend(self, now: float) -> None:
        """After a reconnect: what was not acknowledged goes out again, in order [MQTT-4.4.0-1, MQTT-4.6.0-1]."""
        self.unsent = deque(self.inflight) if self.inflight else None
        if self.mqueue and self.channel is not None:
            self.qos0_queued = any(not delivery.qos for delivery in self.mqueue)
            self.channel.set_fast()
        self.pump(now)

    def _resend(self, channel: Channel, now: float) -> None:
        unsent = self.unsent
        inflight = self.inflight
        while unsent:
            packet_id = unsent[0]
            delivery = inflight.get(packet_id)
            open_now = len(inflight) - len(unsent)
            if delivery is not None and not delivery.released and open_now >= self.client.inflight_max:
                return
            unsent.popleft()
            if delivery is not None:
                self.send_again(channel, packet_id, delivery, now)
        self.unsent = None

    def send_again(self, channel: Channel, packet_id: int, delivery: Delivery, now: float) -> None:
        """The PUBLISH with DUP [MQTT-3.3.1-1], or the PUBREL, of an exchange that is not over."""
        delivery.goes_on(now)
        if delivery.held:
            return  # it goes out when its identifier is stored
        if delivery.released and self.durable is not None:
            self.broker.journal.send_saved(channel, encode_ack(PacketType.PUBREL, packet_id))
        elif delivery.released:
            channel.send(encode_ack(PacketType.PUBREL, packet_id))
        elif not channel.send_publish(
            delivery.message, delivery.binding, delivery.qos, delivery.retain, packet_id, True, now
        ):
            self.over(packet_id)

    def undelivered_shares(self) -> list[Delivery]:
        """What the session got as a member of share groups and its client has not: queued, or QoS 1 in flight.

        QoS 2 in flight must not be sent to anyone else [MQTT-4.8.2-5].
        """
        pending = [delivery for delivery in self.inflight.values() if delivery.qos == 1]
        pending += self.mqueue or ()
        return [delivery for delivery in pending if delivery.binding.group is not None]

    def retry(self, before: float, now: float) -> None:
        """Send again what was sent before a point in time and has not been answered."""
        channel = self.channel
        if channel is None or channel.paused or not channel.is_open:
            return
        due = [item for item in self.inflight.items() if item[1].at <= before]
        for packet_id, delivery in due:
            self.send_again(channel, packet_id, delivery, now)

    def forget_awaiting_rel(self, before: float) -> int:
        """Forget QoS 2 messages that came before a point in time and were never released; how many.

        Not of a client that is away: it may come back and send them again [MQTT-4.3.3-10].
        """
        waiting = self.awaiting_rel
        if not waiting or self.channel is None:
            return 0
        overdue = [packet_id for packet_id, came in waiting.items() if came <= before]
        for packet_id in overdue:
            del waiting[packet_id]
            if self.durable is not None:
                self.durable.released(packet_id)
        return len(overdue)
