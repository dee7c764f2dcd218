"""Messages from publisher to subscribers: QoS, windows, options, aliases, sizes, expiry, order."""

from __future__ import annotations

import pytest

from broker.rig import Rig
from emqx_compat.broker import Message
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel, Subscribe, SubscriptionRequest


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("published", [0, 1, 2])
@pytest.mark.parametrize("subscribed", [0, 1, 2])
async def test_the_lesser_qos_counts(rig: Rig, version: int, published: int, subscribed: int) -> None:
    subscriber = await rig.connect("s", version)
    publisher = await rig.connect("p", version)
    assert await subscriber.subscribe("a/b", subscribed) == [subscribed]
    await publisher.publish("a/b", b"payload", published)
    message = await subscriber.message()
    assert (message.topic, message.payload, message.qos) == ("a/b", b"payload", min(published, subscribed))
    assert (message.retain, message.dup) == (False, False)
    await subscriber.silence()


async def test_the_greater_qos_counts_with_upgrade_qos() -> None:
    async with Rig(upgrade_qos=True) as rig:
        subscriber = await rig.connect("s")
        await subscriber.subscribe("t", 2)
        await rig.publish("t", b"", 0)
        assert (await subscriber.message()).qos == 2


async def test_a_qos_0_packet_is_byte_exact(rig: Rig) -> None:
    four, five = await rig.connect("4", 4), await rig.connect("5", 5)
    for client in (four, five):
        await client.subscribe("t")
    await rig.publish("t", b"xy")
    assert await four.receive_bytes(7) == b"\x30\x05\x00\x01txy"
    assert await five.receive_bytes(8) == b"\x30\x06\x00\x01t\x00xy"


async def test_a_qos_1_packet_is_byte_exact(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("t", 1)
    await rig.publish("t", b"x", 1)
    assert await client.receive_bytes(9) == b"\x32\x07\x00\x01t\x00\x01\x00x"


@pytest.mark.parametrize("qos", [1, 2])
async def test_an_mqtt_5_publisher_learns_that_nobody_listens(rig: Rig, qos: int) -> None:
    publisher = await rig.connect("p", 5)
    assert await publisher.publish("nobody", b"", qos) == 0x10
    assert rig.counter("messages.dropped.no_subscribers") == rig.counter("messages.dropped") == 1


async def test_order_is_kept(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s"), await rig.connect("p")
    await subscriber.subscribe("t", 1)
    packets = [Publish("t", b"%d" % number, 1, packet_id=number + 1) for number in range(200)]
    await publisher.send(*packets)
    got = [(await subscriber.message()).payload for _ in range(200)]
    assert got == [b"%d" % number for number in range(200)]


async def test_no_more_than_the_window_is_sent_without_acknowledgement() -> None:
    async with Rig(max_inflight=2) as rig:
        client = await rig.connect("c")
        await client.subscribe("t", 2)
        for number in range(4):
            await rig.publish("t", b"%d" % number, 1 + number % 2)
        first, second = await client.expect(Publish), await client.expect(Publish)
        await client.silence()
        row = await rig.row("c")
        assert row is not None and (row.inflight_cnt, row.inflight_max, row.mqueue_len) == (2, 2, 2)
        await client.send(Puback(first.packet_id))
        assert (await client.expect(Publish)).payload == b"2"
        await client.send(Pubrec(second.packet_id))
        await client.expect(Pubrel)
        await client.silence()
        await client.send(Pubcomp(second.packet_id))
        assert (await client.expect(Publish)).payload == b"3"


async def test_the_clients_receive_maximum_is_the_window(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"receive_maximum": 1})
    await client.subscribe("t", 1)
    await rig.publish("t", b"1", 1)
    await rig.publish("t", b"2", 1)
    await rig.publish("t", b"3", 0)
    first = await client.expect(Publish)
    assert (await client.expect(Publish)).payload == b"3"
    await client.send(Puback(first.packet_id))
    assert (await client.expect(Publish)).payload == b"2"


async def test_a_client_must_keep_to_the_brokers_receive_maximum(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"receive_maximum": 2})
    for packet_id in (1, 2):
        await client.send(Publish("t", b"", 2, packet_id=packet_id))
        await client.expect(Pubrec)
    await client.send(Publish("t", b"", 2, packet_id=3))
    await client.disconnected(0x93)
    assert rig.counter("packets.publish.dropped") == rig.counter("messages.qos2.dropped") == 1


