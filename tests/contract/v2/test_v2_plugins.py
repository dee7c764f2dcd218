"""Plugins: started, stopped, and what that changes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from devices import Connect

from api_v2.plugins import PLUGINS
from emqx_compat.testing import SyncServer

NODE = "emq@127.0.0.1"
LIST = f"/nodes/{NODE}/plugins"
DONE: dict[str, Any] = {"code": 0, "result": []}
UNKNOWN = {"code": 102, "message": "unknown"}
RUNNING = {"code": 110, "message": "already_started"}
STOPPED = {"code": 111, "message": "not_started"}


def switch(api: httpx.Client, name: str, active: object) -> Any:
    return api.put(f"{LIST}/{name}", json={"active": active}).json()


def active(api: httpx.Client) -> set[str]:
    return {row["name"] for row in api.get(LIST).json()["result"] if row["active"]}


def keys(api: httpx.Client) -> set[str]:
    return {row["key"] for row in api.get(f"/nodes/{NODE}/configs").json()["result"]}


# --- the list


def test_the_twenty_plugins_are_listed_by_name(fresh_api: httpx.Client) -> None:
    rows = fresh_api.get(LIST).json()["result"]
    assert [row["name"] for row in rows] == sorted(PLUGINS)
    assert len(rows) == 20


def test_four_of_them_run_from_the_start(fresh_api: httpx.Client) -> None:
    assert active(fresh_api) == {"emq_dashboard", "emq_modules", "emq_recon", "emq_retainer"}


def test_a_plugin_has_the_brokers_version(fresh_api: httpx.Client) -> None:
    assert fresh_api.get(LIST).json()["result"][11] == {
        "name": "emq_lua_hook",
        "version": "2.3.11",
        "description": "EMQ Hooks in lua",
        "active": False,
    }


# --- switches


@pytest.mark.parametrize("name", ["emq_web_hook", "emq_auth_http", "emq_stomp"])
def test_a_plugin_is_started_and_stopped(fresh_api: httpx.Client, name: str) -> None:
    before = active(fresh_api)
    assert switch(fresh_api, name, True) == DONE
    assert active(fresh_api) == before | {name}
    assert switch(fresh_api, name, False) == DONE
    assert active(fresh_api) == before


@pytest.mark.parametrize("name", ["emq_retainer", "emq_retainer/", "kernel", "mnesia"])
def test_what_runs_cannot_be_started(api: httpx.Client, name: str) -> None:
    assert switch(api, name, True) == RUNNING


@pytest.mark.parametrize("name", ["emq_stomp", "emq_nothing", "emqx_retainer", "EMQ_retainer"])
def test_what_does_not_run_cannot_be_stopped(api: httpx.Client, name: str) -> None:
    assert switch(api, name, False) == STOPPED


@pytest.mark.parametrize("name", ["emq_nothing", "emqx_retainer", "retainer", "emq_presence"])
def test_what_is_no_plugin_cannot_be_started(api: httpx.Client, name: str) -> None:
    assert switch(api, name, True) == UNKNOWN


def test_an_application_that_is_no_plugin_cannot_be_stopped(api: httpx.Client) -> None:
    assert switch(api, "kernel", False) == UNKNOWN


@pytest.mark.parametrize("value", ["true", 1, 0, None, [], {}])
def test_active_is_a_boolean(api: httpx.Client, value: object) -> None:
    assert switch(api, "emq_retainer", value) == {"code": 108, "message": "params type error"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"Active":true}'])
def test_active_is_required(api: httpx.Client, body: bytes) -> None:
    answer = api.put(f"{LIST}/emq_retainer", content=body)
    assert answer.json() == {"code": 107, "message": "params error"}


def test_active_is_looked_at_before_the_node(api: httpx.Client) -> None:
    assert api.put("/nodes/nope/plugins/emq_retainer", json={}).json()["code"] == 107


def test_a_longer_path_is_the_name_of_a_plugin(api: httpx.Client) -> None:
    assert switch(api, "emq_retainer/load", True) == UNKNOWN


# --- what they change


def test_without_the_retainer_nothing_is_kept(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    switch(fresh_api, "emq_retainer", False)
    fresh_api.post("/mqtt/publish", json={"topic": "t", "payload": "lost", "retain": True})
    device = connect("c1", at=fresh)
    device.subscribe("t")
    fresh_api.post("/mqtt/publish", json={"topic": "t", "payload": "live"})
    assert device.receive() == ("t", b"live", 0, False)


def test_with_the_retainer_go_its_keys(fresh_api: httpx.Client) -> None:
    before = keys(fresh_api)
    switch(fresh_api, "emq_retainer", False)
    assert before - keys(fresh_api) == {
        "retainer.expiry_interval",
        "retainer.max_message_num",
        "retainer.max_payload_size",
    }
    switch(fresh_api, "emq_retainer", True)
    assert keys(fresh_api) == before


@pytest.mark.parametrize("app", ["emq_retainer", "emqttd"])
def test_a_key_of_a_stopped_plugin_is_unknown(fresh_api: httpx.Client, app: str) -> None:
    switch(fresh_api, "emq_retainer", False)
    body = {"key": "retainer.max_message_num", "value": "1"}
    assert fresh_api.put(f"/configs/{app}", json=body).json() == {"code": 102}


@pytest.mark.parametrize("retain", ["true", 1, None])
def test_without_the_retainer_no_retain_is_too_odd(fresh_api: httpx.Client, retain: object) -> None:
    switch(fresh_api, "emq_retainer", False)
    body = {"topic": "t", "payload": "x", "retain": retain}
    assert fresh_api.post("/mqtt/publish", json=body).json() == DONE


def test_with_the_modules_ends_the_presence(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    watcher = connect("watcher", at=fresh)
    watcher.subscribe("$SYS/brokers/+/clients/#")
    switch(fresh_api, "emq_modules", False)
    connect("unseen", at=fresh)
    switch(fresh_api, "emq_modules", True)
    connect("seen", at=fresh)
    assert "/clients/seen/connected" in watcher.receive()[0]


def test_users_stay_when_the_dashboard_is_stopped(fresh_api: httpx.Client) -> None:
    assert switch(fresh_api, "emq_dashboard", False) == DONE
    assert fresh_api.get("/users").json()["result"] == [{"username": "admin", "tags": "administrator"}]


def test_the_dashboard_port_stays_open_when_the_dashboard_is_stopped(fresh: SyncServer) -> None:
    with httpx.Client(base_url=fresh.url("v2", "dashboard"), auth=fresh.auth("v2", "dashboard")) as dash:
        assert switch(dash, "emq_dashboard", False) == DONE
        assert "emq_dashboard" not in active(dash)
