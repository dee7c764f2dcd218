"""Strategies of shared subscriptions: which member of a group gets a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from broker.rig import Raw, Rig
from emqx_compat.mqtt import Publish


async def members(rig: Rig, topic_filter: str, count: int = 3) -> list[Raw]:
    """Connected members of a group, `m0` first."""
    found = []
    for index in range(count):
        member = await rig.connect(f"m{index}")
        await member.subscribe(topic_filter)
        found.append(member)
    return found


async def received(group: Sequence[Raw], topics: Sequence[str]) -> list[int]:
    """Which member got each of these messages."""
    got: dict[bytes, int] = {}
    for index, member in enumerate(group):
        await member.send(b"\xc0\x00")
        while isinstance(packet := await member.receive(), Publish):
            got[packet.payload] = index
    assert len(got) == len(topics)
    return [got[b"%d" % number] for number in range(len(topics))]


async def picked(rig: Rig, group: Sequence[Raw], publisher: Raw, topics: Sequence[str]) -> list[int]:
    """Publish to each topic; which member got each message."""
    for number, topic in enumerate(topics):
        await publisher.publish(topic, b"%d" % number)
    await publisher.silence()
    return await received(group, topics)


async def test_round_robin_serves_one_member_after_the_other(rig: Rig) -> None:
    group = await members(rig, "$share/g/t")
    assert await picked(rig, group, await rig.connect("p"), ["t"] * 6) == [0, 1, 2, 0, 1, 2]


async def test_round_robin_goes_round_for_each_publisher(rig: Rig) -> None:
    group = await members(rig, "$share/g/t", 2)
    one, other = await rig.connect("p1"), await rig.connect("p2")
    for number in range(4):  # in turns: over all publishers, each would always reach the same member
        await one.publish("t", b"%d" % (2 * number))
        await one.silence()
        await other.publish("t", b"%d" % (2 * number + 1))
        await other.silence()
    got = await received(group, ["t"] * 8)
    assert sorted(got[::2]) == sorted(got[1::2]) == [0, 0, 1, 1]


async def test_publishers_of_one_message_each_reach_everyone(rig: Rig) -> None:
    await members(rig, "$share/g/t")
    for _ in range(6):
        await rig.publish("t")
    counts = [row.counters.send_msg for index in range(3) if (row := await rig.row(f"m{index}"))]
    assert counts == [2, 2, 2]


async def test_round_robin_per_group_goes_round_over_all_publishers() -> None:
    async with Rig(shared_subscription_strategy="round_robin_per_group") as rig:
        group = await members(rig, "$share/g/t", 2)
        one, other = await rig.connect("p1"), await rig.connect("p2")
        for number, publisher in enumerate((one, other, one, other)):
            await publisher.publish("t", b"%d" % number)
            await publisher.silence()
        assert await received(group, ["t"] * 4) == [0, 1, 0, 1]


async def test_sticky_stays_with_one_member_until_it_is_gone() -> None:
    async with Rig(shared_subscription_strategy="sticky") as rig:
        group = await members(rig, "$share/g/t")
        publisher = await rig.connect("p")
        first = set(await picked(rig, group, publisher, ["t"] * 8))
        assert len(first) == 1
        await group.pop(first.pop()).drop()
        assert len(set(await picked(rig, group, publisher, ["t"] * 8))) == 1


@pytest.mark.parametrize(
    ("strategy", "topics"), [("hash_clientid", [f"t/{n}" for n in range(12)]), ("hash_topic", ["t/a"] * 12)]
)
async def test_a_hash_always_finds_the_same_member(strategy: str, topics: list[str]) -> None:
    async with Rig(shared_subscription_strategy=strategy) as rig:
        group = await members(rig, "$share/g/t/#")
        publisher = await rig.connect("p")
        assert len(set(await picked(rig, group, publisher, topics))) == 1


async def test_the_hash_of_topics_spreads_topics() -> None:
    async with Rig(shared_subscription_strategy="hash_topic") as rig:
        group = await members(rig, "$share/g/t/#")
        topics = [f"t/{number}" for number in range(40)]
        got = await picked(rig, group, await rig.connect("p1"), topics)
        assert set(got) == {0, 1, 2}
        assert await picked(rig, group, await rig.connect("p2"), topics) == got


async def test_the_hash_of_client_ids_spreads_publishers() -> None:
    async with Rig(shared_subscription_strategy="hash_clientid") as rig:
        group = await members(rig, "$share/g/t", 2)
        got = {(await picked(rig, group, await rig.connect(f"p{number}"), ["t"]))[0] for number in range(12)}
        assert got == {0, 1}


@pytest.mark.parametrize("strategy", ["random", "local"])
async def test_chance_reaches_everyone(strategy: str) -> None:
    async with Rig(shared_subscription_strategy=strategy) as rig:
        group = await members(rig, "$share/g/t")
        assert set(await picked(rig, group, await rig.connect("p"), ["t"] * 60)) == {0, 1, 2}


async def test_a_group_may_have_a_strategy_of_its_own() -> None:
    async with Rig(shared_subscription_groups={"g": "hash_topic"}) as rig:
        one, other = await members(rig, "$share/g/t", 2), []
        for index in range(2):
            other.append(await rig.connect(f"o{index}"))
            await other[-1].subscribe("$share/h/t")
        await picked(rig, one, await rig.connect("p"), ["t"] * 4)
        counts = [
            row.counters.send_msg for clientid in ("m0", "m1", "o0", "o1") if (row := await rig.row(clientid))
        ]
        assert Counter(counts[:2]) == Counter((0, 4))
        assert counts[2:] == [2, 2]


@pytest.mark.parametrize(
    "strategy",
    ["random", "round_robin", "round_robin_per_group", "sticky", "local", "hash_clientid", "hash_topic"],
)
async def test_a_member_that_is_away_is_passed_over(strategy: str) -> None:
    async with Rig(shared_subscription_strategy=strategy) as rig:
        for index in range(3):
            member = await rig.connect(f"m{index}", clean_start=False)
            await member.subscribe("$share/g/t", 1)
            if index != 1:
                await member.disconnect()
            else:
                stays = member
        publisher = await rig.connect("p")
        for _ in range(6):
            await publisher.publish("t", qos=1)
            assert (await stays.message()).topic == "t"
