"""Servers for tests: fast, side by side, with a clock that stands still; started and stopped for good."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import websockets

from emqx_compat.config import ConfigError
from emqx_compat.core.clock import ManualClock
from emqx_compat.core.ids import Ids
from emqx_compat.http.generation import generations
from emqx_compat.server.errors import StartError
from emqx_compat.server.instance import Instance
from emqx_compat.testing import Server

NAMES = [each.name for each in generations()]
NODES = {"v2": "/management/nodes"}
CONNECT_5 = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c"
CONNECT_4 = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"
DISCONNECT_SHUTTING_DOWN = b"\xe0\x01\x8b"


async def get(server: Server, name: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(server.url(name) + path, auth=server.auth(name))


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def open_files() -> int:
    return len(names_in(Path("/proc/self/fd")))


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(server: Server, packet: bytes) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(*server.mqtt)
    try:
        async with asyncio.timeout(10):
            writer.write(packet)
            head = await reader.readexactly(2)
            assert head[0] == 0x20
            await reader.readexactly(head[1])
            yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("port", [None, "dashboard"])
@pytest.mark.parametrize("name", NAMES)
async def test_url_and_auth_open_every_generation(name: str, port: None) -> None:
    async with Server() as server, httpx.AsyncClient() as http:
        url = server.url(name, port) + NODES.get(name, "/nodes")
        assert (await http.get(url, auth=server.auth(name, port))).status_code == 200
        assert (await http.get(url, auth=("nobody", "nothing"))).status_code == 401


async def test_the_credentials_for_tests_are_seen_by_their_generation_only() -> None:
    async with Server() as server:
        keys = server.instance.api_keys
        assert [row.key for row in await keys.list("v3")] == [server.auth("v3")[0]]
        assert [row.key for row in await keys.list("v4")] == ["admin"]
        assert [row.key for row in await keys.list("v5")] == [server.auth("v5")[0]]


async def test_a_client_is_welcome_at_once_over_tcp_and_websocket() -> None:
    async with Server() as server:
        async with connected(server, CONNECT_4):
            pass
        async with websockets.connect(server.ws, subprotocols=[websockets.Subprotocol("mqtt")]) as socket:
            await socket.send(CONNECT_4)
            assert (await socket.recv())[:1] == b"\x20"


async def test_the_second_start_takes_less_than_100_milliseconds() -> None:
    async with Server():
        pass
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        async with Server():
            taken.append(time.perf_counter() - start)
    assert min(taken) < 0.1


async def test_servers_live_side_by_side_and_share_nothing() -> None:
    async with Server() as first, Server() as second:
        await first.instance.users.set_password("admin", "other-1")
        assert first.instance.users.verify("admin", "public") is None
        assert second.instance.users.verify("admin", "public")
        async with connected(first, CONNECT_4):
            assert (await first.engine.clients.get("c")) is not None
            assert (await second.engine.clients.get("c")) is None


async def test_nothing_is_left_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Server() as server:
        await server.instance.users.set_password("admin", "other-1")
    assert names_in(tmp_path) == []


async def test_time_stands_still_until_it_is_moved() -> None:
    async with Server(clock=ManualClock()) as server:
        before = (await server.engine.nodes.get("emqx@127.0.0.1")).uptime
        server.advance(3600)
        assert (before, (await server.engine.nodes.get("emqx@127.0.0.1")).uptime) == (0, 3600)


async def test_the_machines_time_cannot_be_moved() -> None:
    async with Server() as server:
        with pytest.raises(TypeError, match="ManualClock"):
            server.advance(1)


async def test_ids_can_be_the_same_in_every_run() -> None:
    seen = []
    for _ in range(2):
        clock = ManualClock()
        async with Server(clock=clock, ids=Ids(clock, random.Random(7))) as server:
            seen.append(server.engine.ids.text(8))
    assert seen[0] == seen[1]


async def test_overrides_are_configuration() -> None:
    async with Server(["mqtt.max_packet_size=2KB", 'node.name="n@127.0.0.1"']) as server:
        assert server.engine.options["max_packet_size"] == 2048
        assert server.engine.nodes.local == "n@127.0.0.1"
    with pytest.raises(ConfigError):
        await Server(["mqtt.max_inflight=many"]).start()


async def test_an_mqtt_5_client_is_told_that_the_server_shuts_down() -> None:
    async with Server() as server, connected(server, CONNECT_5) as (reader, _):
        await server.stop()
        assert (await reader.read())[:3] in (DISCONNECT_SHUTTING_DOWN, b"\xe0\x02\x8b")


async def test_an_older_client_is_just_disconnected() -> None:
    async with Server() as server, connected(server, CONNECT_4) as (reader, _):
        await server.stop()
        assert await reader.read() == b""


async def test_after_the_stop_nobody_listens() -> None:
    async with Server() as server:
        mqtt = server.mqtt
        dashboard = server.url("v4", "dashboard")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*mqtt)
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(dashboard)
    await server.stop()
    with pytest.raises(RuntimeError, match="not been started"):
        server.mqtt


async def test_neither_tasks_nor_open_files_are_left() -> None:
    async with Server():  # what only the first one opens
        pass
    tasks, files = asyncio.all_tasks(), open_files()
    async with Server() as server:
        await get(server, "v4", "/nodes")
        async with connected(server, CONNECT_4):
            pass
    assert asyncio.all_tasks() == tasks
    assert open_files() == files


async def test_a_start_that_fails_leaves_nothing_open() -> None:
    async with Server() as running:
        _, port = running.mqtt
        files = open_files()
        settings = running.instance.settings
        taken = tuple(replace(each, port=port) if each.id == "tcp:default" else each for each in settings.listeners)
        with pytest.raises(StartError, match=f"tcp:default: cannot listen on 127.0.0.1:{port}"):
            await Instance.start(running.instance.configuration, replace(settings, listeners=taken), in_memory=True)
        assert open_files() == files


def test_a_server_in_a_thread_needs_no_event_loop() -> None:
    with Server.in_thread() as server:
        for name in NAMES:
            path = NODES.get(name, "/nodes")
            assert httpx.get(server.url(name) + path, auth=server.auth(name)).status_code == 200
        assert server.call(threading.get_ident) != threading.get_ident()
        assert server.ws.startswith("ws://127.0.0.1:")
        mqtt = server.mqtt
    assert mqtt[0] == "127.0.0.1"


def test_the_time_of_a_server_in_a_thread_can_be_moved() -> None:
    clock = ManualClock()
    with Server.in_thread(clock=clock) as server:
        before = clock.now()
        server.advance(60)
        assert clock.now() == before + 60


def test_servers_in_threads_live_side_by_side_and_end_their_threads() -> None:
    before = threading.active_count()
    with Server.in_thread() as first, Server.in_thread() as second:
        assert first.mqtt != second.mqtt
    assert threading.active_count() == before
    first.stop()


def test_a_server_in_a_thread_that_cannot_start_says_so() -> None:
    with pytest.raises(ConfigError):
        Server.in_thread(["mqtt.max_inflight=many"]).start()
