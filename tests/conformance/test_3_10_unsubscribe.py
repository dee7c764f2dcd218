"""§3.10 UNSUBSCRIBE, §3.11 UNSUBACK, §3.12 PINGREQ and §3.13 PINGRESP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, Server, Wire, frame, utf8
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel, Unsuback, Unsubscribe

Serve = Callable[..., AbstractContextManager[Server]]
pytestmark = IN_MEMORY_AND_ON_DISK
BOTH = pytest.mark.parametrize("version", [4, 5])


def unsubscribe_bytes(version: int, *filters: bytes, flags: int = 2) -> bytes:
    """An UNSUBSCRIBE with packet identifier 1 and filters that bring their length."""
    return frame(0xA0 | flags, b"\0\1", b"\0" if version == 5 else b"", *filters)


def unsuback(version: int, packet_id: int, *codes: int) -> bytes:
    """An UNSUBACK to the byte; 3.1.1 has no codes."""
    head = packet_id.to_bytes(2, "big")
    return frame(0xB0, head, b"\0", bytes(codes)) if version == 5 else frame(0xB0, head)


def lasting(server: Server, version: int) -> Wire:
    """The client `c`, whose session outlives the connection."""
    properties = {"session_expiry_interval": 60} if version == 5 else None
    return server.connect(version, "c", clean_start=False, properties=properties)


@pytest.mark.statement("MQTT-3.10.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [0b0000, 0b0001, 0b0011, 0b0110, 0b1010, 0b1111])
def test_mqtt_3_10_1_1_other_flags_are_malformed(server: Server, version: int, flags: int) -> None:
    """An UNSUBSCRIBE whose flags are not 0010 is malformed: the connection is closed."""
    server.connect(version).send(unsubscribe_bytes(version, utf8("t"), flags=flags)).expect_end(0x81)


@pytest.mark.statement("MQTT-3.10.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_3_1_a_filter_is_utf8(server: Server, version: int) -> None:
    """A filter that is not UTF-8 ends the connection."""
    packet = unsubscribe_bytes(version, utf8("t"), utf8(b"\xc3("))
    server.connect(version).send(packet).expect_end(0x81)


@pytest.mark.statement("MQTT-3.10.3-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_3_2_there_is_at_least_one_filter(server: Server, version: int) -> None:
    """An UNSUBSCRIBE without a filter is a protocol error."""
    server.connect(version).send(unsubscribe_bytes(version)).expect_end(0x82)


@pytest.mark.statement("MQTT-3.10.4-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("near", ["a/b", "a/#", "+/+", "A/+", "a/+/", "/a/+", "$share/g/a/+"])
def test_mqtt_3_10_4_1_filters_are_compared_by_their_characters(server: Server, version: int, near: str) -> None:
    """A filter that only matches or resembles that of a subscription does not end it; the same one does."""
    client = server.subscriber("a/+", version=version).unsubscribe(near)
    sender = server.connect(version)
    sender.publish("a/b", b"1")
    client.expect_message("a/b", b"1")
    client.unsubscribe("a/+")
    sender.publish("a/b", b"2")
    client.expect_silence()


@pytest.mark.statement("MQTT-3.10.4-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["t", "+", "#", "$share/g/t", "$share/g/#"])
def test_mqtt_3_10_4_1_the_subscription_is_deleted(server: Server, version: int, topic: str) -> None:
    """The subscription whose filter is the same is deleted, with wildcards or shared as well."""
    client = server.subscriber(topic, 1, version)
    client.send(Unsubscribe(9, [topic])).expect(unsuback(version, 9, 0))
    server.connect(version).publish("t", b"x", 1)
    client.send(Unsubscribe(10, [topic])).expect(unsuback(version, 10, 0x11)).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-2", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_10_4_2_no_new_messages(server: Server, version: int, qos: int) -> None:
    """After the UNSUBSCRIBE no new messages come for its filter, neither at once nor after a reconnect."""
    client = lasting(server, version).subscribe("t", qos).subscribe("u", qos)
    client.unsubscribe("t")
    sender = server.connect(version)
    sender.publish("t", b"1", qos)
    client.expect_silence().drop()
    sender.publish("t", b"2", qos).publish("u", b"3", qos)
    lasting(server, version).expect_message("u", b"3", qos).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-2", "5.0")
def test_mqtt_3_10_4_2_other_subscriptions_go_on(server: Server) -> None:
    """A message that matches another subscription of the client still comes, once."""
    client = server.subscriber("a/#").subscribe("a/b")
    client.unsubscribe("a/b")
    server.connect(5).publish("a/b", b"x")
    client.expect_message("a/b", b"x").expect_silence()


@pytest.mark.statement("MQTT-3.10.4-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_4_3_what_was_begun_is_completed(server: Server, version: int) -> None:
    """Deliveries of QoS 1 and 2 that have begun go on to their end."""
    client = server.subscriber("t", 2, version)
    server.connect(version).publish("t", b"1", 1).publish("t", b"2", 2)
    one, two = client.receive(Publish), client.receive(Publish)
    client.unsubscribe("t")
    client.send(Puback(one.packet_id), Pubrec(two.packet_id)).expect(Pubrel(two.packet_id))
    client.send(Pubcomp(two.packet_id)).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_4_3_also_by_a_later_connection(server: Server, version: int) -> None:
    """What was begun and not acknowledged is sent again when the client comes back."""
    client = lasting(server, version).subscribe("t", 2)
    server.connect(version).publish("t", b"1", 1).publish("t", b"2", 2)
    one, two = client.receive(Publish), client.receive(Publish)
    client.unsubscribe("t").drop()
    again = lasting(server, version)
    again.expect(
        Publish("t", b"1", 1, dup=True, packet_id=one.packet_id),
        Publish("t", b"2", 2, dup=True, packet_id=two.packet_id),
    ).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-4", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("packet_id", [1, 0xBEEF, 0xFFFF])
def test_mqtt_3_10_4_4_an_unsubscribe_is_answered(server: Server, version: int, packet_id: int) -> None:
    """An UNSUBSCRIBE is answered with an UNSUBACK that has its packet identifier."""
    client = server.subscriber("t", version=version)
    client.send(Unsubscribe(packet_id, ["t"])).expect(unsuback(version, packet_id, 0)).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-5", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_4_5_also_when_there_was_no_subscription(server: Server, version: int) -> None:
    """The UNSUBACK, with the packet identifier, comes also when there was nothing to delete."""
    server.connect(version).send(Unsubscribe(7, ["t"])).expect(unsuback(version, 7, 0x11)).expect_silence()


@pytest.mark.statement("MQTT-3.10.4-6", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_10_4_6_several_filters_one_unsuback(server: Server, version: int) -> None:
    """An UNSUBSCRIBE with several filters acts like as many UNSUBSCRIBEs, but there is one UNSUBACK."""
    client = server.subscriber("a", version=version).subscribe("b").subscribe("c")
    client.send(Unsubscribe(5, ["a", "b"])).expect(unsuback(version, 5, 0, 0))
    sender = server.connect(version)
    for topic in "abc":
        sender.publish(topic, b"x")
    client.expect_message("c", b"x").expect_silence()


# --- UNSUBACK ----------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.11.2-1", "5.0")
@pytest.mark.statement("MQTT-3.11.2-2", "5.0")
def test_mqtt_3_11_2_1_nothing_makes_an_unsuback_larger_than_the_client_takes(server: Server) -> None:
    """An UNSUBACK of just the client's Maximum Packet Size arrives: no reason string or user property is added."""
    size = 64
    client = server.connect(5, properties={"maximum_packet_size": size})
    client.send(Unsubscribe(1, ["none"] * (size - 5)))
    client.expect(bytes((0xB0, size - 2, 0, 1, 0)) + b"\x11" * (size - 5)).expect_silence()


