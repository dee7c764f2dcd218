"""Bans of v4: what is kept and shown, who is refused, what is no mistake."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from devices import PATIENCE, Device

CRASH = (500, "Internal Error")
MISSING = {"code": 107, "message": "missing mandatory params: ['who', 'as']"}
BAD_AS = {"code": 108, "message": "value of 'as' must be one of: ['clientid', 'username', 'peerhost']"}

Connect = Callable[..., Device]


def row_of(api: httpx.Client, who: object) -> dict[str, Any]:
    (row,) = [row for row in api.get("/banned").json()["data"] if row["who"] == who]
    return row  # type: ignore[no-any-return]


def test_every_field_that_was_sent_is_echoed(api: httpx.Client, name: str) -> None:
    body = {"who": name, "as": "username", "reason": "x", "foo": 1}
    assert api.post("/banned", json=body).json() == {"code": 0, "data": body}


def test_a_ban_is_by_user_from_now_for_five_minutes(api: httpx.Client, name: str) -> None:
    api.post("/banned", json={"who": name, "as": "username", "reason": "x"})
    row = row_of(api, name)
    assert (row["by"], row["reason"], row["as"]) == ("user", "x", "username")
    assert row["until"] == row["at"] + 300
    assert abs(row["at"] - time.time()) < 60


def test_a_ban_replaces_that_of_the_same_name(api: httpx.Client, name: str) -> None:
    for until in (4102444800, 4102444799):
        api.post("/banned", json={"who": name, "as": "username", "reason": "x", "until": until})
    assert row_of(api, name)["until"] == 4102444799


@pytest.mark.parametrize(
    ("field", "value"), [("until", "soon"), ("at", "x"), ("by", 5), ("reason", None), ("until", 1.5)]
)
def test_fields_are_not_checked_and_shown_as_they_came(
    api: httpx.Client, name: str, field: str, value: object
) -> None:
    body = {"who": name, "as": "username", "reason": "x", field: value}
    assert api.post("/banned", json=body).json()["code"] == 0
    assert row_of(api, name)[field] == value


def test_a_name_that_is_a_number_cannot_be_lifted_by_path(api: httpx.Client) -> None:
    api.post("/banned", json={"who": 5, "as": "clientid", "reason": "x"})
    assert api.delete("/banned/clientid/5").json() == {"code": 0}
    assert row_of(api, 5)["as"] == "clientid"


def test_an_address_is_shown_as_erlang_prints_it(api: httpx.Client) -> None:
    api.post("/banned", json={"who": "::1:2", "as": "peerhost", "reason": "x"})
    assert row_of(api, "::0.1.0.2")["as"] == "peerhost"
    assert api.delete("/banned/peerhost/%3A%3A0.1.0.2").json() == {"code": 0}
    assert "::0.1.0.2" not in {row["who"] for row in api.get("/banned").json()["data"]}


@pytest.mark.parametrize("body", [None, {}, {"who": "x", "reason": "r"}, {"as": "clientid"}, {"as": "zzz"}, []])
def test_who_and_as_are_mandatory(api: httpx.Client, body: object) -> None:
    assert api.post("/banned", json=body).json() == MISSING


@pytest.mark.parametrize("kind", ["zzz", 5, None, "clientid_re"])
def test_only_three_kinds_can_be_banned(api: httpx.Client, kind: object) -> None:
    assert api.post("/banned", json={"who": "x", "as": kind, "reason": "r"}).json() == BAD_AS


def test_only_three_kinds_can_be_lifted(api: httpx.Client) -> None:
    assert api.delete("/banned/zzz/x").json() == BAD_AS


@pytest.mark.parametrize("body", [{"who": "x", "as": "clientid"}, {"who": "nope", "as": "peerhost", "reason": "r"}])
def test_a_ban_without_reason_or_address_is_a_crash(api: httpx.Client, body: dict[str, str]) -> None:
    answer = api.post("/banned", json=body)
    assert (answer.status_code, answer.text) == CRASH


def test_lifting_a_ban_of_no_address_is_a_crash(api: httpx.Client) -> None:
    answer = api.delete("/banned/peerhost/nope")
    assert (answer.status_code, answer.text) == CRASH


@pytest.mark.parametrize(("method", "path"), [("GET", "/banned/clientid/x"), ("DELETE", "/banned")])
def test_there_is_no_other_form(api: httpx.Client, method: str, path: str) -> None:
    assert api.request(method, path).status_code == 404


def test_nothing_filters_the_list(api: httpx.Client, name: str) -> None:
    api.post("/banned", json={"who": name, "as": "username", "reason": "x"})
    assert api.get("/banned", params={"who": "other"}).json() == api.get("/banned").json()


@pytest.mark.parametrize("kind", ["clientid", "username"])
def test_the_banned_are_refused_until_the_ban_is_lifted(
    api: httpx.Client, connect: Connect, name: str, kind: str
) -> None:
    api.post("/banned", json={"who": name, "as": kind, "reason": "x"})
    assert connect(name, username=name).connack != 0
    assert api.delete(f"/banned/{kind}/{name}").json() == {"code": 0}
    assert connect(name, username=name).connack == 0


def test_a_ban_of_the_past_refuses_nobody(api: httpx.Client, connect: Connect, name: str) -> None:
    api.post("/banned", json={"who": name, "as": "username", "reason": "x", "until": 1000})
    assert connect(name, username=name).connack == 0


def test_a_ban_of_a_client_id_ends_its_connection(api: httpx.Client, connect: Connect, name: str) -> None:
    device = connect(name)
    api.post("/banned", json={"who": name, "as": "clientid", "reason": "x"})
    assert device.closed.wait(PATIENCE)
    assert api.get(f"/clients/{name}").json()["data"] == []


def test_a_ban_of_a_user_name_leaves_connections_alone(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name, username=name)
    api.post("/banned", json={"who": name, "as": "username", "reason": "x"})
    assert api.get(f"/clients/{name}").json()["data"][0]["connected"] is True


@pytest.mark.parametrize(("who", "path"), [("a/b c+d", "a%2Fb%20c%2Bd"), ("中", "%E4%B8%AD")])
def test_the_path_names_a_ban_escaped(api: httpx.Client, who: str, path: str) -> None:
    api.post("/banned", json={"who": who, "as": "username", "reason": "x"})
    assert api.delete(f"/banned/username/{path}").json() == {"code": 0}
    assert who not in {row["who"] for row in api.get("/banned").json()["data"]}
