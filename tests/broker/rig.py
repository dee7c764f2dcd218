"""A broker on a free port with a clock that stands still, and a client that speaks packets."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from emqx_compat.broker import Broker, BrokerSettings
from emqx_compat.broker.banned import BanStore
from emqx_compat.broker.session_store import SessionStore
from emqx_compat.core.clients import Client
from emqx_compat.core.clock import Clock, ManualClock
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.ids import Ids
from emqx_compat.core.messages import PublishRequest
from emqx_compat.mqtt import (
    Connack,
    Connect,
    Decoder,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
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
    encode,
)
from emqx_compat.transports import ListenerManager, ListenerSpec

NODE = "emqx@127.0.0.1"
TIMEOUT = 5.0

P = TypeVar("P")


class Rig:
    """Broker and TCP listener; `settings` are those of `BrokerSettings`."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        ban_store: BanStore | None = None,
        session_store: SessionStore | None = None,
        **settings: Any,
    ) -> None:
        self.manual = ManualClock()
        self.clock: Clock = clock or self.manual
        self.hooks = Hooks()
        self.settings = BrokerSettings(**settings)
        ids = Ids(self.clock, random.Random(1))
        self.broker = Broker(NODE, self.clock, ids, self.settings, self.hooks, ban_store, session_store)
        self.listeners = ListenerManager(self.broker)
        self.port = 0
        self._clients: list[Raw] = []

    async def __aenter__(self) -> Rig:
        self.broker.start()
        self.port = await self.listeners.start(ListenerSpec("tcp", "default", "127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.abort()
        await self.listeners.stop()
        await self.broker.stop()

    async def open(self, version: int = 4) -> Raw:
        """A connection that has sent nothing yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        client = Raw(self, reader, writer, version)
        self._clients.append(client)
        return client

    async def connect(self, clientid: str = "", version: int = 4, **fields: Any) -> Raw:
        """A connected client; `fields` are those of CONNECT. Its CONNACK is `client.connack`."""
        client = await self.open(version)
        await client.send(connect_packet(clientid, version, **fields))
        client.connack = await client.expect(Connack)
        assert client.connack.reason_code == 0, client.connack
        return client

    async def refused(self, packet: Connect | bytes, version: int = 4) -> Connack:
        """The CONNACK of a CONNECT that is refused; the connection is closed after it."""
        client = await self.open(version)
        await client.send(packet)
        connack = await client.expect(Connack)
        await client.closed()
        return connack

    async def publish(self, topic: str, payload: bytes = b"", qos: int = 0, retain: bool = False) -> int:
        """Publish as the API does; how many sessions got it."""
        return (await self.broker.publisher.publish(PublishRequest(topic, payload, qos, retain))).receivers

    async def row(self, clientid: str) -> Client | None:
        """The listing record."""
        return await self.broker.clients.get(clientid)

    def counter(self, name: str) -> int:
        """One counter."""
        return self.broker.metrics.counters()[name]

    def gauge(self, name: str) -> tuple[int, int]:
        """One gauge: (now, high-water mark)."""
        return self.broker.metrics.gauges()[name]

    @property
    def shutdown_count(self) -> dict[str, int]:
        """How connections of the TCP listener ended."""
        return self.listeners.rows()[0].shutdown_count


def connect_packet(clientid: str = "", version: int = 4, **fields: Any) -> Connect:
    """A CONNECT with keep-alive off."""
    name = "MQIsdp" if version == 3 else "MQTT"
    fields.setdefault("keepalive", 0)
    return Connect(clientid, proto_name=name, proto_ver=version, **fields)


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


class Raw:
    """A client that sends and expects packets, one at a time."""

    def __init__(
        self, rig: Rig | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int
    ) -> None:
        self.rig = rig
        self.version = version
        self.connack = Connack()
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder(version)
        self._packets: deque[Packet] = deque()
        self._next_id = 0

    def packet_id(self) -> int:
        self._next_id += 1
        return self._next_id

    async def send(self, *packets: Packet | bytes) -> None:
        """Send in one write."""
        self._writer.write(b"".join(p if isinstance(p, bytes) else encode(p, self.version) for p in packets))
        await self._writer.drain()

    async def receive(self) -> Packet:
        """The next packet, whatever it is; raises `EOFError` when the connection is closed instead."""
        async with asyncio.timeout(TIMEOUT):
            while not self._packets:
                data = await self._reader.read(65_536)
                if not data:
                    raise EOFError
                self._packets += self._decoder.feed(data)
                assert self._decoder.error is None, self._decoder.error
        return self._packets.popleft()

    async def receive_bytes(self, size: int) -> bytes:
        """So many bytes as they come."""
        async with asyncio.timeout(TIMEOUT):
            return await self._reader.readexactly(size)

    async def expect(self, kind: type[P]) -> P:
        """The next packet, which must be of that type."""
        packet = await self.receive()
        assert isinstance(packet, kind), packet
        return packet

    async def silence(self) -> None:
        """Nothing has been sent: the answer to a PINGREQ is the next packet."""
        await self.send(Pingreq())
        await self.expect(Pingresp)

    async def closed(self) -> None:
        """The broker has closed the connection without another packet."""
        try:
            packet = await self.receive()
        except (EOFError, ConnectionResetError):
            return
        raise AssertionError(f"{packet} instead of the end")

    async def disconnected(self, code: int) -> Disconnect:
        """A DISCONNECT with that reason, then the end."""
        packet = await self.expect(Disconnect)
        assert packet.reason_code == code, packet
        await self.closed()
        return packet

    async def subscribe(self, topic: str, qos: int = 0, *, subid: int | None = None, **options: Any) -> list[int]:
        """Subscribe; the codes of the SUBACK."""
        packet_id = self.packet_id()
        properties: Any = None if subid is None else {"subscription_identifier": [subid]}
        await self.send(Subscribe(packet_id, [SubscriptionRequest(topic, qos, **options)], properties))
        suback = await self.expect(Suback)
        assert suback.packet_id == packet_id
        return suback.reason_codes

    async def unsubscribe(self, *topics: str) -> list[int]:
        """Unsubscribe; the codes of the UNSUBACK."""
        await self.send(Unsubscribe(self.packet_id(), list(topics)))
        return (await self.expect(Unsuback)).reason_codes

    async def publish(
        self, topic: str, payload: bytes = b"", qos: int = 0, *, retain: bool = False, properties: Any = None
    ) -> int:
        """Publish and go through the whole exchange; the reason code of PUBACK or PUBREC."""
        packet_id = self.packet_id() if qos else 0
        await self.send(Publish(topic, payload, qos, retain, False, packet_id, properties))
        if qos == 1:
            return (await self.expect(Puback)).reason_code
        if qos == 2:
            code = (await self.expect(Pubrec)).reason_code
            if code < 0x80:
                await self.send(Pubrel(packet_id))
                await self.expect(Pubcomp)
            return code
        return 0

    async def message(self) -> Publish:
        """The next message, acknowledged to the end."""
        publish = await self.expect(Publish)
        if publish.qos == 1:
            await self.send(Puback(publish.packet_id))
        elif publish.qos == 2:
            await self.send(Pubrec(publish.packet_id))
            others = []  # more messages may come before the PUBREL
            while not isinstance(packet := await self.receive(), Pubrel):
                others.append(packet)
            self._packets.extendleft(reversed(others))
            assert packet.packet_id == publish.packet_id
            await self.send(Pubcomp(publish.packet_id))
        return publish

    async def disconnect(self, reason_code: int = 0, properties: Any = None) -> None:
        """Say goodbye and wait until the broker has closed the connection."""
        await self.send(Disconnect(reason_code, properties))
        await self.closed()

    async def drop(self) -> None:
        """Close the socket without a word, and wait until the broker has noticed."""
        assert self.rig is not None
        before = len(self.rig.broker.channels)
        await self.abort()
        channels = self.rig.broker.channels
        await until(lambda: len(channels) < before)

    async def abort(self) -> None:
        """Close the socket."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
