"""One MQTT connection: an `asyncio.Protocol` between a transport and a channel, which it is the `Sink` of."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from emqx_compat.broker import Channel, Peer
from emqx_compat.broker.states import State
from emqx_compat.transports.proxy import ProxyError, read_header
from emqx_compat.transports.rates import TokenBucket
from emqx_compat.transports.tls import Tls
from emqx_compat.transports.websocket import WebSocket, WebSocketError

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.transports.door import Door

HIGH_WATER = 524_288
"""Bytes that may wait for a peer in the transport before the channel is told to pause."""
LINGER = 5.0
"""Seconds that a closing connection may take to send what is buffered."""
SLICE = 16_384
"""Most bytes that a channel gets at once; fewer while what a connection sends is dear."""
SMALL = 1_024
"""Bytes that it gets without a look at the time, and fewest that it gets at once."""
TURN = 0.01
"""Seconds that one connection may keep the event loop with what it has sent, before the others get their turn."""
METERED_SLICE = 2_048
"""The same for a connection whose messages are metered."""
UPGRADE_TIMEOUT = 5.0
"""Seconds for the HTTP request of a WebSocket; Cowboy's `request_timeout`."""

# Why a connection is not read from.
_CHANNEL, _TURN, _RATE, _DEAF = 1, 2, 4, 8


