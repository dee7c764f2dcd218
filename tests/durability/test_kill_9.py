"""`kill -9` at random moments under load: what was acknowledged is delivered, QoS 2 exactly once.

Five rounds; a hundred with EMQX_COMPAT_NIGHTLY=1. A run that fails tells its seed, EMQX_COMPAT_SEED repeats it.
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from durability.crash import Process, Publisher, Subscriber, a_while

NIGHTLY = os.environ.get("EMQX_COMPAT_NIGHTLY") == "1"
ROUNDS = 100 if NIGHTLY else 5
SEED = int(os.environ.get("EMQX_COMPAT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


@pytest.mark.timeout(ROUNDS * 20 + 60)
async def test_kill_9_loses_nothing_acknowledged_and_delivers_qos_2_once(tmp_path: Path) -> None:
    print(f"EMQX_COMPAT_SEED={SEED}")
    source = random.Random(SEED)
    process = Process(tmp_path)
    online = [Subscriber("online4", 4), Subscriber("online5", 5)]
    offline = [Subscriber("offline4", 4), Subscriber("offline5", 5)]
    publishers = [
        Publisher("p1", 4, 1),
        Publisher("p2", 4, 2),
        Publisher("p3", 5, 1),
        Publisher("p4", 5, 2),
        Publisher("delayed1", 5, 1, "$delayed/1/late/{}"),
        Publisher("delayed2", 4, 2, "$delayed/1/late/{}"),
    ]
    keeper = Publisher("keeper", 4, 1, "state/{}", retain=True)
    try:
        await process.start()
        for subscriber in online + offline:
            async with subscriber.connected(process.port):
                await subscriber.subscribe("load/#", "late/#")
        for _ in range(ROUNDS):
            await _load(process, source, online, [*publishers, keeper])
            await process.start()
            await _verify(process, online + offline, publishers, keeper)
    finally:
        await process.kill()
    assert sum(len(publisher.acknowledged) for publisher in publishers) > 20 * ROUNDS


async def _load(
    process: Process, source: random.Random, online: list[Subscriber], publishers: list[Publisher]
) -> None:
    async with AsyncExitStack() as stack:
        for client in [*online, *publishers]:
            await stack.enter_async_context(client.connected(process.port))
        for publisher in publishers:
            publisher.filling = True
            publisher.fill()
        await asyncio.sleep(a_while(source))
        await process.kill()
        for publisher in publishers:
            publisher.filling = False


async def _verify(
    process: Process, subscribers: list[Subscriber], publishers: list[Publisher], keeper: Publisher
) -> None:
    async with AsyncExitStack() as stack:
        for client in [*subscribers, *publishers, keeper]:
            await stack.enter_async_context(client.connected(process.port))
        for publisher in [*publishers, keeper]:
            await publisher.settle()
        for publisher in publishers:  # behind everything else of its publisher
            publisher.publish()
            await publisher.settle()
        for subscriber in subscribers:
            for publisher in publishers:
                await subscriber.has(publisher.acknowledged)
            twice = [payload for payload, count in subscriber.delivered.items() if count > 1 and b" 2 " in payload]
            assert not twice, f"{subscriber.clientid} got {len(twice)} twice: {twice[:5]}"
        await _retained(process, keeper)


async def _retained(process: Process, keeper: Publisher) -> None:
    """Every topic has the message that was acknowledged last."""
    last = {int(payload.rpartition(b" ")[2]) % 7: payload for payload in sorted(keeper.acknowledged)}
    reader = Subscriber(f"reader-{random.getrandbits(64):x}", 5)
    async with reader.connected(process.port):
        await reader.subscribe("state/#")
        await reader.has(last.values())
    assert set(reader.delivered) == set(last.values())
