"""Listings of clients, subscriptions and routes; bans and their store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from broker.rig import Rig
from emqx_compat.broker.services.clients import YIELD_EVERY
from emqx_compat.core.bans import Ban
from emqx_compat.core.clients import ClientQuery, Order, SubscriptionQuery
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import PageRequest

NAMES = ("d", "a", "c", "b")


async def ids(rig: Rig, **query: Any) -> list[str]:
    return [row.clientid for row in (await rig.broker.clients.list(ClientQuery(**query))).rows]


@pytest.fixture
async def four(rig: Rig) -> Rig:
    """Clients d, a, c, b; c is a held session; a and b have user names."""
    for index, name in enumerate(NAMES):
        rig.manual.advance(1)
        username = f"user-{name}" if name in "ab" else None
        client = await rig.connect(name, 5 if name == "d" else 4, username=username, clean_start=name != "c")
        for topic in NAMES[: index + 1]:
            await client.subscribe(f"t/{topic}", index % 3)
        if name == "c":
            await client.disconnect()
    return rig


async def test_every_order(four: Rig) -> None:
    assert await ids(four, order=Order.TABLE) == ["d", "a", "c", "b"]
    assert await ids(four, order=Order.ASCENDING) == ["a", "b", "c", "d"]
    assert await ids(four, order=Order.DESCENDING) == ["d", "c", "b", "a"]


@pytest.mark.parametrize("order", list(Order))
async def test_pages_cut_the_listing_without_a_gap(four: Rig, order: Order) -> None:
    whole = await ids(four, order=order)
    pages = []
    for number in (1, 2, 3):
        page = await four.broker.clients.list(ClientQuery(page=PageRequest(number, 3), order=order))
        assert (page.total, page.matched) == (4, 4)
        assert page.hasnext is (number == 1)
        pages += [row.clientid for row in page.rows]
    assert pages == whole


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"clientids": ("b", "x", "a")}, ["a", "b"]),
        ({"usernames": ("user-b", "user-a")}, ["a", "b"]),
        ({"clientids": ("a", "c"), "usernames": ("user-a",)}, ["a"]),
        ({"like_username": "user"}, ["a", "b"]),
        ({"like_username": ""}, ["d", "a", "c", "b"]),
        ({"like_clientid": "c"}, ["c"]),
        ({"connected": False}, ["c"]),
        ({"connected": True}, ["d", "a", "b"]),
        ({"clean_start": False}, ["c"]),
        ({"proto_ver": 5}, ["d"]),
        ({"peerhost": "127.0.0.1", "proto_name": "MQTT", "zone": "default"}, ["d", "a", "c", "b"]),
        ({"peerhost": "10.0.0.1"}, []),
        ({"created_from": 1_700_000_002, "created_to": 1_700_000_003}, ["a", "c"]),
        ({"connected_from": 1_700_000_004}, ["b"]),
    ],
)
async def test_filters(four: Rig, query: dict[str, Any], expected: list[str]) -> None:
    assert await ids(four, **query) == expected


async def test_a_filtered_page_stops_looking_once_it_is_full(four: Rig) -> None:
    page = await four.broker.clients.list(ClientQuery(page=PageRequest(1, 2), proto_ver=4))
    assert ([row.clientid for row in page.rows], page.hasnext, page.matched, page.total) == (
        ["a", "c"],
        True,
        None,
        4,
    )


async def test_a_filtered_page_counts_on_when_asked(four: Rig) -> None:
    page = await four.broker.clients.list(ClientQuery(page=PageRequest(1, 2), proto_ver=4, count_matched=True))
    assert (len(page.rows), page.hasnext, page.matched) == (2, True, 3)


async def test_a_scan_lets_others_have_their_turn(rig: Rig) -> None:
    for number in range(3 * YIELD_EVERY):
        rig.broker.registry.add(_held(rig, f"c{number}"))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    page = await rig.broker.clients.list(ClientQuery(like_clientid="99", count_matched=True))
    task.cancel()
    assert page.matched == sum("99" in str(number) for number in range(3 * YIELD_EVERY))
    assert turns >= 3


def _held(rig: Rig, clientid: str) -> Any:
    from emqx_compat.broker.session import Session
    from emqx_compat.core.clients import Client

    return Session(rig.broker, Client(clientid, "n", connected=False))


async def test_gauges_of_a_record_are_fresh(four: Rig) -> None:
    row = await four.row("b")
    assert row is not None and row.subscriptions_cnt == 4
    await four.publish("t/b", b"", 1)


async def subscriptions(rig: Rig, **query: Any) -> list[tuple[str, str]]:
    page = await rig.broker.subscriptions.list(SubscriptionQuery(**query))
    return [(row.clientid, row.topic) for row in page.rows]


async def test_subscriptions_page_after_page(four: Rig) -> None:
    whole = await subscriptions(four)
    assert len(whole) == 10
    pages = [await subscriptions(four, page=PageRequest(number, 4)) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [row for page in pages for row in page] == whole


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"clientid": "a"}, [("a", "t/d"), ("a", "t/a")]),
        ({"clientid": "x"}, []),
        ({"topic": "t/c"}, [("c", "t/c"), ("b", "t/c")]),
        ({"topic": "t/c", "clientid": "b"}, [("b", "t/c")]),
        ({"topic": "t"}, []),
        ({"qos": 1}, [("a", "t/d"), ("a", "t/a")]),
        ({"match_topic": "+/b"}, [("b", "t/b")]),
        ({"group": ""}, "all"),
        ({"group": "g"}, []),
    ],
)
async def test_filters_of_subscriptions(four: Rig, query: dict[str, Any], expected: Any) -> None:
    found = await subscriptions(four, **query)
    assert found == (await subscriptions(four) if expected == "all" else expected)


async def test_shared_subscriptions_are_found_by_topic_and_group(rig: Rig) -> None:
    client = await rig.connect("c")
    for topic in ("t", "$share/g/t", "$queue/t"):
        await client.subscribe(topic)
    assert len(await subscriptions(rig, topic="t")) == 3
    page = await rig.broker.subscriptions.list(SubscriptionQuery(topic="t", group="g"))
    assert [row.shared_topic for row in page.rows] == ["$share/g/t"]
    assert len(await subscriptions(rig, topic="t", group="")) == 1


async def test_routes_have_a_row_per_filter_and_group(rig: Rig) -> None:
    client = await rig.connect("c")
    for topic in ("a", "b/+", "$share/g/a", "$queue/a"):
        await client.subscribe(topic)
    page = await rig.broker.subscriptions.routes(PageRequest(1, 3))
    assert (len(page.rows), page.total, page.hasnext) == (3, 4, True)
    exact = await rig.broker.subscriptions.routes(PageRequest(), "a")
    assert [(row.topic, row.group, row.node) for row in exact.rows] == [
        ("a", None, "emqx@127.0.0.1"),
        ("a", "g", "emqx@127.0.0.1"),
        ("a", "$queue", "emqx@127.0.0.1"),
    ]
    assert (await rig.broker.subscriptions.routes(PageRequest(), "b/x")).rows == []


class MemoryStore:
    """A ban store that shows what was written to it."""

    def __init__(self, *bans: Ban) -> None:
        self.bans = {(ban.kind, ban.who): ban for ban in bans}

    def load(self) -> list[Ban]:
        return list(self.bans.values())

    async def put(self, ban: Ban) -> None:
        self.bans[ban.kind, ban.who] = ban

    async def remove(self, kind: Any, who: str) -> None:
        self.bans.pop((kind, who), None)

    def purge(self, kind: Any, who: str) -> None:
        self.bans.pop((kind, who), None)

    async def clear(self) -> None:
        self.bans.clear()


async def test_bans_are_loaded_from_the_store_and_written_to_it() -> None:
    store = MemoryStore(Ban("clientid", "old"))
    async with Rig(ban_store=store) as rig:
        bans = rig.broker.bans
        assert await bans.get("clientid", "old") is not None
        await bans.put(Ban("peerhost", "::1"))
        await bans.put(Ban("username", "short", until=int(rig.manual.now()) + 10))
        assert set(store.bans) == {("clientid", "old"), ("peerhost", "::1"), ("username", "short")}
        assert await bans.remove("peerhost", "::1") and not await bans.remove("peerhost", "::1")
        rig.manual.advance(70)
        assert set(store.bans) == {("clientid", "old")}
        page = await bans.list(PageRequest())
        assert ([ban.who for ban in page.rows], page.total) == (["old"], 1)
        await bans.clear()
        assert store.bans == {}


@pytest.mark.parametrize(
    ("kind", "who"),
    [("peerhost", "nowhere"), ("peerhost_net", "10.0.0.0/99"), ("clientid_re", "("), ("username_re", "[")],
)
async def test_a_ban_that_means_nothing_is_refused(rig: Rig, kind: Any, who: str) -> None:
    with pytest.raises(Fault) as fault:
        await rig.broker.bans.put(Ban(kind, who))
    assert fault.value.kind is F.BAN_INVALID
    assert (await rig.broker.bans.list(PageRequest())).total == 0


async def test_a_connected_client_stays_when_it_is_banned(rig: Rig) -> None:
    client = await rig.connect("c")
    await rig.broker.bans.put(Ban("clientid", "c"))
    await client.silence()
