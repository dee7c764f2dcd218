"""Retained messages, delayed messages and wills survive the end of the process."""

from __future__ import annotations

import pytest

from durability.place import Place
from emqx_compat.mqtt.packets import Will

HOUR = {"session_expiry_interval": 3600}


async def test_retained_messages_survive(place: Place) -> None:
    properties = {"content_type": "x", "user_property": [("k", "v")], "correlation_data": b"\x00\xff"}
    async with place.broker() as rig:
        client = await rig.connect("p", 5)
        await client.publish("a/é", b"\x00\xff", 1, retain=True, properties=properties)
        await client.publish("b", b"old", 2, retain=True)
        await client.publish("b", b"new", 2, retain=True)
        await client.publish("c", b"gone", 1, retain=True)
        await client.publish("c", b"", 1, retain=True)
        place.crash()
    assert place.rows("SELECT topic, payload FROM retained ORDER BY rowid") == [("a/é", b"\x00\xff"), ("b", b"new")]
    async with place.broker() as rig:
        client = await rig.connect("c", 5)
        await client.subscribe("+/+", 2)
        message = await client.message()
        assert (message.topic, message.payload, message.qos, message.retain) == ("a/é", b"\x00\xff", 1, True)
        assert message.properties == properties
        await client.subscribe("b", 2)
        assert ((await client.message()).payload, rig.gauge("retained")[0]) == (b"new", 2)


