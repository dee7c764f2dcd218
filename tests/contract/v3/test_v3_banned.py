"""Bans: what is stored, what is shown again, whom they refuse."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from v3_device import Device, DeviceMaker

from emqx_compat.core.clock import ManualClock
from emqx_compat.testing import Server

REFUSALS = (135, 138)
"""Not authorized (on the wire it is 5 in MQTT 3.1.1), banned."""
UNSET = {"by": "undefined", "desc": "undefined", "reason": "undefined", "until": "undefined"}
BAD_KIND = {"code": 108, "message": "value of 'as' must be one of: ['client_id', 'username', 'ip_address']"}


def listed(api: httpx.Client, who: object) -> list[dict[str, Any]]:
    return [row for row in api.get("/banned").json()["data"] if row["who"] == who]


@pytest.mark.parametrize(
    "sent",
    [
        {"who": "full", "as": "client_id", "reason": "r", "desc": "d", "by": "me", "until": 4102444800},
        {"who": "bare", "as": "username"},
        {"who": "中", "as": "username"},
        {"who": "::1", "as": "ip_address"},
        {"who": "past", "as": "client_id", "until": 1000},
        {"who": "soon", "as": "client_id", "until": "soon", "by": 5},
        {"who": 5, "as": "client_id"},
    ],
)
def test_a_ban_is_echoed_and_listed_as_it_was_sent(api: httpx.Client, sent: dict[str, Any]) -> None:
    assert api.post("/banned", json=sent).json() == {"code": 0, "data": sent}
    assert listed(api, sent["who"]) == [{**UNSET, **sent}]


def test_unknown_fields_are_echoed_and_forgotten(api: httpx.Client) -> None:
    sent = {"who": "more", "as": "client_id", "foo": 1}
    assert api.post("/banned", json=sent).json()["data"] == sent
    assert "foo" not in listed(api, "more")[0]


def test_the_same_name_replaces_a_ban(api: httpx.Client) -> None:
    for reason in ("first", "second"):
        api.post("/banned", json={"who": "twice", "as": "client_id", "reason": reason})
    assert [row["reason"] for row in listed(api, "twice")] == ["second"]


def test_a_ban_may_come_in_the_query(api: httpx.Client) -> None:
    assert api.post("/banned?who=q&as=client_id").json()["data"] == {"who": "q", "as": "client_id"}


@pytest.mark.parametrize("body", [None, {}, {"who": "x"}, {"as": "client_id"}, {"as": "nonsense"}])
def test_who_and_as_are_needed(api: httpx.Client, body: dict[str, str] | None) -> None:
    expected = {"code": 107, "message": "missing mandatory params: ['who', 'as']"}
    assert api.post("/banned", json=body).json() == expected


@pytest.mark.parametrize("kind", ["peerhost", "clientid", 5, None])
def test_as_has_three_values(api: httpx.Client, kind: object) -> None:
    assert api.post("/banned", json={"who": "x", "as": kind}).json() == BAD_KIND


@pytest.mark.parametrize("who", ["nowhere", "", 5])
def test_an_address_that_is_none_is_500(api: httpx.Client, who: object) -> None:
    answer = api.post("/banned", json={"who": who, "as": "ip_address"})
    assert (answer.status_code, answer.text) == (500, "Internal Error")


@pytest.mark.parametrize(
    ("kind", "who"), [("client_id", "outcast"), ("username", "nasty"), ("ip_address", "127.0.0.1")]
)
@pytest.mark.parametrize("version", [4, 5])
def test_a_ban_refuses_the_next_connect_until_it_is_lifted(
    api: httpx.Client, device: DeviceMaker, kind: str, who: str, version: int
) -> None:
    api.post("/banned", json={"who": who, "as": kind})
    try:
        refused = device("outcast", username="nasty", version=version)
        assert refused.connack in REFUSALS
        refused.disconnect()
        assert api.get("/connections/outcast").json()["data"] == []
    finally:
        assert api.delete(f"/banned/{who}?as={kind}").json() == {"code": 0}
    assert device("outcast", username="nasty", version=version).connack == 0


def test_a_ban_leaves_a_connected_client_alone(api: httpx.Client, device: DeviceMaker) -> None:
    device("already-here")
    api.post("/banned", json={"who": "already-here", "as": "client_id"})
    assert len(api.get("/connections/already-here").json()["data"]) == 1
    api.delete("/banned/already-here?as=client_id")


@pytest.mark.parametrize("who", ["gone%2Fa%20b+c", "never"])
def test_a_deleted_ban_is_gone_and_an_unknown_one_is_no_mistake(api: httpx.Client, who: str) -> None:
    api.post("/banned", json={"who": "gone/a b+c", "as": "client_id"})
    assert api.request("DELETE", f"/banned/{who}", json={"as": "client_id"}).json() == {"code": 0}
    if who != "never":
        assert listed(api, "gone/a b+c") == []


def test_deleting_needs_as(api: httpx.Client) -> None:
    assert api.delete("/banned/x").json() == {"code": 107, "message": "missing mandatory params: ['as']"}
    assert api.delete("/banned/x?as=zzz").json() == BAD_KIND


@pytest.mark.parametrize(("until", "before", "after"), [(30, False, True), ("soon", False, False), (0, True, True)])
def test_a_ban_ends_when_its_time_has_come(until: int | str, before: bool, after: bool) -> None:
    clock = ManualClock()
    with (
        Server.in_thread(clock=clock) as server,
        httpx.Client(base_url=server.url("v3"), auth=server.auth("v3")) as api,
    ):

        def welcome() -> bool:
            made = Device(server, api, "timed")
            made.disconnect()
            return made.connack == 0

        end = int(clock.now()) + until if isinstance(until, int) else until
        api.post("/banned", json={"who": "timed", "as": "client_id", "until": end})
        seen = [welcome()]
        server.advance(61)
        seen.append(welcome())
        assert seen == [before, after]
        assert len(listed(api, "timed")) == (0 if after else 1)
