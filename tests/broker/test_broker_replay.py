"""Retained messages on their way to new subscriptions: in slices, in bounds, whole."""

from __future__ import annotations

import asyncio

import pytest

from broker.rig import Raw, Rig, until
from emqx_compat.broker.message import Message, Origin
from emqx_compat.broker.replay import BATCH, BATCH_BYTES
from emqx_compat.mqtt import Puback, Publish, Subscribe, SubscriptionRequest

SUBACK = 5
PACKET = 13
"""Bytes of a PUBLISH of `retain`."""


def retain(rig: Rig, count: int) -> None:
    """So many retained messages of one byte: `t/000000` and so on."""
    origin = Origin("p")
    for number in range(count):
        rig.broker.retained.store(Message(f"t/{number:06}", b"x", 0, True, origin, None, 0.0))


async def ask(client: Raw, topic_filter: str, qos: int = 0) -> None:
    """Subscribe, and do not read the answer."""
    await client.send(Subscribe(1, [SubscriptionRequest(topic_filter, qos)]))


@pytest.mark.parametrize(("messages", "subscribers"), [(200_000, 1), (20_000, 10)])
async def test_others_are_answered_while_very_many_retained_messages_are_sent(
    rig: Rig, messages: int, subscribers: int
) -> None:
    retain(rig, messages)
    other = await rig.connect("other")
    readers = []
    for number in range(subscribers):
        client = await rig.connect(f"c{number}")
        await ask(client, "#")
        readers.append(asyncio.ensure_future(client.receive_bytes(SUBACK + messages * PACKET)))
    answers, most = 0, 0
    while not all(reader.done() for reader in readers):
        before = rig.counter("messages.sent")
        async with asyncio.timeout(0.5):
            await other.silence()
        answers += 1
        most = max(most, rig.counter("messages.sent") - before)
    assert answers >= 20
    assert most <= 50 * BATCH
    received = [(await reader)[SUBACK:] for reader in readers]
    for stream in received:
        topics = {stream[at + 4 : at + 12] for at in range(0, len(stream), PACKET)}
        assert len(topics) == messages
    assert not rig.broker.replays.busy


async def test_others_are_answered_while_very_many_topics_are_searched_in_vain(rig: Rig) -> None:
    retain(rig, 200_000)
    other, client = await rig.connect("other"), await rig.connect("c")
    await client.subscribe("+/+/none")
    assert rig.broker.replays.busy  # the search goes on after the SUBACK
    async with asyncio.timeout(0.5):
        await other.silence()
    await until(lambda: not rig.broker.replays.busy)
    await client.silence()


async def test_small_replays_do_not_wait_for_large_ones(rig: Rig) -> None:
    retain(rig, 50_000)
    await rig.publish("small", b"x", 0, True)
    large, small = await rig.connect("large"), await rig.connect("small")
    await ask(large, "t/#")
    await large.receive_bytes(SUBACK + PACKET)
    before = rig.counter("messages.sent")
    await small.subscribe("small")
    assert (await small.message()).topic == "small"
    assert rig.counter("messages.sent") - before <= 50 * BATCH


async def test_a_replay_holds_no_more_than_a_slow_client_takes(rig: Rig) -> None:
    payload, count = bytes(100_000), 500
    for number in range(count):
        await rig.publish(f"t/{number}", payload, 0, True)
    client = await rig.connect("c")
    session = rig.broker.registry.get("c")
    assert session is not None and session.channel is not None
    await ask(client, "#")
    await until(lambda: session.channel is not None and session.channel.paused)
    await until(lambda: not rig.broker.replays.busy)
    sent = rig.counter("messages.sent") * len(payload)
    assert sent < count * len(payload) / 2  # what the sockets take, and one slice
    assert sum(map(len, session.channel.out)) <= BATCH_BYTES + 2 * len(payload)
    await client.receive_bytes(SUBACK)
    topics = {(await client.message()).topic for _ in range(count)}
    assert len(topics) == count
    assert rig.counter("delivery.dropped") == 0


async def stepwise(rig: Rig) -> Raw:
    """A client that gets its retained messages one at a time, each after its PUBACK."""
    for name in "abcdefgh":
        await rig.publish(f"t/{name}", b"x", 1, True)
    client = await rig.connect("c", 5, properties={"receive_maximum": 1})
    await client.subscribe("#", 1)
    return client


