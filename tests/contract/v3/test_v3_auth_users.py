"""Credentials of MQTT clients: two stores behind two plugins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"
KINDS = ("clientid", "username")
BAD_PASSWORD = 0x86
"""As paho names both 4 of MQTT 3.1.1 and 0x86 of MQTT 5."""
WORDS = {"clientid": ("exitsted", "noexitsted"), "username": ("existed", "noexisted")}


@pytest.fixture(scope="module", autouse=True)
def loaded(api: httpx.Client) -> Iterator[None]:
    for kind in KINDS:
        api.put(f"/nodes/{NODE}/plugins/emqx_auth_{kind}/load")
    yield


def add(api: httpx.Client, kind: str, name: str, password: str = "p") -> Any:
    return api.post(f"/auth_{kind}", json={kind: name, "password": password}).json()


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_listed_by_its_name(api: httpx.Client, kind: str) -> None:
    assert add(api, kind, "listed") == {"code": 0}
    assert "listed" in api.get(f"/auth_{kind}").json()["data"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_shows_a_sha256_and_no_password(api: httpx.Client, kind: str) -> None:
    add(api, kind, "shown", "secret")
    row = api.get(f"/auth_{kind}/shown").json()["data"]
    assert row.keys() == {kind, "password"}
    assert len(row["password"]) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_made_once(api: httpx.Client, kind: str) -> None:
    add(api, kind, "once")
    assert add(api, kind, "once") == {"message": WORDS[kind][0]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [None, "", 5])
def test_a_name_must_be_text(api: httpx.Client, kind: str, name: object) -> None:
    assert api.post(f"/auth_{kind}", json={kind: name, "password": "p"}).json() == {"message": kind}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("password", [None, "", 1])
def test_a_password_must_be_text(api: httpx.Client, kind: str, password: object) -> None:
    assert api.post(f"/auth_{kind}", json={kind: "x", "password": password}).json() == {"message": "password"}
    assert api.put(f"/auth_{kind}/x", json={"password": password}).json() == {"message": "password"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_entry_has_an_answer_for_every_method(api: httpx.Client, kind: str) -> None:
    path = f"/auth_{kind}/nobody"
    assert api.get(path).status_code == 500
    assert api.put(path, json={"password": "x"}).json() == {"message": WORDS[kind][1]}
    assert api.delete(path).json() == {"code": 0}


def test_the_name_in_the_path_is_not_decoded(api: httpx.Client) -> None:
    add(api, "clientid", "a/b")
    assert api.delete("/auth_clientid/a%2Fb").json() == {"code": 0}
    assert "a/b" in api.get("/auth_clientid").json()["data"]


@pytest.mark.parametrize(("password", "welcome"), [("right", True), ("wrong", False)])
def test_a_client_id_of_the_store_needs_its_password(
    server: SyncServer, api: httpx.Client, password: str, welcome: bool
) -> None:
    add(api, "clientid", "guarded", "right")
    assert connects(server, "guarded", "anyone", password) is welcome


@pytest.mark.parametrize(("password", "welcome"), [("new", True), ("old", False)])
def test_a_new_password_counts_at_once(server: SyncServer, api: httpx.Client, password: str, welcome: bool) -> None:
    add(api, "username", "changer", "old")
    api.put("/auth_username/changer", json={"password": "new"})
    assert connects(server, "any", "changer", password) is welcome


def test_who_is_in_no_store_is_anonymous(server: SyncServer) -> None:
    assert connects(server, "stranger", "unlisted", "x")


@pytest.mark.parametrize("version", [4, 5])
def test_a_wrong_password_is_told_as_such(server: SyncServer, api: httpx.Client, version: int) -> None:
    add(api, "clientid", "mistaken", "right")
    assert connack(server, "mistaken", "anyone", "wrong", version) == BAD_PASSWORD


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_outlives_its_plugin(server: SyncServer, api: httpx.Client, kind: str) -> None:
    name = f"kept-{kind}"
    add(api, kind, name, "right")
    plugin = f"/nodes/{NODE}/plugins/emqx_auth_{kind}"
    assert api.put(f"{plugin}/unload").json() == {"code": 0}
    try:
        assert connects(server, name, name, "wrong")
    finally:
        assert api.put(f"{plugin}/load").json() == {"code": 0}
    assert not connects(server, name, name, "wrong")
    assert name in api.get(f"/auth_{kind}").json()["data"]


@pytest.mark.parametrize(("kind", "word"), [("clientid", "client"), ("username", "user")])
def test_pairs_of_a_plugins_configuration_are_entries(
    server: SyncServer, api: httpx.Client, kind: str, word: str
) -> None:
    name = f"told-{kind}"
    told = {f"auth.{word}.password_hash": "sha256", f"auth.{word}.1.{kind}": name, f"auth.{word}.1.password": "p"}
    answer = api.put(f"/nodes/{NODE}/plugin_configs/emqx_auth_{kind}", json=told)
    assert answer.json() == {"code": 0}
    assert name in api.get(f"/auth_{kind}").json()["data"]
    assert not connects(server, name, name, "wrong")


@pytest.mark.parametrize(("scheme", "length"), [("plain", None), ("md5", 32), ("sha", 40), ("sha256", 64)])
@pytest.mark.parametrize(("kind", "word"), [("clientid", "client"), ("username", "user")])
def test_new_passwords_are_hashed_as_it_is_said_now(
    server: SyncServer, api: httpx.Client, kind: str, word: str, scheme: str, length: int | None
) -> None:
    name, setting = f"hashed-{scheme}", {"key": f"auth.{word}.password_hash"}
    try:
        api.put(f"/configs/emqx_auth_{kind}", json={**setting, "value": scheme})
        add(api, kind, name, "secret")
    finally:
        api.put(f"/configs/emqx_auth_{kind}", json={**setting, "value": "sha256"})
    shown = api.get(f"/auth_{kind}/{name}").json()["data"]["password"]
    assert shown == "secret" if length is None else re.fullmatch(f"[0-9a-f]{{{length}}}", shown)
    assert connects(server, name, name, "secret")
    assert not connects(server, name, name, "wrong")


@pytest.mark.parametrize(
    ("password", "counted"), [("right", "success"), ("wrong", "failure"), (None, "ignore")], ids=str
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_store_says_is_counted(
    server: SyncServer, api: httpx.Client, kind: str, password: str | None, counted: str
) -> None:
    def counters() -> dict[str, int]:
        metrics = api.get(f"/nodes/{NODE}/metrics").json()["data"]
        return {name: value for name, value in metrics.items() if name.startswith(f"auth.{kind}.")}

    add(api, kind, f"counted-{kind}", "right")
    who = ["other-id", "other-name"]
    if password is not None:
        who[KINDS.index(kind)] = f"counted-{kind}"
    before = counters()
    connects(server, who[0], who[1], password or "any")
    assert counters() == {**before, f"auth.{kind}.{counted}": before[f"auth.{kind}.{counted}"] + 1}


def connects(server: SyncServer, clientid: str, username: str, password: str) -> bool:
    return connack(server, clientid, username, password) == 0


def connack(server: SyncServer, clientid: str, username: str, password: str, version: int = 4) -> int:
    codes: list[int] = []
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        clientid,
        protocol=MQTTProtocolVersion(version),
        reconnect_on_failure=False,
    )
    client.username_pw_set(username, password)
    client.on_connect = lambda _c, _u, _f, reason, _p: codes.append(reason.value)
    client.connect(*server.mqtt)
    while not codes:
        client.loop(0.05)
    client.disconnect()
    return codes[0]
