"""Slow and greedy peers of the HTTP ports, and kicks: the client is gone when the answer comes."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from broker.rig import until

from emqx_compat.broker.limits import Limits
from emqx_compat.core.clock import ManualClock
from emqx_compat.mqtt import Connect, encode
from emqx_compat.server import http_protocol
from emqx_compat.server.http_port import HttpPort
from emqx_compat.server.sockets import bound_socket
from emqx_compat.testing import Server

httptools = pytest.importorskip("httptools")


async def application(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    answer = b"x" * 20_000_000 if scope["path"] == "/huge" else b"%d" % len(body)
    headers = [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


class Door:
    def __init__(self) -> None:
        self.limits = Limits(ManualClock())
        self.port = HttpPort(
            "dashboard",
            application,
            bound_socket("dashboard", "127.0.0.1", 0),
            limits=self.limits,
            max_connections=5,
        )

    async def open(self, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port.port)
        writer.write(data)
        return reader, writer


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A port that is impatient and small."""
    for name in ("HEAD_TIMEOUT", "BODY_TIMEOUT", "WRITE_TIMEOUT"):
        monkeypatch.setattr(http_protocol, name, 0.1)
    door = Door()
    await door.port.start()
    yield door
    await door.port.stop(0.0)


@pytest.mark.parametrize(
    "data",
    [
        b"G",
        b"\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n",
    ],
)
async def test_a_request_that_does_not_end_is_ended(door: Door, data: bytes) -> None:
    reader, writer = await door.open(data)
    answer = (await asyncio.wait_for(reader.read(), 5)).rpartition(b"HTTP/1.1 ")[2]
    assert answer.startswith(b"408 ")
    assert door.limits.counts == {"http_timeout": 1}
    await until(lambda: not door.port.connections and not door.port.tasks)
    writer.close()


async def test_bytes_that_trickle_win_no_time(door: Door) -> None:
    reader, writer = await door.open(b"GET / HTTP/1.1\r\n")
    loop = asyncio.get_running_loop()
    start = loop.time()
    reading = asyncio.create_task(reader.read())
    while not reading.done():
        writer.write(b"X: y\r\n")
        await asyncio.wait((reading,), timeout=0.01)
    assert reading.result().startswith(b"HTTP/1.1 408 ")
    assert loop.time() - start < 3
    writer.close()


async def test_an_answer_that_is_not_read_is_given_up(door: Door) -> None:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", door.port.port))
    await loop.sock_sendall(sock, b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n")
    await until(lambda: door.port.connections == 1)
    async with asyncio.timeout(5):
        while door.port.connections:  # noqa: ASYNC110
            await asyncio.sleep(0)
    sock.close()


async def test_one_connection_too_many_takes_the_place_of_the_longest_idle(door: Door) -> None:
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    peers = []
    for _ in range(5):
        peer = await door.open(request)
        await peer[0].readuntil(b"\r\n\r\n0")
        peers.append(peer)
    newcomer = await door.open(request)
    assert (await newcomer[0].readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
    assert await asyncio.wait_for(peers[0][0].read(), 5) == b""
    assert door.port.connections == 5
    assert door.limits.counts == {"http_max_connections": 1}
    for _, writer in (*peers, newcomer):
        writer.close()


@pytest.mark.parametrize("kind", ["tcp", "ws"])
@pytest.mark.parametrize("version", [4, 5])
def test_the_socket_of_a_kicked_client_is_closed_before_the_answer(kind: str, version: int) -> None:
    with Server.in_thread() as server:
        host, port = server.mqtt
        hello = encode(Connect("c", proto_ver=version, keepalive=0), version)
        if kind == "ws":
            port = int(server.ws.rpartition(":")[2].partition("/")[0])
        for _ in range(20):
            with socket.create_connection((host, port)) as client:
                if kind == "ws":
                    client.sendall(
                        b"GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        b"Sec-WebSocket-Protocol: mqtt\r\n\r\n"
                    )
                    assert b" 101 " in client.recv(4096)
                    client.sendall(b"\x82" + bytes((0x80 | len(hello),)) + bytes(4) + hello)
                else:
                    client.sendall(hello)
                assert client.recv(4096)
                status = _delete(server, "/clients/c")
                # What is there when the answer is: everything up to the end.
                client.setblocking(False)
                rest = []
                while select.select([client], [], [], 0)[0]:
                    data = client.recv(4096)
                    rest.append(data)
                    if not data:
                        break
                assert status == 204 and rest and rest[-1] == b""


def _delete(server: Any, path: str) -> int:
    """The answer's status, as soon as it has come."""
    import base64

    base = server.url("v5").removeprefix("http://")
    host, _, rest = base.partition(":")
    port, _, prefix = rest.partition("/")
    credentials = base64.b64encode(":".join(server.auth("v5")).encode()).decode()
    with socket.create_connection((host, int(port))) as http:
        http.sendall(
            f"DELETE /{prefix}{path} HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {credentials}\r\n\r\n".encode()
        )
        return int(http.recv(4096).split(b" ", 2)[1])
