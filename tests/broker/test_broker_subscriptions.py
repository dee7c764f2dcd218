"""Filters and what they match, shared subscriptions, SUBACK and UNSUBACK."""

from __future__ import annotations

from collections import Counter

import pytest

from broker.rig import Raw, Rig
from emqx_compat.mqtt import Publish, Subscribe, SubscriptionRequest

HELD = {"session_expiry_interval": 3600}


@pytest.mark.parametrize(
    ("topic_filter", "matching", "other"),
    [
        ("a/b", ["a/b"], ["a", "a/b/", "a/bb", "/a/b"]),
        ("a/+", ["a/b", "a/"], ["a", "a/b/c"]),
        ("+", ["a"], ["/a", "a/b", "$SYS"]),
        ("+/+", ["a/b", "/a"], ["a", "$SYS/b"]),
        ("a/#", ["a", "a/b", "a/b/c", "a/"], ["b", "aa/b"]),
        ("#", ["a", "/", "a/b/c"], ["$x", "$x/y"]),
        ("$x/#", ["$x", "$x/y"], ["x"]),
        ("$x/+/z", ["$x/y/z"], ["$x/y"]),
        ("+/b/#", ["a/b", "a/b/c/d"], ["a/c", "$x/b"]),
        ("/+/x", ["/a/x", "//x"], ["a/x"]),
    ],
)
async def test_a_filter_matches(rig: Rig, topic_filter: str, matching: list[str], other: list[str]) -> None:
    client = await rig.connect("c")
    await client.subscribe(topic_filter)
    for topic in matching:
        assert await rig.publish(topic) == 1, topic
        assert (await client.message()).topic == topic
    for topic in other:
        assert await rig.publish(topic) == 0, topic


async def test_what_matched_before_is_forgotten_when_subscriptions_change(rig: Rig) -> None:
    client = await rig.connect("c")
    assert await rig.publish("a/b") == 0
    for topic_filter in ("a/b", "a/+", "#"):
        await client.subscribe(topic_filter)
    assert await rig.publish("a/b") == 3
    for _ in range(3):
        await client.message()
    assert await client.unsubscribe("a/b", "#") == []
    assert await rig.publish("a/b") == 1


