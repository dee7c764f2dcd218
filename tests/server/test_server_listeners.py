"""Listeners changed at run time: what goes on, what ends, what is kept."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from emqx_compat.config import load, settings
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.nodes import Listener
from emqx_compat.mqtt import Connect, encode
from emqx_compat.server.instance import Instance, on_free_ports
from emqx_compat.testing import Server

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


async def row(server: Server, listener_id: str) -> Listener:
    return next(row for row in await server.engine.listeners.list() if row.id == listener_id)


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def a_free_port() -> int:
    with free_port() as port:
        return port


@asynccontextmanager
async def connected(port: int, clientid: str) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(encode(Connect(clientid, keepalive=0), 4))
        assert (await reader.readexactly(4))[3] == 0
        yield reader, writer
    finally:
        writer.close()


async def pings(streams: Streams) -> bool:
    reader, writer = streams
    writer.write(b"\xc0\x00")
    return await reader.read(2) == b"\xd0\x00"


async def faulty(work: object) -> F:
    with pytest.raises(Fault) as raised:
        await work  # type: ignore[misc]
    return raised.value.kind


async def test_a_stopped_listener_closes_its_connections_and_starts_again_where_it_was(server: Server) -> None:
    listeners = server.engine.listeners
    _, port = server.mqtt
    async with connected(port, "c") as streams:
        await listeners.stop("tcp:default")
        assert not await pings(streams)
    stopped = await row(server, "tcp:default")
    assert (stopped.running, stopped.enable, stopped.settings["enable"]) == (False, False, False)
    await listeners.stop("tcp:default")
    await listeners.start("tcp:default")
    await listeners.start("tcp:default")
    assert server.mqtt[1] == port
    async with connected(port, "c") as streams:
        assert await pings(streams)


async def test_a_restart_keeps_connections_unless_they_are_to_be_dropped(server: Server) -> None:
    listeners = server.engine.listeners
    async with connected(server.mqtt[1], "c") as streams:
        await listeners.restart("tcp:default")
        assert await pings(streams)
        await listeners.restart("tcp:default", drop_connections=True)
        assert not await pings(streams)
    assert (await row(server, "tcp:default")).running


async def test_a_new_listener_accepts_connections_at_once(server: Server) -> None:
    made = await server.engine.listeners.create("tcp:mine", {"bind": f"127.0.0.1:{a_free_port()}"})
    assert (made.id, made.running, made.settings["acceptors"]) == ("tcp:mine", True, 16)
    async with connected(made.bound_port, "c") as streams:
        assert await pings(streams)
        client = await server.engine.clients.get("c")
        assert client is not None and client.listener == "tcp:mine"


async def test_options_change_in_place_and_the_address_does_not(server: Server) -> None:
    listeners = server.engine.listeners
    async with connected(server.mqtt[1], "c") as streams:
        changed = await listeners.update("tcp:default", {"max_connections": 1, "tcp_options": {"nodelay": True}})
        assert (changed.max_connections, changed.current_connections) == (1, 1)
        assert await pings(streams)
        reader, writer = await asyncio.open_connection(*server.mqtt)
        assert await reader.read() == b""
        writer.close()
        moved = await listeners.update("tcp:default", {"bind": f"127.0.0.1:{a_free_port()}"})
        assert not await pings(streams)
    async with connected(moved.bound_port, "c"):
        assert server.mqtt[1] == moved.bound_port


async def test_a_deleted_listener_is_gone(server: Server) -> None:
    _, port = server.mqtt
    async with connected(port, "c") as streams:
        await server.engine.listeners.delete("tcp:default")
        assert not await pings(streams)
    assert "tcp:default" not in [row.id for row in await server.engine.listeners.list()]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_listener_may_be_made_switched_off(server: Server) -> None:
    made = await server.engine.listeners.create("tcp:off", {"bind": a_free_port(), "enable": False})
    assert (made.running, made.enable, made.host) == (False, False, None)
    await server.engine.listeners.start("tcp:off")
    assert (await row(server, "tcp:off")).running


async def test_what_cannot_be_is_refused_and_changes_nothing(server: Server) -> None:
    listeners = server.engine.listeners
    before = await listeners.list()
    with free_port() as port:
        taken = {"bind": f"127.0.0.1:{port}"}
        assert await faulty(listeners.create("tcp:mine", taken)) == F.LISTENER_FAILED
    assert await faulty(listeners.create("tcp:mine", {"max_connections": "many"})) == F.LISTENER_INVALID
    assert await faulty(listeners.create("tcp:mine", {"access_rules": ["admit all"]})) == F.LISTENER_INVALID
    assert await faulty(listeners.create("ssl:mine", {"bind": 0, "enable": True})) == F.LISTENER_INVALID
    assert await faulty(listeners.create("tcp:default", {})) == F.LISTENER_EXISTS
    assert await faulty(listeners.update("tcp:default", {"max_connections": "many"})) == F.LISTENER_INVALID
    for call in (listeners.start, listeners.stop, listeners.restart, listeners.delete):
        assert await faulty(call("tcp:none")) == F.LISTENER_NOT_FOUND
    assert await faulty(listeners.update("tcp:none", {})) == F.LISTENER_NOT_FOUND
    assert await listeners.list() == before


async def test_an_address_that_cannot_be_had_leaves_the_listener_stopped_and_startable(server: Server) -> None:
    listeners = server.engine.listeners
    with free_port() as port:
        assert await faulty(listeners.update("tcp:default", {"bind": f"127.0.0.1:{port}"})) == F.LISTENER_FAILED
    stopped = await row(server, "tcp:default")
    assert not stopped.running
    await listeners.start("tcp:default")
    assert (await row(server, "tcp:default")).running


async def test_changes_outlive_the_process(tmp_path: Path) -> None:
    port = a_free_port()
    for first in (True, False):
        configuration = load(data_dir=tmp_path)
        instance = await Instance.start(configuration, on_free_ports(settings(configuration)))
        try:
            listeners = instance.engine.listeners
            if first:
                await listeners.create("tcp:mine", {"bind": f"127.0.0.1:{port}", "max_connections": 7})
                await listeners.stop("tcp:default")
                await listeners.delete("ws:default")
                continue
            rows = {row.id: row for row in await listeners.list()}
            assert "ws:default" not in rows
            assert rows["tcp:mine"].max_connections == 7 and rows["tcp:mine"].running
            assert not rows["tcp:default"].running
        finally:
            await instance.stop()


async def test_what_is_set_from_outside_is_not_changed() -> None:
    async with Server(["listeners.tcp.default.max_connections=5"]) as server:
        listeners = server.engine.listeners
        assert await faulty(listeners.update("tcp:default", {"max_connections": 6})) == F.LISTENER_INVALID
        assert await faulty(listeners.delete("tcp:default")) == F.LISTENER_INVALID
        assert (await row(server, "tcp:default")).max_connections == 5


async def test_a_server_with_websockets_stops_in_no_time() -> None:
    server = await Server().start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.instance.listeners.bound_port("ws:default"))
    writer.write(
        b"GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Protocol: mqtt\r\n\r\n"
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    loop = asyncio.get_running_loop()
    start = loop.time()
    await server.stop()
    # 3 ms where nothing else runs; uvicorn's polling alone took a tenth of a second.
    assert loop.time() - start < 0.1
    assert (await reader.read())[:1] == b"\x88"
    writer.close()
