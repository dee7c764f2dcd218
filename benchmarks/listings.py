"""What a page of clients costs, and what it does to MQTT clients of the same process.

    python benchmarks/listings.py

Starts servers in a child process and prints one JSON line a case:
- page: time of `GET` of a 100-row page of each generation with 100 and with 10 000 connected clients, their ratio
- echo: p50/p99 of an MQTT QoS 0 round trip while full v4 pages of 10 000 rows are fetched one after the other
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

import httpx

from emqx_compat.mqtt.encoder import encode
from emqx_compat.mqtt.packets import Connect, Publish, Subscribe, SubscriptionRequest

ROUNDS = 60
PAGES = {
    "v2": "/nodes/emq@127.0.0.1/clients?curr_page=1&page_size=100",
    "v3": "/connections?_page=1&_limit=100",
    "v4": "/clients?_page=1&_limit=100",
    "v5": "/clients?page=1&limit=100",
}


def connect(clientid: str) -> bytes:
    """A CONNECT packet."""
    return encode(
        Connect(clientid, None, None, "MQTT", 4, True, 0, None, None, False),
        4,
    )


async def crowd(address: tuple[str, int], numbers: range) -> list[asyncio.StreamWriter]:
    """Connected clients, one a number, that say nothing more."""
    writers: list[asyncio.StreamWriter] = []
    gate = asyncio.Semaphore(200)

    async def one(index: int) -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(connect(f"crowd-{index:06d}"))
            await reader.readexactly(4)
            writers.append(writer)

    await asyncio.gather(*(one(index) for index in numbers))
    return writers


async def page_times(http: httpx.AsyncClient, server: dict[str, Any]) -> dict[str, float]:
    """Median milliseconds of a 100-row page, by generation."""
    medians: dict[str, float] = {}
    for name, path in PAGES.items():
        url, auth = server["urls"][name] + path, tuple(server["auth"][name])
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            answer = await http.get(url, auth=auth)
            times.append(time.perf_counter() - start)
            assert answer.status_code == 200, answer.text
        medians[name] = statistics.median(times) * 1000
    return medians


async def echo(address: tuple[str, int], stop: asyncio.Event) -> list[float]:
    """Milliseconds of QoS 0 round trips through the broker, one after the other, until told to stop."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(connect("echo"))
    await reader.readexactly(4)
    writer.write(encode(Subscribe(1, [SubscriptionRequest("echo", 0)], None), 4))
    await reader.readexactly(5)
    packet = encode(Publish("echo", b"x" * 16), 4)
    times: list[float] = []
    while not stop.is_set():
        start = time.perf_counter()
        writer.write(packet)
        await reader.readexactly(len(packet))
        times.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.001)
    writer.close()
    return times


async def main() -> None:
    """Run both cases."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVER,
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    server = json.loads(await process.stdout.readline())
    address = (server["mqtt"][0], server["mqtt"][1])
    async with httpx.AsyncClient(timeout=60) as http:
        few = await crowd(address, range(100))
        small = await page_times(http, server)
        many = await crowd(address, range(100, 10_000))
        large = await page_times(http, server)
        for name in PAGES:
            row = {"ms_100": round(small[name], 2), "ms_10000": round(large[name], 2)}
            print(
                json.dumps(
                    {"case": "page", "generation": name, **row, "ratio": round(large[name] / small[name], 2)}
                )
            )
        stop = asyncio.Event()
        quiet = asyncio.create_task(echo(address, stop))
        await asyncio.sleep(1)
        stop.set()
        _report("echo alone", await quiet)
        stop = asyncio.Event()
        busy = asyncio.create_task(echo(address, stop))
        fetched = 0
        end = time.perf_counter() + 4
        while time.perf_counter() < end:
            fetched += await full_page(server)
        stop.set()
        _report("echo while full v4 pages are fetched", await busy, rows=fetched)
        for writer in few + many:
            writer.close()
    process.terminate()
    await process.wait()


async def full_page(server: dict[str, Any]) -> int:
    """Fetch all clients in one page, in another process so that parsing does not disturb the measurement."""
    user, secret = server["auth"]["v4"]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, urllib.request, base64\n"
        "r = urllib.request.Request(sys.argv[1], headers={'Authorization': 'Basic ' + "
        "base64.b64encode(sys.argv[2].encode()).decode()})\n"
        "print(urllib.request.urlopen(r).read().count(b'\"clientid\"'))",
        server["urls"]["v4"] + "/clients?_limit=10000",
        f"{user}:{secret}",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate()
    return int(out)


def _report(case: str, times: list[float], **more: object) -> None:
    ordered = sorted(times)
    print(
        json.dumps(
            {
                "case": case,
                "round_trips": len(ordered),
                "p50_ms": round(ordered[len(ordered) // 2], 2),
                "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
                "max_ms": round(ordered[-1], 2),
                **more,
            }
        )
    )


SERVER = """
import asyncio, json, resource, sys
from emqx_compat.testing import Server

async def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    async with Server() as server:
        names = ("v2", "v3", "v4", "v5")
        print(json.dumps({"mqtt": list(server.mqtt), "urls": {n: server.url(n) for n in names},
                          "auth": {n: list(server.auth(n)) for n in names}}), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

if __name__ == "__main__":
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())
