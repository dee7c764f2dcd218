"""Configurations of plugins: what is set, what is accepted, what a plugin makes of it."""

from __future__ import annotations

import http.server
import json
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from devices import PATIENCE, Connect
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api_v2.plugin_configs import render_rows
from api_v2.plugin_keys import PLUGIN_KEYS
from emqx_compat.config import load, settings
from emqx_compat.server.instance import Instance, on_free_ports
from emqx_compat.testing import SyncServer

NODE = "emq@127.0.0.1"
DONE: dict[str, Any] = {"code": 0, "result": []}
REFUSED = {"code": 102}

RETAINER = {
    "retainer.storage_type": "ram",
    "retainer.max_message_num": "5000",
    "retainer.max_payload_size": "64KB",
    "retainer.expiry_interval": "0",
}


def path(plugin: str) -> str:
    return f"/nodes/{NODE}/plugin_configs/{plugin}"


def rows(api: httpx.Client, plugin: str) -> list[dict[str, Any]]:
    return api.get(path(plugin)).json()["result"]


def put(api: httpx.Client, plugin: str, body: object) -> Any:
    return api.put(path(plugin), content=json.dumps(body)).json()


def switch(api: httpx.Client, plugin: str, active: bool) -> Any:
    return api.put(f"/nodes/{NODE}/plugins/{plugin}", json={"active": active}).json()


# --- reading


def test_what_is_shipped_is_set(fresh_api: httpx.Client) -> None:
    assert rows(fresh_api, "emq_retainer") == [
        {"key": "retainer.storage_type", "value": "ram", "desc": "", "required": True},
        {"key": "retainer.max_message_num", "value": "1000000", "desc": "", "required": True},
        {"key": "retainer.max_payload_size", "value": "64KB", "desc": "", "required": True},
        {"key": "retainer.expiry_interval", "value": "0", "desc": "", "required": True},
    ]


def test_what_is_not_set_goes_before_what_is(fresh_api: httpx.Client) -> None:
    found = rows(fresh_api, "emq_dashboard")
    assert [row["required"] for row in found] == [False] * 17 + [True] * 5
    assert found[0] == {"key": "dashboard.listener.http.access.$id", "value": "", "desc": "", "required": False}
    assert found[-3]["value"] == "18083"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_plugin_that_does_not_run_has_a_configuration_too(fresh_api: httpx.Client, slash: str) -> None:
    assert len(rows(fresh_api, "emq_auth_http" + slash)) == 9


def test_the_broker_has_none_here(api: httpx.Client) -> None:
    assert api.get(path("emqttd")).json() == DONE


def test_an_unknown_plugin_is_a_404(api: httpx.Client) -> None:
    answer = api.get(path("emq_nothing"))
    assert (answer.status_code, answer.content) == (404, b"")


# --- setting


def test_a_set_replaces_the_one_before(fresh_api: httpx.Client) -> None:
    left = {"retainer.expiry_interval": "1h", "retainer.storage_type": "disc"}
    assert put(fresh_api, "emq_retainer", left) == DONE
    assert [(row["key"], row["value"], row["required"]) for row in rows(fresh_api, "emq_retainer")] == [
        ("retainer.max_message_num", "", False),
        ("retainer.max_payload_size", "", False),
        ("retainer.expiry_interval", "1h", True),
        ("retainer.storage_type", "disc", True),
    ]


@pytest.mark.parametrize("body", [b"", b"[]"])
def test_no_body_and_an_empty_array_unset_everything(fresh_api: httpx.Client, body: bytes) -> None:
    assert fresh_api.put(path("emq_retainer"), content=body).json() == DONE
    assert not any(row["required"] for row in rows(fresh_api, "emq_retainer"))


