"""Messages per second through the broker over TCP, one JSON line a case.

    python benchmarks/throughput.py [--seconds 3] [--payload 100] [--version 4|5] [--runs 3] [--port P] [case …]

The broker runs in a child process (or is already there, with --port), the load in this one; both on uvloop where
it is installed. Packets are encoded beforehand and counted by their size. The number of messages on their way is
bounded, so that nothing is dropped: `lost` must be 0.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import statistics
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from emqx_compat.mqtt import Connect, Publish, Subscribe, SubscriptionRequest, encode

ACK = {0x32: b"\x40\x02", 0x34: b"\x50\x02", 0x50: b"\x62\x02", 0x62: b"\x70\x02"}
"""First byte of what comes → the beginning of its answer."""


RECEIVE_MAXIMUM = 32
"""QoS 2 exchanges that a publisher may have open with an MQTT 5 broker of default settings."""


@dataclass(frozen=True)
class Case:
    """`publishers` send, `subscribers` each get everything (fan) or their own publisher's (pairs)."""

    name: str
    qos: int
    publishers: int
    subscribers: int
    pairs: bool = False
    window: int = 2000
    """Deliveries on their way, over all; below the broker's queue limit per subscriber for QoS 1 and 2."""
    batch: int = 50


CASES = [
    Case("fan_in_qos0", 0, 20, 1, window=20_000, batch=100),
    Case("fan_in_qos1", 1, 20, 1, window=800, batch=20),
    Case("fan_in_qos2", 2, 20, 1, window=300, batch=5),
    Case("fan_out_qos0", 0, 1, 100, window=40_000, batch=20),
    Case("fan_out_qos1", 1, 1, 100, window=3_000, batch=10),
    Case("pairs_qos0", 0, 50, 50, pairs=True, window=20_000, batch=20),
    Case("pairs_qos1", 1, 50, 50, pairs=True, window=3_000, batch=10),
    Case("pairs_qos2", 2, 50, 50, pairs=True, window=750, batch=5),
]


class Peer(asyncio.Protocol):
    """A client that has sent CONNECT, and SUBSCRIBE if it has a filter."""

    def __init__(self, run: Run, index: int, topic: str | None) -> None:
        self.run = run
        self.topic = topic
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rest = b""
        self.open = 0
        """QoS 2 exchanges that this publisher has begun and not ended."""
        hello = encode(
            Connect(f"bench-{'s' if topic else 'p'}{index}", proto_ver=run.version, keepalive=0), run.version
        )
        if topic:
            hello += encode(Subscribe(1, [SubscriptionRequest(topic, run.case.qos)]), run.version)
        self.hello = hello

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.hello)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.run.over.is_set():
            self.run.failed = True
            self.run.over.set()

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self.rest += data
            if self.rest[0] == 0x20 and (self.topic is None or b"\x90" in self.rest[4:]):
                self.rest = b""
                self.ready.set_result(None)
            return
        if self.rest:
            data = self.rest + data
        self.rest = self.consume(data)

    def consume(self, data: bytes) -> bytes:
        """Count whole packets and answer them; what is left."""
        run = self.run
        size = run.size
        if not run.case.qos and self.topic:
            run.delivered += len(data) // size
            rest = data[len(data) - len(data) % size :]
            run.more()
            return rest
        answers = []
        index, end = 0, len(data)
        offset = run.id_offset
        while index < end:
            first = data[index]
            if first & 0xF0 == 0x30:
                if end - index < size:
                    break
                answers.append(ACK[first])
                answers.append(data[index + offset : index + offset + 2])
                run.delivered += 1
                index += size
            else:
                if end - index < 2 or end - index < 2 + data[index + 1]:
                    break
                answer = ACK.get(first)
                self.open -= first == 0x70
                if answer:
                    answers.append(answer)
                    answers.append(data[index + 2 : index + 4])
                index += 2 + data[index + 1]
        if answers:
            self.transport.write(b"".join(answers))
        run.more()
        return data[index:]