async def test_a_retained_message_expires_while_the_server_is_down(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("p", 5)
        await client.publish("a", b"1", 1, retain=True, properties={"message_expiry_interval": 60})
    place.clock.advance(61)
    async with place.broker() as rig:
        client = await rig.connect("c", 5)
        await client.subscribe("#", 1)
        await client.silence()
    assert place.rows("SELECT count(*) FROM retained") == [(0,)]


async def test_retained_messages_of_the_broker_itself_are_not_stored(place: Place) -> None:
    async with place.broker() as rig:
        rig.broker.sys.publish("/x", b"1", retain=True)
    assert place.rows("SELECT count(*) FROM retained") == [(0,)]


@pytest.mark.parametrize("text", ["half \ud800 a pair"])
async def test_text_that_is_no_unicode_does_not_stop_the_store(place: Place, text: str) -> None:
    async with place.broker() as rig:
        await rig.publish(text, b"1", 1, retain=True)
        await rig.publish("b", b"1", 1, retain=True)
        place.crash()
    assert place.rows("SELECT topic FROM retained ORDER BY rowid") == [("half ? a pair",), ("b",)]


async def test_limits_of_retained_messages_are_said_once_and_counted(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.broker(retained_max_messages=2, retained_max_payload_size=3, sys_msg_interval=0.0) as rig:
        for topic in "abcd":
            await rig.publish(topic, b"1", 1, retain=True)
        await rig.publish("z", b"four", 1, retain=True)
        assert rig.broker.limits.counts == {
            "retainer.backend.max_retained_messages": 2,
            "retainer.max_payload_size": 1,
        }
        assert caplog.text.count("limit_reached") == 2
        place.clock.advance(61)
        await rig.publish("e", b"1", 1, retain=True)
        assert "max_retained_messages, limit: 2, at: e, times_since_last: 2" in caplog.text
    assert place.rows("SELECT topic, payload FROM retained ORDER BY rowid") == [("a", b"1"), ("b", b"1")]


async def test_delayed_messages_survive_and_keep_their_time(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", clean_start=False)
        await client.subscribe("#", 2)
        await client.drop()
        sender = await rig.connect("p", 5)
        await sender.publish("$delayed/60/a", b"early", 2, properties={"content_type": "x"})
        await sender.publish("$delayed/600/a", b"late", 1)
        place.crash()
    assert place.rows("SELECT topic, payload FROM delayed") == [("a", b"early"), ("a", b"late")]
    place.clock.advance(100)
    async with place.broker() as rig:
        assert rig.gauge("delayed")[0] == 1
        place.clock.advance(499)
        assert len(rig.broker.delayed) == 1
        place.clock.advance(2)
        assert len(rig.broker.delayed) == 0
        client = await rig.connect("c", clean_start=False)
        messages = [await client.message() for _ in range(2)]
        assert {(message.payload, message.qos) for message in messages} == {(b"early", 2), (b"late", 1)}
    async with place.broker() as rig:
        await (await rig.connect("c", clean_start=False)).silence()


async def test_delayed_messages_have_a_limit(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    async with place.broker(delayed_max_messages=1) as rig:
        await rig.publish("$delayed/60/a", b"1", 1)
        await rig.publish("$delayed/60/a", b"2", 1)
        assert (len(rig.broker.delayed), rig.broker.limits.counts) == (1, {"delayed.max_delayed_messages": 1})
        assert "limit_reached, setting: delayed.max_delayed_messages" in caplog.text


WILL = Will("w", b"bye", 1, False, {"will_delay_interval": 60, "content_type": "x"})


async def test_a_will_that_waits_survives_and_keeps_its_time(place: Place) -> None:
    async with place.broker() as rig:
        await (await rig.connect("c", 5, will=WILL, properties=HOUR)).drop()
        place.clock.advance(20)
        await rig.broker.journal.saved()
        place.crash()
    async with place.broker() as rig:
        observer = await rig.connect("observer", 5)
        await observer.subscribe("w", 1)
        place.clock.advance(39)
        await observer.silence()
        place.clock.advance(2)
        message = await observer.message()
        assert (message.payload, message.properties) == (b"bye", {"content_type": "x"})
        await rig.broker.journal.saved()
        place.crash()
    async with place.broker() as rig:
        place.clock.advance(3000)
        assert rig.counter("messages.publish") == 0


async def test_a_will_that_was_due_while_the_server_was_down_is_published_at_the_start(place: Place) -> None:
    async with place.broker() as rig:
        observer = await rig.connect("observer", clean_start=False)
        await observer.subscribe("w", 1)
        await observer.drop()
        await (await rig.connect("c", 5, will=WILL, properties=HOUR)).drop()
    place.clock.advance(100)
    async with place.broker() as rig:
        observer = await rig.connect("observer", clean_start=False)
        assert (await observer.message()).payload == b"bye"


async def test_the_will_of_who_was_connected_when_the_server_crashed_waits_from_the_restart(place: Place) -> None:
    async with place.broker() as rig:
        await (await rig.connect("c", 5, will=WILL, properties=HOUR)).subscribe("x")
        place.crash()
    async with place.broker() as rig:
        observer = await rig.connect("observer", 5)
        await observer.subscribe("w", 1)
        place.clock.advance(59)
        await observer.silence()
        place.clock.advance(2)
        assert (await observer.message()).payload == b"bye"


@pytest.mark.parametrize("version", [4, 5])
async def test_the_will_of_a_session_that_is_not_durable_is_published_after_a_crash(
    place: Place, version: int
) -> None:
    async with place.broker() as rig:
        observer = await rig.connect("observer", clean_start=False)
        await observer.subscribe("w", 1)
        await observer.drop()
        await rig.connect("c", version, will=Will("w", b"bye", 1, True))
        await rig.broker.journal.saved()
        place.crash()
    async with place.broker() as rig:
        assert await rig.row("c") is None
        observer = await rig.connect("observer", clean_start=False)
        assert (await observer.message()).payload == b"bye"
        assert list(rig.broker.retained.messages) == ["w"]
        await rig.broker.journal.saved()
        place.crash()
    async with place.broker() as rig:
        assert rig.counter("messages.publish") == 0  # once


@pytest.mark.parametrize("end", ["disconnect", "drop", "stop"])
async def test_a_will_is_not_published_again_after_its_connection_has_ended(place: Place, end: str) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", will=Will("w", b"bye", 1, False))
        await rig.broker.journal.saved()
        assert place.rows("SELECT will_topic FROM sessions") == [("w",)]
        if end == "disconnect":
            await client.disconnect()
        elif end == "drop":
            await client.drop()
        await rig.broker.journal.saved()
    assert place.rows("SELECT will_topic FROM sessions") == []
    async with place.broker() as rig:
        assert rig.counter("messages.publish") == 0


async def test_a_will_of_a_connection_is_stored_only_if_its_client_may_publish_it(place: Place) -> None:
    async with place.broker() as rig:
        rig.broker.hook_authorizer(lambda client, action, topic, qos, retain: topic != "forbidden")
        for topic in ("forbidden", "w"):
            await rig.connect(topic, will=Will(topic, b"bye", 1, False))
        await rig.broker.journal.saved()
        rows = place.rows("SELECT clientid, will_topic FROM sessions ORDER BY clientid")
        assert rows == [("forbidden", None), ("w", "w")]


async def test_a_client_that_is_back_in_time_takes_its_will_with_it(place: Place) -> None:
    async with place.broker() as rig:
        await (await rig.connect("c", 5, will=WILL, properties=HOUR)).drop()
    async with place.broker() as rig:
        client = await rig.connect("c", 5, clean_start=False, properties=HOUR)
        place.clock.advance(100)
        assert rig.counter("messages.publish") == 0
        await client.disconnect()
    async with place.broker() as rig:
        place.clock.advance(100)
        assert rig.counter("messages.publish") == 0


async def test_the_will_of_a_session_that_ended_while_the_server_was_down_is_published(place: Place) -> None:
    will = Will("w", b"bye", 1, False, {"will_delay_interval": 5000})
    async with place.broker() as rig:
        observer = await rig.connect("observer", clean_start=False)
        await observer.subscribe("w", 1)
        await observer.drop()
        await (await rig.connect("c", 5, will=will, properties={"session_expiry_interval": 60})).drop()
    place.clock.advance(100)
    async with place.broker() as rig:
        observer = await rig.connect("observer", clean_start=False)
        assert (await observer.message()).payload == b"bye"
        assert await rig.row("c") is None
