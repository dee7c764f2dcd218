"""One client's life, seen through every installed generation after each step: they must agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import gmqtt
import httpx
import pytest

from emqx_compat.http.generation import generations
from emqx_compat.testing import Server

INSTALLED = [generation.name for generation in generations()]

Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What one generation tells: connected client ids, (client id, filter, qos), routes, PUBLISHes received."""

    clients: frozenset[str]
    subscriptions: frozenset[tuple[str, str, int]]
    routes: frozenset[str]
    published: int


class Reader:
    """Reads a `View` through one generation."""

    def __init__(self, http: httpx.AsyncClient, server: Server, name: str) -> None:
        self._http, self._url, self._auth, self._name = http, server.url(name), server.auth(name), name

    async def get(self, path: str) -> Any:
        answer = await self._http.get(self._url + path, auth=self._auth)
        assert answer.status_code == 200, (self._name, path, answer.status_code, answer.text)
        return answer.json()

    async def view(self) -> View:
        return await getattr(self, f"_{self._name}")()

    async def _v2(self) -> View:
        clients = (await self.get("/nodes/emq@127.0.0.1/clients"))["result"]["objects"]
        subscriptions = (await self.get("/nodes/emq@127.0.0.1/subscriptions"))["result"]["objects"]
        routes = (await self.get("/routes"))["result"]["objects"]
        metrics = (await self.get("/monitoring/metrics/emq@127.0.0.1"))["result"]
        return _view(clients, subscriptions, routes, metrics["packets/publish/received"], "client_id")

    async def _v3(self) -> View:
        connections, subscriptions, routes = [
            (await self.get(path))["data"] for path in ("/connections", "/subscriptions", "/routes")
        ]
        metrics = (await self.get("/nodes/emqx@127.0.0.1/metrics"))["data"]
        return _view(connections, subscriptions, routes, metrics["packets.publish.received"], "client_id")

    async def _v4(self) -> View:
        clients, subscriptions, routes = [
            (await self.get(path))["data"] for path in ("/clients", "/subscriptions", "/routes")
        ]
        metrics = (await self.get("/nodes/emqx@127.0.0.1/metrics"))["data"]
        return _view(clients, subscriptions, routes, metrics["packets.publish.received"])

    async def _v5(self) -> View:
        clients, subscriptions, routes = [
            (await self.get(path))["data"] for path in ("/clients", "/subscriptions", "/topics")
        ]
        metrics = await self.get("/nodes/emqx@127.0.0.1/metrics")
        return _view(clients, subscriptions, routes, metrics["packets.publish.received"])


def _view(
    clients: list[Row], subscriptions: list[Row], routes: list[Row], count: int, key: str = "clientid"
) -> View:
    return View(
        frozenset(row[key] for row in clients if row.get("connected", True)),
        frozenset((row[key], row["topic"], row["qos"]) for row in subscriptions),
        frozenset(row["topic"] for row in routes),
        count,
    )


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


Kick = Callable[[httpx.AsyncClient, Server], Awaitable[httpx.Response]]

KICKS: dict[str, str] = {"v2": "/clients/walker", "v3": "/connections/walker", "v4": "/clients/walker"}


@pytest.mark.parametrize("kicker", INSTALLED)
async def test_all_generations_agree_after_every_step(server: Server, kicker: str) -> None:
    client: Any = gmqtt.Client("walker")
    subscribed, closed, received = asyncio.Event(), asyncio.Event(), asyncio.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_disconnect = lambda *_: closed.set()
    client.on_message = lambda *_: received.set() or 0

    async with httpx.AsyncClient() as http:
        readers = [Reader(http, server, name) for name in INSTALLED]

        async def all_see(expected: View) -> None:
            for reader in readers:
                assert await reader.view() == expected, reader._name

        nothing: frozenset[Any] = frozenset()
        await all_see(View(nothing, nothing, nothing, 0))

        await client.connect(*server.mqtt, version=gmqtt.constants.MQTTv50)
        client.set_config({"reconnect_retries": 0})
        await all_see(View(frozenset({"walker"}), nothing, nothing, 0))

        client.subscribe("walk/+", qos=1)
        async with asyncio.timeout(5):
            await subscribed.wait()
        there = (frozenset({"walker"}), frozenset({("walker", "walk/+", 1)}), frozenset({"walk/+"}))
        await all_see(View(*there, 0))

        client.publish("walk/1", b"step", qos=1)
        async with asyncio.timeout(5):
            await received.wait()
        await all_see(View(*there, 1))

        path = KICKS.get(kicker, "/clients/walker")
        answer = await http.delete(server.url(kicker) + path, auth=server.auth(kicker))
        assert answer.status_code in (200, 204)
        await all_see(View(nothing, nothing, nothing, 1))
        async with asyncio.timeout(5):
            await closed.wait()
