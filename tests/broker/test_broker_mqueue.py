"""Message queues: priorities, and messages that have waited too long."""

from __future__ import annotations

from typing import Any

import pytest

from broker.rig import Raw, Rig


async def queued(rig: Rig, topics: list[str]) -> Raw:
    """Messages for a client that is away, numbered; the client when it is back."""
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("#", 1)
    await client.disconnect()
    for number, topic in enumerate(topics):
        await rig.publish(topic, b"%d" % number, 1)
    return await rig.connect("c", clean_start=False)


async def order(client: Raw, count: int) -> list[str]:
    return [(await client.message()).topic for _ in range(count)]


@pytest.mark.parametrize(
    ("default", "expected"),
    [("lowest", ["high", "high", "low", "low", "other"]), ("highest", ["other", "high", "high", "low", "low"])],
)
async def test_topics_go_by_their_priority(default: str, expected: list[str]) -> None:
    settings: Any = {"mqueue_priorities": {"high": 10, "low": 1}, "mqueue_default_priority": default}
    async with Rig(**settings) as rig:
        client = await queued(rig, ["other", "low", "high", "low", "high"])
        assert await order(client, 5) == expected


async def test_messages_of_one_priority_keep_their_order() -> None:
    async with Rig(mqueue_priorities={"a": 2, "b": 2}) as rig:
        assert await order(await queued(rig, ["b", "a", "b", "a"]), 4) == ["b", "a", "b", "a"]


async def test_a_low_priority_is_not_kept_waiting_for_ever() -> None:
    async with Rig(mqueue_priorities={"high": 1}, max_inflight=1) as rig:
        topics = await order(await queued(rig, ["low", *["high"] * 30]), 31)
        assert topics.index("low") == 20  # ten in a row for each point, and ten for being there


async def test_the_limit_is_that_of_each_priority() -> None:
    async with Rig(mqueue_priorities={"high": 2}, max_mqueue_len=2) as rig:
        client = await queued(rig, ["low", "high", "low", "high", "low"])
        got = [await client.message() for _ in range(4)]
        assert [(message.topic, message.payload) for message in got] == [
            ("high", b"1"),
            ("high", b"3"),
            ("low", b"2"),
            ("low", b"4"),
        ]
        row = await rig.row("c")
        assert row is not None and row.mqueue_dropped == 1


async def test_a_message_that_waited_too_long_is_not_delivered() -> None:
    async with Rig(message_expiry_interval=10) as rig:
        client = await rig.connect("c", 5, properties={"session_expiry_interval": 60})
        await client.subscribe("t", 1)
        await client.disconnect()
        await rig.publish("t", b"old", 1)
        rig.manual.advance(6)
        await rig.publish("t", b"young", 1)
        rig.manual.advance(6)
        client = await rig.connect("c", 5, clean_start=False)
        assert (await client.message()).payload == b"young"
        await client.silence()
        assert rig.counter("delivery.dropped.expired") == 1


async def test_a_message_with_an_expiry_of_its_own_keeps_it() -> None:
    async with Rig(message_expiry_interval=10) as rig:
        client = await rig.connect("c", 5, properties={"session_expiry_interval": 60})
        await client.subscribe("t", 1)
        await client.disconnect()
        publisher = await rig.connect("p", 5)
        await publisher.publish("t", b"x", 1, properties={"message_expiry_interval": 50})
        rig.manual.advance(20)
        client = await rig.connect("c", 5, clean_start=False)
        message = await client.message()
        assert message.properties == {"message_expiry_interval": 30}
