"""What hostile peers cost the others, one JSON line a case: a witness pings while they do what they can.

    python benchmarks/hostile.py [--seconds 5] [--rate 10000] [--server emqx_compat|mosquitto] [case …]

`quiet` is the measure of the others: nobody is hostile. `connects` offers so many connections a second, whether
the broker keeps up or not; `half_open` as many that say nothing; `pings` is one connection of packets of two bytes
as fast as they are taken; `subscribe` sends SUBSCRIBEs of a megabyte; `wildcards` publishes to every mixture of `+`
over ten levels.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

from load import rss_of
from servers import SERVERS, many_files, running
from throughput import cpu_of, run

from emqx_compat.mqtt import Connect, Publish, Subscribe, SubscriptionRequest, encode

HELLO = encode(Connect("", keepalive=600), 4)


class Stranger(asyncio.Protocol):
    """Comes, says something or nothing, and goes when it is answered."""

    def __init__(self, hello: bytes, counts: dict[str, int]) -> None:
        self.hello = hello
        self.counts = counts

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.counts["accepted"] += 1
        if self.hello:
            transport.write(self.hello)

    def data_received(self, data: bytes) -> None:
        self.counts["welcomed"] += 1
        self.transport.abort()


async def offer(port: int, until: float, rate: int, hello: bytes, counts: dict[str, int]) -> None:
    """Open-loop: so many connections a second, late or not."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    pending: set[asyncio.Task[Any]] = set()

    async def one() -> None:
        with contextlib.suppress(OSError):
            await loop.create_connection(lambda: Stranger(hello, counts), "127.0.0.1", port)

    while (now := time.perf_counter()) < until:
        due = int((now - started) * rate)
        while counts["offered"] < due and len(pending) < 5000:
            counts["offered"] += 1
            task = loop.create_task(one())
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.sleep(0.001)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def stream(port: int, until: float, before: bytes, data: bytes, counts: dict[str, int]) -> None:
    """One connection that sends as fast as it is read from, and reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def swallow() -> None:
        with contextlib.suppress(OSError):
            while await reader.read(1 << 18):
                pass

    swallowing = asyncio.create_task(swallow())
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(HELLO + before)
        while time.perf_counter() < until and not swallowing.done():
            writer.write(data)
            counts["offered"] += 1
            async with asyncio.timeout(max(until - time.perf_counter(), 0.001)):
                await writer.drain()
    writer.transport.abort()
    await swallowing


def _filters(topics: list[str]) -> bytes:
    return encode(Subscribe(1, [SubscriptionRequest(topic) for topic in topics]), 4)


def attack(case: str, port: int, seconds: float, rate: int, pipe: Any) -> None:
    """The hostile process."""
    counts = {"offered": 0, "accepted": 0, "welcomed": 0}
    until = time.perf_counter() + seconds
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "connects": lambda: offer(port, until, rate, HELLO, counts),
        "half_open": lambda: offer(port, until, rate, b"", counts),
        "pings": lambda: stream(port, until, b"", b"\xc0\x00" * 100_000, counts),
        "subscribe": lambda: stream(port, until, b"", _filters([f"{n:x}/+" for n in range(100_000)]), counts),
        "wildcards": lambda: stream(
            port,
            until,
            _filters(["/".join(levels) for levels in product("a+", repeat=10)]),
            encode(Publish("/".join("a" * 10), b"x", 0), 4),
            counts,
        ),
    }
    if case == "quiet":
        time.sleep(seconds)
    else:
        run(work[case]())
    pipe.send(counts)


async def witness(port: int, seconds: float) -> list[float]:
    """Round trips of PINGREQ, a hundred a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(encode(Connect("witness", keepalive=600), 4))
    await reader.readexactly(4)
    taken = []
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        writer.write(b"\xc0\x00")
        await reader.readexactly(2)
        taken.append(time.perf_counter() - start)
        await asyncio.sleep(0.01)
    writer.close()
    return sorted(taken)


def measure(server: str, case: str, seconds: float, rate: int) -> dict[str, object]:
    context = multiprocessing.get_context("spawn")
    with running(server) as (port, pid):
        here, there = context.Pipe()
        before = rss_of(pid)
        hostile = context.Process(target=attack, args=(case, port, seconds, rate, there))
        hostile.start()
        cpu = cpu_of(pid)
        taken = run(witness(port, seconds))
        cpu = cpu_of(pid) - cpu
        grown = rss_of(pid) - before
        counts = here.recv()
        hostile.join(10)
        return {
            "server": server,
            "case": case,
            **{f"{name}_per_s": round(count / seconds) for name, count in counts.items() if count},
            "witness_ms_median": round(taken[len(taken) // 2] * 1000, 2),
            "witness_ms_p99": round(taken[int(len(taken) * 0.99)] * 1000, 2),
            "witness_ms_worst": round(taken[-1] * 1000, 2),
            "broker_cpu": round(cpu / seconds, 2),
            "rss_grown": grown,
        }


def main() -> None:
    cases = ["quiet", "connects", "half_open", "pings", "subscribe", "wildcards"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="case")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--server", action="append", choices=SERVERS)
    options = parser.parse_args()
    many_files()
    for server in options.server or ["emqx_compat"]:
        for case in options.cases or cases:
            print(json.dumps(measure(server, case, options.seconds, options.rate)), flush=True)


if __name__ == "__main__":
    main()
