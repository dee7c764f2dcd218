"""Plugins are switches that change what the broker does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from v3_device import DeviceMaker

from emqx_compat.testing import Server

NODE = "emqx@127.0.0.1"
SEED_ORDER = ["emqx_auth_clientid", "emqx_auth_http", "emqx_auth_jwt", "emqx_auth_ldap", "emqx_auth_mongo"]


def switch(api: httpx.Client, plugin: str, verb: str) -> httpx.Response:
    return api.put(f"/nodes/{NODE}/plugins/{plugin}/{verb}")


def active(api: httpx.Client, plugin: str) -> bool:
    rows = api.get(f"/nodes/{NODE}/plugins").json()["data"]
    return bool(next(row["active"] for row in rows if row["name"] == plugin))


def test_the_25_plugins_are_listed_by_name(api: httpx.Client) -> None:
    names = [row["name"] for row in api.get(f"/nodes/{NODE}/plugins").json()["data"]]
    assert (names[:5], len(names), names) == (SEED_ORDER, 25, sorted(names))


def test_what_runs_from_the_start() -> None:
    with Server.in_thread() as server:
        rows = httpx.get(f"{server.url('v3')}/nodes/{NODE}/plugins", auth=server.auth("v3")).json()["data"]
    assert {row["name"] for row in rows if row["active"]} == {
        "emqx_dashboard",
        "emqx_delayed_publish",
        "emqx_management",
        "emqx_recon",
        "emqx_retainer",
        "emqx_rule_engine",
    }


def test_the_cluster_lists_the_plugins_of_its_node(api: httpx.Client) -> None:
    (row,) = api.get("/plugins").json()["data"]
    assert row == {"node": NODE, "plugins": api.get(f"/nodes/{NODE}/plugins").json()["data"]}


def test_a_plugin_is_loaded_and_unloaded(api: httpx.Client) -> None:
    assert switch(api, "emqx_coap", "load").json() == {"code": 0}
    assert active(api, "emqx_coap")
    assert switch(api, "emqx_coap", "unload").json() == {"code": 0}
    assert not active(api, "emqx_coap")


def test_loading_what_runs_is_102(api: httpx.Client) -> None:
    assert switch(api, "emqx_management", "load").json() == {"code": 102, "message": "already_started"}


def test_unloading_what_does_not_run_is_told_without_code(api: httpx.Client) -> None:
    assert switch(api, "emqx_lwm2m", "unload").json() == {"message": "not_started"}


def test_reloading_starts_what_does_not_run(api: httpx.Client) -> None:
    assert switch(api, "emqx_statsd", "reload").json() == {"code": 0}
    assert active(api, "emqx_statsd")


@pytest.mark.parametrize("verb", ["load", "unload", "reload"])
def test_an_unknown_plugin_is_an_unknown_path(api: httpx.Client, verb: str) -> None:
    answer = switch(api, "emqx_nothing", verb)
    assert (answer.status_code, answer.text) == (404, "Not found.")


@pytest.mark.parametrize(
    ("name", "verb", "answer"),
    [
        ("kernel", "load", {"code": 102, "message": "already_started"}),
        ("kernel", "unload", {"message": "not_found"}),
        ("kernel", "reload", {"message": "parse_config_file_failed"}),
        ("lists", "load", {"message": "not_found"}),
        ("lists", "unload", {"message": "not_started"}),
        ("lists", "reload", {"message": "parse_config_file_failed"}),
    ],
)
def test_a_name_that_is_no_plugin_is_told_apart(
    api: httpx.Client, name: str, verb: str, answer: dict[str, Any]
) -> None:
    assert switch(api, name, verb).json() == answer


@pytest.mark.parametrize(
    ("plugin", "verb"), [("emqx_psk_file", "unload"), ("kernel", "unload"), ("kernel", "reload")]
)
def test_the_cluster_form_cannot_tell_of_failures(api: httpx.Client, plugin: str, verb: str) -> None:
    answer = api.put(f"/plugins/{plugin}/{verb}")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("verb", ["unload", "reload"])
def test_the_cluster_form_knows_no_unknown_plugin(api: httpx.Client, verb: str) -> None:
    answer = api.put(f"/plugins/emqx_nothing/{verb}")
    assert (answer.status_code, answer.text) == (404, "Not found.")


def test_the_cluster_form_switches_too(api: httpx.Client) -> None:
    assert api.put("/plugins/emqx_lua_hook/reload").json() == {"code": 0}
    assert active(api, "emqx_lua_hook")
    assert api.put("/plugins/emqx_lua_hook/unload").json() == {"code": 0}
    assert not active(api, "emqx_lua_hook")


@pytest.mark.parametrize("plugin", ["emqx_management", "emqx_dashboard"])
def test_the_ports_stay_open_when_their_plugins_are_unloaded(
    api: httpx.Client, dashboard: httpx.Client, plugin: str
) -> None:
    assert switch(api, plugin, "unload").json() == {"code": 0}
    assert (api.get("/brokers").status_code, dashboard.get("/brokers").status_code) == (200, 200)
    assert switch(dashboard, plugin, "load").json() == {"code": 0}


def test_without_the_retainer_nothing_is_retained(api: httpx.Client, device: DeviceMaker) -> None:
    assert switch(api, "emqx_retainer", "unload").json() == {"code": 0}
    try:
        api.post("/mqtt/publish", json={"topic": "kept", "payload": "x", "retain": True, "client_id": "c"})
        assert api.get(f"/nodes/{NODE}/stats").json()["data"]["retained.count"] == 0
    finally:
        assert switch(api, "emqx_retainer", "load").json() == {"code": 0}
