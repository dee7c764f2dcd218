"""§4.9 flow control: the Receive Maximum of the client."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, PINGREQ, PINGRESP, Server, Wire
from emqx_compat.mqtt import (
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
)

pytestmark = IN_MEMORY_AND_ON_DISK
Serve = Callable[..., AbstractContextManager[Server]]


def receiver(server: Server, maximum: int, qos: int = 2, clientid: str = "") -> Wire:
    """A subscriber with that Receive Maximum, whose session stays."""
    properties = {"receive_maximum": maximum, "session_expiry_interval": 3600}
    return server.connect(5, clientid, properties=properties).subscribe("t", qos)


def publish(server: Server, number: int, qos: int = 1) -> None:
    """Publish so many messages, payloads 1, 2, …"""
    sender = server.connect(5)
    for n in range(1, number + 1):
        sender.publish("t", b"%d" % n, qos)


@pytest.mark.statement("MQTT-4.9.0-1", "5.0")
@pytest.mark.parametrize("maximum", [1, 2, 20])
def test_mqtt_4_9_0_1_the_send_quota_is_not_0_and_not_more_than_the_receive_maximum(
    server: Server, maximum: int
) -> None:
    """A new client gets messages at once, but not more unacknowledged ones than its Receive Maximum."""
    client = receiver(server, maximum)
    publish(server, maximum + 3)
    for n in range(1, maximum + 1):
        client.expect(Publish, payload=b"%d" % n)
    client.expect_silence()


@pytest.mark.statement("MQTT-4.9.0-1", "5.0")
def test_mqtt_4_9_0_1_every_connection_begins_with_a_new_quota(server: Server) -> None:
    """The quota is that of the connection: after a reconnect it is full, what is sent again counts."""
    client = receiver(server, 3, clientid="c")
    publish(server, 5)
    client.expect(*[Publish] * 3).expect_silence().drop()
    resumed = server.connect(
        5, "c", clean_start=False, properties={"receive_maximum": 2, "session_expiry_interval": 3600}
    )
    resumed.expect(Publish, dup=True, packet_id=1).expect(Publish, dup=True, packet_id=2).expect_silence()
    resumed.send(Puback(1)).expect(Publish, dup=True, packet_id=3).expect_silence()
    resumed.send(Puback(2), Puback(3)).expect(Publish, payload=b"4").expect(Publish, payload=b"5").expect_silence()


@pytest.mark.statement("MQTT-4.9.0-1", "5.0")
def test_mqtt_4_9_0_1_the_servers_own_maximum_counts_too(serve: Serve) -> None:
    """A server that wants less in flight than the client allows sends less."""
    with serve(max_inflight=2) as server:
        client = receiver(server, 65_535)
        publish(server, 4)
        client.expect(Publish, Publish).expect_silence()


@pytest.mark.statement("MQTT-4.9.0-2", "5.0")
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_9_0_2_no_more_publishes_when_the_quota_is_0(server: Server, qos: int) -> None:
    """With the quota used up no PUBLISH of QoS 1 or 2 is sent; a PUBACK or PUBCOMP makes room for one."""
    client = receiver(server, 2)
    publish(server, 4, qos)
    one, _two = (client.receive(Publish).packet_id for _ in range(2))
    client.expect_silence()
    if qos == 1:
        client.send(Puback(one))
    else:
        client.send(Pubrec(one)).expect(Pubrel(one)).expect_silence().send(Pubcomp(one))
    client.expect(Publish, payload=b"3", dup=False).expect_silence()


@pytest.mark.statement("MQTT-4.9.0-2", "5.0")
@pytest.mark.parametrize("code", [0x00, 0x10, 0x80, 0x97])
def test_mqtt_4_9_0_2_any_puback_makes_room(server: Server, code: int) -> None:
    """A PUBACK makes room whatever its code is."""
    client = receiver(server, 1)
    publish(server, 2)
    client.send(Puback(client.receive(Publish).packet_id, code)).expect(Publish, payload=b"2").expect_silence()


@pytest.mark.statement("MQTT-4.9.0-2", "5.0")
def test_mqtt_4_9_0_2_so_does_a_pubrec_that_refuses(server: Server) -> None:
    """A PUBREC with a code of failure makes room; one without does not, and neither does an unknown identifier."""
    client = receiver(server, 1)
    publish(server, 2, 2)
    packet_id = client.receive(Publish).packet_id
    client.send(Puback(999), Pubcomp(999)).expect_silence()
    client.send(Pubrec(packet_id, 0x80)).expect(Publish, payload=b"2").expect_silence()


@pytest.mark.statement("MQTT-4.9.0-2", "5.0")
def test_mqtt_4_9_0_2_the_same_acknowledgement_twice_makes_room_once(server: Server) -> None:
    """The quota does not grow above its first value."""
    client = receiver(server, 1)
    publish(server, 4)
    packet_id = client.receive(Publish).packet_id
    client.send(Puback(packet_id), Puback(packet_id), Puback(packet_id))
    client.expect(Publish, payload=b"2").expect_silence()


@pytest.mark.statement("MQTT-4.9.0-2", "5.0")
def test_mqtt_4_9_0_2_retained_messages_wait_as_well(server: Server) -> None:
    """A new subscription gets as many retained messages as the quota allows, then one for each acknowledgement."""
    sender = server.connect(5)
    for n in range(6):
        sender.publish(f"r/{n}", b"x", 1, retain=True)
    client = server.connect(5, properties={"receive_maximum": 2}).subscribe("r/#", 1)
    topics = set()
    for left in range(4, -1, -1):
        publishes = [client.receive(Publish)] + ([client.receive(Publish)] if left == 4 else [])
        client.expect_silence()
        topics |= {publish.topic for publish in publishes}
        client.send(Puback(publishes[0].packet_id))
    assert len(topics) == 6


@pytest.mark.statement("MQTT-4.9.0-3", "5.0")
def test_mqtt_4_9_0_3_everything_else_goes_on_when_the_quota_is_0(server: Server) -> None:
    """With the quota used up all other packets are processed and answered, and QoS 0 is delivered."""
    watcher = server.subscriber("w", 2)
    client = receiver(server, 1).subscribe("q", 0)
    publish(server, 3)
    client.expect(Publish, payload=b"1")
    client.send(PINGREQ).expect(PINGRESP)
    client.send(Subscribe(10, [SubscriptionRequest("u", 1)])).expect(Suback(10, [1]))
    client.send(Unsubscribe(11, ["u"])).expect(Unsuback(11, [0]))
    client.send(Publish("w", b"1", 1, packet_id=12)).expect(Puback(12))
    client.send(Publish("w", b"2", 2, packet_id=13)).expect(Pubrec(13)).send(Pubrel(13)).expect(Pubcomp(13))
    watcher.expect_message("w", b"1", 1).expect_message("w", b"2", 2)
    server.connect(5).publish("q", b"x")
    client.expect_message("q", b"x").expect_silence()
    client.send(Puback(1)).expect(Publish, payload=b"2").expect_silence()
