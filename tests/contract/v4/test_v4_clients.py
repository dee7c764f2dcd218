"""Clients of v4: rows, filters, pages, look-ups, the kick and the cache of access control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from devices import PATIENCE, Device

from emqx_compat.testing import Server, SyncServer

NODE = "/nodes/emqx@127.0.0.1"
CRASH = (500, "Internal Error")

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def population() -> Iterator[SyncServer]:
    """c1 (user1), c2 (no user, persistent), v5 (user1, MQTT 5), Off1 (user2, disconnected), a/b+c d (üser/x)."""
    with Server.in_thread() as server:
        devices = [
            Device(server.mqtt, "c1", username="user1"),
            Device(server.mqtt, "c2", clean=False),
            Device(server.mqtt, "v5", username="user1", version=5),
            Device(server.mqtt, "a/b+c d", username="üser/x"),
        ]
        absent = Device(server.mqtt, "Off1", username="user2", clean=False)
        absent.subscribe("q/1", 1)
        absent.disconnect()
        devices[0].publish("q/1", "m", 1)
        yield server
        for device in devices:
            device.disconnect()


@pytest.fixture(scope="module")
def ask(population: SyncServer) -> Iterator[Ask]:
    with httpx.Client(base_url=population.url("v4"), auth=population.auth("v4")) as client:

        def get(path: str, **query: object) -> dict[str, Any]:
            answer = client.get(path, params=query)  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.text
            return answer.json()  # type: ignore[no-any-return]

        yield get


ALL = {"c1", "c2", "v5", "Off1", "a/b+c d"}


def ids(answer: dict[str, Any]) -> set[str]:
    return {row["clientid"] for row in answer["data"]}


# --- rows


def test_a_client_without_user_name_or_mountpoint_is_undefined_there(ask: Ask) -> None:
    row = ask("/clients/c2")["data"][0]
    assert (row["username"], row["mountpoint"]) == ("undefined", "undefined")


def test_a_persistent_session_of_mqtt_3_lives_two_hours(ask: Ask) -> None:
    assert ask("/clients/c2")["data"][0]["expiry_interval"] == 7200


def test_zone_and_limits_are_those_of_4(ask: Ask) -> None:
    row = ask("/clients/c1")["data"][0]
    names = ("zone", "max_subscriptions", "max_inflight", "max_mqueue", "max_awaiting_rel")
    assert [row[name] for name in names] == ["external", 0, 32, 1000, 100]


def test_a_disconnected_client_has_an_end_and_no_socket(ask: Ask) -> None:
    row = ask("/clients/Off1")["data"][0]
    assert row["connected"] is False
    assert "disconnected_at" in row
    assert not row.keys() & {"recv_oct", "recv_cnt", "send_oct", "send_cnt"}


def test_a_connected_client_has_no_end(ask: Ask) -> None:
    assert "disconnected_at" not in ask("/clients/c1")["data"][0]


# --- filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"clientid": "c1"}, {"c1"}),
        ({"clientid": "a/b+c d"}, {"a/b+c d"}),
        ({"clientid": "nobody"}, set()),
        ({"username": "user1"}, {"c1", "v5"}),
        ({"username": "undefined"}, set()),
        ({"zone": "external"}, ALL),
        ({"zone": "internal"}, set()),
        ({"ip_address": "127.0.0.1"}, ALL),
        ({"ip_address": "127.0.0.2"}, set()),
        ({"conn_state": "connected"}, ALL - {"Off1"}),
        ({"conn_state": "disconnected"}, {"Off1"}),
        ({"conn_state": "idle"}, set()),
        ({"conn_state": "sleeping"}, set()),
        ({"clean_start": "false"}, {"c2", "Off1"}),
        ({"clean_start": "true"}, {"c1", "v5", "a/b+c d"}),
        ({"clean_start": "maybe"}, set()),
        ({"proto_name": "MQTT"}, ALL),
        ({"proto_name": "CoAP"}, set()),
        ({"proto_ver": "5"}, {"v5"}),
        ({"_like_clientid": "c"}, {"c1", "c2", "a/b+c d"}),
        ({"_like_clientid": "OFF"}, set()),
        ({"_like_clientid": "."}, set()),
        ({"_like_username": "user"}, {"c1", "v5", "Off1"}),
        ({"_gte_created_at": "1000000000"}, ALL),
        ({"_lte_created_at": "1000000000"}, set()),
        ({"_gte_connected_at": "1000000000"}, ALL),
        ({"_lte_connected_at": "1000000000"}, set()),
        ({"_gte_mqueue_len": "1"}, {"Off1"}),
        ({"_lte_mqueue_len": "0"}, ALL - {"Off1"}),
        ({"_gte_mqueue_dropped": "1"}, set()),
        ({"_lte_mqueue_dropped": "0"}, ALL),
        ({"username": "user1", "proto_ver": "4"}, {"c1"}),
        ({"clientid": "c1", "_like_clientid": "zzz"}, {"c1"}),
        ({"clientid": "c1", "_like_clientid": ""}, {"c1"}),
    ],
)
@pytest.mark.parametrize("prefix", ["", NODE])
def test_filters_choose_and_make_the_count_unknown(
    ask: Ask, prefix: str, query: dict[str, str], expected: set[str]
) -> None:
    answer = ask(prefix + "/clients", **query)
    assert ids(answer) == expected
    assert answer["meta"]["count"] == -1


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("proto_ver", "abc", "integer"),
        ("_gte_mqueue_len", "1.5", "integer"),
        ("_gte_connected_at", "abc", "timestamp"),
        ("ip_address", "::1", "ip"),
        ("ip_address", "nowhere", "ip"),
    ],
)
def test_a_filter_that_does_not_convert_is_108(ask: Ask, name: str, value: str, kind: str) -> None:
    message = f'Can\'t convert <<"{value}">> to {kind} type'
    assert ask("/clients", **{name: value}) == {"code": 108, "message": message}


@pytest.mark.parametrize("name", ["_like_clientid", "_like_username"])
def test_an_empty_substring_is_a_crash(api: httpx.Client, name: str) -> None:
    answer = api.get("/clients", params={name: ""})
    assert (answer.status_code, answer.text) == CRASH


# --- pages


def test_without_filters_the_count_is_that_of_all(ask: Ask) -> None:
    assert ask("/clients")["meta"] == {"page": 1, "limit": 10000, "count": 5, "hasnext": False}


def test_unknown_names_do_not_make_the_count_unknown(ask: Ask) -> None:
    assert ask("/clients", page=2, limit=1, _=1530)["meta"]["count"] == 5


@pytest.mark.parametrize(
    ("page", "rows", "hasnext"), [(1, 2, True), (2, 2, True), (3, 1, False), (9, 0, False), (10**13, 0, False)]
)
def test_hasnext_tells_whether_a_row_follows(ask: Ask, page: int, rows: int, hasnext: bool) -> None:
    answer = ask("/clients", _page=page, _limit=2)
    assert (len(answer["data"]), answer["meta"]["hasnext"]) == (rows, hasnext)


def test_pages_together_are_the_whole_table(ask: Ask) -> None:
    assert set().union(*(ids(ask("/clients", _page=page, _limit=2)) for page in (1, 2, 3))) == ALL


def test_a_filtered_page_knows_its_next(ask: Ask) -> None:
    meta = ask("/clients", _like_clientid="c", _limit=1)["meta"]
    assert meta == {"page": 1, "limit": 1, "count": -1, "hasnext": True}


def test_a_limit_of_zero_asks_only_whether_there_is_anything(ask: Ask) -> None:
    answer = ask("/clients", _limit=0)
    assert (answer["data"], answer["meta"]["hasnext"]) == ([], True)


# --- look-ups


@pytest.mark.parametrize("prefix", ["", NODE])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/clients/c1", {"c1"}),
        ("/clients/c1/", {"c1"}),
        ("/clients/a%2Fb%2Bc%20d", {"a/b+c d"}),
        ("/clients/a%2Fb+c%20d", {"a/b+c d"}),
        ("/clients/a%2Fb%2Bc+d", set()),
        ("/clients/nobody", set()),
        ("/clients/username/user1", {"c1", "v5"}),
        ("/clients/username/user2", {"Off1"}),
        ("/clients/username/%C3%BCser%2Fx", {"a/b+c d"}),
        ("/clients/username/nobody", set()),
        ("/clients/username", set()),
    ],
)
def test_look_ups_answer_an_array(ask: Ask, prefix: str, path: str, expected: set[str]) -> None:
    assert ids(ask(prefix + path)) == expected


# --- the kick


@pytest.mark.parametrize("clean", [True, False])
def test_a_kick_ends_connection_and_session(
    api: httpx.Client, connect: Callable[..., Device], name: str, clean: bool
) -> None:
    device = connect(name, clean=clean)
    assert api.delete(f"/clients/{name}").json() == {"code": 0}
    assert device.closed.wait(PATIENCE)
    assert api.get(f"/clients/{name}").json()["data"] == []


def test_a_kick_ends_a_disconnected_session(api: httpx.Client, connect: Callable[..., Device], name: str) -> None:
    connect(name, clean=False).disconnect()
    assert api.delete(f"/clients/{name}").json() == {"code": 0}
    assert api.get(f"/clients/{name}").json()["data"] == []


def test_a_kick_takes_the_client_that_the_escaped_path_names(
    api: httpx.Client, connect: Callable[..., Device], name: str
) -> None:
    device = connect(f"{name}/b+c d")
    assert api.delete(f"/clients/{name}%2Fb%2Bc%20d").json() == {"code": 0}
    assert device.closed.wait(PATIENCE)


def test_kicking_nobody_is_no_mistake(api: httpx.Client) -> None:
    assert api.delete("/clients/nobody").json() == {"code": 0}


# --- the cache of access control


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_cache_of_nobody_is_112(api: httpx.Client, method: str) -> None:
    answer = api.request(method, "/clients/nobody/acl_cache")
    assert answer.json() == {"code": 112, "message": "not_found"}


def test_the_cache_of_a_disconnected_session_is_empty(
    api: httpx.Client, connect: Callable[..., Device], name: str
) -> None:
    connect(name, clean=False).disconnect()
    assert api.get(f"/clients/{name}/acl_cache").json() == {"code": 0, "data": []}
    assert api.delete(f"/clients/{name}/acl_cache").json() == {"code": 0}


@pytest.mark.parametrize("path", ["/acl-cache", f"{NODE}/acl-cache", "/node/emqx@127.0.0.1/acl-cache"])
def test_all_caches_are_cleaned_in_every_documented_way(api: httpx.Client, path: str) -> None:
    assert api.delete(path).json() == {"code": 0}
