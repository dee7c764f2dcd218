"""`$exclusive/<filter>`: one session at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from broker.rig import Rig
from emqx_compat.core.clients import SubscriptionQuery

HELD = {"session_expiry_interval": 60}


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig(exclusive_subscription=True) as rig:
        yield rig


async def test_the_holder_gets_what_is_published_to_the_topic(rig: Rig) -> None:
    client = await rig.connect("c")
    assert await client.subscribe("$exclusive/t", 1) == [1]
    await rig.publish("t", b"x")
    message = await client.message()
    assert (message.topic, message.payload) == ("t", b"x")


@pytest.mark.parametrize(("version", "code"), [(5, 0x97), (4, 0x80)])
async def test_a_second_subscriber_is_refused(rig: Rig, version: int, code: int) -> None:
    await (await rig.connect("a")).subscribe("$exclusive/t")
    other = await rig.connect("b", version)
    assert await other.subscribe("$exclusive/t") == [code]
    assert await other.subscribe("$exclusive/u") == [0]


async def test_others_may_subscribe_without_the_prefix(rig: Rig) -> None:
    await (await rig.connect("a")).subscribe("$exclusive/t")
    other = await rig.connect("b")
    assert await other.subscribe("t") == [0]
    assert await rig.publish("t") == 2


async def test_the_holder_may_subscribe_again(rig: Rig) -> None:
    client = await rig.connect("a", 5)
    await client.subscribe("$exclusive/t")
    assert await client.subscribe("$exclusive/t", 2) == [2]


@pytest.mark.parametrize("topic_filter", ["$exclusive/t", "t"])
async def test_unsubscribing_releases_it(rig: Rig, topic_filter: str) -> None:
    holder, other = await rig.connect("a", 5), await rig.connect("b", 5)
    await holder.subscribe("$exclusive/t")
    assert await holder.unsubscribe(topic_filter) == [0]
    assert await other.subscribe("$exclusive/t") == [0]


async def test_subscribing_without_the_prefix_releases_it(rig: Rig) -> None:
    holder, other = await rig.connect("a", 5), await rig.connect("b", 5)
    await holder.subscribe("$exclusive/t")
    await holder.subscribe("t")
    assert await other.subscribe("$exclusive/t") == [0]


async def test_it_is_held_as_long_as_the_session(rig: Rig) -> None:
    holder, other = await rig.connect("a", 5, properties=HELD), await rig.connect("b", 5)
    await holder.subscribe("$exclusive/t")
    await holder.disconnect()
    assert await other.subscribe("$exclusive/t") == [0x97]
    rig.manual.advance(61)
    assert await other.subscribe("$exclusive/t") == [0]


async def test_it_is_refused_while_it_is_switched_off() -> None:
    async with Rig() as rig:
        assert await (await rig.connect("a", 5)).subscribe("$exclusive/t") == [0x8F]


@pytest.mark.parametrize("topic_filter", ["$exclusive/", "$exclusive/$share/g/t"])
async def test_nothing_and_shares_cannot_be_had_alone(rig: Rig, topic_filter: str) -> None:
    assert await (await rig.connect("a", 5)).subscribe(topic_filter) == [0x8F]


async def test_it_is_listed_without_the_prefix(rig: Rig) -> None:
    await (await rig.connect("a")).subscribe("$exclusive/t/#")
    rows = (await rig.broker.subscriptions.list(SubscriptionQuery())).rows
    assert [row.topic for row in rows] == ["t/#"]
