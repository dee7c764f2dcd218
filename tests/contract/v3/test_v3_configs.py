"""Hot configuration and plugin configurations: what is shown, what is taken, what it changes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

NODE = "emqx@127.0.0.1"
RETAINER = {
    "retainer.storage_type": "ram",
    "retainer.max_retained_messages": "0",
    "retainer.max_payload_size": "1MB",
    "retainer.expiry_interval": "0",
}


def shown(api: httpx.Client) -> dict[str, str]:
    return {row["key"]: row["value"] for row in api.get(f"/nodes/{NODE}/configs").json()["data"]}


def put(api: httpx.Client, key: object, value: object, app: str = "emqx_retainer") -> httpx.Response:
    return api.put(f"/configs/{app}", json={"key": key, "value": value})


def plugin_config(api: httpx.Client, plugin: str) -> list[dict[str, Any]]:
    return api.get(f"/nodes/{NODE}/plugin_configs/{plugin}").json()["data"]


def test_the_keys_of_running_plugins_are_listed(api: httpx.Client) -> None:
    rows = api.get(f"/nodes/{NODE}/configs").json()["data"]
    types = {row["key"]: (row["datatpye"], row["app"]) for row in rows}
    assert types == {
        "retainer.expiry_interval": ("integer, duration", "emqx_retainer"),
        "retainer.max_payload_size": ("bytesize", "emqx_retainer"),
        "retainer.max_retained_messages": ("integer", "emqx_retainer"),
    }


def test_the_cluster_lists_the_keys_of_its_node(api: httpx.Client) -> None:
    (row,) = api.get("/configs").json()["data"]
    assert row == {"node": NODE, "config": api.get(f"/nodes/{NODE}/configs").json()["data"]}


@pytest.mark.parametrize(
    ("key", "value", "then"),
    [
        ("retainer.max_retained_messages", "10", "10"),
        ("retainer.max_payload_size", "2MB", "2097152"),
        ("retainer.expiry_interval", "30s", "30000"),
    ],
)
def test_a_change_is_shown(api: httpx.Client, key: str, value: str, then: str) -> None:
    assert put(api, key, value).json() == {"code": 0}
    assert shown(api)[key] == then


def test_a_value_that_does_not_fit_is_ignored(api: httpx.Client) -> None:
    before = shown(api)
    assert put(api, "retainer.max_retained_messages", "abc").json() == {"code": 0}
    assert shown(api) == before


def test_a_key_that_cannot_be_set_is_102_with_a_number_for_a_message(api: httpx.Client) -> None:
    assert put(api, "no.such", "1").json() == {"code": 102, "message": 1}
    assert put(api, "a", "1", "kernel").json() == {"code": 102, "message": 1}


def test_an_unknown_application_is_an_unknown_path(api: httpx.Client) -> None:
    assert put(api, "a", "1", "emqx_nothing").status_code == 404


@pytest.mark.parametrize(
    "body", [None, {"value": "1"}, {"key": "a"}, {"key": "retainer.expiry_interval", "value": 5}]
)
def test_key_and_value_must_be_text(api: httpx.Client, body: object) -> None:
    assert api.put("/configs/emqx_retainer", json=body).status_code == 500


def test_a_plugin_shows_what_is_set_and_then_the_rest(api: httpx.Client) -> None:
    rows = plugin_config(api, "emqx_auth_clientid")
    assert [(row["key"], row["value"], row["required"]) for row in rows] == [
        ("auth.client.password_hash", "sha256", True),
        ("auth.client.$id.password", "", False),
        ("auth.client.$id.clientid", "", False),
    ]


def test_what_a_plugin_is_told_is_kept_and_takes_effect(api: httpx.Client) -> None:
    told = {**RETAINER, "retainer.max_retained_messages": "5"}
    path = f"/nodes/{NODE}/plugin_configs/emqx_retainer"
    assert api.put(path, json=told).json() == {"code": 0}
    assert {row["key"]: row["value"] for row in plugin_config(api, "emqx_retainer")} == told
    assert shown(api)["retainer.max_retained_messages"] == "5"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**RETAINER, "retainer.max_retained_messages": 5},
        {**RETAINER, "retainer.storage_type": "paper"},
        {**RETAINER, "no.such": "1"},
        {"retainer.storage_type": "ram"},
    ],
)
def test_a_set_that_is_not_whole_or_does_not_fit_is_refused(api: httpx.Client, body: object) -> None:
    before = plugin_config(api, "emqx_retainer")
    answer = api.put(f"/nodes/{NODE}/plugin_configs/emqx_retainer", json=body)
    assert answer.json() == {"code": 102, "message": "unknown_error"}
    assert plugin_config(api, "emqx_retainer") == before


def test_an_empty_body_unsets_every_key(api: httpx.Client) -> None:
    assert api.put(f"/nodes/{NODE}/plugin_configs/emqx_dashboard").json() == {"code": 0}
    rows = plugin_config(api, "emqx_dashboard")
    assert {(row["value"], row["required"]) for row in rows} == {("", False)}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_unknown_plugin_or_node_is_an_unknown_path(api: httpx.Client, method: str) -> None:
    for path in (f"/nodes/{NODE}/plugin_configs/emqx_nothing", "/nodes/nope@1.2.3.4/plugin_configs/emqx_retainer"):
        assert api.request(method, path).status_code == 404
