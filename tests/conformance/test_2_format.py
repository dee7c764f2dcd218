"""Chapter 2: the form of packets, packet identifiers, properties."""

from __future__ import annotations

import pytest

from conformance.wire import PINGREQ, Server, frame, utf8
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

BOTH = pytest.mark.parametrize("version", [4, 5])
RESERVED = {
    "PUBACK": b"\x41\x02\x00\x01",
    "PUBREC": b"\x52\x02\x00\x01",
    "PUBREL": b"\x60\x02\x00\x01",
    "PUBCOMP": b"\x78\x02\x00\x01",
    "SUBSCRIBE": b"\x80\x06\x00\x01\x00\x01t\x00",
    "UNSUBSCRIBE": b"\xa0\x05\x00\x01\x00\x01t",
    "PINGREQ": b"\xc1\x00",
    "DISCONNECT": b"\xe8\x00",
    "type 0": b"\x00\x00",
}


@pytest.mark.statement("MQTT-2.2.2-1", "3.1.1")
@pytest.mark.statement("MQTT-2.2.2-2", "3.1.1")
@pytest.mark.statement("MQTT-2.1.3-1", "5.0")
@BOTH
@pytest.mark.parametrize("packet", RESERVED.values(), ids=RESERVED.keys())
def test_mqtt_2_1_3_1_reserved_flags_must_be_what_they_are(server: Server, version: int, packet: bytes) -> None:
    """A fixed header with other flags than those listed is malformed: the connection is closed."""
    server.connect(version).send(packet).expect_end(0x81)


@pytest.mark.statement("MQTT-2.2.2-2", "3.1.1")
@pytest.mark.statement("MQTT-2.1.3-1", "5.0")
@BOTH
def test_mqtt_2_1_3_1_a_connect_with_reserved_flags_is_not_answered(server: Server, version: int) -> None:
    """A CONNECT with flags in its fixed header is closed; nothing tells its version yet."""
    server.open(version).send(b"\x11\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a").expect_close()


@pytest.mark.statement("MQTT-2.2.2-1", "3.1.1")
@pytest.mark.statement("MQTT-2.1.3-1", "5.0")
@BOTH
def test_mqtt_2_2_2_1_what_the_server_sends_has_the_listed_flags(server: Server, version: int) -> None:
    """The first bytes of all that a server sends carry the flags of table 2.2."""
    client = server.connect(version)
    first = [client.send(packet).receive_bytes()[0] for packet in exchange(version)]
    assert first == [0x90, 0x30, 0x40, 0x50, 0x70, 0x62, 0xB0, 0xD0]


def exchange(version: int) -> list[bytes]:
    """What makes a server send a packet of each type."""
    none = b"\0" if version == 5 else b""
    return [
        frame(0x82, b"\0\1", none, utf8("t"), b"\0"),
        frame(0x30, utf8("t"), none),
        frame(0x32, utf8("u"), b"\0\2", none),
        frame(0x34, utf8("u"), b"\0\3", none),
        b"\x62\x02\x00\x03",
        b"\x50\x02\x00\x09",
        frame(0xA2, b"\0\4", none, utf8("t")),
        PINGREQ,
    ]


