"""One connection: bytes in, packets handled in one loop, bytes out once per turn of the event loop."""

from __future__ import annotations

import logging
from operator import itemgetter
from typing import TYPE_CHECKING

from emqx_compat.broker import closing, connecting, exchanging, incoming, subscribing
from emqx_compat.broker.aliases import InboundAliases, OutboundAliases
from emqx_compat.broker.authorizing import Authorization
from emqx_compat.broker.binding import Binding
from emqx_compat.broker.counters import RECEIVED, SENT, SYS_UNCOUNTED
from emqx_compat.broker.message import Message, Origin
from emqx_compat.broker.mounting import unmounted
from emqx_compat.broker.peer import Peer, Sink
from emqx_compat.broker.states import State
from emqx_compat.core.topic_metrics import count_out
from emqx_compat.mqtt import Auth, CodecError, Decoder, Packet, PacketType, Puback, Publish, encode
from emqx_compat.mqtt.packets import Will

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.changes import Changes
    from emqx_compat.broker.session import Session

log = logging.getLogger(__name__)


_DUP = 0x08
_first_byte = itemgetter(0)
_TRANSPORT_BUFFER = 262_144
"""Above that many bytes at once, pieces are not joined into one."""

_HANDLERS = {
    PacketType.CONNECT: connecting.on_connect,
    PacketType.PUBREC: incoming.on_pubrec,
    PacketType.PUBREL: incoming.on_pubrel,
    PacketType.PUBCOMP: incoming.on_pubcomp,
    PacketType.SUBSCRIBE: subscribing.on_subscribe,
    PacketType.UNSUBSCRIBE: subscribing.on_unsubscribe,
    PacketType.PINGREQ: connecting.on_pingreq,
    PacketType.DISCONNECT: closing.on_disconnect,
    PacketType.AUTH: exchanging.on_auth,
}