REFUSALS: list[tuple[str, object]] = [
    ("emq_retainer", {}),
    ("emq_retainer", [1]),
    ("emq_retainer", 5),
    ("emq_retainer", "text"),
    ("emq_retainer", None),
    ("emq_retainer", {**RETAINER, "retainer.max_message_num": 5}),
    ("emq_retainer", {**RETAINER, "retainer.max_message_num": None}),
    ("emq_retainer", {**RETAINER, "retainer.nope": "1"}),
    ("emq_retainer", {**RETAINER, "retainer.max_message_num": "many"}),
    ("emq_retainer", {**RETAINER, "retainer.max_payload_size": "1TB"}),
    ("emq_retainer", {**RETAINER, "retainer.storage_type": "paper"}),
    ("emq_auth_username", {"auth.user.password_hash": "rot13"}),
    ("emq_auth_username", {"auth.user.1.2.username": "x"}),
    ("emq_modules", {"module.presence": "true"}),
    ("emq_web_hook", {"web.hook.rule.client.born.1": "{}"}),
    ("emq_nothing", RETAINER),
    ("emqttd", {"mqtt.allow_anonymous": "true"}),
]


@pytest.mark.parametrize(("plugin", "body"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_the_schema_does_not_take_is_102(api: httpx.Client, plugin: str, body: object) -> None:
    before = api.get(path(plugin)).content
    assert put(api, plugin, body) == REFUSED
    assert api.get(path(plugin)).content == before


def test_an_unknown_node_is_102(api: httpx.Client) -> None:
    assert api.put("/nodes/nope/plugin_configs/emq_retainer", json=RETAINER).json() == REFUSED


def test_what_is_no_json_is_109(api: httpx.Client) -> None:
    answer = api.put(path("emq_retainer"), content=b"{")
    assert answer.json() == {"code": 109, "message": "Body not json"}


def test_a_plugin_whose_schema_nobody_has_seen_takes_any_text(fresh_api: httpx.Client) -> None:
    assert rows(fresh_api, "emq_auth_mysql") == []
    assert put(fresh_api, "emq_auth_mysql", {"auth.mysql.server": "127.0.0.1:3306"}) == DONE
    assert rows(fresh_api, "emq_auth_mysql") == [
        {"key": "auth.mysql.server", "value": "127.0.0.1:3306", "desc": "", "required": True}
    ]
    assert put(fresh_api, "emq_auth_mysql", {"auth.mysql.pool": 8}) == REFUSED


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The management port of a server that keeps its data in a folder."""
    configuration = load(overrides=[f'node.data_dir="{folder}"'], persist=False)
    instance = await Instance.start(configuration, on_free_ports(settings(configuration)))
    try:
        base = f"http://{instance.addresses()['http']['management_legacy']}/api/v2"
        async with httpx.AsyncClient(base_url=base, auth=("admin", "public")) as api:
            yield api
    finally:
        await instance.stop()


async def test_sets_and_switches_outlive_the_server(tmp_path: Path) -> None:
    async with kept(tmp_path) as api:
        await api.put(path("emq_retainer"), json=RETAINER)
        await api.put(f"/nodes/{NODE}/plugins/emq_stomp", json={"active": True})
    async with kept(tmp_path) as api:
        found = (await api.get(path("emq_retainer"))).json()["result"]
        assert [row["value"] for row in found] == list(RETAINER.values())
        answer = await api.put(f"/nodes/{NODE}/plugins/emq_stomp", json={"active": True})
        assert answer.json() == {"code": 110, "message": "already_started"}


# --- what a plugin makes of it


def test_the_retainers_limits_take_effect(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    put(fresh_api, "emq_retainer", {**RETAINER, "retainer.max_payload_size": "4"})
    for topic, payload in (("large", "12345"), ("small", "1234")):
        fresh_api.post("/mqtt/publish", json={"topic": topic, "payload": payload, "retain": True})
    device = connect("c1", at=fresh)
    device.subscribe("large")
    device.subscribe("small")
    assert device.receive()[0] == "small"


def test_a_running_plugin_runs_on(fresh_api: httpx.Client) -> None:
    put(fresh_api, "emq_retainer", RETAINER)
    assert switch(fresh_api, "emq_retainer", True)["code"] == 110


def test_the_modules_switch_the_presence(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    watcher = connect("watcher", at=fresh)
    watcher.subscribe("$SYS/brokers/+/clients/#")
    assert put(fresh_api, "emq_modules", {"module.presence": "off"}) == DONE
    connect("unseen", at=fresh)
    assert put(fresh_api, "emq_modules", {"module.presence": "on"}) == DONE
    connect("seen", at=fresh)
    assert "/clients/seen/connected" in watcher.receive()[0]


@pytest.mark.parametrize(
    ("plugin", "name", "password", "key"),
    [
        ("emq_auth_username", "auth.user.1.username", "auth.user.1.password", "username"),
        ("emq_auth_clientid", "auth.client.1.clientid", "auth.client.1.password", "clientid"),
    ],
)
def test_pairs_of_names_and_passwords_are_credentials(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect, plugin: str, name: str, password: str, key: str
) -> None:
    assert put(fresh_api, plugin, {name: "known", password: "pw"}) == DONE
    assert switch(fresh_api, plugin, True) == DONE
    clientid, username = ("known", "u") if key == "clientid" else ("c1", "known")
    assert connect(clientid, at=fresh, username=username, password="pw").connack == 0
    assert connect(clientid, at=fresh, username=username, password="no").connack != 0


class Peer(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted."""

    posts: queue.Queue[dict[str, Any]]

    def do_POST(self) -> None:
        self.posts.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def peer() -> Iterator[tuple[str, queue.Queue[dict[str, Any]]]]:
    """The URL of an HTTP server and what is posted there."""
    posts: queue.Queue[dict[str, Any]] = queue.Queue()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("P", (Peer,), {"posts": posts})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", posts
        server.shutdown()


def test_the_web_hook_posts_what_its_rules_say_where_its_url_is(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect, peer: tuple[str, queue.Queue[dict[str, Any]]]
) -> None:
    url, posts = peer
    rules = {"web.hook.api.url": url, "web.hook.rule.client.connected.1": '{"action": "on_client_connected"}'}
    assert switch(fresh_api, "emq_web_hook", True) == DONE
    assert put(fresh_api, "emq_web_hook", rules) == DONE
    connect("c1", at=fresh)
    assert posts.get(timeout=PATIENCE) == {
        "action": "client_connected",
        "client_id": "c1",
        "username": "undefined",
        "conn_ack": 0,
    }


def test_a_rule_that_is_none_does_not_start(fresh_api: httpx.Client) -> None:
    switch(fresh_api, "emq_web_hook", True)
    before = rows(fresh_api, "emq_web_hook")
    assert put(fresh_api, "emq_web_hook", {"web.hook.rule.client.connected.1": "no json"}) == REFUSED
    assert rows(fresh_api, "emq_web_hook") == before


# --- what is set is what is read


def sets_of(plugin: str) -> st.SearchStrategy[dict[str, str]]:
    """What a plugin's schema takes."""
    keys = PLUGIN_KEYS[plugin]
    words = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
    names = st.tuples(st.sampled_from(sorted(keys.schema)), words).map(
        lambda pair: ".".join(pair[1] if part.startswith("$") else part for part in pair[0].split("."))
    )
    texts = st.text() | st.integers().map(str) | st.sampled_from(["on", "off", "ram", "64KB", "1h", "sha256", "1"])
    return st.dictionaries(names, texts, max_size=8).map(
        lambda given: {key: text for key, text in given.items() if keys.accepts({key: text})}
    )


@pytest.mark.parametrize("plugin", PLUGIN_KEYS)
@examples(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_was_set_is_shown_in_its_order(plugin: str, data: st.DataObject) -> None:
    keys = PLUGIN_KEYS[plugin]
    wanted = data.draw(sets_of(plugin))
    shown = [row for row in render_rows(keys, keys.to_options(wanted)) if row["required"]]
    assert [(row["key"], row["value"]) for row in shown] == list(wanted.items())
