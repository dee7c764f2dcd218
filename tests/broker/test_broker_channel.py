"""The broker's side of a connection and its transport: turns of the loop, slow peers, failures."""

from __future__ import annotations

import asyncio
import logging

import pytest

from broker.rig import Rig, connect_packet
from emqx_compat.broker import Channel, Endpoint, Peer
from emqx_compat.mqtt import Pingreq, Publish, Subscribe, SubscriptionRequest, encode

PINGREQ = encode(Pingreq(), 4)
PINGRESP = b"\xd0\x00"


class Recorder:
    """A sink that shows what it was asked."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.reading = True
        self.end = ""

    @property
    def is_gone(self) -> bool:
        return bool(self.end)

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def connected(rig: Rig, clientid: str = "c", version: int = 4) -> tuple[Channel, Recorder]:
    """A channel whose CONNACK is not in the record."""
    sink = Recorder()
    channel = rig.broker.open_channel(sink, Peer(Endpoint("tcp", "test")))
    channel.data_received(encode(connect_packet(clientid, version), version))
    rig.broker.flush()
    sink.writes.clear()
    return channel, sink


async def test_everything_sent_in_one_turn_leaves_in_one_write(rig: Rig) -> None:
    channel, sink = connected(rig)
    subscribe = encode(Subscribe(1, [SubscriptionRequest("t")]), 4)
    channel.data_received(subscribe + PINGREQ + encode(Publish("t", b"x"), 4))
    channel.data_received(PINGREQ)
    assert sink.writes == []
    await asyncio.sleep(0)
    assert sink.writes == [b"\x90\x03\x00\x01\x00" + PINGRESP + b"\x30\x04\x00\x01tx" + PINGRESP]


async def test_subscribers_of_one_protocol_share_the_encoded_packet(rig: Rig) -> None:
    sinks = []
    for index in range(3):
        channel, sink = connected(rig, f"c{index}", 5 if index == 2 else 4)
        channel.data_received(encode(Subscribe(1, [SubscriptionRequest("t")]), channel.version))
        rig.broker.flush()
        sink.writes.clear()
        sinks.append(sink)
    await rig.publish("t", b"x")
    (first,), (second,), (third,) = (sink.writes for sink in sinks)
    assert first is second
    assert third == b"\x30\x05\x00\x01t\x00x"


async def test_a_peer_that_asks_and_never_reads_is_not_listened_to() -> None:
    async with Rig(slow_consumer_bytes=1000) as rig:
        channel, sink = connected(rig)
        channel.pause_writing()
        channel.data_received(PINGREQ * 1000)
        assert sink.reading
        channel.data_received(PINGREQ)
        assert not sink.reading and sink.writes == []
        channel.resume_writing()
        assert sink.reading and b"".join(sink.writes) == PINGRESP * 1001


async def test_a_slow_peer_is_not_waited_for_at_the_end(rig: Rig) -> None:
    channel, sink = connected(rig)
    channel.pause_writing()
    channel.close("kicked", 0x98)
    assert sink.end == "aborted"
    other, other_sink = connected(rig)
    other.close("kicked", 0x98)
    assert other_sink.end == "closed"


async def test_what_comes_after_the_end_is_ignored(rig: Rig) -> None:
    channel, sink = connected(rig)
    channel.close("kicked")
    channel.data_received(PINGREQ)
    channel.connection_lost()
    channel.close("again")
    rig.broker.flush()
    assert sink.writes == []
    assert channel.peer.endpoint.shutdown_count == {"kicked": 1}
    assert channel.peer.endpoint.current_connections == 0


async def test_a_failure_of_the_broker_ends_one_connection_only(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    channel, sink = connected(rig, "bad", 5)
    other, other_sink = connected(rig, "good")
    monkeypatch.setattr(type(rig.broker), "publish", lambda *args: 1 / 0)
    with caplog.at_level(logging.CRITICAL, "emqx_compat"):
        channel.data_received(encode(Publish("t", b""), 5))
    assert sink.writes == [b"\xe0\x01\x83"] and sink.end == "closed"
    other.data_received(PINGREQ)
    rig.broker.flush()
    assert other_sink.writes == [PINGRESP]


async def test_large_messages_are_not_joined(rig: Rig) -> None:
    channel, sink = connected(rig)
    channel.data_received(encode(Subscribe(1, [SubscriptionRequest("t")]), 4))
    for _ in range(3):
        channel.data_received(encode(Publish("t", b"x" * 200_000), 4))
    rig.broker.flush()
    assert [len(data) for data in sink.writes] == [5, 200_007, 200_007, 200_007]
