"""A server that is killed with -9, and clients that remember what the protocol makes them remember."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from emqx_compat.mqtt import (
    Connack,
    Connect,
    Decoder,
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    encode,
)

PATIENCE = 30.0
WINDOW = 20
"""Messages of one publisher on their way."""


class Process:
    """`emqx-compat serve` on a data directory, one after the other."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[bytes] | None = None
        self.port = 0

    async def start(self) -> None:
        ready = self._directory / "ready.json"
        options = ["--free-ports", "--data-dir", str(self._directory / "data"), "--ready-file", str(ready)]
        limits = ["--set", "mqtt.max_mqueue_len=infinity", "--set", "listeners.ssl.default.enable=false"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "emqx_compat.cli", "serve", *options, *limits),
            cwd=self._directory,
            env=os.environ,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        lines = []
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stderr:
                lines.append(line)
                if b"emqx_compat_is_ready" in line:
                    break
            else:
                raise AssertionError(b"".join(lines).decode())
        self._draining = asyncio.create_task(self._process.stderr.read())
        self.port = int(json.loads(ready.read_text())["mqtt"]["tcp:default"].rpartition(":")[2])

    async def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            assert self._draining is not None
            log = await self._draining
            self._process = None
            assert b"Traceback" not in log, log.decode()


class Client:
    """A client with a session that lasts; `connected` is one connection of it."""

    def __init__(self, clientid: str, version: int) -> None:
        self.clientid = clientid
        self.version = version
        self.writer: asyncio.StreamWriter | None = None
        self.known = False
        """The server has acknowledged something that only a session could."""

    @asynccontextmanager
    async def connected(self, port: int) -> AsyncIterator[None]:
        reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        decoder = Decoder(self.version)
        properties = {"session_expiry_interval": 0xFFFFFFFF, "receive_maximum": 100} if self.version == 5 else None
        hello = Connect(
            self.clientid, clean_start=False, keepalive=0, proto_ver=self.version, properties=properties
        )  # type: ignore[arg-type]
        self.send(hello)
        reading = None
        try:
            packets: list[Packet] = []
            async with asyncio.timeout(PATIENCE):
                while not packets:
                    data = await reader.read(65_536)
                    assert data, "closed instead of CONNACK"
                    packets = decoder.feed(data)
            connack = packets[0]
            assert isinstance(connack, Connack)
            assert connack.reason_code == 0
            assert connack.session_present or not self.known, f"the session of {self.clientid} is lost"
            self.resume()
            for packet in packets[1:]:
                self.receive(packet)
            reading = asyncio.create_task(self._read(reader, decoder))
            yield
        finally:
            if reading is not None:
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await reading
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()
            self.writer = None

    async def _read(self, reader: asyncio.StreamReader, decoder: Decoder) -> None:
        while data := await reader.read(65_536):
            for packet in decoder.feed(data):
                self.receive(packet)
            assert decoder.error is None, decoder.error

    def send(self, packet: Packet) -> None:
        if self.writer is not None and not self.writer.is_closing():
            self.writer.write(encode(packet, self.version))

    def resume(self) -> None:
        """After the CONNACK."""

    def receive(self, packet: Packet) -> None:
        """A packet has come."""


