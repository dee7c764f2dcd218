"""One object, all generations: what is written through one is read through every other that has the notion.

A table per notion says how each generation writes and reads it; pairs are made of those that are installed, so that
deleting a spoke deletes its pairs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from devices import Connect, Device

from emqx_compat.http.generation import generations
from emqx_compat.http.route import State
from emqx_compat.testing import Server, SyncServer

INSTALLED = {generation.name: generation for generation in generations()}
PASSWORD = "pass-word1"

Clients = Mapping[str, httpx.Client]
Write = Callable[[httpx.Client, str], httpx.Response]
Read = Callable[[httpx.Client, str], Any]

_numbers = itertools.count(1)


def pairs(writes: Mapping[str, Any], reads: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Every writer with every reader, of those that are installed."""
    found = [(writer, reader) for writer in writes for reader in reads if {writer, reader} <= INSTALLED.keys()]
    return pytest.mark.parametrize(("writer", "reader"), found)


@pytest.fixture(scope="module")
def server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def clients(server: SyncServer) -> Iterator[Clients]:
    """A caller of every generation on the dashboard port, where a dashboard user may do everything."""
    made: dict[str, httpx.Client] = {}
    for name in INSTALLED:
        auth = None if name == "v5" else server.auth(name, "dashboard")
        made[name] = httpx.Client(base_url=server.url(name, "dashboard"), auth=auth)
        if name == "v5":
            token = made[name].post("/login", json={"username": "admin", "password": "public"}).json()["token"]
            made[name].headers["Authorization"] = f"Bearer {token}"
    yield made
    for each in made.values():
        each.close()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"across{next(_numbers)}"


@pytest.fixture
def connect(server: SyncServer) -> Iterator[Connect]:
    devices: list[Device] = []

    def make(clientid: str, **options: Any) -> Device:
        devices.append(Device(server.mqtt, clientid, **options))
        return devices[-1]

    yield make
    for device in devices:
        device.disconnect()


def data(answer: httpx.Response) -> Any:
    """What an answer is about, without its envelope."""
    body = answer.json()
    if isinstance(body, dict):
        body = body.get("data", body.get("result", body))
    return body.get("objects", body) if isinstance(body, dict) else body


# --- users


