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


FORMS = pytest.mark.parametrize("form", ["", f"/nodes/{NODE}"])
"""The cluster's and the node's."""


def put(
    api: httpx.Client, key: object, value: object, app: str = "emqx_retainer", form: str = ""
) -> httpx.Response:
    return api.put(f"{form}/configs/{app}", json={"key": key, "value": value})


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


@pytest.mark.parametrize("kind", ["client", "user"])
def test_the_keys_of_a_plugin_come_and_go_with_it(api: httpx.Client, kind: str) -> None:
    plugin = f"/nodes/{NODE}/plugins/emqx_auth_{'clientid' if kind == 'client' else 'username'}"
    key = f"auth.{kind}.password_hash"
    assert api.put(f"{plugin}/load").json() == {"code": 0}
    assert shown(api)[key] == "sha256"
    assert api.put(f"{plugin}/unload").json() == {"code": 0}
    assert key not in shown(api)


@FORMS
@pytest.mark.parametrize(
    ("key", "value", "then"),
    [
        ("retainer.max_retained_messages", "10", "10"),
        ("retainer.max_payload_size", "2MB", "2097152"),
        ("retainer.expiry_interval", "30s", "30000"),
    ],
)
def test_a_change_is_shown(api: httpx.Client, key: str, value: str, then: str, form: str) -> None:
    assert put(api, key, value, form=form).json() == {"code": 0}
    assert shown(api)[key] == then


def test_a_value_that_does_not_fit_is_ignored(api: httpx.Client) -> None:
    before = shown(api)
    assert put(api, "retainer.max_retained_messages", "abc").json() == {"code": 0}
    assert shown(api) == before


@FORMS
@pytest.mark.parametrize(
    ("key", "app"),
    [("no.such", "emqx_retainer"), ("a", "kernel"), ("auth.user.password_hash", "emqx_auth_username")],
)
def test_a_key_that_cannot_be_set_is_102_with_a_number_for_a_message(
    api: httpx.Client, form: str, key: str, app: str
) -> None:
    assert put(api, key, "1", app, form).json() == {"code": 102, "message": 1}


@FORMS
def test_an_unknown_application_is_an_unknown_path(api: httpx.Client, form: str) -> None:
    answer = put(api, "a", "1", "emqx_nothing", form)
    assert (answer.status_code, answer.text) == (404, "Not found.")


@FORMS
@pytest.mark.parametrize(
    "body", [None, {"value": "1"}, {"key": "a"}, {"key": "retainer.expiry_interval", "value": 5}]
)
def test_key_and_value_must_be_text(api: httpx.Client, body: object, form: str) -> None:
    answer = api.put(f"{form}/configs/emqx_retainer", json=body)
    assert (answer.status_code, answer.text) == (500, "Internal Error")


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


@pytest.mark.parametrize("name", ["kernel", "lists"])
def test_a_name_that_is_no_plugin_has_no_keys(api: httpx.Client, name: str) -> None:
    assert plugin_config(api, name) == []
    answer = api.put(f"/nodes/{NODE}/plugin_configs/{name}", json={"a": "b"})
    assert answer.json() == {"code": 102, "message": "unknown_error"}


def test_the_management_plugin_is_told_the_secret_of_new_apps(api: httpx.Client, dashboard: httpx.Client) -> None:
    told = {row["key"]: row["value"] for row in plugin_config(api, "emqx_management") if row["required"]}
    told["management.application.default_secret"] = "by default"
    path = f"/nodes/{NODE}/plugin_configs/emqx_management"
    assert api.put(path, json=told).json() == {"code": 0}
    answer = dashboard.post("/apps", json={"app_id": "default-secret"})
    assert answer.json() == {"code": 0, "data": {"secret": "by default"}}
    sent = dashboard.post("/apps", json={"app_id": "own-secret", "secret": "own"}).json()
    assert sent["data"] == {"secret": "own"}


@pytest.mark.parametrize("key", ["management.max_row_limit", "management.listener.http.max_clients"])
def test_what_the_ports_plugins_are_told_is_kept_and_shown(api: httpx.Client, key: str) -> None:
    told = {row["key"]: row["value"] for row in plugin_config(api, "emqx_management") if row["required"]}
    told[key] = "5"
    assert api.put(f"/nodes/{NODE}/plugin_configs/emqx_management", json=told).json() == {"code": 0}
    assert {row["key"]: row["value"] for row in plugin_config(api, "emqx_management")}[key] == "5"
    assert api.get("/connections").json()["meta"]["limit"] == 10000
