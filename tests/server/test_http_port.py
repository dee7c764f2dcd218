"""One HTTP port: what reaches the application, what is refused in HTTP's own words, how it stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from emqx_compat.server.errors import StartError
from emqx_compat.server.http_port import HttpPort
from emqx_compat.server.sockets import bound_socket, is_loopback


@dataclass
class Echo:
    """An ASGI application that answers with what it was asked; `/slow` waits for `release`."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["path"] == "/slow":
            self.entered.set()
            await self.release.wait()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        asked = {
            "method": scope["method"],
            "raw_path": scope["raw_path"].decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "body": body.decode("latin-1"),
        }
        data = json.dumps(asked).encode()
        headers = [(b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else data})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def asked(self) -> dict[str, str]:
        return json.loads(self.body)


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    return Answer(int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"])))


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def port(echo: Echo) -> AsyncIterator[HttpPort]:
    port = HttpPort("dashboard", echo, bound_socket("dashboard", "127.0.0.1", 0))
    await port.start()
    yield port
    echo.release.set()
    await port.stop(1)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: HttpPort) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(port.host, port.port)
    try:
        async with asyncio.timeout(5):
            yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def ask(port: HttpPort, data: bytes) -> Answer:
    async with connected(port) as (reader, writer):
        writer.write(data)
        return await read_answer(reader)


def request(line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\nHost: here\r\n" + headers + b"\r\n" + body


@pytest.mark.parametrize(
    "path",
    ["/clients/a%2Fb", "/clients/a%zz", "/%", "//a//b/", "/a;b=c/:x/[y]|{z}", "/中文", "/\xff\xfe"],
)
async def test_a_path_reaches_the_application_as_it_was_sent(port: HttpPort, path: str) -> None:
    raw = path.encode("latin-1") if path.startswith("/\xff") else path.encode()
    answer = await ask(port, request(b"GET " + raw + b"?q=" + raw[1:]))
    assert answer.status == 200
    assert answer.asked["raw_path"].encode("latin-1") == raw
    assert answer.asked["query"].encode("latin-1") == b"q=" + raw[1:]


@pytest.mark.parametrize("method", ["GET", "PATCH", "OPTIONS", "FOO", "get"])
async def test_any_method_reaches_the_application(port: HttpPort, method: str) -> None:
    answer = await ask(port, request(method.encode() + b" /x"))
    assert answer.asked["method"] == method


async def test_a_long_path_reaches_the_application(port: HttpPort) -> None:
    path = b"/" + b"x" * 50_000
    assert len((await ask(port, request(b"GET " + path))).asked["raw_path"]) == 50_001


async def test_a_path_beyond_the_parser_is_answered_with_414(port: HttpPort) -> None:
    answer = await ask(port, request(b"GET /" + b"x" * 100_000))
    assert (answer.status, answer.body, answer.headers["connection"]) == (414, b"", "close")


@pytest.mark.parametrize(
    "headers",
    [b"X: " + b"y" * 70_000 + b"\r\n", b"".join(b"X-%d: y\r\n" % number for number in range(300))],
    ids=["too long", "too many"],
)
async def test_too_much_in_the_headers_is_answered_with_431(port: HttpPort, headers: bytes) -> None:
    assert (await ask(port, request(b"GET /", headers))).status == 431


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00 hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /a b HTTP/1.1\r\n\r\n"]
)
async def test_what_is_not_http_is_answered_with_an_empty_400(port: HttpPort, data: bytes) -> None:
    answer = await ask(port, data)
    assert (answer.status, answer.body) == (400, b"")
    assert (await ask(port, request(b"GET /still-there"))).status == 200


async def test_a_repaired_request_keeps_its_body_and_the_connection(port: HttpPort) -> None:
    body = "GÉT /1".encode("latin-1")
    async with connected(port) as (reader, writer):
        for text in ("é", "plain"):
            writer.write(request(f"POST /{text}".encode(), b"Content-Length: 6\r\n"))
            await writer.drain()
            writer.write(body)
            asked = (await read_answer(reader)).asked
            assert asked["body"].encode("latin-1") == body
            assert asked["raw_path"].encode("latin-1") == f"/{text}".encode()


async def test_answers_are_dated_and_do_not_name_the_server(port: HttpPort) -> None:
    headers = (await ask(port, request(b"GET /"))).headers
    assert headers["date"].endswith("gmt")
    assert "server" not in headers


async def test_open_connections_are_counted(port: HttpPort) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request(b"GET /"))
        await read_answer(reader)
        assert port.connections == 1


async def test_a_running_request_is_answered_while_the_port_stops(port: HttpPort, echo: Echo) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request(b"GET /slow"))
        await echo.entered.wait()
        stopping = asyncio.create_task(port.stop(5))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(port.host, port.port)
        echo.release.set()
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        await stopping


async def test_a_request_that_takes_too_long_is_cut(port: HttpPort, echo: Echo) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request(b"GET /slow"))
        await echo.entered.wait()
        await port.stop(0.01)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_idle_connections_do_not_hold_up_the_end(port: HttpPort) -> None:
    async with connected(port) as (reader, writer), asyncio.timeout(1):
        writer.write(request(b"GET /"))
        await read_answer(reader)
        await port.stop(30)
        assert await reader.read() == b""


def test_a_port_that_is_taken_is_told_with_its_listener() -> None:
    first = bound_socket("dashboard", "127.0.0.1", 0)
    first.listen()
    number = first.getsockname()[1]
    with pytest.raises(
        StartError, match=f"^management: cannot listen on 127.0.0.1:{number}: address already in use$"
    ):
        bound_socket("management", "127.0.0.1", number)
    first.close()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_loopback_addresses_are_told_from_others(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
