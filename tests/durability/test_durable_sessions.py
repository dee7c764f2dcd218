"""Sessions survive the end of the process, proper or not: what was acknowledged is there again."""

from __future__ import annotations

import pytest

from durability.place import Place
from emqx_compat.mqtt import Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel

FOR_EVER = {"session_expiry_interval": 0xFFFFFFFF}
HOUR = {"session_expiry_interval": 3600}


async def test_subscriptions_survive_with_their_options(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("a/+", 1, subid=7, no_local=True, retain_as_published=True, retain_handling=2)
        await client.subscribe("$share/g/b", 2)
        place.crash()
    async with place.broker() as rig:
        rows = await rig.broker.clients.subscriptions("c")
        assert [(row.topic, row.group, row.qos, row.subid) for row in rows] == [
            ("b", "g", 2, None),
            ("a/+", None, 1, 7),
        ]
        assert (rows[1].no_local, rows[1].retain_as_published, rows[1].retain_handling) == (True, True, 2)
        assert await rig.publish("a/x", b"", 1) == 1
        client = await rig.connect("c", 5, clean_start=False, properties=FOR_EVER)
        assert client.connack.session_present
        message = await client.message()
        assert message.properties == {"subscription_identifier": [7]}


async def test_an_unsubscribed_filter_does_not_come_back(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("a", 1)
        await client.subscribe("b", 1)
        await client.unsubscribe("a")
        place.crash()
    async with place.broker() as rig:
        assert [row.topic for row in await rig.broker.clients.subscriptions("c")] == ["b"]


@pytest.mark.parametrize("qos", [1, 2])
async def test_queued_messages_survive_in_their_order(place: Place, qos: int) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("t", 2)
        await client.drop()
        sender = await rig.connect("p", 5)
        properties = {
            "content_type": "x",
            "correlation_data": b"\xff\x00",
            "user_property": [("k", "1"), ("k", "2")],
        }
        for number in range(20):
            assert await sender.publish("t", b"%d" % number, qos, properties=properties) == 0
        place.crash()
    async with place.broker() as rig:
        client = await rig.connect("c", 5, clean_start=False, properties=FOR_EVER)
        messages = [await client.message() for _ in range(20)]
        assert [(message.payload, message.qos, message.dup) for message in messages] == [
            (b"%d" % number, qos, False) for number in range(20)
        ]
        assert messages[0].properties == properties
        await client.silence()
    async with place.broker() as rig:
        assert (await (await rig.connect("c", 5, clean_start=False, properties=FOR_EVER)).silence()) is None
        assert place.rows("SELECT count(*) FROM messages") == [(0,)]


async def test_one_message_of_many_sessions_is_stored_once(place: Place) -> None:
    async with place.broker() as rig:
        for clientid in ("a", "b", "c"):
            client = await rig.connect(clientid, clean_start=False)
            await client.subscribe("t", 1)
            await client.drop()
        await (await rig.connect("p")).publish("t", b"x", 1)
        assert place.rows("SELECT count(*) FROM messages") == [(1,)]
        assert place.rows("SELECT clientid, topic FROM queue JOIN messages m ON m.id = message") == [("p", "t")] * 3


async def test_what_was_sent_and_not_acknowledged_is_sent_again_as_a_duplicate(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 1)
        sender = await rig.connect("p")
        await sender.publish("t", b"1", 1)
        await sender.publish("t", b"2", 1)
        first, second = await client.expect(Publish), await client.expect(Publish)
        await client.send(Puback(first.packet_id))
        await client.silence()
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        again = await client.message()
        assert (again.payload, again.packet_id, again.dup) == (b"2", second.packet_id, True)
        await client.silence()


async def test_a_qos_2_delivery_goes_on_where_it_was_with_its_identifier(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 2)
        await (await rig.connect("p")).publish("t", b"1", 2)
        sent = await client.expect(Publish)
        place.crash()
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        again = await client.expect(Publish)
        assert (again.packet_id, again.dup) == (sent.packet_id, True)
        await client.send(Pubrec(sent.packet_id))
        assert (await client.expect(Pubrel)).packet_id == sent.packet_id
        place.crash()
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        assert (await client.expect(Pubrel)).packet_id == sent.packet_id
        await client.send(Pubcomp(sent.packet_id))
        await client.silence()
    async with place.broker() as rig:
        await (await rig.connect("c", clean_start=False)).silence()


async def test_a_qos_2_message_that_is_sent_again_after_a_crash_is_not_published_again(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 2)
        await client.drop()
        sender = await rig.connect("p", clean_start=False)
        await sender.send(Publish("t", b"1", 2, packet_id=9))
        await sender.expect(Pubrec)
        place.crash()
    async with place.broker() as rig:
        sender = await rig.connect("p", clean_start=False)
        await sender.send(Publish("t", b"1", 2, dup=True, packet_id=9))
        await sender.expect(Pubrec)
        await sender.send(Pubrel(9))
        await sender.expect(Pubcomp)
        place.crash()
    async with place.broker() as rig:
        sender = await rig.connect("p", clean_start=False)
        await sender.send(Publish("t", b"2", 2, packet_id=9))
        await sender.expect(Pubrec)
        client = await rig.connect("c", clean_start=False)
        assert [(await client.message()).payload for _ in range(2)] == [b"1", b"2"]
        await client.silence()


async def test_qos_0_of_an_offline_session_survives_a_proper_end(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 1)
        await client.drop()
        await rig.publish("t", b"0")
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        assert (await client.message()).payload == b"0"


async def test_a_full_queue_drops_the_oldest_on_the_disk_too(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.broker(max_mqueue_len=3) as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("t", 1)
        await client.drop()
        for number in range(10):
            await rig.publish("t", b"%d" % number, 1)
        assert rig.broker.limits.counts == {"mqtt.max_mqueue_len": 7}
        assert caplog.text.count("limit_reached") == 1
    assert place.rows("SELECT payload FROM messages") == [(b"7",), (b"8",), (b"9",)]
    async with place.broker() as rig:
        row = await rig.row("c")
        assert row is not None and row.mqueue_len == 3


async def test_sessions_that_end_with_their_connection_are_not_stored(place: Place) -> None:
    async with place.broker() as rig:
        await (await rig.connect("v3")).subscribe("t", 1)
        await (await rig.connect("v5", 5)).subscribe("t", 1)
        place.crash()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0


async def test_a_clean_start_forgets_the_session_on_the_disk_before_it_is_answered(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("t", 1)
        await client.drop()
        client = await rig.connect("c", 5, clean_start=True)
        assert not client.connack.session_present
        place.crash()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0
        assert place.rows("SELECT (SELECT count(*) FROM subscriptions) + (SELECT count(*) FROM queue)") == [(0,)]


async def test_a_session_that_is_resumed_without_expiry_ends_with_the_server(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("t", 2)
        await client.drop()
        await rig.publish("t", b"1", 2)
        client = await rig.connect("c", 5, clean_start=False)
        assert (await client.message()).payload == b"1"
        place.crash()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0


async def test_disconnect_may_end_the_session_for_good(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=HOUR)
        await client.send(Disconnect(0, {"session_expiry_interval": 0}))
        await client.closed()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0


async def test_the_time_of_a_session_runs_on_while_the_server_is_down(place: Place) -> None:
    async with place.broker() as rig:
        for clientid, seconds in (("short", 60), ("long", 3600)):
            await (await rig.connect(clientid, 5, properties={"session_expiry_interval": seconds})).drop()
    place.clock.advance(100)
    async with place.broker() as rig:
        assert list(rig.broker.registry.sessions) == ["long"]
        place.clock.advance(3499)
        assert await rig.row("long") is not None
        place.clock.advance(2)
        assert await rig.row("long") is None


async def test_who_was_connected_when_the_server_crashed_has_all_its_time(place: Place) -> None:
    async with place.broker() as rig:
        await (await rig.connect("c", 5, properties={"session_expiry_interval": 60})).subscribe("t")
        place.clock.advance(1000)
        place.crash()
    async with place.broker() as rig:
        row = await rig.row("c")
        assert row is not None and not row.connected
        place.clock.advance(61)
        assert await rig.row("c") is None


async def test_the_listing_shows_a_restored_session_as_it_was(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, username="u", properties=HOUR)
        before = await rig.row("c")
        assert before is not None
        await client.disconnect()
    async with place.broker() as rig:
        row = await rig.row("c")
        assert row is not None
        for name in ("username", "proto_ver", "proto_name", "peerhost", "peerport", "created_at", "connected_at"):
            assert getattr(row, name) == getattr(before, name)
        assert (row.connected, row.disconnected_cleanly, row.expiry_interval) == (False, True, 3600)
        assert rig.gauge("sessions.persistent")[0] == 1


async def test_subscriptions_made_by_an_api_are_stored_when_it_answers(place: Place) -> None:
    from emqx_compat.core.clients import SubscriptionOptions

    async with place.broker() as rig:
        await rig.connect("c", clean_start=False)
        await rig.broker.clients.subscribe("c", [SubscriptionOptions("a", 1), SubscriptionOptions("b", 1)])
        await rig.broker.clients.unsubscribe("c", ["a"])
        place.crash()
    async with place.broker() as rig:
        assert [row.topic for row in await rig.broker.clients.subscriptions("c")] == ["b"]


async def test_a_dropped_session_does_not_come_back(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.drop()
        await rig.broker.clients.kick("c", discard_session=True)
        place.crash()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0
