"""Clients and sessions: pages, look-ups, kicks, what outlives a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from devices import PATIENCE, Connect, Device

from emqx_compat.testing import Server, SyncServer

LIST = "/nodes/emq@127.0.0.1/clients"
SESSIONS = "/nodes/emq@127.0.0.1/sessions"
IDS = ["C3", "a/b+c d", "c1", "c2", "é"]


@pytest.fixture(scope="module")
def five() -> Iterator[httpx.Client]:
    """A server with five clients and one session whose client is away."""
    with Server.in_thread() as server, httpx.Client(base_url=server.url("v2"), auth=server.auth("v2")) as api:
        devices = [Device(server.mqtt, clientid) for clientid in reversed(IDS)]
        Device(server.mqtt, "away", clean=False).disconnect()
        yield api
        for device in devices:
            device.disconnect()


def result(api: httpx.Client, path: str) -> dict[str, Any]:
    return api.get(path).json()["result"]


def ids(api: httpx.Client, path: str) -> list[str]:
    return [row["client_id"] for row in result(api, path)["objects"]]


# --- pages


def test_clients_are_those_that_are_connected_by_id(five: httpx.Client) -> None:
    assert ids(five, LIST) == IDS


def test_sessions_are_also_those_of_clients_that_are_away(five: httpx.Client) -> None:
    assert ids(five, SESSIONS) == [*IDS[:2], "away", *IDS[2:]]


@pytest.mark.parametrize(
    ("query", "page", "rows"),
    [
        ("", (1, 20, 5, 1), IDS),
        ("?curr_page=1&page_size=2", (1, 2, 5, 3), IDS[:2]),
        ("?curr_page=2&page_size=2", (2, 2, 5, 3), IDS[2:4]),
        ("?curr_page=3&page_size=2", (3, 2, 5, 3), IDS[4:]),
        ("?curr_page=9&page_size=2", (9, 2, 5, 3), []),
        ("?curr_page=0&page_size=2", (0, 2, 5, 3), IDS[:2]),
        ("?curr_page=-1&page_size=2", (-1, 2, 5, 3), IDS[:2]),
        ("?page_size=1000000", (1, 1000000, 5, 1), IDS),
        ("?curr_page=%2B02&page_size=002", (2, 2, 5, 3), IDS[2:4]),
        ("?curr_page=2&page_size=2&curr_page=1", (2, 2, 5, 3), IDS[2:4]),
        ("?timestamps=1530263032&x", (1, 20, 5, 1), IDS),
    ],
)
def test_a_page_echoes_what_was_asked(
    five: httpx.Client, query: str, page: tuple[int, ...], rows: list[str]
) -> None:
    found = result(five, LIST + query)
    assert (found["current_page"], found["page_size"], found["total_num"], found["total_page"]) == page
    assert [row["client_id"] for row in found["objects"]] == rows
    assert list(found) == ["current_page", "page_size", "total_num", "total_page", "objects"]


@pytest.mark.parametrize(
    "query",
    ["page_size=0", "page_size=-1", "page_size=", "curr_page=", "curr_page=a", "curr_page=1.0", "page_size=1e2"],
)
@pytest.mark.parametrize("path", [LIST, SESSIONS, "/nodes/emq@127.0.0.1/subscriptions", "/routes"])
def test_page_numbers_that_are_none_are_a_404(five: httpx.Client, path: str, query: str) -> None:
    assert five.get(f"{path}?{query}").status_code == 404


@pytest.mark.parametrize("digits", ["9" * 30, "-" + "9" * 30, "9" * 5000])
def test_no_page_number_is_too_large(five: httpx.Client, digits: str) -> None:
    assert five.get(f"{LIST}?curr_page={digits}&page_size=2").status_code in (200, 404)


def test_an_empty_listing_has_no_page(fresh_api: httpx.Client) -> None:
    assert result(fresh_api, LIST) == {
        "current_page": 1,
        "page_size": 20,
        "total_num": 0,
        "total_page": 0,
        "objects": [],
    }


# --- look-ups


@pytest.mark.parametrize("path", ["/clients/{}", LIST + "/{}", "/sessions/{}", SESSIONS + "/{}"])
def test_one_is_found_by_its_id(five: httpx.Client, path: str) -> None:
    assert ids(five, path.format("a%2Fb%2Bc%20d")) == ["a/b+c d"]


@pytest.mark.parametrize("path", ["/clients/{}", LIST + "/{}", "/sessions/{}", SESSIONS + "/{}"])
def test_an_unknown_id_finds_nothing(five: httpx.Client, path: str) -> None:
    assert result(five, path.format("nobody")) == {"objects": []}


@pytest.mark.parametrize("path", ["/clients/away", LIST + "/away"])
def test_a_client_that_is_away_is_not_found(five: httpx.Client, path: str) -> None:
    assert result(five, path) == {"objects": []}


@pytest.mark.parametrize("path", ["/sessions/away", SESSIONS + "/away"])
def test_a_session_is_found_while_its_client_is_away(five: httpx.Client, path: str) -> None:
    assert ids(five, path) == ["away"]


@pytest.mark.parametrize("path", [LIST + "/c1", SESSIONS + "/c1"])
def test_a_look_up_on_a_node_wants_numbers_that_it_does_not_use(five: httpx.Client, path: str) -> None:
    assert five.get(path + "?curr_page=7").status_code == 200
    assert five.get(path + "?curr_page=x").status_code == 404


# --- rows


def test_a_client_is_shown_as_it_connected(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name, username="user1", keepalive=30)
    (row,) = result(api, f"/clients/{name}")["objects"]
    assert (row["username"], row["ipaddress"], row["keepalive"], row["proto_ver"], row["clean_sess"]) == (
        "user1",
        "127.0.0.1",
        30,
        4,
        True,
    )


@pytest.mark.parametrize(("username", "shown"), [(None, "undefined"), ("", "")])
def test_a_username_that_was_never_given_is_undefined(
    connect: Connect, api: httpx.Client, name: str, username: str | None, shown: str
) -> None:
    connect(name, username=username)
    assert result(api, f"/clients/{name}")["objects"][0]["username"] == shown


@pytest.mark.parametrize("version", [3, 4, 5])
def test_the_protocol_is_told_by_its_number(connect: Connect, api: httpx.Client, name: str, version: int) -> None:
    connect(name, version=version)
    assert result(api, f"/clients/{name}")["objects"][0]["proto_ver"] == version


def test_a_session_counts_what_waits_for_its_client(connect: Connect, api: httpx.Client, name: str) -> None:
    away = connect(name, clean=False)
    away.subscribe(f"{name}/#", qos=1)
    away.disconnect()
    for _ in range(3):
        api.post("/mqtt/publish", json={"topic": f"{name}/t", "payload": "x", "qos": 1})
    (row,) = result(api, f"/sessions/{name}")["objects"]
    assert (row["subscriptions"], row["mqueue_len"], row["enqueue_msg"], row["clean_sess"]) == (1, 3, 3, False)


# --- kicks


def test_a_kick_is_over_when_it_is_answered(connect: Connect, api: httpx.Client, name: str) -> None:
    device = connect(name)
    assert api.delete(f"/clients/{name}").json() == {"code": 0, "result": []}
    assert result(api, f"/clients/{name}") == {"objects": []}
    assert device.closed.wait(PATIENCE)


def test_a_kick_publishes_the_will(connect: Connect, api: httpx.Client, name: str) -> None:
    watcher = connect(name + "-watcher")
    watcher.subscribe(f"will/{name}", qos=1)
    connect(name, will=(f"will/{name}", "gone"))
    api.delete(f"/clients/{name}")
    assert watcher.receive()[:2] == (f"will/{name}", b"gone")


def test_a_kick_leaves_a_persistent_session(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name, clean=False)
    api.delete(f"/clients/{name}")
    assert ids(api, f"/sessions/{name}") == [name]


def test_a_clean_session_ends_with_its_kick(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name)
    api.delete(f"/clients/{name}")
    assert ids(api, f"/sessions/{name}") == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]"])
def test_a_kick_takes_any_json(connect: Connect, api: httpx.Client, name: str, body: bytes) -> None:
    connect(name)
    assert api.request("DELETE", f"/clients/{name}/", content=body).json()["code"] == 0


def test_who_is_not_connected_cannot_be_kicked(five: httpx.Client) -> None:
    assert five.delete("/clients/nobody").json() == {"code": 112}
    assert five.delete("/clients/away").json() == {"code": 112}


# --- the ACL cache


@pytest.mark.parametrize("topic", ["test", "a/#", ""])
def test_the_cache_of_a_connected_client_is_cleaned(five: httpx.Client, topic: str) -> None:
    answer = five.put("/clients/c1/clean_acl_cache", json={"topic": topic})
    assert answer.json() == {"code": 0, "result": []}


@pytest.mark.parametrize("clientid", ["nobody", "away", "a%2Fb%2Bc%20d"])
def test_the_cache_of_others_is_not(five: httpx.Client, clientid: str) -> None:
    assert five.put(f"/clients/{clientid}/clean_acl_cache", json={"topic": "t"}).json() == {"code": 112}


def test_clients_that_take_over_have_one_row(connect: Connect, api: httpx.Client, name: str) -> None:
    first = connect(name)
    connect(name)
    assert first.closed.wait(PATIENCE)
    assert ids(api, f"/clients/{name}") == [name]


def test_a_client_without_an_id_is_given_one(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    connect("", at=fresh)
    (given,) = ids(fresh_api, LIST)
    assert given


def test_a_kick_is_told_in_words_of_its_own(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    watcher = connect("watcher", at=fresh)
    watcher.subscribe("$SYS/brokers/emqx@127.0.0.1/clients/c1/disconnected", qos=1)
    connect("c1", at=fresh)
    fresh_api.delete("/clients/c1")
    _, payload, qos, _ = watcher.receive()
    assert (json.loads(payload)["reason"], qos) == ("kicked", 0)


async def test_cleaning_the_cache_of_a_topic_cleans_that_of_all() -> None:
    async with Server() as server, httpx.AsyncClient(base_url=server.url("v2"), auth=server.auth("v2")) as api:
        device = await asyncio.to_thread(Device, server.mqtt, "c1")
        for topic in ("a", "b"):
            await asyncio.to_thread(device.publish, topic, "x")
        before = {row.topic for row in await server.engine.clients.authz_cache("c1") or ()}
        await api.put("/clients/c1/clean_acl_cache", json={"topic": "a"})
        after = await server.engine.clients.authz_cache("c1")
        await asyncio.to_thread(device.disconnect)
    assert (before, after) == ({"a", "b"}, [])
