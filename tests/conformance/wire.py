"""A broker in a thread of its own, and clients on plain blocking sockets that read like the standard.

    client = server.connect(5, "a")
    client.send(Publish("t", b"x", 1, packet_id=7)).expect(Puback(7)).expect_silence()

Nothing here sleeps: silence is proved by a PINGREQ whose PINGRESP is the next thing to come, time is a
`ManualClock`, and a connection is over when the socket says so.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from emqx_compat.broker import Broker, BrokerSettings
from emqx_compat.core.clock import ManualClock
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.ids import Ids
from emqx_compat.mqtt import (
    CodecError,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
    decode_packet,
    encode,
)
from emqx_compat.store import Store
from emqx_compat.store.durable import DurableTables
from emqx_compat.transports import ListenerManager, ListenerSpec

TIMEOUT = 5.0
"""Seconds after which a missing packet is a failure."""
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"

IN_MEMORY_AND_ON_DISK = pytest.mark.parametrize("directory", ["memory", "disk"], indirect=True)
"""For modules that are about what sessions keep: `pytestmark = IN_MEMORY_AND_ON_DISK`."""

P = TypeVar("P", bound=Packet)
T = TypeVar("T")


class Loop:
    """An event loop in a daemon thread; one serves all brokers of a test process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        """Run a coroutine there and wait for its result."""

        async def waited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result(TIMEOUT)

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Faults(logging.Handler):
    """Remembers what the broker logs as an error: a packet that it could not handle is never right."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


class Server:
    """A broker with a TCP listener and a clock that stands still; `settings` are those of `BrokerSettings`.

    `$SYS` messages on a timer are off, so that hours of that clock take no time. With a `directory` sessions are
    kept there.
    """

    def __init__(self, loop: Loop, directory: Path | None = None, **settings: Any) -> None:
        self.clock = ManualClock()
        self.hooks = Hooks()
        quiet: dict[str, Any] = {"sys_msg_interval": 0, "sys_heartbeat_interval": 0}
        self.settings = BrokerSettings(**quiet | settings)
        ids = Ids(self.clock, random.Random(1))
        self._store = Store(directory) if directory is not None else None
        tables = DurableTables(self._store) if self._store is not None else None
        self.broker = Broker("emqx@127.0.0.1", self.clock, ids, self.settings, self.hooks, session_store=tables)
        self.port = 0
        self._loop = loop
        self._listeners = ListenerManager(self.broker)
        self._wires: list[Wire] = []

    def start(self, spec: ListenerSpec | None = None) -> Self:
        """Listen on a free port."""

        async def start() -> int:
            self.broker.start()
            return await self._listeners.start(spec or ListenerSpec("tcp", "default", "127.0.0.1", 0))

        self.port = self._loop.run(start())
        return self

    def stop(self) -> None:
        """Close every client, then the broker."""

        async def stop() -> None:
            await self._listeners.stop()
            await self.broker.stop()
            if self._store is not None:
                await self._store.close()

        for wire in self._wires:
            wire.close()
        self._loop.run(stop())

    # --- clients -----------------------------------------------------------------------------------------------

    def open(self, version: int = 5) -> Wire:
        """A connection that has sent nothing yet."""
        wire = Wire(self, version)
        self.adopt(wire)
        return wire

    def adopt(self, wire: Wire) -> None:
        """Close a connection at the end, whatever happens."""
        self._wires.append(wire)

    def connect(self, version: int = 5, clientid: str = "", **fields: Any) -> Wire:
        """A client that is in; `fields` are those of CONNECT, the answer is its `connack`.

        Keep-alive is off unless asked for; `session_present` of the CONNACK is the caller's to look at.
        """
        wire = self.open(version).send(connect_packet(version, clientid, **fields))
        wire.connack = wire.receive(Connack)
        assert wire.connack.reason_code == 0, wire.connack
        return wire

    def subscriber(self, topic: str, qos: int = 0, version: int = 5, **options: Any) -> Wire:
        """A client that is subscribed to one filter."""
        return self.connect(version).subscribe(topic, qos, **options)

    # --- the broker's side -------------------------------------------------------------------------------------

    def run(self, work: Awaitable[T]) -> T:
        """Run a coroutine in the broker's loop, such as a call of one of its services."""
        return self._loop.run(work)

    def advance(self, seconds: float) -> None:
        """Move the clock on; all that was due is done when this returns."""

        async def advance() -> None:
            self.clock.advance(seconds)

        self._loop.run(advance())

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the event loop run until something is so: for what no client can see, such as a socket's end."""

        async def wait() -> None:
            async with asyncio.timeout(TIMEOUT):
                while not condition():  # noqa: ASYNC110
                    await asyncio.sleep(0)

        self._loop.run(wait())

    def set(self, **settings: Any) -> None:
        """Change settings of the running broker."""
        for name, value in settings.items():
            assert hasattr(self.settings, name), name
            setattr(self.settings, name, value)


