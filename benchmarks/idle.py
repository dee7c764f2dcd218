"""Memory of an idle connection, one JSON line a broker.

    python benchmarks/idle.py [--connections 10000] [--server emqx_compat|mosquitto]

Bytes are the growth of the broker's resident set, divided; sockets' buffers are the kernel's and not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

from load import connect_many, rss_of
from servers import SERVERS, many_files, running
from throughput import cpu_of, run

SETTLE = 2.0


async def measure(port: int, pid: int, count: int) -> dict[str, object]:
    warm = await connect_many(port, 100, "warm")
    before, start = rss_of(pid), time.perf_counter()
    peers = await connect_many(port, count, "idle-client-")
    elapsed = time.perf_counter() - start
    cpu = cpu_of(pid)
    await asyncio.sleep(SETTLE)
    cpu = cpu_of(pid) - cpu
    held = sum(not peer.transport.is_closing() for peer in peers)
    each = (rss_of(pid) - before) / count
    for peer in (*peers, *warm):
        peer.transport.abort()
    return {
        "case": "idle",
        "connections": count,
        "held": held,
        "rss_per_connection": round(each),
        "rss_total": rss_of(pid),
        "connects_per_s": round(count / elapsed),
        "idle_cpu": round(cpu / SETTLE, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--server", action="append", choices=SERVERS)
    options = parser.parse_args()
    count = min(options.connections, many_files() - 500)
    for server in options.server or ["emqx_compat"]:
        with running(server) as (port, pid):
            result = run(measure(port, pid, count))
        print(json.dumps({"server": server, **result}), flush=True)


if __name__ == "__main__":
    main()
