"""How many management calls a second, against a bare authenticated Starlette route in the same run.

    python benchmarks/management.py [--seconds 3]

One JSON line a case; the server runs in a child process, the load (16 keep-alive connections) in this one.
`ratio` is to the bare route. With `--busy` a publisher keeps the broker at work meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys
import time
from typing import Any

CONNECTIONS = 16

SERVER = """
import asyncio, base64, json, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
import uvloop
from emqx_compat.testing import Server

GOOD = "Basic " + base64.b64encode(b"admin:public").decode()

async def bare(request):
    if request.headers.get("authorization") != GOOD:
        return Response(status_code=401)
    return JSONResponse({"code": 0, "data": {"node": "emqx@127.0.0.1"}})

async def main():
    app = Starlette(routes=[Route("/bare", bare)])
    config = uvicorn.Config(app, port=0, access_log=False, log_level="critical", lifespan="off")
    peer = uvicorn.Server(config)
    asyncio.get_running_loop().create_task(peer.serve())
    while not peer.started:
        await asyncio.sleep(0.01)
    bare_port = peer.servers[0].sockets[0].getsockname()[1]
    async with Server() as server:
        names = ("v2", "v3", "v4", "v5")
        print(json.dumps({"bare": bare_port, "mqtt": list(server.mqtt), "urls": {n: server.url(n) for n in names},
                          "auth": {n: list(server.auth(n)) for n in names}}), flush=True)
        await asyncio.Event().wait()

uvloop.run(main())
"""

CASES = {
    "node v2": ("v2", "/monitoring/nodes/emq@127.0.0.1"),
    "node v3": ("v3", "/nodes/emqx@127.0.0.1"),
    "node v4": ("v4", "/nodes/emqx@127.0.0.1"),
    "node v5": ("v5", "/nodes/emqx@127.0.0.1"),
    "100 clients v2": ("v2", "/nodes/emq@127.0.0.1/clients?page_size=100"),
    "100 clients v3": ("v3", "/connections?_limit=100"),
    "100 clients v4": ("v4", "/clients?_limit=100"),
    "100 clients v5": ("v5", "/clients?limit=100"),
}


async def hammer(port: int, path: str, auth: tuple[str, str], seconds: float) -> tuple[float, list[float]]:
    """Calls a second, and the latency of each in milliseconds."""
    token = base64.b64encode(":".join(auth).encode()).decode()
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {token}\r\nAccept: application/json\r\n\r\n"
    request = head.encode()
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            writer.write(request)
            header = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert b" 200 " in header, header
            length = int(header.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append((time.perf_counter() - start) * 1000)
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(latencies) / (time.perf_counter() - begin), sorted(latencies)


async def crowd(address: tuple[str, int]) -> list[asyncio.StreamWriter]:
    """A hundred connected clients."""
    from emqx_compat.mqtt import Connect, encode

    writers = []
    for number in range(100):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(encode(Connect(f"crowd-{number:03}", None, None, "MQTT", 4, True, 0, None, None, False), 4))
        await reader.readexactly(4)
        writers.append(writer)
    return writers


async def publish(address: tuple[str, int], rate: int) -> None:
    """QoS 0 messages at a steady rate, until cancelled."""
    from emqx_compat.mqtt import Connect, Publish, Subscribe, SubscriptionRequest, encode

    reader, writer = await asyncio.open_connection(*address)
    writer.write(encode(Connect("load", None, None, "MQTT", 4, True, 0, None, None, False), 4))
    await reader.readexactly(4)
    writer.write(encode(Subscribe(1, [SubscriptionRequest("load", 0)], None), 4))
    chunk = encode(Publish("load", b"x" * 100), 4) * (rate // 100)
    while True:
        writer.write(chunk)
        await asyncio.gather(writer.drain(), asyncio.sleep(0.01), reader.read(1 << 20))


async def main() -> None:
    """Run every case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--busy", type=int, default=0, help="QoS 0 messages a second meanwhile")
    options = parser.parse_args()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    assert child.stdout is not None
    server: dict[str, Any] = json.loads(await child.stdout.readline())
    address = (server["mqtt"][0], server["mqtt"][1])
    clients = await crowd(address)
    load = asyncio.create_task(publish(address, options.busy)) if options.busy else None
    bare, _ = await hammer(server["bare"], "/bare", ("admin", "public"), options.seconds)
    print(json.dumps({"case": "bare", "per_s": round(bare)}))
    for case, (name, path) in CASES.items():
        base, _, prefix = server["urls"][name].removeprefix("http://").partition("/")
        port = int(base.rpartition(":")[2])
        rate, latencies = await hammer(port, f"/{prefix}{path}", tuple(server["auth"][name]), options.seconds)
        row = {"case": case, "per_s": round(rate), "ratio": round(rate / bare, 2)}
        print(json.dumps({**row, "p99_ms": round(latencies[int(len(latencies) * 0.99)], 2)}))
    if load is not None:
        load.cancel()
    for writer in clients:
        writer.close()
    child.terminate()
    await child.wait()


if __name__ == "__main__":
    asyncio.run(main())