class Wire:
    """One client. What returns nothing else returns the client, so that a dialogue reads as one line."""

    def __init__(self, server: Server, version: int) -> None:
        self.server = server
        self.version = version
        self.connack = Connack()
        self._socket = socket.create_connection(("127.0.0.1", server.port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._address = self._socket.getsockname()
        self._buffer = b""
        self._packet_id = 0

    @property
    def clientid(self) -> str:
        """The id that the server assigned."""
        return (self.connack.properties or {})["assigned_client_identifier"]

    def next_id(self) -> int:
        """A packet identifier that was not used before."""
        self._packet_id += 1
        return self._packet_id

    # --- out ---------------------------------------------------------------------------------------------------

    def send(self, *packets: Packet | bytes) -> Self:
        """Send packets, or bytes as they are, in one write."""
        self._socket.sendall(b"".join(p if isinstance(p, bytes) else encode(p, self.version) for p in packets))
        return self

    def close(self) -> None:
        """Close the socket without a word; harmless when it is closed."""
        self._socket.close()

    def drop(self) -> None:
        """Close the socket without a word, and wait until the broker has noticed: the network has failed."""
        port = self._address[1]
        self.close()
        channels = self.server.broker.channels
        self.server.until(lambda: all(channel.peer.peerport != port for channel in channels))

    def disconnect(self, reason_code: int = 0, properties: Any = None) -> None:
        """Say goodbye; the server has closed the connection when this returns."""
        self.send(Disconnect(reason_code, properties)).expect_close()

    # --- in ----------------------------------------------------------------------------------------------------

    def receive_bytes(self) -> bytes:
        """The next whole packet as it came. Raises `EOFError` when the connection is closed instead."""
        while (size := _packet_size(self._buffer)) is None:
            try:
                data = self._socket.recv(65_536)
            except ConnectionResetError:
                data = b""
            if not data:
                assert not self._buffer, f"the connection ended inside a packet: {self._buffer.hex(' ')}"
                raise EOFError("the server closed the connection")
            self._buffer += data
        packet, self._buffer = self._buffer[:size], self._buffer[size:]
        return packet

    def receive(self, kind: type[P]) -> P:
        """The next packet, which must be of that type."""
        packet = decode_packet(self.receive_bytes(), self.version)
        assert isinstance(packet, kind), packet
        return packet

    def expect(self, *wanted: Packet | bytes | type[Packet], **fields: Any) -> Self:
        """The next packets, in this order: to the byte when bytes or packets are given, else of that type.

        `fields` are attributes that the (last) packet must have.
        """
        for each in wanted:
            raw = self.receive_bytes()
            if isinstance(each, type):
                packet = decode_packet(raw, self.version)
                assert isinstance(packet, each), packet
            else:
                expected = each if isinstance(each, bytes) else encode(each, self.version)
                assert raw == expected, f"{_shown(raw, self.version)} instead of {_shown(expected, self.version)}"
                packet = decode_packet(raw, self.version)
        for name, value in fields.items():
            assert getattr(packet, name) == value, packet
        return self

    def expect_close(self) -> None:
        """The server closes the connection without another packet."""
        try:
            raw = self.receive_bytes()
        except EOFError:
            return
        raise AssertionError(f"{_shown(raw, self.version)} instead of the end")

    def expect_end(self, reason_code: int) -> Disconnect | None:
        """The server ends the connection: MQTT 5 with a DISCONNECT of that reason first, 3.1.1 without a word."""
        packet = None
        if self.version == 5:
            packet = self.receive(Disconnect)
            assert packet.reason_code == reason_code, packet
        self.expect_close()
        return packet

    def expect_refusal(self, reason_code: int) -> Connack:
        """A CONNACK that refuses, and the end."""
        connack = self.receive(Connack)
        assert (connack.session_present, connack.reason_code) == (False, reason_code), connack
        self.expect_close()
        return connack

    def expect_bad_connect(self, reason_code: int = 0x81) -> None:
        """The server has no use for the CONNECT: MQTT 5 is told why, 3.1.1 gets nothing; then the end."""
        if self.version == 5:
            self.expect(bytes((0x20, 0x03, 0x00, reason_code, 0x00)))
        self.expect_close()

    def expect_silence(self) -> Self:
        """Nothing has come: the answer to a PINGREQ is the next packet."""
        self.send(PINGREQ)
        raw = self.receive_bytes()
        assert raw == PINGRESP, f"{_shown(raw, self.version)} instead of silence"
        return self

    # --- whole exchanges ---------------------------------------------------------------------------------------

    def subscribe(self, topic: str, qos: int = 0, *, subid: int | None = None, **options: Any) -> Self:
        """Subscribe to one filter; the SUBACK must grant the QoS asked for."""
        packet_id = self.next_id()
        properties: Any = None if subid is None else {"subscription_identifier": [subid]}
        self.send(Subscribe(packet_id, [SubscriptionRequest(topic, qos, **options)], properties))
        return self.expect(Suback(packet_id, [qos]))

    def unsubscribe(self, topic: str) -> Self:
        """Unsubscribe from one filter."""
        packet_id = self.next_id()
        return self.send(Unsubscribe(packet_id, [topic])).expect(Unsuback, packet_id=packet_id)

    def publish(
        self, topic: str, payload: bytes = b"", qos: int = 0, retain: bool = False, **properties: Any
    ) -> Self:
        """Publish with the whole exchange, so that the server is done with the message when this returns.

        (At QoS 0 a PINGREQ is what tells.)
        """
        packet_id = self.next_id() if qos else 0
        self.send(Publish(topic, payload, qos, retain, False, packet_id, properties or None))  # type: ignore[arg-type]
        if qos == 1:
            self.expect(Puback, packet_id=packet_id)
        elif qos == 2:
            self.expect(Pubrec, packet_id=packet_id).send(Pubrel(packet_id)).expect(Pubcomp(packet_id))
        else:
            self.expect_silence()
        return self

    def message(self) -> Publish:
        """The next message, acknowledged to the end; messages that come meanwhile are kept for later."""
        publish = self.receive(Publish)
        if publish.qos == 1:
            self.send(Puback(publish.packet_id))
        elif publish.qos == 2:
            self.send(Pubrec(publish.packet_id))
            ahead = []
            while (raw := self.receive_bytes())[0] >> 4 == Publish.type:
                ahead.append(raw)
            assert raw == encode(Pubrel(publish.packet_id), self.version), _shown(raw, self.version)
            self._buffer = b"".join(ahead) + self._buffer
            self.send(Pubcomp(publish.packet_id))
        return publish

    def expect_message(self, topic: str, payload: bytes = b"", qos: int = 0, **fields: Any) -> Self:
        """The next message, of which these things are so, acknowledged to the end."""
        publish = self.message()
        assert (publish.topic, publish.payload, publish.qos) == (topic, payload, qos), publish
        for name, value in fields.items():
            assert getattr(publish, name) == value, publish
        return self


@contextmanager
def serving(
    loop: Loop, spec: ListenerSpec | None = None, directory: Path | None = None, **settings: Any
) -> Iterator[Server]:
    """A running server, which must not log an error while it serves; plain TCP unless `spec` says otherwise."""
    faults = _Faults()
    log = logging.getLogger("emqx_compat")
    log.addHandler(faults)
    server = Server(loop, directory, **settings).start(spec)
    try:
        yield server
    finally:
        server.stop()
        log.removeHandler(faults)
    assert not faults.seen, "\n".join(faults.seen)


def connect_packet(version: int = 5, clientid: str = "", **fields: Any) -> Connect:
    """A CONNECT with keep-alive off."""
    fields.setdefault("keepalive", 0)
    return Connect(clientid, proto_name="MQIsdp" if version == 3 else "MQTT", proto_ver=version, **fields)


def raw_connect(
    version: int, flags: int, *payload: bytes, name: bytes = b"MQTT", level: int | None = None, keepalive: int = 0
) -> bytes:
    """A CONNECT byte by byte, without properties; `payload` is what follows them."""
    head = utf8(name) + bytes((version if level is None else level, flags)) + keepalive.to_bytes(2, "big")
    return frame(0x10, head, b"\0" if version == 5 else b"", *payload)


def utf8(value: str | bytes) -> bytes:
    """Two bytes of length, then the bytes, well-formed or not."""
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def frame(first: int, *body: bytes) -> bytes:
    """A packet from its first byte and its body, which must be shorter than 16 KiB."""
    data = b"".join(body)
    size = len(data)
    assert size < 16_384
    return bytes((first, size) if size < 128 else (first, size & 0x7F | 0x80, size >> 7)) + data


def _packet_size(data: bytes) -> int | None:
    """How long the packet is that `data` begins with; None while that is not all there."""
    size = 0
    for index, byte in enumerate(data[1:5]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            size += index + 2
            return size if len(data) >= size else None
    assert len(data) < 5, f"no remaining length: {data[:5].hex(' ')}"
    return None


def _shown(raw: bytes, version: int) -> str:
    """Bytes as a failure shows them."""
    packet: object = "?"
    with suppress(CodecError):
        packet = decode_packet(raw, version)
    return f"{packet} ({raw[:64].hex(' ')})"


__all__ = [
    "IN_MEMORY_AND_ON_DISK",
    "PINGREQ",
    "PINGRESP",
    "Loop",
    "Server",
    "Wire",
    "connect_packet",
    "frame",
    "raw_connect",
    "serving",
    "utf8",
]
