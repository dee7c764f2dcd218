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

PREFIX = {"v2": "emq", "v3": "emqx", "v4": "emqx"}
"""What plugins' names begin with; nodes' do, too."""
Switch = Callable[[httpx.Client, str, bool], httpx.Response]


def switch_of_v2(client: httpx.Client, plugin: str, active: bool) -> httpx.Response:
    return client.put(f"/nodes/emq@127.0.0.1/plugins/emq_{plugin}", json={"active": active})


def switch_by_path(client: httpx.Client, plugin: str, active: bool) -> httpx.Response:
    verb = "load" if active else "unload"
    return client.put(f"/nodes/emqx@127.0.0.1/plugins/emqx_{plugin}/{verb}")


def runs(client: httpx.Client, generation: str, plugin: str) -> bool:
    prefix = PREFIX[generation]
    rows = data(client.get(f"/nodes/{prefix}@127.0.0.1/plugins"))
    (row,) = [row for row in rows if row["name"] == f"{prefix}_{plugin}"]
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


SWITCH: dict[str, Switch] = {"v2": switch_of_v2, "v3": switch_by_path, "v4": switch_by_path}
SWITCH = {generation: switch for generation, switch in SWITCH.items() if with_plugins(generation)}


@pairs(SWITCH, SWITCH)
def test_a_plugin_is_one_switch(clients: Clients, writer: str, reader: str) -> None:
    try:
        assert SWITCH[writer](clients[writer], "retainer", False).is_success
        assert not runs(clients[reader], reader, "retainer")
    finally:
        assert SWITCH[writer](clients[writer], "retainer", True).is_success
    assert runs(clients[reader], reader, "retainer")


# --- the stores of MQTT credentials, whose plugins v2 and v3 know

OLD = {generation: switch for generation, switch in SWITCH.items() if generation in ("v2", "v3")}


@pairs(OLD, OLD)
@pytest.mark.parametrize("kind", ["clientid", "username"])
def test_the_plugin_of_a_store_is_one_switch(
    clients: Clients, connect: Connect, writer: str, reader: str, kind: str, name: str
) -> None:
    plugin = f"auth_{kind}"
    assert SWITCH[writer](clients[writer], plugin, True).is_success
    try:
        assert runs(clients[reader], reader, plugin)
        if "v3" in INSTALLED:
            assert clients["v3"].post(f"/{plugin}", json={kind: name, "password": "right"}).json() == {"code": 0}
            assert connect(name, username=name, password="wrong").connack != 0
    finally:
        assert SWITCH[reader](clients[reader], plugin, False).is_success
    assert not runs(clients[writer], writer, plugin)
    assert connect(name, username=name, password="wrong").connack == 0


@pairs({"v2": None}, {"v3": None})
@pytest.mark.parametrize(("kind", "word"), [("clientid", "client"), ("username", "user")])
def test_who_is_in_the_configuration_of_2_is_in_the_store_of_3(
    clients: Clients, writer: str, reader: str, kind: str, word: str, name: str
) -> None:
    told = {
        f"auth.{word}.1.{kind}": name,
        f"auth.{word}.1.password": "right",
        f"auth.{word}.password_hash": "sha256",
    }
    clients[writer].put(f"/nodes/emq@127.0.0.1/plugin_configs/emq_auth_{kind}", json=told)
    assert SWITCH[reader](clients[reader], f"auth_{kind}", True).is_success
    try:
        assert name in data(clients[reader].get(f"/auth_{kind}"))
    finally:
        assert SWITCH[reader](clients[reader], f"auth_{kind}", False).is_success


# --- alarms

ALARMS = {"v2": "/nodes/emq@127.0.0.1/alarms", "v3": "/alarms/present/emqx@127.0.0.1"}
"""Where a generation lists what is wrong now."""


@pytest.mark.parametrize("generation", [key for key in ALARMS if key in INSTALLED])
def test_an_alarm_is_listed_by_its_old_name_until_it_is_over(
    server: SyncServer, clients: Clients, generation: str, name: str
) -> None:
    def listed() -> set[str]:
        return {row["id"] for row in data(clients[generation].get(ALARMS[generation]))}

    server.run(lambda engine: engine.alarms.activate(name, legacy_name=f"{name}/old"))
    assert f"{name}/old" in listed()
    server.run(lambda engine: engine.alarms.deactivate(name))
    assert f"{name}/old" not in listed()


@pytest.mark.parametrize("generation", [key for key in ALARMS if key in INSTALLED])
def test_an_alarm_of_another_generation_is_not_listed(
    server: SyncServer, clients: Clients, generation: str, name: str
) -> None:
    def raise_for(known: str) -> None:
        only = frozenset({known})
        server.run(lambda engine: engine.alarms.activate(name + known, generations=only))

    for known in ALARMS:
        raise_for(known)
    rows = data(clients[generation].get(ALARMS[generation]))
    assert [row["id"] for row in rows if row["id"].startswith(f"{name}v")] == [name + generation]


# --- hot settings

NODES = {"v2": "emq@127.0.0.1", "v3": "emqx@127.0.0.1"}
RETAINER: Mapping[str, Mapping[str, str]] = {
    "v2": {
        "messages": "retainer.max_message_num",
        "size": "retainer.max_payload_size",
        "expiry": "retainer.expiry_interval",
    },
    "v3": {
        "messages": "retainer.max_retained_messages",
        "size": "retainer.max_payload_size",
        "expiry": "retainer.expiry_interval",
    },
}
"""What a generation calls the settings of the retainer."""
VALUES = {"messages": ("77", "77"), "size": ("2MB", "2097152"), "expiry": ("90s", "90000")}
"""What is written, what is shown."""


def shown(client: httpx.Client, generation: str, key: str) -> str:
    (row,) = [row for row in data(client.get(f"/nodes/{NODES[generation]}/configs")) if row["key"] == key]
    value: str = row["value"]
    return value


@pairs(RETAINER, RETAINER)
@pytest.mark.parametrize("setting", VALUES)
def test_a_setting_of_the_retainer_is_one(clients: Clients, writer: str, reader: str, setting: str) -> None:
    app = f"{PREFIX[writer]}_retainer"
    key, (value, then) = RETAINER[writer][setting], VALUES[setting]
    before = shown(clients[writer], writer, key)
    path = f"/nodes/{NODES[writer]}/configs/{app}"
    try:
        assert clients[writer].put(path, json={"key": key, "value": value}).json()["code"] == 0
        assert shown(clients[reader], reader, RETAINER[reader][setting]) == then
    finally:
        clients[writer].put(path, json={"key": key, "value": before})
    assert shown(clients[reader], reader, RETAINER[reader][setting]) == before