class Connection(asyncio.Protocol):
    """A connection of a TCP listener.

    What it sends reaches the channel in slices, so that nobody keeps the event loop for long with a burst of small
    packets, and so that rates are honoured within a burst.
    """

    __slots__ = ("_door", "_holds", "_meters", "_rest", "_step", "_transport", "channel", "half_open")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._holds = 0
        """Why it is not read from, as bits; 0: it is."""
        self._rest: bytes | None = None
        """What was read and is not handled yet; at most one chunk, because meanwhile nothing more is read."""
        self._step = SLICE
        """Bytes that the channel gets at once, found out by how long they took."""
        self._meters: Meters | None = None
        self.channel: Channel | None = None
        self.half_open = True
        """It has not said who it is."""

    # --- asyncio.Protocol --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or close it at once."""
        self._transport = cast(asyncio.Transport, transport)
        peer = _peer(self._transport, self._door)
        if not self._door.admit(self, peer):
            self.half_open = False
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(HIGH_WATER)
        self._begin(peer)

    def _begin(self, peer: Peer) -> None:
        self._open(peer)

    def _open(self, peer: Peer) -> None:
        """From here on it speaks MQTT."""
        door = self._door
        self.channel = door.broker.open_channel(self, peer)
        self._meters = door.meters()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        channel = self.channel
        if channel is None:
            return
        if len(data) <= SMALL and self._rest is None and self._meters is None:
            channel.data_received(data)
            if self.half_open:
                self._tell_door(channel)
            return
        self._rest = data if self._rest is None else self._rest + data
        if not self._holds:
            self._work()

    def _tell_door(self, channel: Channel) -> None:
        if channel.state is not State.IDLE and self.half_open:
            self.half_open = False
            self._door.left_half_open(self)

    def _work(self) -> None:
        """Hand over what has come, slice after slice, as far as the rates and this turn of the loop allow."""
        channel, rest = self.channel, self._rest
        if channel is None or rest is None:
            return
        meters = self._meters
        broker = self._door.broker
        clock = time.perf_counter
        start = at = clock()
        index, size = 0, len(rest)
        while index < size and not self._holds and not channel.is_closed:
            step = self._step
            if meters is not None:
                now = broker.clock.now()
                if wait := meters.wait(now):
                    broker.limits.reached(meters.exceeded, int(meters.limit), channel.name)
                    self._hold(_RATE)
                    broker.agenda.after(wait, self._paid)
                    break
                step = min(step, meters.step(now))
            piece = rest[index : index + step]
            index += len(piece)
            before = meters.messages(channel) if meters is not None else 0
            channel.data_received(piece)
            if meters is not None:
                meters.take(len(piece), meters.messages(channel) - before, broker.clock.now())
            before_at, at = at, clock()
            if at - before_at > TURN:
                self._step = max(self._step // 4, SMALL)
            elif self._step < SLICE and len(piece) == step and at - before_at < TURN / 8:
                self._step *= 2
            if index < size and at - start > TURN:
                self._hold(_TURN)
                broker.call_soon(self._next_turn)
        self._rest = rest[index:] if index < size and not channel.is_closed else None
        if self.half_open:
            self._tell_door(channel)

    def _next_turn(self) -> None:
        """Go on with what has come, then read again."""
        self._holds &= ~_TURN
        if not self._holds:
            self._work()
        if (
            not self._holds
            and self._rest is None
            and self._transport is not None
            and not self._transport.is_closing()
        ):
            self._transport.resume_reading()

    def _paid(self) -> None:
        self._release(_RATE)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, whoever closed it."""
        channel, self.channel = self.channel, None
        self._transport = None
        self._rest = None
        self._door.lost(self)
        if channel is not None:
            channel.connection_lost()

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        if self.channel is not None:
            self.channel.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._release(_DEAF)
        if self.channel is not None:
            self.channel.resume_writing()

    # --- Sink --------------------------------------------------------------------------------------------------

    @property
    def is_gone(self) -> bool:
        """Whether the socket is closed."""
        return self._transport is None

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is buffered, for a while, then close."""
        transport = self._transport
        if transport is None:
            return
        self._farewell(transport)
        transport.close()
        if transport.get_write_buffer_size():
            self._door.linger(self, LINGER)

    def _farewell(self, transport: asyncio.Transport) -> None:
        """Say goodbye in the protocols below MQTT."""

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        """Stop reading for the channel's sake."""
        self._hold(_CHANNEL)

    def resume_reading(self) -> None:
        """Read again, unless something else is in the way."""
        self._release(_CHANNEL)

    def _hold(self, reason: int) -> None:
        before, self._holds = self._holds, self._holds | reason
        if not before and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _release(self, reason: int) -> None:
        if not self._holds & reason:
            return
        self._holds &= ~reason
        if self._holds or self._transport is None or self._transport.is_closing():
            return
        if self._rest is None:
            self._transport.resume_reading()
        else:  # not at once: who releases may be in the middle of handling a packet
            self._holds = _TURN
            self._door.broker.call_soon(self._next_turn)


class Meters:
    """What one client may send: bytes and messages a second."""

    __slots__ = ("_bytes", "_messages", "exceeded", "limit")

    def __init__(self, bytes_rate: float | None, messages_rate: float | None, now: float) -> None:
        self._bytes = TokenBucket(bytes_rate, now) if bytes_rate is not None else None
        self._messages = TokenBucket(messages_rate, now) if messages_rate is not None else None
        self.exceeded = ""
        """The rate that `wait` found exhausted, and what it allows."""
        self.limit = 0.0

    def wait(self, now: float) -> float:
        """Seconds until more may be handled."""
        longest = 0.0
        for name, bucket in (("bytes_rate", self._bytes), ("messages_rate", self._messages)):
            wait = bucket.wait(now) if bucket is not None else 0.0
            if bucket is not None and wait > longest:
                longest, self.exceeded, self.limit = wait, name, bucket.rate
        return longest

    def step(self, now: float) -> int:
        """How many bytes may be handled at once."""
        step = SLICE if self._messages is None else METERED_SLICE
        return step if self._bytes is None else max(1, min(step, int(self._bytes.level(now))))

    def take(self, size: int, messages: int, now: float) -> None:
        """So much was handled."""
        if self._bytes is not None:
            self._bytes.take(size, now)
        if self._messages is not None and messages:
            self._messages.take(messages, now)

    def messages(self, channel: Channel) -> int:
        """How many messages the session of a channel has sent."""
        return channel.session.client.counters.recv_msg if channel.session is not None else 0


class LayeredConnection(Connection):
    """A connection with something below MQTT: a proxy's header, TLS, WebSocket, in this order."""

    __slots__ = ("_deadline", "_early", "_idle", "_peer", "_stage", "_tls", "_ws")

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._tls: Tls | None = None
        self._ws: WebSocket | None = None
        self._peer: Peer | None = None
        self._early = b""
        """The beginning of a proxy's header."""
        self._stage: Callable[[bytes], None] = self._speak
        self._deadline: Entry | None = None
        self._idle: Entry | None = None

    def _begin(self, peer: Peer) -> None:
        self._peer = peer
        self._door.unopened.add(self)
        spec = self._door.spec
        if spec.proxy_protocol:
            self._expect(self._read_proxy, spec.proxy_protocol_timeout, "proxy_protocol_timeout")
        else:
            self._begin_tls()

    def _expect(self, stage: Callable[[bytes], None], seconds: float, name: str) -> None:
        """The next stage begins, and may take so long."""
        agenda = self._door.broker.agenda
        agenda.cancel(self._deadline)
        self._stage = stage
        self._deadline = agenda.after(seconds, lambda: self._late(name, seconds))

    def _late(self, name: str, seconds: float) -> None:
        self._door.refused(name, seconds)
        self.abort()

    def _refuse(self, reason: str) -> None:
        """End it before it is anybody's connection."""
        self._door.refused(reason)
        self.close()

    def _read_proxy(self, data: bytes) -> None:
        self._early += data
        try:
            header = read_header(self._early)
        except ProxyError:
            self._refuse("proxy_protocol")
            return
        if header is None:
            return
        rest, self._early = self._early[header.size :], b""
        assert self._peer is not None
        if header.host is not None:
            self._peer.peerhost, self._peer.peerport, self._peer.cn = header.host, header.port, header.cn
        self._begin_tls()
        if rest:
            self._stage(rest)

    def _begin_tls(self) -> None:
        door = self._door
        if door.certificates is None:
            self._begin_websocket()
            return
        self._tls = Tls(door.certificates.context)
        assert door.spec.tls is not None
        self._expect(self._shake_hands, door.spec.tls.handshake_timeout, "handshake_timeout")

    def _shake_hands(self, data: bytes) -> None:
        tls = self._tls
        assert tls is not None
        plain = self._decrypt(tls, data)
        if plain is None or not tls.ready:
            return
        peer = self._peer
        assert peer is not None
        peer.cn, peer.dn = tls.subject()
        if peer.cn is not None or peer.dn is not None:
            peer.certificate = tls.certificate()
        self._begin_websocket()
        if plain:
            self._inner(plain)
        if tls.ended:
            self.close()

    def _begin_websocket(self) -> None:
        door = self._door
        if door.spec.type in ("tcp", "ssl"):
            self._begin_mqtt()
            return
        self._ws = WebSocket(door.spec.websocket, door.max_frame_size)
        self._expect(self._speak, UPGRADE_TIMEOUT, "upgrade_timeout")

    def _begin_mqtt(self) -> None:
        door = self._door
        door.broker.agenda.cancel(self._deadline)
        self._deadline = None
        self._stage = self._speak
        assert self._peer is not None
        door.unopened.discard(self)
        self._open(self._peer)
        self._peer = None
        if self._ws is not None:
            self._watch_idle()

    def _watch_idle(self) -> None:
        """Close a WebSocket that has been silent for `idle_timeout`."""
        timeout = self._door.spec.websocket.idle_timeout
        channel = self.channel
        if timeout is None or channel is None or channel.is_closed:
            return
        agenda = self._door.broker.agenda
        due = channel.heard_at + timeout
        if self._door.broker.clock.now() >= due:
            channel.close("idle_timeout")
            return
        agenda.cancel(self._idle)
        self._idle = agenda.at(due, self._watch_idle)

    # --- in ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer, below everything."""
        self._stage(data)

    def _speak(self, data: bytes) -> None:
        """TLS, if any, is established."""
        tls = self._tls
        if tls is None:
            self._inner(data)
            return
        plain = self._decrypt(tls, data)
        if plain:
            self._inner(plain)
        if tls.ended:
            self.close()

    def _inner(self, data: bytes) -> None:
        """Bytes above TLS."""
        ws = self._ws
        if ws is None:
            super().data_received(data)
            return
        ready = ws.ready
        try:
            payload = ws.feed(data)
        except WebSocketError as error:
            self._broken(error)
            return
        self._answer(ws.pending())
        if ws.ready and not ready:
            assert self._peer is not None
            self._peer.ws_cookie = ws.cookie
            self._begin_mqtt()
        if payload:
            super().data_received(payload)
        if ws.ended:
            if self.channel is None:
                self._door.refused("upgrade")
            self.close()

    def _broken(self, error: WebSocketError) -> None:
        channel = self.channel
        if channel is None:
            self._refuse("upgrade")
        elif error.too_large:
            self._door.broker.limits.reached("max_frame_size", self._door.max_frame_size, channel.name)
            channel.close("frame_too_large", 0x95, str(error))
        else:
            channel.close("frame_error", 0x81, str(error))

    def _decrypt(self, tls: Tls, data: bytes) -> bytes | None:
        """What was said; None when the connection is over."""
        try:
            plain = tls.feed(data)
        except ssl.SSLError:
            self._raw(tls.pending())
            if self.channel is None:
                self._refuse("ssl_handshake")
            else:
                self.abort()
            return None
        self._raw(tls.pending())
        return plain

    def _answer(self, data: bytes) -> None:
        """Say something of the WebSocket's own."""
        if data and self._transport is not None:
            self._raw(data if self._tls is None else self._tls.wrap(data))
            if self.channel is not None and self.channel.paused:
                self._hold(_DEAF)  # pings of a peer that reads no pongs

    # --- out ---------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is None:
            return
        if self._ws is not None:
            data = self._ws.wrap(data)
        if self._tls is not None:
            data = self._tls.wrap(data)
        self._transport.write(data)

    def _raw(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def _farewell(self, transport: asyncio.Transport) -> None:
        if transport.is_closing():
            return
        data = self._ws.farewell() if self._ws is not None else b""
        if self._tls is not None:
            if data and self._tls.ready:
                self._raw(self._tls.wrap(data))
            data = self._tls.farewell()
        self._raw(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, whoever closed it."""
        agenda = self._door.broker.agenda
        agenda.cancel(self._deadline)
        agenda.cancel(self._idle)
        self._deadline = self._idle = None
        self._stage = _ignore  # the bound method would keep it alive until the collector comes
        self._door.unopened.discard(self)
        super().connection_lost(exc)


def _ignore(data: bytes) -> None:
    """Nobody is there any more."""


def _peer(transport: asyncio.Transport, door: Door) -> Peer:
    peername = transport.get_extra_info("peername") or (None, None)
    sockname = transport.get_extra_info("sockname") or (None, None)
    return Peer(door.endpoint, peername[0], peername[1], sockname[1])
