"""Clients: the filters of the listing, what is shown, and what a kick or a subscription does to the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from devices import Device
from v5_world import NO_CLIENT, NODE, QUICK, Api, connected, refusal

from api_v5.clients import FIELDS
from emqx_compat.testing import Server

KICKED = b"\x98"
"""Administrative action."""


@pytest.fixture(scope="module")
def three() -> Iterator[httpx.Client]:
    """a (MQTT 5, user one), b (MQTT 3.1.1, user two), and c (MQTT 5), who has left and whose session is held."""
    with ExitStack() as stack:
        server = stack.enter_context(Server.in_thread(QUICK))
        http = httpx.Client(base_url=server.url("v5"), auth=server.auth("v5"), verify=False)
        stack.enter_context(http)
        for device in (
            Device(server.mqtt, "a", version=5, username="one"),
            Device(server.mqtt, "b", version=4, username="two"),
        ):
            stack.callback(device.disconnect)
        leaving = Device(server.mqtt, "c", version=5, session_expiry=120)
        leaving.disconnect()
        while http.get("/clients/c").json()["connected"]:
            pass
        yield http


def rows(http: httpx.Client, query: str) -> Any:
    return http.get(f"/clients?{query}").json()["data"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["c", "b", "a"]),
        ("limit=2", ["c", "b"]),
        ("limit=2&page=2", ["a"]),
        ("limit=2&page=3", []),
        (f"node={NODE}", ["c", "b", "a"]),
        ("clientid=a", ["a"]),
        ("clientid=a&clientid=b", ["b", "a"]),
        ("clientid=a,b", []),
        ("username=one&username=two", ["b", "a"]),
        ("clientid=a&username=two", []),
        ("like_username=o", ["b", "a"]),
        ("like_clientid=A", []),
        ("clientid=a&like_clientid=b", ["a"]),
        ("ip_address=127.0.0.1", ["c", "b", "a"]),
        ("ip_address=10.0.0.1", []),
        ("conn_state=connected", ["b", "a"]),
        ("conn_state=disconnected", ["c"]),
        ("conn_state=idle", []),
        ("clean_start=true", ["c", "b", "a"]),
        ("clean_start=false", []),
        ("proto_ver=4", ["b"]),
        ("proto_ver=5", ["c", "a"]),
        ("gte_connected_at=2020-01-01T00:00:00Z", ["c", "b", "a"]),
        ("lte_connected_at=2020-01-01T00:00:00Z", []),
        ("gte_created_at=0", ["c", "b", "a"]),
        ("lte_created_at=1577836800000", []),
    ],
)
def test_filters_combine_and_rows_descend(three: httpx.Client, query: str, found: list[str]) -> None:
    assert [row["clientid"] for row in rows(three, query)] == found


@pytest.mark.parametrize(
    ("query", "meta"),
    [
        ("", {"page": 1, "limit": 100, "count": 3, "hasnext": False}),
        ("limit=2", {"page": 1, "limit": 2, "count": 3, "hasnext": True}),
        ("limit=2&page=9", {"page": 9, "limit": 2, "count": 3, "hasnext": False}),
        ("limit=1&proto_ver=5", {"page": 1, "limit": 1, "count": 2, "hasnext": True}),
        ("like_clientid=a", {"page": 1, "limit": 100, "hasnext": False}),
        ("like_username=o&limit=1", {"page": 1, "limit": 1, "hasnext": True}),
    ],
)
def test_a_search_for_a_part_has_no_count(three: httpx.Client, query: str, meta: dict[str, object]) -> None:
    assert three.get(f"/clients?{query}").json()["meta"] == meta


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("fields=clientid", {"clientid": "a"}),
        ("fields=clientid,username,node", {"clientid": "a", "username": "one", "node": NODE}),
        ("fields=", {}),
        ("fields=disconnected_at", {}),
    ],
)
def test_fields_choose_what_is_shown(three: httpx.Client, query: str, row: dict[str, object]) -> None:
    assert rows(three, f"clientid=a&{query}") == [row]


def test_every_field_may_be_chosen(three: httpx.Client) -> None:
    (row,) = rows(three, f"clientid=c&fields={','.join(FIELDS)}")
    assert row.keys() == set(FIELDS)


def test_all_fields_are_the_default(three: httpx.Client) -> None:
    (row,) = rows(three, "clientid=a&fields=all")
    assert row.keys() == three.get("/clients/a").json().keys()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "ip_address=127.0.0.1:80",
            "the ip_address parameter expected type is ip, but the value is 127.0.0.1:80",
        ),
        ("proto_ver=x", "the proto_ver parameter expected type is integer, but the value is x"),
    ],
)
def test_a_filter_of_the_wrong_type_is_named(refused: httpx.Client, query: str, said: str) -> None:
    assert refusal(refused.get(f"/clients?{query}")) == (400, "INVALID_PARAMETER", said)


@pytest.mark.parametrize("query", ["like_username=", f"node={NODE}&proto_ver=x", f"node={NODE}&ip_address=zz"])
def test_what_crashes_the_real_listing_is_500(refused: httpx.Client, query: str) -> None:
    assert refusal(refused.get(f"/clients?{query}"))[:2] == (500, "INTERNAL_ERROR")


def test_a_client_that_left_has_a_time_of_leaving(three: httpx.Client) -> None:
    gone, there = (three.get(f"/clients/{clientid}").json() for clientid in "ca")
    assert gone.keys() - there.keys() == {"disconnected_at", "disconn_props"}
    assert (gone["connected"], gone["is_persistent"], gone["expiry_interval"]) == (False, True, 120)


async def test_a_client_id_is_decoded_segment_by_segment(server: Server, api: Api) -> None:
    async with connected(server, "a b/c"):
        assert (await api.get("/clients/a%20b%2Fc")).json()["clientid"] == "a b/c"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/subscriptions", None),
        ("POST", "/subscribe", {"topic": "t"}),
        ("POST", "/subscribe/bulk", [{"topic": "t"}]),
        ("POST", "/unsubscribe", {"topic": "t"}),
        ("POST", "/unsubscribe/bulk", [{"topic": "t"}]),
        ("GET", "/authorization/cache", None),
        ("DELETE", "/authorization/cache", None),
    ],
)
def test_an_unknown_client_is_404(refused: httpx.Client, method: str, path: str, body: object) -> None:
    assert refusal(refused.request(method, f"/clients/nobody{path}", json=body)) == NO_CLIENT


async def test_a_kick_is_over_when_it_is_answered(server: Server, api: Api) -> None:
    async with connected(server, "a", session_expiry_interval=120) as client:
        assert (await api.delete("/clients/a")).status_code == 204
        assert refusal(await api.get("/clients/a")) == NO_CLIENT
        assert (await client.reason_of_end())[:1] == KICKED


async def hold_session(server: Server, api: Api) -> None:
    """Leave the session of c, subscribed to `held`."""
    async with connected(server, "c", session_expiry_interval=120) as leaving:
        await leaving.subscribe("held")
    while (await api.get("/clients/c")).json()["connected"]:
        pass


async def test_a_kick_removes_a_held_session(server: Server, api: Api) -> None:
    await hold_session(server, api)
    assert (await api.delete("/clients/c")).status_code == 204
    assert refusal(await api.delete("/clients/c")) == NO_CLIENT


async def test_kicking_several_ignores_unknown_ones(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        assert (await api.post("/clients/kickout/bulk", ["a", "nobody", 1])).status_code == 204
        assert (await client.reason_of_end())[:1] == KICKED
    assert await api.rows("/clients") == []


async def test_a_subscription_through_the_api_receives(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        answer = await api.post("/clients/a/subscribe", {"topic": "t/+", "qos": 1})
        made = {"clientid": "a", "node": NODE, "topic": "t/+", "qos": 1, "nl": 0, "rap": 0, "rh": 0}
        assert answer.json() == made
        assert await api.rows("/clients/a/subscriptions") == [made]
        await api.post("/publish", {"topic": "t/1", "payload": "x"})
        assert (await client.message())[:2] == ("t/1", b"x")


async def test_subscribing_delivers_retained_messages(server: Server, api: Api) -> None:
    await api.post("/publish", {"topic": "t/1", "payload": "kept", "retain": True})
    async with connected(server, "a") as client:
        await api.post("/clients/a/subscribe", {"topic": "t/#"})
        assert (await client.message())[:2] == ("t/1", b"kept")


async def test_subscription_options_are_kept(server: Server, api: Api) -> None:
    asked = {"topic": "t", "qos": 2, "nl": 1, "rap": 1, "rh": 2}
    async with connected(server, "a"):
        assert (await api.post("/clients/a/subscribe", asked)).json() == {"clientid": "a", "node": NODE, **asked}


NO_LOCAL = "Invalid Subscribe options: `no_local` not allowed for shared-sub. See [MQTT-3.8.3-4]"


async def test_no_local_and_shared_do_not_go_together(server: Server, api: Api) -> None:
    async with connected(server, "a"):
        answer = await api.post("/clients/a/subscribe", {"topic": "$share/g/t", "nl": 1})
        assert refusal(answer) == (400, "INVALID_PARAMETER", NO_LOCAL)
        assert await api.rows("/clients/a/subscriptions") == []


async def test_of_several_subscriptions_the_refused_are_told_apart(server: Server, api: Api) -> None:
    async with connected(server, "a"):
        answer = await api.post("/clients/a/subscribe/bulk", [{"topic": "t"}, {"topic": "$share/g/t", "nl": 1}])
        options = {"qos": 0, "nl": 1, "rap": 0, "rh": 0}
        assert answer.status_code == 200
        assert answer.json()["failed"] == [{"data": ["a", "$share/g/t", options], "reason": NO_LOCAL}]
        assert [row["topic"] for row in answer.json()["succeed"]] == ["t"]


async def test_subscribing_to_nothing_is_no_mistake(server: Server, api: Api) -> None:
    async with connected(server, "a"):
        assert (await api.post("/clients/a/subscribe/bulk", [])).json() == []


async def test_a_held_session_can_be_subscribed(server: Server, api: Api) -> None:
    await hold_session(server, api)
    assert (await api.post("/clients/c/subscribe", {"topic": "more"})).status_code == 200
    assert [row["topic"] for row in await api.rows("/clients/c/subscriptions")] == ["held", "more"]


async def test_unsubscribing_removes_filters_in_their_full_form(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("$share/g/t")
        await client.subscribe("u")
        assert (await api.post("/clients/a/unsubscribe", {"topic": "$share/g/t"})).status_code == 204
        assert (await api.post("/clients/a/unsubscribe", {"topic": "never"})).status_code == 204
        assert (await api.post("/clients/a/unsubscribe/bulk", [{"topic": "u"}, {"topic": "v"}])).status_code == 204
        assert await api.rows("/clients/a/subscriptions") == []


async def test_unsubscribing_from_nothing_crashes(server: Server, api: Api) -> None:
    async with connected(server, "a"):
        assert refusal(await api.post("/clients/a/unsubscribe", {}))[:2] == (500, "INTERNAL_ERROR")
