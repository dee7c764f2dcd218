"""Connects per second, one JSON line a broker.

    python benchmarks/connects.py [--seconds 5] [--at-once 64] [--version 4|5] [--server emqx_compat|mosquitto]

A connect is a TCP connection, CONNECT and CONNACK; then the client goes without a word.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from servers import SERVERS, many_files, running
from throughput import cpu_of, run

from emqx_compat.mqtt import Connect, encode


class Visitor(asyncio.Protocol):
    """Connects, and goes when it is welcomed."""

    def __init__(self, hello: bytes, gone: asyncio.Future[None]) -> None:
        self.hello = hello
        self.gone = gone

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.hello)

    def data_received(self, data: bytes) -> None:
        assert data[0] == 0x20, data
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)


async def measure(port: int, pid: int, seconds: float, at_once: int, version: int) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    count = 0
    until = 0.0

    async def visit(number: int) -> None:
        nonlocal count
        index = 0
        while time.perf_counter() < until:
            index += 1
            gone: asyncio.Future[None] = loop.create_future()
            hello = encode(Connect(f"v{number}-{index}", proto_ver=version, keepalive=60), version)
            await loop.create_connection(lambda hello=hello, gone=gone: Visitor(hello, gone), "127.0.0.1", port)  # type: ignore[misc]
            await gone
            count += 1

    for duration in (0.5, seconds):  # the first to warm up
        count = 0
        cpu, start = cpu_of(pid), time.perf_counter()
        until = start + duration
        await asyncio.gather(*(visit(number) for number in range(at_once)))
    elapsed, cpu = time.perf_counter() - start, cpu_of(pid) - cpu
    return {
        "case": "connects",
        "connects_per_s": round(count / elapsed),
        "connects_per_broker_cpu_s": round(count / max(cpu, 0.01)),
        "at_once": at_once,
        "mqtt": version,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--version", type=int, default=4, choices=(4, 5))
    parser.add_argument("--server", action="append", choices=SERVERS)
    options = parser.parse_args()
    many_files()
    for server in options.server or ["emqx_compat"]:
        with running(server) as (port, pid):
            result = run(measure(port, pid, options.seconds, options.at_once, options.version))
        print(json.dumps({"server": server, **result}), flush=True)


if __name__ == "__main__":
    main()