class Subscriber(Client):
    """Counts what is delivered to its application: QoS 2 at the PUBLISH, unless its identifier is in use."""

    def __init__(self, clientid: str, version: int) -> None:
        super().__init__(clientid, version)
        self.delivered: Counter[bytes] = Counter()
        self._unreleased: set[int] = set()
        self._suback: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()

    async def subscribe(self, *filters: str) -> None:
        self._suback = asyncio.get_running_loop().create_future()
        self.send(Subscribe(1, [SubscriptionRequest(each, 2) for each in filters]))
        await asyncio.wait_for(self._suback, PATIENCE)
        self.known = True

    def receive(self, packet: Packet) -> None:
        if isinstance(packet, Publish):
            if packet.qos == 1:
                self.delivered[packet.payload] += 1
                self.send(Puback(packet.packet_id))
            elif packet.qos == 2:
                if packet.packet_id not in self._unreleased:
                    self._unreleased.add(packet.packet_id)
                    self.delivered[packet.payload] += 1
                self.send(Pubrec(packet.packet_id))
            self._arrived.set()
        elif isinstance(packet, Pubrel):
            self._unreleased.discard(packet.packet_id)
            self.send(Pubcomp(packet.packet_id))
        elif isinstance(packet, Suback) and self._suback is not None:
            assert max(packet.reason_codes) < 0x80
            self._suback.set_result(None)

    async def has(self, wanted: Iterable[bytes]) -> None:
        """Everything wanted has been delivered."""
        missing = set(wanted) - self.delivered.keys()
        try:
            async with asyncio.timeout(PATIENCE):
                while missing:
                    self._arrived.clear()
                    await self._arrived.wait()
                    missing -= self.delivered.keys()
        except TimeoutError:
            raise AssertionError(f"{self.clientid} never got {len(missing)}: {sorted(missing)[:5]}") from None


class Publisher(Client):
    """Publishes payloads that say who, when and of which QoS; what is not acknowledged is sent again."""

    def __init__(self, clientid: str, version: int, qos: int, topic: str = "load/{}", retain: bool = False) -> None:
        super().__init__(clientid, version)
        self.qos = qos
        self.topic = topic
        self.retain = retain
        self.acknowledged: list[bytes] = []
        self.on_the_way: dict[int, Publish | Pubrel] = {}
        self._payloads: dict[int, bytes] = {}
        self._number = 0
        self._next_id = 0
        self.settled = asyncio.Event()

    def fill(self) -> None:
        """Publish as much as the window allows."""
        while len(self.on_the_way) < WINDOW:
            self.publish()

    def publish(self) -> bytes:
        self._number += 1
        while True:
            self._next_id = self._next_id % 60_000 + 1
            if self._next_id not in self.on_the_way:
                break
        payload = b"%s %d %06d" % (self.clientid.encode(), self.qos, self._number)
        topic = self.topic.format(self._number % 7)
        packet = Publish(topic, payload, self.qos, self.retain, False, self._next_id)
        self.on_the_way[self._next_id] = packet
        self._payloads[self._next_id] = payload
        self.settled.clear()
        self.send(packet)
        return payload

    filling = False

    def resume(self) -> None:
        for packet in self.on_the_way.values():
            if isinstance(packet, Publish):
                packet.dup = True
            self.send(packet)

    def receive(self, packet: Packet) -> None:
        if isinstance(packet, (Puback, Pubcomp)):
            assert packet.reason_code in (0, 0x10, 0x92), packet
            self.known = True
            if self.on_the_way.pop(packet.packet_id, None) is not None:
                self.acknowledged.append(self._payloads.pop(packet.packet_id))
        elif isinstance(packet, Pubrec):
            assert packet.reason_code in (0, 0x10), packet
            self.known = True
            if packet.packet_id in self.on_the_way:
                # What follows is sent after what is on its way already [MQTT-4.6.0-4].
                del self.on_the_way[packet.packet_id]
                release = self.on_the_way[packet.packet_id] = Pubrel(packet.packet_id)
                self.send(release)
        if self.filling:
            self.fill()
        elif not self.on_the_way:
            self.settled.set()

    async def settle(self) -> None:
        """Everything is acknowledged."""
        self.filling = False
        if self.on_the_way:
            await asyncio.wait_for(self.settled.wait(), PATIENCE)


def a_while(source: random.Random) -> float:
    """Seconds until the next kill: mostly in the middle of things, sometimes at their beginning."""
    return source.choice((source.uniform(0.0, 0.03), source.uniform(0.0, 0.3), source.uniform(0.1, 0.6)))
