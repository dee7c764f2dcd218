"""§4.1 storing state, §4.2 network connections, §4.4 delivery retry, §4.5 receipt of messages."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, PINGREQ, PINGRESP, Server, Wire, connect_packet
from emqx_compat.mqtt import (
    Connack,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Will,
    encode,
)

pytestmark = IN_MEMORY_AND_ON_DISK
BOTH = pytest.mark.parametrize("version", [4, 5])
HOUR = 3600
FOREVER = 0xFFFF_FFFF


def lasting(server: Server, version: int, expiry: int = HOUR, **fields: Any) -> Wire:
    """The client `c`, whose session outlives its connection."""
    properties = {"session_expiry_interval": expiry} if version == 5 else None
    return server.connect(version, "c", clean_start=False, properties=properties, **fields)


# --- state -------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.1.0-1", "3.1.1")
@BOTH
def test_mqtt_4_1_0_1_everything_is_kept(server: Server, version: int) -> None:
    """Subscriptions, unacknowledged and queued messages and QoS 2 identifiers are kept as long as the session."""
    client = lasting(server, version).subscribe("t", 2)
    sender = server.connect(version)
    client.send(Publish("u", b"", 2, packet_id=77)).expect(Pubrec, packet_id=77)
    sender.publish("t", b"1", 1).publish("t", b"2", 2).publish("t", b"3", 2)
    one, two, three = (client.receive(Publish).packet_id for _ in range(3))
    client.send(Pubrec(three)).expect(Pubrel(three)).drop()
    sender.publish("t", b"4", 1)
    server.advance(HOUR - 1)
    again = lasting(server, version)
    assert again.connack.session_present
    again.expect(Publish("t", b"1", 1, dup=True, packet_id=one), Publish("t", b"2", 2, dup=True, packet_id=two))
    packets = {again.receive_bytes() for _ in range(2)}
    assert packets == {encode(Pubrel(three), version), encode(Publish("t", b"4", 1, packet_id=4), version)}
    again.send(Pubrel(77)).expect(Pubcomp(77))
    sender.publish("t", b"5")
    again.expect_message("t", b"5").expect_silence()


@pytest.mark.statement("MQTT-4.1.0-2", "3.1.1")
@pytest.mark.statement("MQTT-4.1.0-1", "5.0")
@BOTH
@pytest.mark.parametrize("clean_start", [True, False])
def test_mqtt_4_1_0_1_a_session_lasts_as_long_as_its_connection(
    server: Server, version: int, clean_start: bool
) -> None:
    """While the connection is open the session stays, however short it is to outlive it."""
    client = server.connect(version, "c", clean_start=clean_start).subscribe("t", 1)
    server.advance(12 * HOUR)
    server.connect(version).publish("t", b"x", 1)
    client.expect_message("t", b"x", 1).expect_silence()


@pytest.mark.statement("MQTT-4.1.0-1", "5.0")
def test_mqtt_4_1_0_1_a_long_connection_does_not_use_up_the_expiry_interval(server: Server) -> None:
    """The expiry interval begins when the connection ends, not when it began."""
    client = lasting(server, 5, 10)
    server.advance(100)
    client.drop()
    server.advance(9)
    client = lasting(server, 5, 10)
    assert client.connack.session_present
    server.advance(100)
    client.drop()
    server.advance(9)
    assert lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
@pytest.mark.parametrize("how", ["drop", "disconnect"])
@pytest.mark.parametrize(("seconds", "present"), [(9, True), (10, False), (11, False)])
def test_mqtt_4_1_0_2_a_session_ends_when_its_interval_has_passed(
    server: Server, how: str, seconds: int, present: bool
) -> None:
    """The session is discarded when the connection is closed and the Session Expiry Interval has passed."""
    getattr(lasting(server, 5, 10).subscribe("t", 1), how)()
    server.advance(seconds)
    server.connect(5).publish("t", b"x", 1)
    again = lasting(server, 5)
    assert again.connack.session_present is present
    if present:
        again.expect_message("t", b"x", 1)
    again.expect_silence()


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
@pytest.mark.parametrize("properties", [None, {"session_expiry_interval": 0}], ids=["absent", "0"])
def test_mqtt_4_1_0_2_interval_0_ends_with_the_connection(server: Server, properties: Any) -> None:
    """Without an interval, or with 0, the session ends with its connection."""
    server.connect(5, "c", properties=properties).subscribe("t", 1).drop()
    assert not lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
def test_mqtt_4_1_0_2_interval_ffffffff_never_passes(server: Server) -> None:
    """With 0xFFFFFFFF the session does not expire."""
    lasting(server, 5, FOREVER).subscribe("t", 1).drop()
    server.clock._now += 200 * 365 * 24 * HOUR  # at once, not in steps of five seconds
    server.advance(1)
    assert lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
@pytest.mark.parametrize(("expiry", "present"), [(0, False), (5, False), (100, True), (FOREVER, True)])
def test_mqtt_4_1_0_2_a_disconnect_may_change_the_interval(server: Server, expiry: int, present: bool) -> None:
    """The interval of the DISCONNECT counts, if it has one."""
    lasting(server, 5, 10).disconnect(0, {"session_expiry_interval": expiry})
    server.advance(50)
    assert lasting(server, 5).connack.session_present is present


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
def test_mqtt_4_1_0_2_the_last_connect_sets_the_interval(server: Server) -> None:
    """A resumed session has the interval of its newest CONNECT."""
    lasting(server, 5, FOREVER).drop()
    lasting(server, 5, 10).drop()
    server.advance(10)
    assert not lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-4.1.0-2", "5.0")
def test_mqtt_4_1_0_2_the_will_waits_no_longer_than_its_session(server: Server) -> None:
    """When the session is discarded its delayed will is published."""
    watcher = server.subscriber("will", 1)
    lasting(server, 5, 10, will=Will("will", b"gone", 1, properties={"will_delay_interval": 60})).drop()
    server.advance(9)
    watcher.expect_silence()
    server.advance(1)
    watcher.expect_message("will", b"gone", 1)
    server.advance(HOUR)
    watcher.expect_silence()


# --- network -----------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.2-1", "5.0")
@pytest.mark.statement("MQTT-7.1.1-1", "3.1.1")
@BOTH
def test_mqtt_4_2_1_a_stream_of_bytes(server: Server, version: int) -> None:
    """The transport is TCP, a stream of bytes: packets may come in pieces or together."""
    dialogue = [
        connect_packet(version, "c"),
        Subscribe(1, [SubscriptionRequest("t", 1)]),
        Publish("t", b"x" * 300, 1, packet_id=2),
    ]
    data = b"".join(encode(packet, version) for packet in dialogue) + PINGREQ
    for size in (1, 2, 7, len(data)):
        client = server.open(version)
        for start in range(0, len(data), size):
            client.send(data[start : start + size])
        client.expect(Connack, Suback(1, [1]))
        got = {type(client.receive(kind)) for kind in (Publish, Puback)}
        assert got == {Publish, Puback}
        client.expect(PINGRESP)


@pytest.mark.statement("MQTT-4.2-1", "5.0")
@pytest.mark.statement("MQTT-7.1.1-1", "3.1.1")
@BOTH
def test_mqtt_4_2_1_nothing_is_lost_or_changed(server: Server, version: int) -> None:
    """Half a megabyte, many reads and writes long, arrives as it was sent."""
    payload = bytes(range(256)) * 2000
    client = server.subscriber("t", 1, version)
    server.connect(version).publish("t", payload, 1)
    client.expect_message("t", payload, 1)


# --- retry -------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.4.0-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_4_0_1_what_is_not_acknowledged_is_sent_again(server: Server, version: int, qos: int) -> None:
    """After a reconnect unacknowledged PUBLISHes come again, with DUP and their own packet identifiers."""
    client = lasting(server, version).subscribe("t", qos)
    server.connect(version).publish("t", b"x", qos)
    packet_id = client.receive(Publish).packet_id
    for _ in range(2):
        client.drop()
        client = lasting(server, version)
        client.expect(Publish("t", b"x", qos, dup=True, packet_id=packet_id)).expect_silence()
    client.send(Puback(packet_id) if qos == 1 else Pubrec(packet_id))
    if qos == 2:
        client.expect(Pubrel(packet_id)).send(Pubcomp(packet_id))
    client.expect_silence().drop()
    lasting(server, version).expect_silence()


@pytest.mark.statement("MQTT-4.4.0-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_4_0_1_pubrels_are_sent_again(server: Server, version: int) -> None:
    """After a reconnect PUBRELs that were not answered come again, until they are."""
    client = lasting(server, version).subscribe("t", 2)
    server.connect(version).publish("t", b"x", 2)
    packet_id = client.receive(Publish).packet_id
    client.send(Pubrec(packet_id)).expect(Pubrel(packet_id))
    for _ in range(2):
        client.drop()
        client = lasting(server, version).expect(Pubrel(packet_id)).expect_silence()
    client.send(Pubcomp(packet_id)).expect_silence().drop()
    lasting(server, version).expect_silence()


@pytest.mark.statement("MQTT-4.4.0-1", "5.0")
def test_mqtt_4_4_0_1_nothing_is_sent_again_on_a_live_connection(server: Server) -> None:
    """As long as the connection lives nothing is sent twice, however long the client takes."""
    client = server.subscriber("t", 2)
    server.connect(5).publish("t", b"1", 1).publish("t", b"2", 2).publish("t", b"3", 2)
    *_, three = (client.receive(Publish).packet_id for _ in range(3))
    client.send(Pubrec(three)).expect(Pubrel(three))
    for _ in range(10):
        server.advance(60)
    client.expect_silence()


@pytest.mark.statement("MQTT-4.4.0-1", "5.0")
def test_mqtt_4_4_0_1_not_even_when_another_connection_takes_over(server: Server) -> None:
    """With Clean Start 1 nothing of the old session is sent again."""
    client = lasting(server, 5).subscribe("t", 1)
    server.connect(5).publish("t", b"x", 1)
    client.receive(Publish)
    client.drop()
    server.connect(5, "c", clean_start=True).expect_silence()


@pytest.mark.statement("MQTT-4.4.0-2", "5.0")
@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_4_0_2_a_refusal_is_an_acknowledgement(server: Server, qos: int, code: int) -> None:
    """A PUBACK or PUBREC with a code of failure ends the exchange: no PUBREL, nothing is sent again."""
    client = lasting(server, 5).subscribe("t", 2)
    server.connect(5).publish("t", b"x", qos)
    packet_id = client.receive(Publish).packet_id
    client.send(Puback(packet_id, code) if qos == 1 else Pubrec(packet_id, code)).expect_silence().drop()
    lasting(server, 5).expect_silence()


# --- receipt -----------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.5.0-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_5_0_1_a_message_is_added_to_all_matching_sessions(server: Server, version: int, qos: int) -> None:
    """A message that was taken is in the session of every client with a matching subscription, present or not."""
    absent = lasting(server, version).subscribe("a/#", qos)
    absent.drop()
    present = [server.subscriber(topic, qos, version) for topic in ("a/b", "a/+", "#")]
    other = server.subscriber("b/#", qos, version)
    server.connect(version).publish("a/b", b"x", qos)
    for client in (*present, lasting(server, version)):
        client.expect_message("a/b", b"x", qos).expect_silence()
    other.expect_silence()


@pytest.mark.statement("MQTT-4.5.0-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_5_0_1_once_it_is_acknowledged_it_is_there(server: Server, version: int) -> None:
    """When the PUBACK has been sent the message is in the sessions: the publisher may go at once."""
    lasting(server, version).subscribe("t", 1).drop()
    server.connect(version).publish("t", b"x", 1).drop()
    lasting(server, version).expect_message("t", b"x", 1)