class Channel:
    """The broker's side of a connection; a transport feeds it and gives it a `Sink`.

    Everything sent in one turn of the event loop leaves in one write. `fast` is the delivery loop's one question:
    open, not paused, no aliases and no size limit, so that bytes may be appended to `out` as they are.
    """

    __slots__ = (
        "aliases_in",
        "aliases_out",
        "authz",
        "backlog",
        "broker",
        "checkup",
        "client_max_packet",
        "decoder",
        "exchange",
        "family",
        "fast",
        "heard_at",
        "held",
        "is_open",
        "keepalive",
        "mountpoint",
        "origin",
        "out",
        "paused",
        "peer",
        "pending",
        "problem_information",
        "receive_maximum",
        "session",
        "sink",
        "state",
        "version",
        "will",
        "will_row",
    )

    def __init__(self, broker: Broker, sink: Sink, peer: Peer) -> None:
        self.broker = broker
        self.sink = sink
        self.peer = peer
        self.state = State.IDLE
        self.version = 4
        self.family = 0
        """1 for MQTT 5."""
        self.decoder = Decoder(max_packet_size=broker.settings.max_packet_size)
        self.session: Session | None = None
        self.origin: Origin | None = None
        self.will: Will | None = None
        self.will_row = 0
        """Its row in the store, if its session has none; see `Journal.live_will`."""
        self.out: list[bytes] = []
        """Whole packets that wait for the end of this turn of the loop, or for a slow peer."""
        self.held = 0
        """Bytes in `out` since the peer became slow."""
        self.paused = False
        self.fast = False
        self.is_open = False
        """Whether a session may send through it."""
        self.mountpoint = ""
        self.keepalive = 0.0
        """Seconds of silence after which the connection is closed; 0 = never."""
        self.heard_at = broker.clock.now()
        self.receive_maximum = 0
        """How many QoS 2 messages the client may have open; 0 = no limit."""
        self.client_max_packet = 0
        """The client's Maximum Packet Size; 0 = no limit."""
        self.problem_information = True
        self.aliases_in: InboundAliases | None = None
        self.aliases_out: OutboundAliases | None = None
        self.authz: Authorization | None = None
        """None while nobody decides who may do what."""
        self.exchange: exchanging.Exchange | None = None
        """Of a client that has named an Authentication Method."""
        self.backlog: list[Packet] | None = None
        self.pending: Changes | None = None
        """What the last PUBACK or PUBREC that was not sent yet waits for; the next ones wait behind it."""
        self.checkup: Entry | None = broker.agenda.at(
            self.heard_at + broker.settings.idle_timeout, self.check_silence
        )
        peer.endpoint.current_connections += 1
        broker.channels.add(self)

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.state is State.CLOSED

    @property
    def is_authenticating(self) -> bool:
        """Whether its CONNECT has not been answered yet."""
        return self.state is State.AUTHENTICATING

    @property
    def name(self) -> str:
        """For log lines: the client id, or where it comes from before it has told it."""
        if self.session is not None:
            return self.session.client.clientid
        return f"{self.peer.peerhost}:{self.peer.peerport}"

    # --- in ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Handle every packet that these bytes complete."""
        if self.state is State.CLOSED:
            return
        broker = self.broker
        now = self.heard_at = broker.clock.now()
        broker.counters["bytes.received"] += len(data)
        packets = self.decoder.feed(data)
        if self.backlog is not None:
            self.backlog += packets
        elif packets:
            try:
                self.handle(packets, now)
            except Exception:  # a defect of ours ends this connection, never the broker
                log.exception("a packet of %s was not handled", self.name)
                self.close("internal_error", 0x83)
        if self.session is not None:
            counters = self.session.client.counters
            counters.recv_oct += len(data)
            counters.recv_cnt += 1
        if self.decoder.error is not None and self.backlog is None and not self.is_closed:
            self.bad_packet(self.decoder.error)

    def handle(self, packets: list[Packet], now: float) -> None:
        """Handle packets in their order, and count them once at the end."""
        if self.exchange is not None and self.session is None and type(packets[0]) is not Auth:
            exchanging.on_other(self, packets[0])
            return
        published = [0, 0, 0]
        acked = others = index = 0
        counters = self.broker.counters
        for index, packet in enumerate(packets, 1):
            if type(packet) is Publish:
                published[packet.qos] += 1
                incoming.on_publish(self, packet, now)
            elif type(packet) is Puback:
                acked += 1
                incoming.on_puback(self, packet, now)
            else:
                others += 1
                kind = packet.type
                counters[RECEIVED[kind]] += 1
                _HANDLERS[kind](self, packet, now)  # type: ignore[operator]
            if self.state is not State.OPEN:
                if self.state is State.AUTHENTICATING:
                    self.backlog = packets[index:]
                break
        messages = published[0] + published[1] + published[2]
        counters["packets.received"] += messages + acked + others
        if messages:
            counters["packets.publish.received"] += messages
            counters["messages.received"] += messages
            self.broker.count_authorized(messages)
            for qos, count in enumerate(published):
                counters[f"messages.qos{qos}.received"] += count
        if acked:
            counters["packets.puback.received"] += acked
        session = self.session
        if session is not None:
            if session.mqueue or session.unsent or session.replays:
                session.pump(now)  # once for all acknowledgements of the chunk
            mine = session.client.counters
            mine.recv_pkt += messages + acked + others
            mine.recv_msg += messages
            mine.recv_msg_qos0 += published[0]
            mine.recv_msg_qos1 += published[1]
            mine.recv_msg_qos2 += published[2]

    def go_on(self) -> None:
        """After an authentication, or a step of one: what came meanwhile is handled now."""
        backlog, self.backlog = self.backlog, None
        if backlog and not self.is_closed:
            self.handle(backlog, self.broker.clock.now())
        if self.decoder.error is not None and self.backlog is None and not self.is_closed:
            self.bad_packet(self.decoder.error)
        if self.backlog is None and not self.is_closed:
            self.sink.resume_reading()

    def bad_packet(self, error: CodecError) -> None:
        """The stream cannot be read on: say why where the protocol allows it, then close [MQTT-4.13.1-1]."""
        log.debug("%s: %s", self.name, error)
        if self.session is None:
            connecting.refuse_unreadable(self, error)
            return
        reason = "frame_too_large" if error.reason_code == 0x95 else "frame_error"
        if error.reason_code == 0x95:
            self.broker.limits.reached("max_packet_size", self.decoder.max_packet_size, self.name)
        self.close(reason, error.reason_code, str(error))

    def connection_lost(self) -> None:
        """The transport is gone; harmless after `close`."""
        if self.state is not State.CLOSED:
            self.finish("closed")

    # --- out ---------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send one whole packet at the end of this turn of the loop."""
        if not self.out:
            self.broker.make_dirty(self)
        self.out.append(data)
        if self.paused:
            self.held += len(data)
            if self.held > 2 * self.broker.settings.slow_consumer_bytes:
                # A peer that asks and never reads the answers is not listened to until it does.
                self.sink.pause_reading()

    def send_packet(self, packet: Packet) -> None:
        """Encode and send, unless it is larger than the client takes [MQTT-3.1.2-24]."""
        data = encode(packet, self.version)
        if self.client_max_packet and len(data) > self.client_max_packet:
            log.warning("%s takes no %s of %d bytes", self.name, packet.type.name, len(data))
            return
        self.send(data)

    def send_publish(
        self, message: Message, binding: Binding, qos: int, retain: bool, packet_id: int, dup: bool, now: float
    ) -> bool:
        """Send a PUBLISH. False: it was dropped, being larger than the client takes [MQTT-3.1.2-24, -25].

        For a slow peer, what needs no acknowledgement is dropped over a limit.
        """
        if self.paused and not qos and self.held > self.broker.settings.slow_consumer_bytes:
            assert self.session is not None
            self.broker.drop_delivery(self.session.client, "queue_full")
            return False
        topic = message.topic
        if self.mountpoint:
            message = unmounted(self.mountpoint, message)
        if self.aliases_out is not None:
            alias, known = self.aliases_out.assign(message.topic)
        else:
            alias, known = 0, False
        if alias:
            head, tail = message.aliased(alias, known, qos, retain, binding.subid, now)
        else:
            head, tail = message.parts(self.family, qos, retain, binding.subid, now)
        if dup:
            head = bytes((head[0] | _DUP,)) + head[1:]
        data = head + packet_id.to_bytes(2, "big") + tail if qos else head + tail
        if self.client_max_packet and len(data) > self.client_max_packet:
            if alias:  # it may fit without
                if not known and self.aliases_out is not None:
                    self.aliases_out.withdraw(message.topic)
                head, tail = message.parts(self.family, qos, retain, binding.subid, now)
                first = bytes((head[0] | (_DUP if dup else 0),))
                data = first + head[1:] + (packet_id.to_bytes(2, "big") if qos else b"") + tail
            if len(data) > self.client_max_packet:
                assert self.session is not None
                self.broker.drop_delivery(self.session.client, "too_large")
                return False
        if message.is_sys:
            for name in SYS_UNCOUNTED[qos]:
                self.broker.counters[name] -= 1
        elif self.broker.hooks.message_delivered and self.session is not None:
            self.broker.run(self.broker.hooks.message_delivered, self.session.client, message)
        if self.broker.topic_counts and (counts := self.broker.topic_counts.get(topic)) is not None:
            count_out(counts, qos)
        self.send(data)
        return True

    def flush(self) -> None:
        """Write what has gathered, and count it."""
        out = self.out
        if not out or (self.paused and self.state is State.OPEN):
            return
        counters = self.broker.counters
        size = sum(map(len, out))
        counters["bytes.sent"] += size
        counters["packets.sent"] += len(out)
        mine = self.session.client.counters if self.session is not None else None
        firsts = bytes(map(_first_byte, out))
        for first in set(firsts):
            count = firsts.count(first)
            for name in SENT[first]:
                counters[name] += count
            if first & 0xF0 == 0x30 and mine is not None:
                mine.send_msg += count
                qos = first & 6
                if not qos:
                    mine.send_msg_qos0 += count
                elif qos == 2:
                    mine.send_msg_qos1 += count
                else:
                    mine.send_msg_qos2 += count
        if mine is not None:
            mine.send_oct += size
            mine.send_pkt += len(out)
            mine.send_cnt += 1
        write = self.sink.write
        if len(out) == 1:
            write(out[0])
        elif size <= _TRANSPORT_BUFFER:
            write(b"".join(out))
        else:
            for data in out:
                write(data)
        out.clear()
        self.held = 0

    def pause_writing(self) -> None:
        """The peer reads too slowly: what has no identifier will be dropped over a limit, the rest queued."""
        self.paused = True
        self.fast = False

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self.paused = False
        if self.state is not State.OPEN:
            return
        self.set_fast()
        self.sink.resume_reading()
        self.flush()
        if self.session is not None:
            self.session.pump(self.broker.clock.now())

    def set_fast(self) -> None:
        """Find out again whether deliveries may take the short way."""
        self.fast = (
            self.state is State.OPEN
            and not self.paused
            and not self.client_max_packet
            and self.aliases_out is None
            and not self.mountpoint
            and not self.broker.hooks.message_delivered
            and not (self.session is not None and self.session.qos0_queued)
        )

    # --- end ---------------------------------------------------------------------------------------------------

    def check_silence(self) -> None:
        """Close a connection that sent no CONNECT, or nothing for 1.5 keep-alives [MQTT-3.1.2-22]."""
        now = self.broker.clock.now()
        self.checkup = None
        if self.state is State.IDLE:
            self.broker.limits.reached("idle_timeout", int(self.broker.settings.idle_timeout), self.name)
            self.close("idle_timeout")
        elif self.exchange is not None and self.exchange.asked and self.session is None:
            self.close("idle_timeout")
        elif self.state is State.AUTHENTICATING:
            self.watch(now + self.broker.settings.idle_timeout)
        elif self.state is State.OPEN and self.keepalive:
            due = self.heard_at + self.keepalive
            if now >= due:
                self.close("keepalive_timeout", 0x8D)
            else:
                self.watch(due)

    def watch(self, when: float) -> None:
        """Check for silence at a point in time, unless that is done earlier anyway."""
        agenda = self.broker.agenda
        if self.checkup is not None:
            if self.checkup.at <= when:
                return
            agenda.cancel(self.checkup)
        self.checkup = agenda.at(when, self.check_silence)

    def close(self, reason: str, code: int | None = None, text: str | None = None) -> None:
        """End the connection from this side: DISCONNECT with the code to an MQTT 5 client, then close.

        All consequences (will, presence, session) are over when this returns.
        """
        if self.state is State.CLOSED:
            return
        if self.state is State.OPEN and self.family and code is not None:
            self.send(closing.disconnect_packet(self, code, text))
        self.finish(reason)

    def finish(self, reason: str) -> None:
        """The one way out: flush, close, tell the session and the listener."""
        state, self.state = self.state, State.CLOSED
        slow = self.paused
        self.fast = self.is_open = False
        self.flush()
        self.out = []
        if slow:
            self.sink.abort()
        else:
            self.sink.close()
        broker = self.broker
        broker.agenda.cancel(self.checkup)
        self.checkup = None
        self.backlog = None
        endpoint = self.peer.endpoint
        endpoint.current_connections -= 1
        if reason != "normal":
            endpoint.count_shutdown(closing.SHUTDOWN_NAMES.get(reason, reason))
        broker.channels.discard(self)
        if state is State.OPEN:
            closing.leave_session(self, reason)