def write_user(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/users", json={"username": name, "password": PASSWORD, "tags": "viewer"})


def write_user_of_v5(client: httpx.Client, name: str) -> httpx.Response:
    body = {"username": name, "password": PASSWORD, "role": "administrator", "description": "viewer"}
    return client.post("/users", json=body)


def read_user(client: httpx.Client, name: str) -> Any:
    return [row for row in data(client.get("/users")) if row["username"] == name]


WRITE_USER = {"v2": write_user, "v3": write_user, "v4": write_user, "v5": write_user_of_v5}
READ_USER: Mapping[str, Read] = dict.fromkeys(WRITE_USER, read_user)


@pairs(WRITE_USER, READ_USER)
def test_a_user_is_known_everywhere(clients: Clients, writer: str, reader: str, name: str) -> None:
    assert WRITE_USER[writer](clients[writer], name).is_success
    assert len(READ_USER[reader](clients[reader], name)) == 1


@pairs({key: WRITE_USER[key] for key in ("v2", "v3", "v4")}, {key: READ_USER[key] for key in ("v2", "v3", "v4")})
def test_a_users_tags_are_the_same_where_there_are_tags(
    clients: Clients, writer: str, reader: str, name: str
) -> None:
    WRITE_USER[writer](clients[writer], name)
    assert [row["tags"] for row in READ_USER[reader](clients[reader], name)] == ["viewer"]


LOGINS = {"v2": "/auth", "v3": "/auth", "v4": "/auth", "v5": "/login"}


@pairs(WRITE_USER, LOGINS)
def test_a_user_may_log_in_everywhere(clients: Clients, writer: str, reader: str, name: str) -> None:
    WRITE_USER[writer](clients[writer], name)
    answer = clients[reader].post(LOGINS[reader], json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200
    assert "token" in answer.json() if reader == "v5" else answer.json()["code"] == 0


@pairs(WRITE_USER, READ_USER)
def test_a_removed_user_is_gone_everywhere(clients: Clients, writer: str, reader: str, name: str) -> None:
    WRITE_USER[writer](clients[writer], name)
    assert clients[reader].delete(f"/users/{name}").is_success
    assert READ_USER[writer](clients[writer], name) == []


# --- apps and API keys

KEEPS_KEYS = {"v3": "app_id", "v4": "app_id", "v5": "api_key"}
"""Generations with applications, and what each calls their id."""


def write_app(client: httpx.Client, generation: str, name: str) -> tuple[str, str]:
    """Id and secret of a new one."""
    if generation == "v5":
        made = client.post("/api_key", json={"name": name, "enable": True, "desc": "d"}).json()
        return made["api_key"], made["api_secret"]
    body = {"app_id": name, "secret": "app-secret", "name": name, "desc": "d", "status": True}
    assert client.post("/apps", json=body).is_success
    return name, "app-secret"


@pairs(KEEPS_KEYS, KEEPS_KEYS)
def test_an_app_is_an_api_key(clients: Clients, writer: str, reader: str, name: str) -> None:
    key, _ = write_app(clients[writer], writer, name)
    rows = data(clients[reader].get("/api_key" if reader == "v5" else "/apps"))
    found = [row for row in rows if row[KEEPS_KEYS[reader]] == key]
    assert [(row["name"], row["desc"]) for row in found] == [(name, "d")]


@pairs(KEEPS_KEYS, {"v3": "/brokers", "v4": "/brokers", "v5": "/nodes"})
def test_an_app_opens_the_port_of_every_generation(
    server: SyncServer, clients: Clients, writer: str, reader: str, name: str
) -> None:
    pair = write_app(clients[writer], writer, name)
    path = "/nodes" if reader == "v5" else "/brokers"
    assert httpx.get(server.url(reader) + path, auth=pair).status_code == 200


# --- bans


def write_ban(client: httpx.Client, who: str) -> httpx.Response:
    return client.post("/banned", json={"who": who, "as": "clientid", "by": "me", "reason": "because"})


def write_ban_of_v3(client: httpx.Client, who: str) -> httpx.Response:
    body = {"who": who, "as": "client_id", "by": "me", "reason": "because", "desc": "because", "until": 4102444800}
    return client.post("/banned", json=body)


WRITE_BAN: Mapping[str, Write] = {"v3": write_ban_of_v3, "v4": write_ban, "v5": write_ban}


@pairs(WRITE_BAN, WRITE_BAN)
def test_a_ban_is_known_everywhere(clients: Clients, writer: str, reader: str, name: str) -> None:
    assert WRITE_BAN[writer](clients[writer], name).is_success
    rows = [row for row in data(clients[reader].get("/banned")) if row["who"] == name]
    assert [(row["as"], row["by"], row["reason"]) for row in rows] == [
        ("client_id" if reader == "v3" else "clientid", "me", "because")
    ]


@pytest.mark.parametrize("writer", [key for key in WRITE_BAN if key in INSTALLED])
def test_who_is_banned_anywhere_is_kept_out(clients: Clients, connect: Connect, writer: str, name: str) -> None:
    WRITE_BAN[writer](clients[writer], name)
    assert connect(name).connack != 0


# --- subscriptions made over HTTP


def subscribe_by(key: str) -> Write:
    """The operation of v2 to v4, which differ in the name of the client id."""

    def write(client: httpx.Client, clientid: str) -> httpx.Response:
        return client.post("/mqtt/subscribe", json={key: clientid, "topic": f"{clientid}/t", "qos": 1})

    return write


def subscribe_of_v5(client: httpx.Client, clientid: str) -> httpx.Response:
    return client.post(f"/clients/{clientid}/subscribe", json={"topic": f"{clientid}/t", "qos": 1})


def read_subscriptions(path: str, key: str) -> Read:
    def read(client: httpx.Client, clientid: str) -> Any:
        return [(row[key], row["topic"], row["qos"]) for row in data(client.get(path.format(clientid)))]

    return read


SUBSCRIBE: Mapping[str, Write] = {
    "v2": subscribe_by("client_id"),
    "v3": subscribe_by("client_id"),
    "v4": subscribe_by("clientid"),
    "v5": subscribe_of_v5,
}
SUBSCRIPTIONS: Mapping[str, Read] = {
    "v2": read_subscriptions("/subscriptions/{}", "client_id"),
    "v3": read_subscriptions("/subscriptions/{}", "client_id"),
    "v4": read_subscriptions("/subscriptions/{}", "clientid"),
    "v5": read_subscriptions("/clients/{}/subscriptions", "clientid"),
}


@pairs(SUBSCRIBE, SUBSCRIPTIONS)
def test_a_subscription_is_seen_everywhere(
    clients: Clients, connect: Connect, writer: str, reader: str, name: str
) -> None:
    connect(name)
    assert SUBSCRIBE[writer](clients[writer], name).is_success
    assert SUBSCRIPTIONS[reader](clients[reader], name) == [(name, f"{name}/t", 1)]


# --- messages


def publish_by(path: str, key: str) -> Write:
    def write(client: httpx.Client, topic: str) -> httpx.Response:
        body = {key: "someone", "topic": topic, "payload": "kept", "qos": 1, "retain": True}
        return client.post(path, json=body)

    return write


PUBLISH: Mapping[str, Write] = {
    "v2": publish_by("/mqtt/publish", "client_id"),
    "v3": publish_by("/mqtt/publish", "client_id"),
    "v4": publish_by("/mqtt/publish", "clientid"),
    "v5": publish_by("/publish", "clientid"),
}


@pairs(PUBLISH, SUBSCRIBE)
def test_a_retained_message_waits_for_subscriptions_of_every_generation(
    clients: Clients, connect: Connect, writer: str, reader: str, name: str
) -> None:
    assert PUBLISH[writer](clients[writer], f"{name}/t").is_success
    device = connect(name)
    SUBSCRIBE[reader](clients[reader], name)
    assert device.receive() == (f"{name}/t", b"kept", 1, True)


# --- plugins


def switch_of_v2(client: httpx.Client, active: bool) -> httpx.Response:
    return client.put("/nodes/emq@127.0.0.1/plugins/emq_retainer", json={"active": active})


def switch_by_path(client: httpx.Client, active: bool) -> httpx.Response:
    verb = "load" if active else "unload"
    return client.put(f"/nodes/emqx@127.0.0.1/plugins/emqx_retainer/{verb}")


def retainer_runs(client: httpx.Client, generation: str) -> bool:
    node, plugin = ("emq@127.0.0.1", "emq_retainer") if generation == "v2" else ("emqx@127.0.0.1", "emqx_retainer")
    (row,) = [row for row in data(client.get(f"/nodes/{node}/plugins")) if row["name"] == plugin]
    return bool(row["active"])


def with_plugins(generation: str) -> bool:
    """Whether its plugins are built."""
    routes = INSTALLED[generation].routes if generation in INSTALLED else ()
    found = [
        route
        for route in routes
        if route.method == "PUT" and route.path.startswith("/nodes/{") and "/plugins/" in route.path
    ]
    return bool(found) and all(route.effective_state is not State.ABSENT for route in found)


SWITCH = {"v2": switch_of_v2, "v3": switch_by_path, "v4": switch_by_path}
SWITCH = {generation: switch for generation, switch in SWITCH.items() if with_plugins(generation)}


@pairs(SWITCH, SWITCH)
def test_a_plugin_is_one_switch(clients: Clients, writer: str, reader: str) -> None:
    try:
        assert SWITCH[writer](clients[writer], False).is_success
        assert not retainer_runs(clients[reader], reader)
    finally:
        assert SWITCH[writer](clients[writer], True).is_success
    assert retainer_runs(clients[reader], reader)