async def test_a_refused_pubrec_ends_the_exchange(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("t", 2)
    await rig.publish("t", b"", 2)
    publish = await client.expect(Publish)
    await client.send(Pubrec(publish.packet_id, 0x80))
    await client.silence()
    row = await rig.row("c")
    assert row is not None and row.inflight_cnt == 0


async def test_unknown_identifiers_are_answered_and_counted(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(Puback(7), Pubcomp(7))
    await client.send(Pubrec(7))
    assert (await client.expect(Pubrel)).reason_code == 0x92
    await client.send(Pubrel(7))
    assert (await client.expect(Pubcomp)).reason_code == 0x92
    for kind in ("puback", "pubrec", "pubrel", "pubcomp"):
        assert rig.counter(f"packets.{kind}.missed") == 1


async def test_the_same_qos_2_message_again_is_acknowledged_but_not_published(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s"), await rig.connect("p", 5)
    await subscriber.subscribe("t")
    await publisher.send(Publish("t", b"", 2, packet_id=1), Publish("t", b"", 2, dup=True, packet_id=1))
    assert [(await publisher.expect(Pubrec)).reason_code for _ in range(2)] == [0, 0]
    await subscriber.expect(Publish)
    await subscriber.silence()
    assert rig.counter("packets.publish.inuse") == 1


async def test_another_qos_2_message_with_an_open_identifier_is_refused(rig: Rig) -> None:
    publisher = await rig.connect("p", 5)
    await publisher.send(Publish("t", b"", 2, packet_id=1), Publish("t", b"", 2, packet_id=1))
    assert [(await publisher.expect(Pubrec)).reason_code for _ in range(2)] == [0x10, 0x91]


async def test_a_qos_2_message_that_is_never_released_is_forgotten(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.send(Publish("t", b"", 2, packet_id=1))
    await client.expect(Pubrec)
    rig.manual.advance(306)
    row = await rig.row("c")
    assert row is not None
    assert (row.awaiting_rel_cnt, row.counters.recv_msg_dropped_await_pubrel_timeout) == (0, 1)
    assert rig.counter("messages.dropped.await_pubrel_timeout") == 1


async def test_overlapping_subscriptions_get_a_message_each(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("a/b", 0, subid=1)
    await client.subscribe("a/+", 1, subid=2)
    await client.subscribe("#", 2, subid=3)
    await rig.publish("a/b", b"", 2)
    got = [await client.message() for _ in range(3)]
    await client.silence()
    found = {(each.properties or {})["subscription_identifier"][0]: each.qos for each in got}
    assert found == {1: 0, 2: 1, 3: 2}


async def test_no_local_keeps_a_clients_own_messages_away(rig: Rig) -> None:
    client, other = await rig.connect("c", 5), await rig.connect("o", 5)
    await client.subscribe("t", 0, no_local=True)
    await client.publish("t", b"mine")
    await other.publish("t", b"theirs", 1)
    assert (await client.message()).payload == b"theirs"
    assert rig.counter("delivery.dropped.no_local") == 1


async def test_3_1_1_clients_get_their_own_messages_unless_told_otherwise() -> None:
    for ignore in (False, True):
        async with Rig(ignore_loop_deliver=ignore) as rig:
            client = await rig.connect("c", 4)
            await client.subscribe("t")
            await client.send(Publish("t", b""))
            if not ignore:
                await client.expect(Publish)
            await client.silence()


async def test_retain_as_published_keeps_the_flag(rig: Rig) -> None:
    for clientid, keep in (("keep", True), ("clear", False)):
        client = await rig.connect(clientid, 5)
        await client.subscribe("t", 1, retain_as_published=keep, retain_handling=2)
        for qos in (0, 1):
            await rig.publish("t", b"x", qos, True)
            assert (await client.message()).retain is keep
        await rig.publish("t", b"x", 0, False)
        assert (await client.message()).retain is False
        await client.disconnect()


async def test_a_bridge_gets_the_flag_as_published(rig: Rig) -> None:
    client = await rig.connect("b", 4, is_bridge=True)
    await client.subscribe("t")
    await rig.publish("t", b"x", 0, True)
    assert (await client.message()).retain is True


async def test_properties_travel_with_the_message_in_their_order(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s", 5), await rig.connect("p", 5)
    await subscriber.subscribe("t", 1)
    properties = {
        "payload_format_indicator": 1,
        "content_type": "text/plain",
        "response_topic": "answer",
        "correlation_data": b"\x00\x01",
        "user_property": [("b", "1"), ("a", "2"), ("b", "1")],
    }
    await publisher.publish("t", b"x", 1, properties=properties)
    assert (await subscriber.message()).properties == properties


async def test_properties_are_left_out_for_older_clients(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s", 4), await rig.connect("p", 5)
    await subscriber.subscribe("t")
    await publisher.publish("t", b"x", properties={"content_type": "text/plain"})
    assert await subscriber.receive_bytes(6) == b"\x30\x04\x00\x01tx"


async def test_an_inbound_alias_stands_for_its_topic(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s", 5), await rig.connect("p", 5)
    await subscriber.subscribe("#")
    for topic, payload in (("a", b"1"), ("", b"2"), ("b", b"3"), ("", b"4")):
        await publisher.send(Publish(topic, payload, properties={"topic_alias": 1}))
    got = [await subscriber.message() for _ in range(4)]
    assert [(m.topic, m.payload) for m in got] == [("a", b"1"), ("a", b"2"), ("b", b"3"), ("b", b"4")]
    assert got[0].properties is None


@pytest.mark.parametrize(("alias", "code"), [(2, 0x82), (6, 0x94)])
async def test_an_unknown_or_too_large_alias_ends_the_connection(alias: int, code: int) -> None:
    async with Rig(max_topic_alias=5) as rig:
        client = await rig.connect("c", 5)
        await client.send(Publish("a", b"", properties={"topic_alias": 1}))
        await client.send(Publish("", b"", properties={"topic_alias": alias}))
        await client.disconnected(code)


async def test_aliases_end_with_their_connection(rig: Rig) -> None:
    held = {"session_expiry_interval": 60}
    client = await rig.connect("c", 5, properties=held)
    await client.publish("a", b"", 1, properties={"topic_alias": 1})
    await client.disconnect()
    again = await rig.connect("c", 5, clean_start=False, properties=held)
    await again.send(Publish("", b"", properties={"topic_alias": 1}))
    await again.disconnected(0x82)


async def test_outbound_aliases_are_used_when_the_client_allows_them(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"topic_alias_maximum": 1})
    await client.subscribe("#", 1)
    for topic, qos in (("a/long/topic", 0), ("a/long/topic", 1), ("b", 0)):
        await rig.publish(topic, b"x", qos)
    got = [await client.message() for _ in range(3)]
    assert [(m.topic, (m.properties or {}).get("topic_alias")) for m in got] == [
        ("a/long/topic", 1),
        ("", 1),
        ("b", None),
    ]


async def test_an_outgoing_packet_over_the_clients_limit_is_dropped(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"maximum_packet_size": 20})
    await client.subscribe("t", 1)
    await rig.publish("t", b"x" * 30, 0)
    await rig.publish("t", b"x" * 30, 1)
    await rig.publish("t", b"small", 1)
    assert (await client.message()).payload == b"small"
    await client.silence()
    assert rig.counter("delivery.dropped.too_large") == 2
    row = await rig.row("c")
    assert row is not None and (row.inflight_cnt, row.counters.send_msg_dropped_too_large) == (0, 2)


async def test_message_expiry_counts_down_while_a_message_waits(rig: Rig) -> None:
    held = {"session_expiry_interval": 3600}
    client, publisher = await rig.connect("c", 5, properties=held), await rig.connect("p", 5)
    await client.subscribe("t", 1)
    await client.disconnect()
    await publisher.publish("t", b"short", 1, properties={"message_expiry_interval": 10})
    await publisher.publish("t", b"long", 1, properties={"message_expiry_interval": 100})
    rig.manual.advance(10)
    again = await rig.connect("c", 5, clean_start=False, properties=held)
    message = await again.message()
    assert (message.payload, message.properties) == (b"long", {"message_expiry_interval": 90})
    assert rig.counter("delivery.dropped.expired") == rig.counter("messages.expired") == 1


async def test_a_message_hook_may_change_or_stop_a_message(rig: Rig) -> None:
    def hook(message: Message) -> None:
        message.allow = message.topic != "stop"
        message.payload += b"!"

    rig.hooks.message_publish.append(hook)
    client = await rig.connect("c")
    await client.subscribe("#")
    assert await rig.publish("stop", b"x") == 0
    assert await rig.publish("go", b"x") == 1
    assert (await client.message()).payload == b"x!"


async def test_a_message_nobody_gets_is_shown_to_its_hook(rig: Rig) -> None:
    seen: list[str] = []
    rig.hooks.message_dropped.append(lambda message: seen.append(message.topic))
    await rig.publish("t")
    assert seen == ["t"]


async def test_a_topic_with_too_many_levels_ends_the_connection() -> None:
    async with Rig(max_topic_levels=3) as rig:
        client = await rig.connect("c", 5)
        assert await client.subscribe("a/b/c") == [0]
        assert await client.subscribe("a/b/c/d") == [0x8F]
        await client.send(Publish("a/b/c/d", b""))
        await client.disconnected(0x90)


async def test_what_the_settings_forbid_ends_the_connection() -> None:
    async with Rig(max_qos_allowed=1, retain_available=False) as rig:
        client = await rig.connect("c", 5)
        assert await client.subscribe("t", 2) == [1]
        await client.send(Publish("t", b"", 2, packet_id=1))
        await client.disconnected(0x9B)
        client = await rig.connect("c", 5)
        await client.send(Publish("t", b"", 0, True))
        await client.disconnected(0x9A)


async def test_a_delayed_message_comes_after_its_delay(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe("#", 1)
    await client.publish("$delayed/10/a/b", b"x", 1)
    assert rig.gauge("delayed") == (1, 1)
    rig.manual.advance(9)
    await client.silence()
    rig.manual.advance(1)
    message = await client.message()
    assert (message.topic, message.qos) == ("a/b", 1)
    assert (rig.gauge("delayed"), rig.counter("messages.delayed")) == ((0, 1), 1)


async def test_a_publisher_that_floods_is_answered_in_full(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(*[Publish("t", b"x" * 1000, 1, packet_id=number) for number in range(1, 2001)])
    for number in range(1, 2001):
        assert (await client.expect(Puback)).packet_id == number


async def test_a_slow_consumer_loses_qos_0_beyond_a_limit_and_keeps_the_rest() -> None:
    async with Rig(slow_consumer_bytes=100_000) as rig:
        slow, other = await rig.connect("slow"), await rig.connect("other")
        await slow.subscribe("flood")
        await slow.subscribe("kept", 1)
        await other.subscribe("flood")
        payload = b"x" * 10_000
        number = 0
        while not rig.counter("delivery.dropped.queue_full"):
            number += 1
            assert number < 5_000
            await rig.publish("flood", payload)
            await other.expect(Publish)
        await rig.publish("kept", b"kept", 1)
        session = rig.broker.registry.sessions["slow"]
        assert session.channel is not None and session.channel.held <= 100_000 + 20_000
        assert session.mqueue is not None and len(session.mqueue) == 1
        received = 0
        while (message := await slow.message()).payload != b"kept":
            received += 1
            assert message.payload == payload
        assert received == number - rig.counter("delivery.dropped.queue_full")
        await rig.publish("flood", b"again")
        assert (await slow.message()).payload == b"again"


async def test_one_subscribe_may_hold_many_filters(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    requests = [SubscriptionRequest(f"t/{number}", number % 3) for number in range(100)]
    await client.send(Subscribe(1, requests))
    packet = await client.receive()
    assert getattr(packet, "reason_codes", None) == [number % 3 for number in range(100)]