class Run:
    """One case against one broker."""

    def __init__(self, case: Case, port: int, version: int, payload: int, pid: int | None) -> None:
        self.pid = pid
        self.case, self.port, self.version = case, port, version
        self.delivered = self.sent = 0
        self.fan = 1 if case.pairs else case.subscribers
        self.publishers: list[Peer] = []
        self.chunks: list[list[bytes]] = []
        self.turn = 0
        self.failed = False
        self.until = 0.0
        self.payload = b"x" * payload
        self.size = len(self.packet("bench/00", 1))
        self.id_offset = self.size - payload - 2 - (version == 5)
        self.over: asyncio.Event = asyncio.Event()

    def packet(self, topic: str, packet_id: int) -> bytes:
        qos = self.case.qos
        return encode(Publish(topic, self.payload, qos, packet_id=packet_id if qos else 0), self.version)

    async def go(self, seconds: float) -> dict[str, object]:
        case = self.case
        loop = asyncio.get_running_loop()
        topics = [f"bench/{index:02}" if case.pairs else "bench/00" for index in range(case.subscribers)]
        peers = []
        for index, topic in enumerate(topics):
            peers.append(
                (await loop.create_connection(lambda i=index, t=topic: Peer(self, i, t), "127.0.0.1", self.port))[1]
            )
        for index in range(case.publishers):
            _, peer = await loop.create_connection(lambda i=index: Peer(self, i, None), "127.0.0.1", self.port)
            self.publishers.append(peer)
            topic = topics[index % len(topics)]
            ids = iter(range(1, 40 * case.batch + 1))
            self.chunks.append(
                [b"".join(self.packet(topic, next(ids)) for _ in range(case.batch)) for _ in range(40)]
            )
        await asyncio.gather(*(peer.ready for peer in peers + self.publishers))
        gc.disable()
        cpu, broker_cpu = time.process_time(), cpu_of(self.pid)
        start = time.perf_counter()
        self.until = start + seconds
        self.more()
        await asyncio.wait_for(self.over.wait(), seconds + 20)
        if self.failed:
            raise SystemExit(f"{case.name}: the broker closed a connection")
        elapsed = time.perf_counter() - start
        cpu, broker_cpu = time.process_time() - cpu, cpu_of(self.pid) - broker_cpu
        gc.enable()
        for peer in peers + self.publishers:
            peer.transport.abort()
        await asyncio.sleep(0.05)
        return {
            "case": case.name,
            "msgs_per_s": round(self.delivered / elapsed),
            "lost": self.sent * self.fan - self.delivered,
            "load_cpu": round(cpu / elapsed, 2),
            "broker_cpu": round(broker_cpu / elapsed, 2),
            "broker_us_per_msg": round(broker_cpu / max(self.delivered, 1) * 1e6, 2),
        }

    def more(self) -> None:
        """Let publishers send, in turn, as much as the window allows; notice the end."""
        case = self.case
        step = case.batch * self.fan
        if time.perf_counter() >= self.until:
            if self.sent * self.fan <= self.delivered:
                self.over.set()
            return
        while not self.failed and self.sent * self.fan - self.delivered + step <= max(case.window, step):
            index = self.turn % len(self.publishers)
            if case.qos == 2 and self.publishers[index].open + case.batch > RECEIVE_MAXIMUM:
                return
            self.publishers[index].open += case.batch
            chunks = self.chunks[index]
            self.publishers[index].transport.write(chunks[self.turn // len(self.publishers) % len(chunks)])
            self.turn += 1
            self.sent += case.batch


def cpu_of(pid: int | None) -> float:
    """CPU seconds that a process has used."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(pipe: Connection, profile: str | None = None) -> None:
    """The child process: a broker with default settings on a free port."""
    from emqx_compat.broker import Broker, BrokerSettings
    from emqx_compat.core.clock import SystemClock
    from emqx_compat.core.hooks import Hooks
    from emqx_compat.core.ids import Ids
    from emqx_compat.transports import ListenerManager, ListenerSpec

    async def main() -> None:
        clock = SystemClock()
        broker = Broker("emqx@127.0.0.1", clock, Ids(clock), BrokerSettings(), Hooks())
        broker.start()
        listeners = ListenerManager(broker)
        port = await listeners.start(ListenerSpec("tcp", "default", "127.0.0.1", 0))
        pipe.send(port)
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await listeners.stop()
        await broker.stop()
        pipe.send(round(time.process_time(), 2))

    if profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.runcall(run, main())
        profiler.dump_stats(profile)
    else:
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
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--payload", type=int, default=100)
    parser.add_argument("--version", type=int, default=4, choices=(4, 5))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, help="of a broker that runs already")
    parser.add_argument("--profile", help="write a cProfile of the broker here")
    options = parser.parse_args()
    port = options.port
    child = None
    if port is None:
        here, there = multiprocessing.get_context("spawn").Pipe()
        child = multiprocessing.get_context("spawn").Process(target=serve, args=(there, options.profile))
        child.start()
        if not here.poll(20):
            child.kill()
            raise SystemExit("the broker did not start")
        port = here.recv()
        if len(os.sched_getaffinity(0)) > 1 and child.pid:
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(child.pid, {cores[0]})
            os.sched_setaffinity(0, set(cores[1:]))
    for case in CASES:
        if options.cases and case.name not in options.cases:
            continue
        results = [
            run(Run(case, port, options.version, options.payload, child and child.pid).go(options.seconds))
            for _ in range(options.runs)
        ]
        rates = sorted(int(str(result["msgs_per_s"])) for result in results)
        last = results[-1]
        print(
            json.dumps(
                {
                    **last,
                    "msgs_per_s": round(statistics.median(rates)),
                    "worst": rates[0],
                    "best": rates[-1],
                    "mqtt": options.version,
                    "payload": options.payload,
                }
            ),
            flush=True,
        )
    if child is not None:
        here.send(None)
        here.recv()
        child.join(5)


if __name__ == "__main__":
    main()
