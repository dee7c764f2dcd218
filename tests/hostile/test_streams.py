"""Random and mutated packet streams on live sockets.

A few seconds; ten minutes with EMQX_COMPAT_NIGHTLY=1 (EMQX_COMPAT_FUZZ_SECONDS says another time).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from collections.abc import Iterator

import pytest
from broker.rig import Raw, Rig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from emqx_compat.core.clock import SystemClock
from emqx_compat.mqtt import Publish
from emqx_compat.transports import ListenerSpec

from .streams import Stream, mutant, streams

NIGHTLY = os.environ.get("EMQX_COMPAT_NIGHTLY") == "1"
SECONDS = float(os.environ.get("EMQX_COMPAT_FUZZ_SECONDS", "600" if NIGHTLY else "3"))
LATENCY = 1.0
"""Seconds that the witness's echo may take while the others do what they want."""

UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)


class Errors(logging.Handler):
    """What was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


class Arena:
    """A broker, a well-behaved client, and room for hostile ones."""

    def __init__(self) -> None:
        self.rig = Rig(clock=SystemClock())
        self.errors = Errors()
        self.worst = 0.0
        self.streams = 0
        self._tasks = 0

    async def start(self) -> None:
        await self.rig.__aenter__()
        self.ws = await self.rig.listeners.start(ListenerSpec("ws", "default", "127.0.0.1", 0))
        self.witness: Raw = await self.rig.connect("witness")
        await self.witness.subscribe("witness/echo")
        self._tasks = len(asyncio.all_tasks())
        logging.getLogger().addHandler(self.errors)
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: self.errors.messages.append(repr(context))
        )

    async def stop(self) -> None:
        logging.getLogger().removeHandler(self.errors)
        await self.rig.__aexit__(None, None, None)

    async def play(self, peers: list[Stream]) -> None:
        """Let them do what they want, all at once; then nothing is left of them."""
        await asyncio.gather(*(self._attack(peer) for peer in peers), self._echo())
        self.streams += len(peers)
        await self._echo()
        await self._nothing_is_left()
        assert self.errors.messages == []

    async def _attack(self, stream: Stream) -> None:
        port = self.rig.port if stream.kind == "tcp" else self.ws
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if stream.kind == "ws":
                writer.write(UPGRADE)
                await reader.readuntil(b"\r\n\r\n")
            for data in stream.writes:
                if stream.kind == "ws":
                    data = Frame(Opcode.BINARY, data).serialize(mask=True)
                writer.write(data)
                await asyncio.sleep(0)
            if not stream.abort:
                writer.write_eof()
                async with asyncio.timeout(5):
                    while await reader.read(65_536):
                        pass
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _echo(self) -> None:
        """The witness gets its own message back in good time, whatever else it is sent."""
        start = time.perf_counter()
        await self.witness.publish("witness/echo", b"echo")
        while True:
            packet = await self.witness.receive()
            if isinstance(packet, Publish) and packet.topic == "witness/echo" and packet.payload == b"echo":
                break
        taken = time.perf_counter() - start
        self.worst = max(self.worst, taken)
        assert taken < LATENCY

    async def _nothing_is_left(self) -> None:
        broker = self.rig.broker
        async with asyncio.timeout(5):
            while len(broker.channels) > 1 or self.rig.listeners.half_open:  # noqa: ASYNC110
                await asyncio.sleep(0)
        for clientid in [clientid for clientid in broker.registry.sessions if clientid != "witness"]:
            await broker.clients.kick(clientid, discard_session=True)
        assert [row.current_connections for row in self.rig.listeners.rows()] == [1, 0]
        assert broker.registry.live == len(broker.registry) == 1
        assert broker.router.subscriptions == 1
        assert list(broker.router.leaves) == ["witness/echo"]
        assert all(each.door.is_quiet and not each.door.unopened for each in self.rig.listeners._listeners.values())
        async with asyncio.timeout(5):
            while len(asyncio.all_tasks()) > self._tasks:  # noqa: ASYNC110
                await asyncio.sleep(0)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.timeout(SECONDS + 60)
def test_hostile_streams_harm_nobody_and_leave_nothing(runner: asyncio.Runner) -> None:
    arena = Arena()
    runner.run(arena.start())
    until = time.monotonic() + SECONDS

    @settings(
        max_examples=200 if NIGHTLY else 20,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(streams(), min_size=1, max_size=4))
    def attack(peers: list[Stream]) -> None:
        if time.monotonic() < until:
            runner.run(arena.play(peers))

    seed = int(os.environ.get("EMQX_COMPAT_SEED", "0")) or random.SystemRandom().getrandbits(32)
    source = random.Random(seed)
    try:
        while time.monotonic() < until:
            attack()
            for _ in range(25):
                runner.run(arena.play([mutant(source) for _ in range(20)]))
    finally:
        print(f"seed {seed}: {arena.streams} streams, worst echo {arena.worst * 1000:.1f} ms")
        runner.run(arena.stop())