@pytest.mark.statement("MQTT-2.3.1-5", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-2", "5.0")
@BOTH
def test_mqtt_2_2_1_2_qos_0_has_no_packet_identifier(server: Server, version: int) -> None:
    """A PUBLISH of QoS 0 has no packet identifier, in either direction."""
    packet = frame(0x30, utf8("t"), b"\0" if version == 5 else b"", b"\0\7")
    server.subscriber("t", 1, version).send(packet).expect(packet).expect_silence()


@pytest.mark.statement("MQTT-2.3.1-1", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-3", "5.0")
@BOTH
@pytest.mark.parametrize(
    "packet",
    [(0x32, utf8("t"), b"\0\0", b"%b"), (0x82, b"\0\0%b", utf8("t"), b"\0"), (0xA2, b"\0\0%b", utf8("t"))],
    ids=["PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE"],
)
def test_mqtt_2_3_1_1_packet_identifier_0_ends_the_connection(
    server: Server, version: int, packet: tuple[int, bytes, bytes, bytes]
) -> None:
    """SUBSCRIBE, UNSUBSCRIBE and PUBLISH with QoS need a packet identifier that is not 0."""
    body = b"".join(packet[1:]) % (b"\0" if version == 5 else b"")
    server.connect(version).send(frame(packet[0], body)).expect_end(0x82)


@pytest.mark.statement("MQTT-2.3.1-4", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-4", "5.0")
@BOTH
def test_mqtt_2_2_1_4_the_server_uses_identifiers_that_are_free(server: Server, version: int) -> None:
    """New messages of QoS 1 and 2 get identifiers that are not 0 and not in use."""
    server.set(max_inflight=4)
    client = server.subscriber("t", 2, version)
    sender = server.connect(version)
    sender.publish("t", b"held", 1)
    held = client.receive(Publish).packet_id
    open_ids = {held}
    for qos in (1, 2, 1):
        sender.publish("t", b"", qos)
        packet_id = client.receive(Publish).packet_id
        assert packet_id and packet_id not in open_ids
        open_ids.add(packet_id)
    assert len(open_ids) == 4


@pytest.mark.statement("MQTT-2.3.1-4", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-4", "5.0")
@BOTH
def test_mqtt_2_2_1_4_identifiers_in_use_are_left_out_after_the_last(server: Server, version: int) -> None:
    """After 65535 the server begins at 1 again, leaving out what is in use."""
    client = server.connect(version, "c").subscribe("t", 1)
    sender = server.connect(version)
    sender.publish("t", b"held", 1)
    held = client.receive(Publish).packet_id
    session = server.broker.registry.get("c")
    assert session is not None
    session.next_packet_id = 65_534
    ids = []
    for _ in range(3):
        sender.publish("t", b"", 1)
        ids.append(client.message().packet_id)
    assert held == 1
    assert ids == [65_535, 2, 3]


@pytest.mark.statement("MQTT-2.3.1-3", "3.1.1")
@pytest.mark.statement("MQTT-2.3.1-4", "3.1.1")
def test_mqtt_2_3_1_3_what_is_sent_again_keeps_its_identifier(server: Server) -> None:
    """A PUBLISH or PUBREL that the server sends again has its first packet identifier."""
    client = server.connect(4, "c", clean_start=False).subscribe("t", 2)
    sender = server.connect(4)
    sender.publish("t", b"one", 1).publish("t", b"two", 2)
    one, two = client.receive(Publish), client.receive(Publish)
    client.send(Pubrec(two.packet_id)).expect(Pubrel(two.packet_id)).drop()
    again = server.connect(4, "c", clean_start=False)
    again.expect(Publish("t", b"one", 1, dup=True, packet_id=one.packet_id), Pubrel(two.packet_id))


@pytest.mark.statement("MQTT-2.3.1-6", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-5", "5.0")
@BOTH
def test_mqtt_2_2_1_5_acknowledgements_carry_the_identifier_of_the_publish(server: Server, version: int) -> None:
    """PUBACK, PUBREC, PUBREL and PUBCOMP carry the packet identifier of their PUBLISH."""
    server.subscriber("t", version=version)
    client = server.connect(version)
    client.send(Publish("t", b"", 1, packet_id=0xBEEF)).expect(Puback(0xBEEF))
    client.send(Publish("t", b"", 2, packet_id=0xFFFF)).expect(Pubrec(0xFFFF))
    client.send(Pubrel(0xFFFF)).expect(Pubcomp(0xFFFF)).expect_silence()


@pytest.mark.statement("MQTT-2.3.1-6", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-5", "5.0")
@BOTH
def test_mqtt_2_2_1_5_a_pubrel_carries_the_identifier_of_the_publish(server: Server, version: int) -> None:
    """So does the PUBREL that the server sends."""
    client = server.subscriber("t", 2, version)
    server.connect(version).publish("t", b"", 2)
    packet_id = client.receive(Publish).packet_id
    client.send(Pubrec(packet_id)).expect(Pubrel(packet_id)).send(Pubcomp(packet_id)).expect_silence()


@pytest.mark.statement("MQTT-2.3.1-7", "3.1.1")
@pytest.mark.statement("MQTT-2.2.1-6", "5.0")
@BOTH
def test_mqtt_2_2_1_6_suback_and_unsuback_carry_the_identifier_of_the_request(server: Server, version: int) -> None:
    """SUBACK and UNSUBACK carry the packet identifier of SUBSCRIBE and UNSUBSCRIBE."""
    client = server.connect(version)
    client.send(Subscribe(0xABCD, [SubscriptionRequest("t")])).expect(Suback(0xABCD, [0]))
    client.send(Unsubscribe(0x1234, ["t"])).expect(Unsuback(0x1234, [0])).expect_silence()


@pytest.mark.statement("MQTT-2.2.2-1", "5.0")
def test_mqtt_2_2_2_1_no_properties_are_a_length_of_0(server: Server) -> None:
    """Without properties, PUBLISH, SUBACK and UNSUBACK have a Property Length of 0."""
    client = server.connect()
    client.send(Subscribe(1, [SubscriptionRequest("t")])).expect(b"\x90\x04\x00\x01\x00\x00")
    client.send(Publish("t", b"x")).expect(b"\x30\x05\x00\x01t\x00x")
    client.send(Unsubscribe(2, ["t"])).expect(b"\xb0\x04\x00\x02\x00\x00")


@pytest.mark.statement("MQTT-2.2.2-1", "5.0")
def test_mqtt_2_2_2_1_a_property_length_may_not_be_missing(server: Server) -> None:
    """A PUBLISH that ends before its Property Length is malformed."""
    server.connect().send(frame(0x30, utf8("t"))).expect_end(0x81)
