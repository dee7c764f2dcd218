"""Retained messages: kept, replayed, cleared, expired."""

from __future__ import annotations

import pytest

from broker.rig import Rig
from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.mqtt import Puback, Publish


async def test_the_last_message_of_a_topic_is_replayed_with_the_flag(rig: Rig) -> None:
    publisher = await rig.connect("p")
    await publisher.publish("a/b", b"old", 1, retain=True)
    await publisher.publish("a/b", b"new", 1, retain=True)
    client = await rig.connect("c")
    await client.subscribe("a/+", 1)
    message = await client.message()
    assert (message.topic, message.payload, message.qos, message.retain) == ("a/b", b"new", 1, True)
    await client.silence()
    assert rig.gauge("retained") == (1, 1)


async def test_an_empty_payload_clears_and_is_still_delivered(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe("t")
    await rig.publish("t", b"x", 0, True)
    await rig.publish("t", b"", 0, True)
    assert [(await client.message()).payload for _ in range(2)] == [b"x", b""]
    other = await rig.connect("o")
    await other.subscribe("t")
    await other.silence()
    assert rig.gauge("retained") == (0, 1)


@pytest.mark.parametrize(
    ("topic_filter", "expected"),
    [
        ("#", {"a", "a/b", "a/b/c", "b", "/", "s/$x"}),
        ("+", {"a", "b"}),
        ("a/#", {"a", "a/b", "a/b/c"}),
        ("a/+", {"a/b"}),
        ("+/+", {"a/b", "/", "s/$x"}),
        ("+/b/#", {"a/b", "a/b/c"}),
        ("$x/#", {"$x/y"}),
        ("$x/+", {"$x/y"}),
        ("a/b", {"a/b"}),
        ("none", set()),
    ],
)
async def test_a_filter_finds_its_retained_messages(rig: Rig, topic_filter: str, expected: set[str]) -> None:
    for topic in ("a", "a/b", "a/b/c", "b", "/", "$x/y", "s/$x", "gone"):
        await rig.publish(topic, b"x", 0, True)
    await rig.publish("gone", b"", 0, True)
    client = await rig.connect("c")
    await client.subscribe(topic_filter)
    assert {(await client.message()).topic for _ in expected} == expected
    await client.silence()


async def test_retain_handling_0_sends_at_every_subscribe(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    client = await rig.connect("c", 5)
    for _ in range(2):
        await client.subscribe("t", retain_handling=0)
        await client.message()


async def test_retain_handling_1_sends_to_a_new_subscription_only(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    client = await rig.connect("c", 5)
    await client.subscribe("t", retain_handling=1)
    await client.message()
    await client.subscribe("t", retain_handling=1)
    await client.silence()


async def test_retain_handling_2_never_sends(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    client = await rig.connect("c", 5)
    await client.subscribe("t", retain_handling=2)
    await client.silence()


async def test_shared_subscriptions_get_no_retained_messages(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    client = await rig.connect("c", 5)
    await client.subscribe("$share/g/t")
    await client.silence()


async def test_a_replayed_message_has_the_identifier_of_its_subscription(rig: Rig) -> None:
    await rig.publish("t", b"x", 1, True)
    client = await rig.connect("c", 5)
    await client.subscribe("t", 0, subid=9)
    message = await client.message()
    assert (message.qos, message.properties) == (0, {"subscription_identifier": [9]})


async def test_a_retained_message_expires(rig: Rig) -> None:
    publisher = await rig.connect("p", 5)
    await publisher.publish("t", b"x", 1, retain=True, properties={"message_expiry_interval": 100})
    rig.manual.advance(40)
    client = await rig.connect("c", 5)
    await client.subscribe("t")
    assert (await client.message()).properties == {"message_expiry_interval": 60}
    rig.manual.advance(60)
    await client.subscribe("t")
    await client.silence()
    assert "t" not in rig.broker.retained.messages


async def test_expired_messages_are_purged_without_being_asked_for() -> None:
    async with Rig(retained_msg_expiry_interval=10, sys_msg_interval=0) as rig:
        await rig.publish("t", b"x", 0, True)
        rig.manual.advance(61)
        assert rig.gauge("retained") == (0, 1)


async def test_a_payload_over_the_limit_is_delivered_but_not_kept() -> None:
    async with Rig(retained_max_payload_size=3) as rig:
        client = await rig.connect("c")
        await client.subscribe("t")
        await rig.publish("t", b"1234", 0, True)
        assert (await client.message()).payload == b"1234"
        assert rig.gauge("retained")[0] == 0


async def test_topics_over_the_limit_are_not_kept() -> None:
    async with Rig(retained_max_messages=1) as rig:
        await rig.publish("a", b"1", 0, True)
        await rig.publish("b", b"2", 0, True)
        await rig.publish("a", b"3", 0, True)
        assert [m.payload for m in rig.broker.retained.messages.values()] == [b"3"]


async def test_many_retained_messages_reach_a_client_with_a_small_window(rig: Rig) -> None:
    for number in range(1500):
        await rig.publish(f"t/{number}", b"x", number % 2, True)
    client = await rig.connect("c", 5, properties={"receive_maximum": 3})
    await client.subscribe("t/#", 1)
    topics = {(await client.message()).topic for _ in range(1500)}
    assert len(topics) == 1500
    await client.silence()
    assert rig.counter("delivery.dropped") == 0


async def test_a_replay_ends_with_its_subscription(rig: Rig) -> None:
    for number in range(50):
        await rig.publish(f"t/{number}", b"x", 1, True)
    client = await rig.connect("c", 5, properties={"receive_maximum": 1})
    await client.subscribe("t/#", 1)
    first = await client.expect(Publish)
    await rig.broker.clients.unsubscribe("c", ["t/#"])
    await client.send(Puback(first.packet_id))
    second = await client.expect(Publish)  # it was queued already
    await client.send(Puback(second.packet_id))
    await client.silence()


async def test_a_replay_goes_on_after_a_reconnect(rig: Rig) -> None:
    held = {"session_expiry_interval": 60, "receive_maximum": 2}
    for number in range(20):
        await rig.publish(f"t/{number}", b"x", 1, True)
    client = await rig.connect("c", 5, properties=held)
    await client.subscribe("t/#", 1)
    seen = {(await client.message()).topic for _ in range(5)}
    await client.drop()
    again = await rig.connect("c", 5, clean_start=False, properties=held)
    while len(seen) < 20:
        seen.add((await again.message()).topic)
    await again.silence()


async def test_retained_messages_follow_an_api_subscription_of_a_held_session(rig: Rig) -> None:
    await rig.publish("t", b"x", 1, True)
    client = await rig.connect("c", clean_start=False)
    await client.disconnect()
    await rig.broker.clients.subscribe("c", [SubscriptionOptions("t", 1)])
    again = await rig.connect("c", clean_start=False)
    assert (await again.message()).retain
