"""§4.6 message ordering."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, Server, Wire
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel, decode_packet

Serve = Callable[..., AbstractContextManager[Server]]
pytestmark = IN_MEMORY_AND_ON_DISK
BOTH = pytest.mark.parametrize("version", [4, 5])


def lasting(server: Server, version: int, **properties: Any) -> Wire:
    """The client `c`, whose session outlives its connection."""
    if version == 5:
        properties["session_expiry_interval"] = 3600
    return server.connect(version, "c", clean_start=False, properties=properties or None)


def numbered(number: int, qos: int, topic: str = "t") -> list[Publish]:
    """PUBLISHes whose payloads and identifiers count from 1."""
    return [Publish(topic, b"%d" % n, qos, packet_id=n if qos else 0) for n in range(1, number + 1)]


def payloads(client: Wire, number: int) -> list[int]:
    """The payloads of the next messages, all acknowledged when the last one has come."""
    publishes = [client.receive(Publish) for _ in range(number)]
    client.send(*(Puback(p.packet_id) for p in publishes if p.qos == 1))
    return [int(publish.payload) for publish in publishes]


# --- the four rules of a sender, which 3.1.1 sets for the server as well -----------------------------------------


@pytest.mark.statement("MQTT-4.6.0-1", "3.1.1")
@BOTH
def test_mqtt_4_6_0_1_what_is_sent_again_keeps_its_order(server: Server, version: int) -> None:
    """After a reconnect PUBLISHes come again in the order in which they were sent first, QoS 1 and 2 mixed."""
    client = lasting(server, version).subscribe("t", 2)
    sender = server.connect(version)
    for n in range(1, 11):
        sender.publish("t", b"%d" % n, 1 + n % 2)
    first = [client.receive(Publish) for _ in range(10)]
    client.send(Puback(first[1].packet_id), Puback(first[7].packet_id)).expect_silence().drop()
    sender.publish("t", b"11", 1)
    client = lasting(server, version)
    again = [client.receive(Publish) for _ in range(9)]
    left = [publish for publish in first if publish.payload not in (b"2", b"8")]
    assert [(p.packet_id, p.payload, p.dup) for p in again] == [
        *((p.packet_id, p.payload, True) for p in left),
        (11, b"11", False),
    ]


@pytest.mark.statement("MQTT-4.6.0-1", "3.1.1")
def test_mqtt_4_6_0_1_also_through_a_smaller_window(server: Server) -> None:
    """A client that comes back with a smaller Receive Maximum gets them in the same order, as it acknowledges."""
    client = lasting(server, 5).subscribe("t", 1)
    server.connect(5).send(*numbered(6, 1)).expect(*[Puback] * 6)
    assert [client.receive(Publish).packet_id for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    client.drop()
    client = lasting(server, 5, receive_maximum=2)
    for packet_id in range(1, 7):
        client.expect(Publish, packet_id=packet_id, dup=True)
        if packet_id % 2 == 0:
            client.expect_silence().send(Puback(packet_id - 1), Puback(packet_id))
    client.expect_silence()


@pytest.mark.statement("MQTT-4.6.0-2", "3.1.1")
@BOTH
def test_mqtt_4_6_0_2_pubacks_in_the_order_of_the_publishes(server: Server, version: int) -> None:
    """PUBACKs are sent in the order in which the PUBLISHes came."""
    order = [7, 3, 65_535, 1, 9]
    client = server.connect(version).send(*(Publish("t", b"", 1, packet_id=n) for n in order))
    assert [client.receive(Puback).packet_id for _ in order] == order


@pytest.mark.statement("MQTT-4.6.0-3", "3.1.1")
@BOTH
def test_mqtt_4_6_0_3_pubrecs_in_the_order_of_the_publishes(server: Server, version: int) -> None:
    """PUBRECs are sent in the order in which the PUBLISHes came."""
    order = [7, 3, 65_535, 1, 9]
    client = server.connect(version).send(*(Publish("t", b"", 2, packet_id=n) for n in order))
    assert [client.receive(Pubrec).packet_id for _ in order] == order


@pytest.mark.statement("MQTT-4.6.0-4", "3.1.1")
@BOTH
def test_mqtt_4_6_0_4_pubrels_in_the_order_of_the_pubrecs(server: Server, version: int) -> None:
    """PUBRELs are sent in the order in which the PUBRECs came, and again in that order after a reconnect."""
    client = lasting(server, version).subscribe("t", 2)
    server.connect(version).send(*numbered(4, 2)).expect(*[Pubrec] * 4)
    identifiers = [client.receive(Publish).packet_id for _ in range(4)]
    client.send(*map(Pubrec, identifiers)).expect(*map(Pubrel, identifiers)).drop()
    lasting(server, version).expect(*map(Pubrel, identifiers)).expect_silence()


@pytest.mark.statement("MQTT-4.6.0-4", "3.1.1")
@BOTH
def test_mqtt_4_6_0_4_whatever_that_order_is(server: Server, version: int) -> None:
    """It is the order of the PUBRECs that counts, not that of the PUBLISHes."""
    client = server.subscriber("t", 2, version)
    server.connect(version).send(*numbered(4, 2)).expect(*[Pubrec] * 4)
    one, two, three, four = (client.receive(Publish).packet_id for _ in range(4))
    order = [three, one, four, two]
    client.send(*map(Pubrec, order)).expect(*map(Pubrel, order)).send(*map(Pubcomp, order)).expect_silence()


# --- the order of a topic ----------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.6.0-6", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-5", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_4_6_0_5_messages_of_a_client_keep_their_order(server: Server, version: int, qos: int) -> None:
    """The messages of one client on one topic with one QoS arrive in the order in which they were sent."""
    watchers = [server.subscriber(topic, qos, version) for topic in ("t", "#")]
    server.connect(version).send(*numbered(30, qos))
    for watcher in watchers:
        assert payloads(watcher, 30) == list(range(1, 31))


@pytest.mark.statement("MQTT-4.6.0-6", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-5", "5.0")
@BOTH
@pytest.mark.parametrize("granted", [0, 1])
def test_mqtt_4_6_0_5_with_a_lower_qos_as_well(server: Server, version: int, granted: int) -> None:
    """Messages that are delivered with a lower QoS than they were sent with keep their order, whatever that was."""
    watcher = server.subscriber("t", granted, version)
    sender = server.connect(version)
    for n in range(1, 13):
        sender.publish("t", b"%d" % n, granted + n % (3 - granted))
    assert payloads(watcher, 12) == list(range(1, 13))


@pytest.mark.statement("MQTT-4.6.0-6", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-5", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_6_0_5_through_a_full_window(serve: Serve, version: int, qos: int) -> None:
    """What waits for its turn goes out before what comes later."""
    with serve(max_inflight=3) as server:
        watcher = server.subscriber("t", qos, version)
        sender = server.connect(version)
        for n in range(1, 11):
            sender.publish("t", b"%d" % n, qos)
        got: list[int] = []
        while len(got) < 20:
            packet = decode_packet(watcher.receive_bytes(), version)
            if isinstance(packet, Publish):
                got.append(int(packet.payload))
                watcher.send(Puback(packet.packet_id) if qos == 1 else Pubrec(packet.packet_id))
                if len(got) <= 10:
                    sender.publish("t", b"%d" % (10 + len(got)), qos)
            else:
                assert isinstance(packet, Pubrel)
                watcher.send(Pubcomp(packet.packet_id))
        assert got == list(range(1, 21))


@pytest.mark.statement("MQTT-4.6.0-6", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-5", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [0, 1])
def test_mqtt_4_6_0_5_through_an_absence(server: Server, version: int, qos: int) -> None:
    """What is in flight, what was queued meanwhile and what comes afterwards arrive in this order."""
    client = lasting(server, version).subscribe("t", 1)
    sender = server.connect(version)
    sender.send(*numbered(3, 1)).expect(*[Puback] * 3)
    for n in (1, 2, 3):
        client.expect(Publish, payload=b"%d" % n)
    client.drop()
    for n in (4, 5, 6):
        sender.publish("t", b"%d" % n, qos)
    client = lasting(server, version)
    sender.publish("t", b"7", 1)
    assert payloads(client, 7) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.statement("MQTT-4.6.0-6", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-5", "5.0")
@BOTH
@pytest.mark.parametrize("options", [{}, {"maximum_packet_size": 1000}], ids=["", "small packets"])
def test_mqtt_4_6_0_5_qos_0_does_not_overtake_what_was_queued(
    serve: Serve, version: int, options: dict[str, int]
) -> None:
    """QoS 0 that waits behind a full window since the client was away arrives before what comes later."""
    if version == 4:
        options = {}
    with serve(max_inflight=2) as server:
        lasting(server, version).subscribe("t", 1).drop()
        sender = server.connect(version)
        for n, qos in enumerate((1, 1, 1, 0, 1, 0), 1):
            sender.publish("t", b"%d" % n, qos)
        client = lasting(server, version, **options)
        sender.publish("t", b"7").publish("t", b"8")
        got = [client.message() for _ in range(8)]
        for qos, order in ((0, [4, 6, 7, 8]), (1, [1, 2, 3, 5])):
            assert [int(publish.payload) for publish in got if publish.qos == qos] == order
        sender.publish("t", b"9")
        client.expect_message("t", b"9").expect_silence()


@pytest.mark.statement("MQTT-4.6.0-5", "3.1.1")
@pytest.mark.statement("MQTT-4.6.0-6", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["t", "a/b/c", "$x/y", "/", "дом"])
def test_mqtt_4_6_0_6_every_topic_is_ordered(server: Server, version: int, topic: str) -> None:
    """Every topic is an ordered one, also for a client with several subscriptions to it."""
    first = "$x/#" if topic.startswith("$") else "#"
    watcher = server.subscriber(first, 1, version).subscribe(topic, 1)
    server.connect(version).send(*numbered(10, 1, topic))
    got = [watcher.receive(Publish) for _ in range(20)]
    assert [int(publish.payload) for publish in got] == [n for n in range(1, 11) for _ in range(2)]
