"""What the broker bears: connects per second, memory of idle connections, match cost, retained replay.

    python benchmarks/load.py [--connections 5000] [case …]

One JSON line a case. The broker runs in a child process, the load in this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import time
from pathlib import Path
from typing import Any

from throughput import cpu_of, run, serve

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.router import MEMO_LIMIT, Router
from emqx_compat.mqtt import Connect, Decoder, Publish, Subscribe, SubscriptionRequest, encode

AT_ONCE = 100
"""Connections being opened at the same time."""


def rss_of(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Idle(asyncio.Protocol):
    """Connects, and stays."""

    def __init__(self, clientid: str) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.hello = encode(Connect(clientid, keepalive=600), 4)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.hello)

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(None)


async def connect_many(port: int, count: int, prefix: str) -> list[Idle]:
    """So many connected clients, a hundred at a time."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(index: int) -> Idle:
        async with gate:
            _, peer = await loop.create_connection(lambda: Idle(f"{prefix}{index}"), "127.0.0.1", port)
            await peer.ready
            return peer

    return await asyncio.gather(*(one(index) for index in range(count)))


async def connections(port: int, pid: int, count: int) -> dict[str, object]:
    """Connect rate, and what an idle connection costs."""
    await connect_many(port, 50, "warm")
    before, cpu, start = rss_of(pid), cpu_of(pid), time.perf_counter()
    peers = await connect_many(port, count, "idle")
    elapsed, cpu = time.perf_counter() - start, cpu_of(pid) - cpu
    each = (rss_of(pid) - before) / count
    idle_cpu = cpu_of(pid)
    await asyncio.sleep(2)
    idle_cpu = cpu_of(pid) - idle_cpu
    for peer in peers:
        peer.transport.abort()
    return {
        "case": "connections",
        "connections": count,
        "connects_per_s": round(count / elapsed),
        "connects_per_broker_cpu_s": round(count / cpu),
        "rss_per_connection": round(each),
        "idle_cpu": round(idle_cpu / 2, 3),
    }


async def retained(port: int, pid: int, count: int) -> dict[str, object]:
    """Retained messages sent to one new subscription."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(encode(Connect("retainer"), 4))
    for index in range(count):
        writer.write(encode(Publish(f"retained/{index}", b"x" * 100, retain=True), 4))
        if not index % 1000:
            await writer.drain()
    writer.write(encode(Publish("barrier", b"", 1, packet_id=1), 4))
    await reader.readexactly(8)
    decoder, got = Decoder(4), -1
    start, cpu = time.perf_counter(), cpu_of(pid)
    writer.write(encode(Subscribe(2, [SubscriptionRequest("retained/#")]), 4))
    while got < count:
        got += len(decoder.feed(await reader.read(1 << 18)))
    elapsed, cpu = time.perf_counter() - start, cpu_of(pid) - cpu
    writer.close()
    return {
        "case": "retained_replay",
        "messages": count,
        "msgs_per_s": round(count / elapsed),
        "msgs_per_broker_cpu_s": round(count / max(cpu, 0.01)),
    }


def match(filters: int) -> dict[str, object]:
    """One look-up among unrelated filters with wildcards, in this process: first time, and remembered."""
    router = Router()
    session: Any = object()
    source = random.Random(1)
    for index in range(filters):
        router.add(Binding(session, f"site/{index}/+/{source.randrange(100)}/#", 0))
    router.add(Binding(session, "bench/+/value", 0))
    topics = [f"bench/{index}/value" for index in range(MEMO_LIMIT // 2)]
    costs = []
    for _ in range(2):
        start = time.perf_counter()
        for topic in topics:
            router.match(topic)
        costs.append(round((time.perf_counter() - start) / len(topics) * 1e9))
    return {"case": "match", "filters": filters, "ns_first": costs[0], "ns_remembered": costs[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=[])
    parser.add_argument("--connections", type=int, default=5000)
    options = parser.parse_args()
    wanted = options.cases or ["match", "retained", "connections"]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=serve, args=(there,))
    child.start()
    if not here.poll(20):
        child.kill()
        raise SystemExit("the broker did not start")
    port, pid = here.recv(), child.pid
    assert pid is not None
    if "match" in wanted:
        for filters in (1_000, 100_000):
            print(json.dumps(match(filters)), flush=True)
    if "retained" in wanted:
        print(json.dumps(run(retained(port, pid, 50_000))), flush=True)
    if "connections" in wanted:
        print(json.dumps(run(connections(port, pid, options.connections))), flush=True)
    here.send(None)
    here.recv()
    child.join(5)


if __name__ == "__main__":
    main()
