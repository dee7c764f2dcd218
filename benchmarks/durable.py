"""QoS 1 messages per second to a durable session, and how long their PUBACKs take, one JSON line a case.

    python benchmarks/durable.py [--seconds 5] [--payload 100] [--window 200] [--rate N] [--directory D] [case …]

The broker runs in a child process with its data in a temporary folder (of `--directory`, which says the disk), the
load in this one. With --rate, so many messages a second are sent whatever is acknowledged, else what the window
lets through. An acknowledged message has been through fsync; `fsync_ms` is what one costs there, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import tempfile
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from emqx_compat.mqtt import Connect, Publish, Subscribe, SubscriptionRequest, encode

CASES = ("offline", "online", "online_and_offline")
"""Where the durable subscriber is while the messages are published."""


class Peer(asyncio.Protocol):
    """A client; as subscriber it answers what is delivered, as publisher it keeps its window full."""

    def __init__(self, hello: bytes, packet: bytes = b"", window: int = 0) -> None:
        self.hello = hello
        self.packet = packet
        self.window = window
        self.sent_at: deque[float] = deque()
        self.latencies: list[float] = []
        self.delivered = 0
        self.until = 0.0
        self.rest = b""
        self.ready = asyncio.get_running_loop().create_future()
        self.over = asyncio.get_running_loop().create_future()
        self.expected = 2 if hello.count(b"\x82") else 1

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.hello)

    def begin(self, until: float) -> None:
        self.until = until
        self.fill(self.window)

    def fill(self, count: int) -> None:
        now = time.perf_counter()
        if now >= self.until or not self.window:
            if now >= self.until and not self.sent_at and not self.over.done():
                self.over.set_result(None)
            return
        self.publish(count, now)

    def publish(self, count: int, now: float) -> None:
        self.sent_at.extend([now] * count)
        self.transport.write(self.packet * count)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        index, end = 0, len(data)
        acknowledged, answers = 0, []
        now = time.perf_counter()
        while end - index >= 2:
            size = data[index + 1]
            length = 2
            if size & 0x80:
                if end - index < 3:
                    break
                size = (size & 0x7F) | data[index + 2] << 7
                length = 3
            if end - index < length + size:
                break
            first = data[index]
            if first & 0xF0 == 0x40:
                acknowledged += 1
                self.latencies.append(now - self.sent_at.popleft())
            elif first & 0xF0 == 0x30:
                self.delivered += 1
                topic = data[index + length + 1] + (data[index + length] << 8)
                at = index + length + 2 + topic
                answers.append(b"\x40\x02" + data[at : at + 2])
            elif first in (0x20, 0x90):
                self.expected -= 1
                if not self.expected:
                    self.ready.set_result(None)
            index += length + size
        self.rest = data[index:]
        if answers:
            self.transport.write(b"".join(answers))
        if acknowledged:
            self.fill(acknowledged)


async def measure(case: str, port: int, options: argparse.Namespace) -> dict[str, object]:
    loop = asyncio.get_running_loop()

    async def peer(clientid: str, subscribe: bool = False, packet: bytes = b"", window: int = 0) -> Peer:
        hello = encode(Connect(clientid, clean_start=not subscribe, keepalive=0), 4)
        if subscribe:
            hello += encode(Subscribe(1, [SubscriptionRequest(f"bench/{case}", 1)]), 4)
        _, made = await loop.create_connection(lambda: Peer(hello, packet, window), "127.0.0.1", port)
        await made.ready
        return made

    online = [await peer(f"{case}-online", True)] if "online" in case else []
    if "offline" in case:
        (await peer(f"{case}-offline", True)).transport.close()
    packet = encode(Publish(f"bench/{case}", b"x" * options.payload, 1, packet_id=1), 4)
    count = 20
    publishers = [
        await peer(f"{case}-p{number}", packet=packet, window=0 if options.rate else options.window // count)
        for number in range(count)
    ]
    begun = time.perf_counter()
    for publisher in publishers:
        publisher.begin(begun + options.seconds)
    if options.rate:
        await pace(publishers, options.rate, begun + options.seconds)
    await asyncio.wait_for(asyncio.gather(*(publisher.over for publisher in publishers)), options.seconds + 30)
    elapsed = time.perf_counter() - begun
    latencies = sorted(each for publisher in publishers for each in publisher.latencies)
    for each in (*online, *publishers):
        each.transport.close()

    def percentile(share: float) -> float:
        return round(latencies[min(int(len(latencies) * share), len(latencies) - 1)] * 1000, 2)

    return {
        "case": f"durable_qos1_{case}",
        "msgs_per_s": round(len(latencies) / elapsed),
        "p50_ms": percentile(0.5),
        "p99_ms": percentile(0.99),
        "max_ms": percentile(1),
        "delivered": sum(each.delivered for each in online),
        "acknowledged": len(latencies),
        **({"rate": options.rate} if options.rate else {"window": options.window}),
        "payload": options.payload,
    }


async def pace(publishers: list[Peer], rate: int, until: float) -> None:
    """Send `rate` messages a second, a few every millisecond or two, from one publisher after the other."""
    begun = time.perf_counter()
    sent = 0
    while (now := time.perf_counter()) < until:
        due = int((now - begun) * rate) - sent
        if due > 0:
            publishers[sent % len(publishers)].publish(due, now)
            sent += due
        await asyncio.sleep(0.001)
    for publisher in publishers:
        publisher.fill(0)


def fsync_ms(directory: str) -> float:
    """The median of a small write with fsync there."""
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(30):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return round(sorted(times)[15] * 1000, 2)


def serve(pipe: Connection, directory: str) -> None:
    """The child process: a broker with default settings but for queues without an end."""
    from emqx_compat.broker import Broker, BrokerSettings
    from emqx_compat.core.clock import SystemClock
    from emqx_compat.core.hooks import Hooks
    from emqx_compat.core.ids import Ids
    from emqx_compat.store import Store
    from emqx_compat.store.durable import DurableTables
    from emqx_compat.transports import ListenerManager, ListenerSpec

    async def main() -> None:
        clock = SystemClock()
        store = Store(Path(directory))
        settings = BrokerSettings(max_mqueue_len=0)
        broker = Broker("emqx@127.0.0.1", clock, Ids(clock), settings, Hooks(), session_store=DurableTables(store))
        broker.start()
        listeners = ListenerManager(broker)
        pipe.send(await listeners.start(ListenerSpec("tcp", "default", "127.0.0.1", 0)))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await listeners.stop()
        await broker.stop()
        await store.close()
        pipe.send(store.commits)

    run(main())


def run(main: Any) -> Any:
    """`asyncio.run`, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, []])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--payload", type=int, default=100)
    parser.add_argument("--window", type=int, default=200, help="messages on their way, over 20 publishers")
    parser.add_argument("--rate", type=int, help="messages a second, instead of a window")
    parser.add_argument("--directory", help="where the data is written; default: the system's temporary folder")
    options = parser.parse_args()
    for case in options.cases or CASES:
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            here, there = multiprocessing.get_context("spawn").Pipe()
            child = multiprocessing.get_context("spawn").Process(target=serve, args=(there, directory))
            child.start()
            port = here.recv()
            with contextlib.suppress(OSError):
                cores = sorted(os.sched_getaffinity(0))
                if len(cores) > 1 and child.pid:
                    os.sched_setaffinity(child.pid, {cores[0]})
            result = run(measure(case, port, options))
            here.send(None)
            commits = here.recv()
            child.join(10)
            messages = int(str(result["acknowledged"])) / max(commits, 1)
            print(
                json.dumps({**result, "per_commit": round(messages, 1), "fsync_ms": fsync_ms(directory)}),
                flush=True,
            )


if __name__ == "__main__":
    main()
