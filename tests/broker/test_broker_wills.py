"""Wills: when they are published, and when not."""

from __future__ import annotations

import pytest

from broker.rig import Raw, Rig
from emqx_compat.mqtt import Disconnect, Will

HELD = {"session_expiry_interval": 100}
WILL = Will("w/c", b"gone", 1)


def delayed(seconds: int) -> Will:
    return Will("w/c", b"gone", 1, properties={"will_delay_interval": seconds, "content_type": "text/plain"})


@pytest.fixture
async def watcher(rig: Rig) -> Raw:
    """A client that sees every will."""
    watcher = await rig.connect("watcher", 5)
    await watcher.subscribe("w/#", 2)
    return watcher


@pytest.mark.parametrize("version", [3, 4, 5])
async def test_a_connection_that_breaks_publishes_the_will(rig: Rig, watcher: Raw, version: int) -> None:
    client = await rig.connect("c", version, will=WILL)
    await client.drop()
    message = await watcher.message()
    assert (message.topic, message.payload, message.qos, message.retain) == ("w/c", b"gone", 1, False)


async def test_a_disconnect_takes_the_will_along(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, will=WILL)
    await client.disconnect()
    await watcher.silence()


async def test_a_disconnect_with_0x04_leaves_the_will(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, will=WILL)
    await client.send(Disconnect(0x04))
    assert (await watcher.message()).payload == b"gone"


async def test_a_retained_will_is_kept(rig: Rig) -> None:
    client = await rig.connect("c", will=Will("w/c", b"gone", 0, True))
    await client.drop()
    late = await rig.connect("late")
    await late.subscribe("w/c")
    assert (await late.message()).retain


async def test_silence_publishes_the_will(rig: Rig, watcher: Raw) -> None:
    await rig.connect("c", 5, keepalive=10, will=WILL)
    rig.manual.advance(15)
    assert (await watcher.message()).payload == b"gone"


async def test_a_protocol_error_publishes_the_will(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, will=WILL)
    await client.send(b"\x00\x00")
    assert (await watcher.message()).payload == b"gone"


async def test_a_delayed_will_waits_and_keeps_its_other_properties(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, properties=HELD, will=delayed(30))
    await client.drop()
    rig.manual.advance(29)
    await watcher.silence()
    rig.manual.advance(1)
    assert (await watcher.message()).properties == {"content_type": "text/plain"}


async def test_a_delayed_will_is_published_when_its_session_ends_before(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, properties=HELD, will=delayed(1000))
    await client.drop()
    rig.manual.advance(100)
    assert (await watcher.message()).payload == b"gone"


async def test_without_a_session_to_wait_in_a_will_is_published_at_once(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, will=delayed(1000))
    await client.drop()
    assert (await watcher.message()).payload == b"gone"


async def test_a_client_that_is_back_in_time_leaves_no_will(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, properties=HELD, will=delayed(30))
    await client.drop()
    rig.manual.advance(29)
    await rig.connect("c", 5, clean_start=False, properties=HELD)
    rig.manual.advance(1000)
    await watcher.silence()


async def test_a_clean_start_publishes_the_will_of_the_session_it_ends(rig: Rig, watcher: Raw) -> None:
    client = await rig.connect("c", 5, properties=HELD, will=delayed(30))
    await client.drop()
    await rig.connect("c", 5)
    assert (await watcher.message()).payload == b"gone"


async def test_a_takeover_publishes_a_will_without_delay(rig: Rig, watcher: Raw) -> None:
    await rig.connect("c", 5, properties=HELD, will=WILL)
    await rig.connect("c", 5, clean_start=False, properties=HELD)
    assert (await watcher.message()).payload == b"gone"


async def test_a_takeover_forgets_a_will_with_delay(rig: Rig, watcher: Raw) -> None:
    await rig.connect("c", 5, properties=HELD, will=delayed(30))
    await rig.connect("c", 5, clean_start=False, properties=HELD)
    rig.manual.advance(1000)
    await watcher.silence()


@pytest.mark.parametrize("discard", [True, False])
async def test_a_kick_publishes_the_will_at_once(rig: Rig, watcher: Raw, discard: bool) -> None:
    await rig.connect("c", 5, properties=HELD, will=delayed(30))
    await rig.broker.clients.kick("c", discard_session=discard)
    assert (await watcher.message()).payload == b"gone"
    rig.manual.advance(1000)
    await watcher.silence()


async def test_a_will_counts_as_a_published_message(rig: Rig) -> None:
    client = await rig.connect("c", will=WILL)
    await client.drop()
    assert (rig.counter("messages.publish"), rig.counter("messages.received")) == (1, 0)