async def test_retained_messages_come_in_the_order_of_their_topics(rig: Rig) -> None:
    client = await stepwise(rig)
    assert "".join([(await client.message()).topic[2:] for _ in range(8)]) == "abcdefgh"
    await client.silence()


async def test_what_is_cleared_during_a_replay_is_not_sent_and_the_rest_is(rig: Rig) -> None:
    client = await stepwise(rig)
    first = await client.expect(Publish)  # b waits in the queue: the search stands there
    for name in "abcf":
        rig.broker.retained.remove(f"t/{name}")
    await client.send(Puback(first.packet_id))
    assert "".join([(await client.message()).topic[2:] for _ in range(5)]) == "bdegh"
    await client.silence()


async def test_what_is_retained_during_a_replay_comes_once_as_it_is_published(rig: Rig) -> None:
    client = await stepwise(rig)
    first = await client.expect(Publish)
    for topic in ("t/c", "t/new", "u"):
        rig.broker.retained.remove(topic)
        await rig.publish(topic, b"new", 1, True)
    await client.send(Puback(first.packet_id))
    seen = [await client.message() for _ in range(9)]
    assert [(m.topic, m.retain) for m in seen if m.payload == b"new"] == [
        ("t/c", False),
        ("t/new", False),
        ("u", False),
    ]
    assert {m.topic[2:] for m in seen if m.retain} == set("bdefgh")
    await client.silence()


async def test_a_message_that_is_replaced_during_a_replay_is_sent_as_it_is_now(rig: Rig) -> None:
    client = await stepwise(rig)
    first = await client.expect(Publish)
    rig.broker.retained.store(Message("t/d", b"now", 1, True, Origin("p"), None, 0.0))
    await client.send(Puback(first.packet_id))
    payloads = {(m := await client.message()).topic: m.payload for _ in range(7)}
    assert payloads["t/d"] == b"now"
    await client.silence()


async def test_a_replay_ends_when_everything_is_cleared(rig: Rig) -> None:
    client = await stepwise(rig)
    first = await client.expect(Publish)
    rig.broker.retained.clear()
    await rig.publish("u", b"x", 1, True)
    await client.send(Puback(first.packet_id))
    assert [(await client.message()).topic for _ in range(2)] == ["t/b", "u"]  # b was in the queue already
    await client.silence()


@pytest.mark.parametrize("end", ["unsubscribe", "drop", "take-over"])
async def test_a_replay_ends_with_whom_it_is_for(rig: Rig, end: str) -> None:
    retain(rig, 50_000)
    client = await rig.connect("c")
    session = rig.broker.registry.get("c")
    assert session is not None
    await ask(client, "#")
    await client.receive_bytes(SUBACK + PACKET)
    if end == "unsubscribe":
        await rig.broker.clients.unsubscribe("c", ["#"])
    elif end == "drop":
        await client.drop()
    else:
        await (await rig.connect("c")).silence()
    assert session.replays is None
    await until(lambda: not rig.broker.replays.busy)
    assert rig.counter("messages.sent") < 50_000


async def test_a_replay_goes_on_with_the_session_over_another_connection(rig: Rig) -> None:
    retain(rig, 20_000)
    client = await rig.connect("c", clean_start=False)
    await ask(client, "#")
    await client.receive_bytes(SUBACK + PACKET)
    sent = rig.counter("messages.sent")
    assert sent < 20_000
    again = await rig.connect("c", clean_start=False)
    last = ""
    while last != "t/019999":
        last = (await again.message()).topic
    await again.silence()


async def test_several_filters_of_one_subscribe_are_replayed_in_their_order(rig: Rig) -> None:
    await rig.publish("b", b"x", 0, True)
    await rig.publish("a", b"x", 0, True)
    client = await rig.connect("c")
    await client.send(Subscribe(1, [SubscriptionRequest(name, 0) for name in ("a", "b", "+", "none")]))
    await client.receive_bytes(SUBACK + 3)
    assert [(await client.message()).topic for _ in range(4)] == ["a", "b", "b", "a"]
    await client.silence()


async def test_many_encodings_of_a_retained_message_do_not_pile_up(rig: Rig) -> None:
    await rig.publish("t", b"x", 0, True)
    for number in range(1, 101):
        client = await rig.connect("c", 5)
        await client.subscribe("t", subid=number)
        await client.message()
        await client.disconnect()
    encoded = rig.broker.retained.messages["t"]._encoded
    assert encoded is not None and len(encoded) <= 32
