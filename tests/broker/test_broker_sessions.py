"""Sessions: clean start, resumption, take-over, expiry, and what the listing says meanwhile."""

from __future__ import annotations

import pytest

from broker.rig import Rig, connect_packet
from emqx_compat.core.faults import F, Fault
from emqx_compat.mqtt import Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel

HOUR = {"session_expiry_interval": 3600}


async def test_a_clean_session_ends_with_its_connection(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=True)
    await client.subscribe("t")
    await client.disconnect()
    assert await rig.row("c") is None
    assert rig.gauge("subscriptions") == (0, 1)


async def test_a_3_1_1_session_that_is_not_clean_is_held(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 1)
    await client.disconnect()
    row = await rig.row("c")
    assert row is not None
    assert (row.connected, row.is_persistent, row.expiry_interval) == (False, True, 7200)
    assert (row.disconnected_cleanly, row.disconnected_at) == (True, rig.manual.now())
    again = await rig.connect("c", clean_start=False)
    assert again.connack.session_present
    assert [each.topic for each in await rig.broker.clients.subscriptions("c")] == ["t"]


async def test_a_connection_that_breaks_did_not_end_cleanly(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.drop()
    row = await rig.row("c")
    assert row is not None and not row.disconnected_cleanly


async def test_a_clean_start_forgets_the_held_session(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 1)
    await client.disconnect()
    again = await rig.connect("c", clean_start=True)
    assert not again.connack.session_present
    assert rig.gauge("subscriptions")[0] == 0
    assert rig.counter("session.discarded") == 1


async def test_an_mqtt_5_session_lives_as_long_as_it_asked(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.disconnect()
    rig.manual.advance(3599)
    assert await rig.row("c") is not None
    rig.manual.advance(1)
    assert await rig.row("c") is None
    assert rig.counter("session.terminated") == 1


async def test_a_session_that_is_resumed_in_time_does_not_expire(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.disconnect()
    rig.manual.advance(3599)
    again = await rig.connect("c", 5, clean_start=False, properties=HOUR)
    rig.manual.advance(10_000)
    assert again.connack.session_present
    await again.silence()


async def test_the_longest_expiry_is_never(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"session_expiry_interval": 0xFFFFFFFF})
    await client.disconnect()
    rig.manual.advance(100_000)
    assert await rig.row("c") is not None


async def test_a_disconnect_may_change_the_expiry(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.disconnect(properties={"session_expiry_interval": 10})
    rig.manual.advance(10)
    assert await rig.row("c") is None


async def test_a_disconnect_may_end_the_session(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.disconnect(properties={"session_expiry_interval": 0})
    assert await rig.row("c") is None


async def test_a_disconnect_must_not_make_a_session_persistent(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(Disconnect(0, {"session_expiry_interval": 10}))
    await client.disconnected(0x82)
    assert await rig.row("c") is None


async def test_a_second_client_of_the_same_id_takes_over(rig: Rig) -> None:
    old = await rig.connect("c", 5, properties=HOUR)
    await old.subscribe("t", 1)
    new = await rig.connect("c", 5, clean_start=False, properties=HOUR)
    await old.disconnected(0x8E)
    assert new.connack.session_present
    await rig.publish("t", b"x", 1)
    assert (await new.message()).payload == b"x"
    assert rig.shutdown_count == {"conflict": 1}
    assert (rig.counter("session.takenover"), rig.counter("session.resumed")) == (1, 1)
    assert rig.gauge("live_connections")[0] == 1


async def test_a_second_client_with_clean_start_discards(rig: Rig) -> None:
    old = await rig.connect("c", 5, properties=HOUR)
    await old.subscribe("t", 1)
    new = await rig.connect("c", 5)
    await old.disconnected(0x8E)
    assert not new.connack.session_present
    assert rig.shutdown_count == {"discard": 1}
    assert rig.gauge("subscriptions")[0] == 0


async def test_a_3_1_1_client_that_is_taken_over_gets_no_packet(rig: Rig) -> None:
    old = await rig.connect("c", 4)
    await rig.connect("c", 4)
    await old.closed()


async def test_a_session_that_ends_with_its_connection_is_not_there_to_take_over(rig: Rig) -> None:
    await rig.connect("c", 5)
    new = await rig.connect("c", 5, clean_start=False)
    assert not new.connack.session_present


async def test_messages_wait_for_a_session_without_connection(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 2)
    await client.disconnect()
    for qos in (0, 1, 2):
        await rig.publish("t", b"%d" % qos, qos)
    row = await rig.row("c")
    assert row is not None and row.mqueue_len == 3 and row.counters.enqueue_msg == 3
    again = await rig.connect("c", clean_start=False)
    assert [(m.payload, m.qos, m.dup) for m in [await again.message() for _ in range(3)]] == [
        (b"0", 0, False),
        (b"1", 1, False),
        (b"2", 2, False),
    ]
    row = await rig.row("c")
    assert row is not None and row.mqueue_len == 0


async def test_qos_0_does_not_wait_when_the_queue_is_not_for_it() -> None:
    async with Rig(mqueue_store_qos0=False) as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 1)
        await client.disconnect()
        await rig.publish("t", b"0", 0)
        await rig.publish("t", b"1", 1)
        again = await rig.connect("c", clean_start=False)
        assert (await again.message()).payload == b"1"
        assert rig.counter("delivery.dropped.qos0_msg") == rig.counter("delivery.dropped") == 1


async def test_a_full_queue_drops_its_oldest_message() -> None:
    async with Rig(max_mqueue_len=2) as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 1)
        await client.disconnect()
        for payload in (b"1", b"2", b"3"):
            await rig.publish("t", payload, 1)
        again = await rig.connect("c", clean_start=False)
        assert [(await again.message()).payload for _ in range(2)] == [b"2", b"3"]
        await again.silence()
        assert rig.counter("delivery.dropped.queue_full") == 1
        row = await rig.row("c")
        assert row is not None
        assert (row.mqueue_dropped, row.mqueue_max, row.counters.send_msg_dropped_queue_full) == (1, 2, 1)


async def test_what_was_not_acknowledged_is_sent_again_with_dup_and_its_identifier(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 2)
    await rig.publish("t", b"1", 1)
    await rig.publish("t", b"2", 2)
    sent = [await client.expect(Publish), await client.expect(Publish)]
    await client.drop()
    again = await rig.connect("c", clean_start=False)
    resent = [await again.expect(Publish), await again.expect(Publish)]
    assert [(m.payload, m.qos, m.dup) for m in resent] == [(b"1", 1, True), (b"2", 2, True)]
    assert [m.packet_id for m in resent] == [m.packet_id for m in sent]


async def test_after_a_pubrec_only_the_pubrel_is_sent_again(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 2)
    await rig.publish("t", b"2", 2)
    publish = await client.expect(Publish)
    await client.send(Pubrec(publish.packet_id))
    await client.expect(Pubrel)
    await client.drop()
    again = await rig.connect("c", clean_start=False)
    assert (await again.expect(Pubrel)).packet_id == publish.packet_id
    await again.send(Pubcomp(publish.packet_id))
    await again.silence()
    row = await rig.row("c")
    assert row is not None and row.inflight_cnt == 0


async def test_a_smaller_receive_maximum_holds_what_is_sent_again_back(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.subscribe("t", 1)
    for number in range(3):
        await rig.publish("t", b"%d" % number, 1)
        await client.expect(Publish)
    await client.drop()
    await rig.publish("t", b"3", 1)
    again = await rig.connect("c", 5, clean_start=False, properties={**HOUR, "receive_maximum": 1})
    for number in range(4):
        publish = await again.expect(Publish)
        assert (publish.payload, publish.dup) == (b"%d" % number, number < 3)
        await again.silence()
        await again.send(Puback(publish.packet_id))


async def test_qos_2_from_the_client_is_not_published_twice_across_a_reconnect(rig: Rig) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe("t", 2)
    client = await rig.connect("c", clean_start=False)
    await client.send(Publish("t", b"x", 2, packet_id=5))
    await client.expect(Pubrec)
    await client.drop()
    again = await rig.connect("c", clean_start=False)
    await again.send(Publish("t", b"x", 2, dup=True, packet_id=5))
    assert (await again.expect(Pubrec)).reason_code == 0
    await again.send(Pubrel(5))
    await again.expect(Pubcomp)
    assert (await watcher.message()).payload == b"x"
    await watcher.silence()


async def test_a_live_3_1_1_connection_is_sent_an_unanswered_message_again(rig: Rig) -> None:
    client = await rig.connect("c", 4)
    await client.subscribe("t", 1)
    await rig.publish("t", b"x", 1)
    first = await client.expect(Publish)
    rig.manual.advance(36)
    second = await client.expect(Publish)
    assert (second.dup, second.packet_id) == (True, first.packet_id)


async def test_a_live_mqtt_5_connection_is_not(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("t", 1)
    await rig.publish("t", b"x", 1)
    await client.expect(Publish)
    rig.manual.advance(100)
    await client.silence()


async def test_a_kick_ends_connection_and_session(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    assert await rig.broker.clients.kick("c", discard_session=True)
    assert await rig.row("c") is None
    await client.disconnected(0x98)
    assert rig.shutdown_count == {"kicked": 1}


async def test_a_kick_may_leave_the_session(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    assert await rig.broker.clients.kick("c", discard_session=False)
    row = await rig.row("c")
    assert row is not None and not row.connected
    await client.closed()
    assert not await rig.broker.clients.kick("c", discard_session=False)
    assert await rig.broker.clients.kick("c", discard_session=True)
    assert await rig.row("c") is None


async def test_nobody_is_kicked_when_the_id_is_unknown(rig: Rig) -> None:
    assert not await rig.broker.clients.kick("nobody", discard_session=True)


async def test_only_a_session_without_connection_can_be_dropped(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    with pytest.raises(Fault) as running:
        await rig.broker.clients.drop_session("c")
    assert running.value.kind is F.SESSION_RUNNING
    await client.disconnect()
    await rig.broker.clients.drop_session("c")
    with pytest.raises(Fault) as unknown:
        await rig.broker.clients.drop_session("c")
    assert unknown.value.kind is F.SESSION_NOT_FOUND


async def test_counters_go_on_when_a_session_is_resumed(rig: Rig) -> None:
    client = await rig.connect("c", clean_start=False)
    created = rig.manual.now()
    await client.publish("t", b"x", 1)
    await client.disconnect()
    rig.manual.advance(5)
    again = await rig.connect("c", clean_start=False)
    await again.publish("t", b"x", 1)
    row = await rig.row("c")
    assert row is not None
    assert (row.counters.recv_msg, row.counters.recv_msg_qos1) == (2, 2)
    assert (row.created_at, row.connected_at) == (created, created + 5)


async def test_an_expired_session_takes_its_subscriptions_along(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties=HOUR)
    await client.subscribe("a/+/#", 1)
    await client.disconnect()
    rig.manual.advance(3600)
    assert rig.gauge("routes")[0] == 0
    assert await rig.publish("a/b", b"", 1) == 0


async def test_hooks_see_a_session_come_and_go(rig: Rig) -> None:
    seen: list[tuple[str, ...]] = []
    rig.hooks.session_created.append(lambda client: seen.append(("created", client.clientid)))
    rig.hooks.session_resumed.append(lambda client: seen.append(("resumed", client.clientid)))
    rig.hooks.client_connected.append(lambda client: seen.append(("connected", client.clientid)))
    rig.hooks.client_disconnected.append(lambda client, reason: seen.append(("disconnected", reason)))
    rig.hooks.session_terminated.append(lambda client, reason: seen.append(("terminated", reason)))
    first = await rig.connect("c", clean_start=False)
    await first.drop()
    second = await rig.connect("c", clean_start=False)
    await second.disconnect()
    await rig.broker.clients.kick("c", discard_session=True)
    assert seen == [
        ("created", "c"),
        ("connected", "c"),
        ("disconnected", "tcp_closed"),
        ("resumed", "c"),
        ("connected", "c"),
        ("disconnected", "normal"),
        ("terminated", "kicked"),
    ]


async def test_a_hook_that_fails_does_not_stop_the_others(rig: Rig) -> None:
    seen: list[str] = []

    def broken(client: object) -> None:
        raise RuntimeError

    rig.hooks.client_connected += [broken, lambda client: seen.append(client.clientid)]
    await rig.connect("c")
    assert seen == ["c"]


async def test_a_refused_client_does_not_disturb_the_session_of_its_id(rig: Rig) -> None:
    await rig.connect("c", 5)
    assert (await rig.refused(connect_packet("c", 5, properties={"authentication_method": "x"}), 5)).reason_code
    row = await rig.row("c")
    assert row is not None and row.connected