async def test_unsubscribe_says_what_there_was(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("a/+")
    assert await client.unsubscribe("a/+", "a/b") == [0, 0x11]
    assert await rig.publish("a/b") == 0


async def test_subscribing_again_replaces_the_subscription(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("t", 0, subid=1)
    await client.subscribe("t", 1, subid=2)
    assert await rig.publish("t", b"", 1) == 1
    message = await client.message()
    assert (message.qos, message.properties) == (1, {"subscription_identifier": [2]})
    assert rig.gauge("subscriptions") == (1, 1)


async def test_the_suback_comes_before_retained_messages(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    client = await rig.connect("c")
    await client.send(Subscribe(7, [SubscriptionRequest("t")]))
    assert await client.receive_bytes(5) == b"\x90\x03\x00\x07\x00"
    assert (await client.message()).retain


@pytest.mark.parametrize(("version", "codes"), [(4, [0, 0x80]), (5, [0, 0x97])])
async def test_more_subscriptions_than_allowed_are_refused(version: int, codes: list[int]) -> None:
    async with Rig(max_subscriptions=1) as rig:
        client = await rig.connect("c", version)
        await client.send(Subscribe(1, [SubscriptionRequest("a"), SubscriptionRequest("b")]))
        packet = await client.receive()
        assert getattr(packet, "reason_codes", None) == codes
        assert await client.subscribe("a", 1) == [1]
        row = await rig.row("c")
        assert row is not None and (row.subscriptions_cnt, row.subscriptions_max) == (1, 1)
        assert rig.counter("packets.subscribe.error") == 1


async def test_wildcards_and_shares_can_be_forbidden() -> None:
    async with Rig(wildcard_subscription=False, shared_subscription=False) as rig:
        client = await rig.connect("c", 5)
        assert await client.subscribe("a/+") == [0xA2]
        assert await client.subscribe("$share/g/a") == [0x9E]
        assert await client.subscribe("a") == [0]


async def test_no_local_on_a_share_is_a_protocol_error(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(b"\x82\x0f\x00\x01\x00\x00\x09$share/g/\x00\x01")  # empty filter
    await client.disconnected(0x8F)
    client = await rig.connect("c", 5)
    await client.send(b"\x82\x10\x00\x01\x00\x00\x0a$share/g/t\x04")
    await client.disconnected(0x82)


async def members(rig: Rig, topic_filter: str, count: int, **options: object) -> list[Raw]:
    clients = []
    for number in range(count):
        client = await rig.connect(f"m{number}", 5, clean_start=False, properties=HELD)
        await client.subscribe(topic_filter, 1)
        clients.append(client)
    return clients


@pytest.mark.parametrize("topic_filter", ["$share/g/t/+", "$queue/t/+"])
async def test_a_share_group_gets_each_message_once_in_turn(rig: Rig, topic_filter: str) -> None:
    clients = await members(rig, topic_filter, 3)
    for number in range(9):
        assert await rig.publish("t/x", b"%d" % number, 1) == 1
    for client in clients:
        for _ in range(3):
            await client.message()
        await client.silence()
    assert rig.gauge("subscriptions.shared") == (3, 3)


async def test_the_random_strategy_reaches_everyone() -> None:
    async with Rig(shared_subscription_strategy="random") as rig:
        clients = await members(rig, "$share/g/t", 2)
        for _ in range(100):
            await rig.publish("t", b"", 0)
        rows = [await rig.row(f"m{number}") for number in range(2)]
        sent = Counter(row.counters.send_msg for row in rows if row)
        assert sum(count * times for count, times in sent.items()) == 100
        assert 0 not in sent
        del clients


async def test_groups_and_ordinary_subscriptions_are_served_side_by_side(rig: Rig) -> None:
    client = await rig.connect("c")
    for topic_filter in ("t", "$share/a/t", "$share/b/t", "$queue/t"):
        await client.subscribe(topic_filter)
    assert await rig.publish("t") == 4
    for _ in range(4):
        await client.message()
    assert {each.shared_topic for each in await rig.broker.clients.subscriptions("c")} == {
        "t",
        "$share/a/t",
        "$share/b/t",
        "$queue/t",
    }


async def test_members_without_connection_are_passed_over(rig: Rig) -> None:
    first, second = await members(rig, "$share/g/t", 2)
    await first.disconnect()
    for number in range(4):
        await rig.publish("t", b"%d" % number, 1)
    assert [(await second.message()).payload for _ in range(4)] == [b"0", b"1", b"2", b"3"]


async def test_a_group_without_connections_keeps_messages_in_a_session(rig: Rig) -> None:
    for client in await members(rig, "$share/g/t", 2):
        await client.disconnect()
    await rig.publish("t", b"x", 1)
    rows = [await rig.row(f"m{number}") for number in range(2)]
    assert sum(row.mqueue_len for row in rows if row) == 1


async def test_what_a_member_never_got_goes_to_another_when_its_session_ends(rig: Rig) -> None:
    first = await rig.connect("first", 5, properties={**HELD, "receive_maximum": 2})
    await first.subscribe("$share/g/t", 2)
    for payload, qos in ((b"in flight", 1), (b"not this one", 2), (b"queued", 1)):
        await rig.publish("t", payload, qos)
    assert [(await first.expect(Publish)).qos for _ in range(2)] == [1, 2]
    second = await rig.connect("second", 5)
    await second.subscribe("$share/g/t", 1)
    await first.drop()
    await second.silence()
    rig.manual.advance(3600)
    assert [(await second.message()).payload for _ in range(2)] == [b"in flight", b"queued"]
    await second.silence()


async def test_a_group_ends_with_its_last_member(rig: Rig) -> None:
    (client,) = await members(rig, "$share/g/t/#", 1)
    await client.unsubscribe("$share/g/t/#")
    assert await rig.publish("t") == 0
    assert rig.gauge("routes") == (0, 1)


async def test_the_api_subscribes_a_connected_client_without_a_suback(rig: Rig) -> None:
    from emqx_compat.core.clients import SubscriptionOptions

    client = await rig.connect("c")
    await rig.publish("t", b"kept", 0, True)
    (row,) = await rig.broker.clients.subscribe("c", [SubscriptionOptions("t", 1)])
    assert (row.clientid, row.topic, row.qos, row.node) == ("c", "t", 1, "emqx@127.0.0.1")
    assert (await client.expect(Publish)).payload == b"kept"
    await rig.broker.clients.unsubscribe("c", ["t", "never"])
    assert await rig.publish("t") == 0
    await client.silence()


async def test_the_api_subscribes_a_session_without_connection(rig: Rig) -> None:
    from emqx_compat.core.clients import SubscriptionOptions

    client = await rig.connect("c", clean_start=False)
    await client.disconnect()
    await rig.broker.clients.subscribe("c", [SubscriptionOptions("$share/g/t", 1)])
    await rig.publish("t", b"x", 1)
    again = await rig.connect("c", clean_start=False)
    assert (await again.message()).payload == b"x"
