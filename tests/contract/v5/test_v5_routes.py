"""Subscriptions of all clients and the routing table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from v5_world import NODE, Api, connected, refusal

from emqx_compat.testing import Server

PLAIN = {"t/a", "t/+/b", "#"}
SHARED = {"$share/g1/s/#", "$queue/n/6"}


@pytest.fixture
async def subscribed(server: Server, api: Api) -> AsyncIterator[Api]:
    """One client with plain and shared subscriptions, one with one that both have."""
    async with connected(server, "a") as one, connected(server, "b") as other:
        for topic in sorted(PLAIN | SHARED):
            await one.subscribe(topic, 1)
        await other.subscribe("t/a")
        yield api


@pytest.mark.parametrize(
    ("query", "found", "count"),
    [
        ("clientid=a", PLAIN | SHARED, 5),
        ("clientid=b", {"t/a"}, 1),
        ("clientid=nobody", set(), 0),
        ("qos=0", {"t/a"}, 1),
        ("clientid=a&qos=0", set(), 0),
        ("topic=t/%2B/b", {"t/+/b"}, 1),
        ("topic=s/%23", set(), 0),
        ("topic=$share/g1/s/%23", set(), 0),
        ("topic=s/%23&share_group=g1", {"$share/g1/s/#"}, 1),
        ("share_group=g1", {"$share/g1/s/#"}, 1),
        ("share_group=zz", set(), 0),
        ("match_topic=t/%23", {"t/a", "t/+/b"}, None),
        ("match_topic=t/x/b", set(), None),
        ("match_topic=a/%23/b", set(), None),
        ("durable=true&clientid=b", {"t/a"}, 1),
    ],
)
async def test_subscriptions_are_filtered(subscribed: Api, query: str, found: set[str], count: int | None) -> None:
    listing = (await subscribed.get(f"/subscriptions?{query}")).json()
    assert ({row["topic"] for row in listing["data"]}, listing["meta"].get("count")) == (found, count)


@pytest.mark.parametrize("topic", ["$share/g1/s/1", "$queue/a"])
async def test_a_shared_filter_matches_nothing(api: Api, topic: str) -> None:
    answer = await api.get("/subscriptions", params={"match_topic": topic})
    assert refusal(answer) == (400, "INVALID_PARAMETER", "match_topic_invalid")


async def test_subscriptions_come_in_pages(subscribed: Api) -> None:
    meta = (await subscribed.get("/subscriptions?limit=2")).json()["meta"]
    assert meta == {"page": 1, "limit": 2, "count": 6, "hasnext": True}


QUEUE = "$share/$queue/n/6"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", PLAIN | {"$share/g1/s/#", QUEUE}),
        (f"node={NODE}", PLAIN),
        ("node=nope@x", set()),
        ("topic=t/a", {"t/a"}),
        (f"topic=t/a&node={NODE}", {"t/a"}),
        ("topic=%23", {"#"}),
        ("topic=s/%23", set()),
        ("topic=$share/g1/s/%23", {"$share/g1/s/#"}),
        ("topic=a/%23/b", set()),
        ("topic=", set()),
    ],
)
async def test_routes_are_filtered_exactly(subscribed: Api, query: str, found: set[str]) -> None:
    listing = (await subscribed.get(f"/topics?{query}")).json()
    assert {row["topic"] for row in listing["data"]} == found
    assert listing["meta"]["count"] == len(found)


async def test_a_filter_and_more_pages_leave_the_count_out(subscribed: Api) -> None:
    assert (await subscribed.get("/topics?limit=1")).json()["meta"]["count"] == 5
    meta = (await subscribed.get(f"/topics?limit=1&node={NODE}")).json()["meta"]
    assert meta == {"page": 1, "limit": 1, "hasnext": True}


async def test_a_topic_has_a_row_a_node(subscribed: Api) -> None:
    assert await subscribed.rows("/topics/t%2Fa") == [{"topic": "t/a", "node": NODE}]


@pytest.mark.parametrize("topic", ["nope", "$share%2Fg1%2Fs%2F%23", "a%2F%23%2Fb"])
async def test_a_topic_without_route_is_404(subscribed: Api, topic: str) -> None:
    assert refusal(await subscribed.get(f"/topics/{topic}")) == (404, "TOPIC_NOT_FOUND", "Topic not found")


async def test_a_topic_with_a_bare_slash_is_another_path(subscribed: Api) -> None:
    assert (await subscribed.get("/topics/t/a")).headers["content-type"] == "text/html"


async def test_looking_up_a_wildcard_that_has_a_route_crashes(subscribed: Api) -> None:
    assert refusal(await subscribed.get("/topics/%23"))[:2] == (500, "INTERNAL_ERROR")