@pytest.mark.statement("MQTT-3.11.3-1", "5.0")
@pytest.mark.statement("MQTT-3.11.3-2", "5.0")
def test_mqtt_3_11_3_1_codes_are_in_the_order_of_the_filters(server: Server) -> None:
    """There is a code for every filter, in their order: 0x00 for a subscription, 0x11 for none."""
    client = server.subscriber("a").subscribe("b")
    client.send(Unsubscribe(3, ["b", "none", "a", "b"])).expect(Unsuback(3, [0x00, 0x11, 0x00, 0x11]))


# --- PINGREQ -----------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.12.4-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_12_4_1_a_pingreq_is_answered(server: Server, version: int) -> None:
    """Every PINGREQ is answered with a PINGRESP, in its place among the other answers."""
    client = server.connect(version).send(b"\xc0\x00", Publish("t", b"", 1, packet_id=1), b"\xc0\x00\xc0\x00")
    client.expect(b"\xd0\x00").expect(Puback, packet_id=1).expect(b"\xd0\x00", b"\xd0\x00").expect_silence()


@pytest.mark.statement("MQTT-3.12.4-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("packet", ["c0 01 00", "c1 00", "d0 00"], ids=["with a body", "with a flag", "PINGRESP"])
def test_mqtt_3_12_4_1_nothing_else_is_answered(server: Server, version: int, packet: str) -> None:
    """What is no PINGREQ to the bit is not answered: the connection is closed."""
    server.connect(version).send(bytes.fromhex(packet)).expect_end(0x82 if packet.startswith("d0") else 0x81)
