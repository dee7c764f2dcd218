"""What the tests of v5 share: callers, MQTT clients, and the words of refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gmqtt
import httpx

from emqx_compat.testing import Server

QUICK = ("listeners.ws.default.enable=false",)
"""A WebSocket port takes a tenth of a second to close."""
PASSWORD = "Passw0rd_1"
NODE = "emqx@127.0.0.1"
NO_CLIENT = (404, "CLIENTID_NOT_FOUND", "Client ID not found")


class Api:
    """Calls below `/api/v5`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        if body is not None:
            more["json"] = body
        return await self.http.request(method, path, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("GET", path, **more)

    async def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return await self.call("POST", path, body, **more)

    async def put(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return await self.call("PUT", path, body, **more)

    async def delete(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("DELETE", path, **more)

    async def rows(self, path: str) -> Any:
        """The answer of a call that succeeds; of a paged listing its rows."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found["data"] if isinstance(found, dict) and "data" in found else found


def client(server: Server, **more: Any) -> httpx.AsyncClient:
    """An HTTP client below `/api/v5`; reading certificates would cost more than a whole test."""
    return httpx.AsyncClient(base_url=server.url("v5"), verify=False, **more)


async def login(server: Server, username: str, password: str) -> str:
    """A bearer token."""
    async with client(server) as http:
        answer = await http.post("/login", json={"username": username, "password": password})
    token: str = answer.json()["token"]
    return token


@asynccontextmanager
async def calling(server: Server, authorization: str) -> AsyncIterator[Api]:
    """Calls with that Authorization header."""
    async with client(server, headers={"Authorization": authorization}) as http:
        yield Api(http)


@asynccontextmanager
async def calling_with_key(server: Server, admin: Api, **fields: Any) -> AsyncIterator[Api]:
    """Calls with a new API key."""
    made = await admin.post("/api_key", {"name": "k", "enable": True, "desc": "", **fields})
    auth = (made.json()["api_key"], made.json()["api_secret"])
    async with client(server, auth=auth) as http:
        yield Api(http)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an answer that has these and nothing else."""
    told = answer.json()
    assert told.keys() == {"code", "message"}, told
    return answer.status_code, told["code"], told["message"]


def invalid(answer: httpx.Response) -> Any:
    """What a validation error says: its message, which holds JSON."""
    status, code, message = refusal(answer)
    assert (status, code) == (400, "BAD_REQUEST"), answer.text
    return json.loads(message)


def wrong(path: str, **says: object) -> dict[str, object]:
    """A validation error."""
    return {"kind": "validation_error", "path": path, **says}


def expected(path: str, type_: str, value: object) -> dict[str, object]:
    """A validation error about a type."""
    return wrong(path, reason={"expected": type_}, value=value)


def required(path: str) -> dict[str, object]:
    """A validation error about a missing field."""
    return wrong(path, reason="required_field")


async def raw(server: Server, request: str) -> tuple[int, str]:
    """Status and body of a request whose target goes out as it stands."""
    address = httpx.URL(server.url("v5"))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(f"{request}\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


class Mqtt:
    """A connected MQTT client that remembers what it got."""

    def __init__(self, clientid: str, **options: Any) -> None:
        self.messages: asyncio.Queue[tuple[str, bytes, dict[str, Any]]] = asyncio.Queue()
        self.ended: asyncio.Queue[bytes] = asyncio.Queue()
        self._subscribed: asyncio.Queue[int] = asyncio.Queue()
        self.client: Any = gmqtt.Client(clientid, **options)
        self.client.set_config({"reconnect_retries": 0})
        self.client.on_message = lambda _c, topic, payload, _qos, props: self._take((topic, payload, props))
        self.client.on_disconnect = lambda _c, packet, _exc=None: self.ended.put_nowait(packet)
        self.client.on_subscribe = lambda _c, mid, _qos, _props: self._subscribed.put_nowait(mid)

    def _take(self, message: tuple[str, bytes, dict[str, Any]]) -> int:
        self.messages.put_nowait(message)
        return 0

    async def subscribe(self, topic: str, qos: int = 0) -> None:
        self.client.subscribe(topic, qos=qos)
        await asyncio.wait_for(self._subscribed.get(), 5)

    async def message(self) -> tuple[str, bytes, dict[str, Any]]:
        return await asyncio.wait_for(self.messages.get(), 5)

    async def reason_of_end(self) -> bytes:
        """The body of the DISCONNECT that the server sent; empty when it just closed."""
        return await asyncio.wait_for(self.ended.get(), 5)


@asynccontextmanager
async def connected(
    server: Server, clientid: str, username: str | None = None, *, version: int = 5, **options: Any
) -> AsyncIterator[Mqtt]:
    """A client for as long as the block runs."""
    mqtt = Mqtt(clientid, **options)
    if username is not None:
        mqtt.client.set_auth_credentials(username, "x")
    await mqtt.client.connect(*server.mqtt, version=version)
    try:
        yield mqtt
    finally:
        await mqtt.client.disconnect()
