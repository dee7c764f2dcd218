"""§3.3.4 Receive Maximum (MQTT 5.0): how much may be on its way."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import PINGREQ, Server, Wire
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

SESSION = {"session_expiry_interval": 3600}


def narrow(server: Server, maximum: int, **fields: Any) -> Wire:
    """A client with a Receive Maximum."""
    return server.connect(5, properties={"receive_maximum": maximum, **SESSION}, **fields)


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
@pytest.mark.parametrize("maximum", [1, 2, 5])
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_4_9_no_more_than_receive_maximum_is_on_its_way(server: Server, maximum: int, qos: int) -> None:
    """The server sends Receive Maximum messages of QoS 1 and 2, and the next when one is acknowledged."""
    client = narrow(server, maximum).subscribe("t", qos)
    sender = server.connect()
    for number in range(8):
        sender.publish("t", b"%d" % number, qos)
    for _ in range(maximum):
        client.receive(Publish)
    client.expect_silence()
    for number in range(maximum, 8):
        packet_id = number - maximum + 1
        if qos == 1:
            client.send(Puback(packet_id))
        else:
            client.send(Pubrec(packet_id)).expect(Pubrel(packet_id)).expect_silence()
            client.send(Pubcomp(packet_id))
        client.expect(Publish, payload=b"%d" % number).expect_silence()


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])
def test_mqtt_3_3_4_9_a_refusing_pubrec_makes_room(server: Server, code: int) -> None:
    """A PUBREC of 0x80 or above ends the exchange: the next message is sent, the refused one is over."""
    client = narrow(server, 1).subscribe("t", 2)
    sender = server.connect().publish("t", b"1", 2).publish("t", b"2", 2)
    sender.expect_silence()
    client.expect(Publish("t", b"1", 2, packet_id=1)).send(Pubrec(1, code))
    client.expect(Publish("t", b"2", 2, packet_id=2)).expect_silence()


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
@pytest.mark.parametrize("code", [0x10, 0x80, 0x97])
def test_mqtt_3_3_4_9_a_puback_of_any_code_makes_room(server: Server, code: int) -> None:
    """So does a PUBACK, whatever its code."""
    client = narrow(server, 1).subscribe("t", 1)
    server.connect().publish("t", b"1", 1).publish("t", b"2", 1)
    client.expect(Publish("t", b"1", 1, packet_id=1)).send(Puback(1, code)).expect(Publish, payload=b"2")


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
def test_mqtt_3_3_4_9_qos_1_and_2_share_the_window(server: Server) -> None:
    """Messages of QoS 1 and of QoS 2 count together."""
    client = narrow(server, 2).subscribe("t", 2)
    server.connect().publish("t", b"1", 1).publish("t", b"2", 2).publish("t", b"3", 1)
    client.receive(Publish)
    client.receive(Publish)
    client.expect_silence().send(Puback(1)).expect(Publish("t", b"3", 1, packet_id=3))


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
def test_mqtt_3_3_4_9_acknowledgements_of_nothing_make_no_room(server: Server) -> None:
    """A PUBACK or PUBCOMP for an identifier that is not in use does not widen the window."""
    client = narrow(server, 1).subscribe("t", 1)
    server.connect().publish("t", b"1", 1).publish("t", b"2", 1)
    client.receive(Publish)
    client.send(Puback(99), Pubcomp(99), Pubcomp(1)).expect_silence()


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
def test_mqtt_3_3_4_9_the_window_holds_on_a_new_connection(server: Server) -> None:
    """A resumed client with a smaller Receive Maximum gets no more at once than it takes now."""
    client = narrow(server, 4, clientid="c", clean_start=False).subscribe("t", 1)
    sender = server.connect()
    for number in range(6):
        sender.publish("t", b"%d" % number, 1)
    for _ in range(4):
        client.receive(Publish)
    client.drop()
    again = narrow(server, 2, clientid="c", clean_start=False)
    for number in range(2):
        again.expect(Publish("t", b"%d" % number, 1, dup=True, packet_id=number + 1))
    again.expect_silence()
    for number in range(2, 6):
        again.send(Puback(number - 1))
        again.expect(Publish("t", b"%d" % number, 1, dup=number < 4, packet_id=number + 1)).expect_silence()


@pytest.mark.statement("MQTT-3.3.4-9", "5.0")
def test_mqtt_3_3_4_9_retained_messages_keep_to_the_window(server: Server) -> None:
    """Retained messages for a new subscription count as all others do."""
    sender = server.connect()
    for number in range(5):
        sender.publish(f"t/{number}", b"x", 1, retain=True)
    client = narrow(server, 2).subscribe("t/#", 1)
    got = {client.receive(Publish).topic, client.receive(Publish).topic}
    client.expect_silence()
    for packet_id in (1, 2, 3):
        got.add(client.send(Puback(packet_id)).receive(Publish).topic)
        client.expect_silence()
    assert len(got) == 5


@pytest.mark.statement("MQTT-3.3.4-10", "5.0")
def test_mqtt_3_3_4_10_other_packets_are_not_delayed(server: Server) -> None:
    """With a full window all other packets are sent at once, and PUBLISH of QoS 0."""
    client = narrow(server, 1).subscribe("t", 2)
    sender = server.connect().publish("t", b"1", 1).publish("t", b"2", 1)
    client.expect(Publish("t", b"1", 1, packet_id=1))
    client.send(PINGREQ).expect(b"\xd0\x00")
    client.send(Subscribe(9, [SubscriptionRequest("u")])).expect(Suback(9, [0]))
    sender.publish("u", b"0")
    client.expect(Publish("u", b"0"))
    client.send(Publish("u", b"", 1, packet_id=1)).receive(Publish)
    client.expect(Puback(1)).send(Publish("v", b"", 2, packet_id=2)).expect(Pubrec(2, 0x10))
    client.send(Pubrel(2)).expect(Pubcomp(2))
    client.send(Unsubscribe(9, ["u"])).expect(Unsuback(9, [0])).expect_silence()
