"""Bans, and who is refused."""

from __future__ import annotations

import json
from datetime import datetime

import gmqtt
import pytest
from v5_world import NO_CLIENT, Api, calling_with_key, client, connected, refusal

from emqx_compat.testing import Server

YEAR = 365 * 86_400


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_a_ban_lasts_a_year_unless_told(api: Api) -> None:
    made = (await api.post("/banned", {"as": "username", "who": "u"})).json()
    assert epoch(made.pop("until")) - epoch(made.pop("at")) == YEAR
    assert made == {"as": "username", "who": "u", "by": "mgmt_api", "reason": ""}


@pytest.mark.parametrize("until", [2_635_154_027, "2635154027", "2053-07-03T19:13:47+08:00"])
async def test_times_come_in_any_spelling(api: Api, until: object) -> None:
    made = (await api.post("/banned", {"as": "clientid", "who": "c", "until": until})).json()
    assert epoch(made["until"]) == 2_635_154_027
    assert not made["until"].endswith("Z")


async def test_the_listing_has_no_hasnext(api: Api) -> None:
    for who in "abc":
        await api.post("/banned", {"as": "clientid", "who": who})
    listing = (await api.get("/banned?limit=2")).json()
    assert (len(listing["data"]), listing["meta"]) == (2, {"page": 1, "limit": 2, "count": 3})


async def test_an_existing_ban_is_told_as_json_text(api: Api) -> None:
    made = (await api.post("/banned", {"as": "clientid", "who": "c", "reason": "test"})).json()
    status, code, message = refusal(await api.post("/banned", {"as": "clientid", "who": "c"}))
    assert (status, code, json.loads(message)) == (400, "ALREADY_EXISTS", made)


async def test_an_expired_ban_is_replaced(frozen: Server) -> None:
    async with client(frozen, auth=frozen.auth("v5")) as http:
        ban = {"as": "clientid", "who": "c", "until": int(frozen.clock.now()) + 10}
        assert (await http.post("/banned", json=ban)).status_code == 200
        frozen.advance(11)
        assert (await http.post("/banned", json=ban | {"until": 2_000_000_000})).status_code == 200


@pytest.mark.parametrize(
    ("kind", "who", "message"),
    [("peerhost", "zz", '"bad peerhost"'), ("peerhost_net", "zz", "{badmatch,{error,einval}}")],
)
async def test_an_address_that_is_none_is_refused(api: Api, kind: str, who: str, message: str) -> None:
    assert refusal(await api.post("/banned", {"as": kind, "who": who})) == (400, "BAD_REQUEST", message)
    assert refusal(await api.delete(f"/banned/{kind}/{who}"))[:2] == (500, "INTERNAL_ERROR")


async def test_a_ban_of_the_past_is_refused_in_numbers(api: Api) -> None:
    answer = await api.post("/banned", {"as": "clientid", "who": "c", "until": "2020-01-01T00:00:00Z"})
    status, code, message = refusal(answer)
    assert (status, code, message[:19]) == (400, "BAD_REQUEST", "[67,97,110,110,111,")
    assert '"1577836800"' in message


async def test_a_ban_is_lifted_once(api: Api) -> None:
    await api.post("/banned", {"as": "peerhost_net", "who": "10.9.0.0/16"})
    assert (await api.delete("/banned/peerhost_net/10.9.0.0%2F16")).status_code == 204
    message = "peerhost_net: 10.9.0.0/16 not found"
    assert refusal(await api.delete("/banned/peerhost_net/10.9.0.0%2F16")) == (404, "NOT_FOUND", message)


async def test_all_bans_are_lifted(api: Api) -> None:
    await api.post("/banned", {"as": "clientid", "who": "c"})
    assert (await api.delete("/banned")).status_code == 204
    assert await api.rows("/banned") == []


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("clientid", "bad"),
        ("username", "evil1"),
        ("peerhost", "127.0.0.1"),
        ("clientid_re", "^b.d$"),
        ("username_re", "^evil"),
        ("peerhost_net", "127.0.0.0/8"),
    ],
)
async def test_whoever_is_banned_is_refused(server: Server, api: Api, kind: str, who: str) -> None:
    await api.post("/banned", {"as": kind, "who": who})
    with pytest.raises(gmqtt.MQTTConnectError, match="code 138"):
        async with connected(server, "bad", "evil1"):
            pass


async def test_a_ban_of_a_client_id_ends_its_session(server: Server, api: Api) -> None:
    async with connected(server, "bad") as banned:
        await api.post("/banned", {"as": "clientid", "who": "bad"})
        assert (await banned.reason_of_end())[:1] == b"\x98"
        assert refusal(await api.get("/clients/bad")) == NO_CLIENT


async def test_a_ban_of_a_user_leaves_connections(server: Server, api: Api) -> None:
    async with connected(server, "a", "evil"):
        await api.post("/banned", {"as": "username", "who": "evil"})
        assert (await api.get("/clients/a")).json()["connected"] is True


async def test_a_viewer_cannot_ban(server: Server, admin: Api) -> None:
    async with calling_with_key(server, admin, role="viewer") as caller:
        assert (await caller.post("/banned", {"as": "clientid", "who": "c"})).status_code == 403
    assert await admin.rows("/banned") == []
