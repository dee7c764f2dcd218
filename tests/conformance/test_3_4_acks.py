"""§3.4 … §3.7 PUBACK, PUBREC, PUBREL, PUBCOMP."""

from __future__ import annotations

import pytest

from conformance.wire import Server, Wire, frame
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel

BOTH = pytest.mark.parametrize("version", [4, 5])


# --- reason codes ----------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.4.2-1", "5.0")
@pytest.mark.statement("MQTT-3.4.2-2", "5.0")
@pytest.mark.statement("MQTT-3.4.2-3", "5.0")
def test_mqtt_3_4_2_1_a_puback_has_a_code_of_its_table_and_no_text(server: Server) -> None:
    """A PUBACK says success (in 4 bytes), no matching subscribers or not authorized (in 5), and nothing more."""
    server.subscriber("t")
    client = server.connect()
    client.send(Publish("t", b"", 1, packet_id=1)).expect(b"\x40\x02\x00\x01")
    client.send(Publish("u", b"", 1, packet_id=2)).expect(b"\x40\x03\x00\x02\x10")
    server.broker.hook_authorizer(lambda client, action, topic, qos, retain: False)
    client.send(Publish("t", b"", 1, packet_id=3)).expect(b"\x40\x03\x00\x03\x87")


@pytest.mark.statement("MQTT-3.5.2-1", "5.0")
@pytest.mark.statement("MQTT-3.5.2-2", "5.0")
@pytest.mark.statement("MQTT-3.5.2-3", "5.0")
def test_mqtt_3_5_2_1_a_pubrec_has_a_code_of_its_table_and_no_text(server: Server) -> None:
    """A PUBREC says success, no matching subscribers, identifier in use or not authorized, and nothing more."""
    server.subscriber("t")
    client = server.connect()
    client.send(Publish("t", b"", 2, packet_id=1)).expect(b"\x50\x02\x00\x01")
    client.send(Publish("u", b"", 2, packet_id=2)).expect(b"\x50\x03\x00\x02\x10")
    client.send(Publish("t", b"other", 2, packet_id=1)).expect(b"\x50\x03\x00\x01\x91")
    server.broker.hook_authorizer(lambda client, action, topic, qos, retain: False)
    client.send(Publish("t", b"", 2, packet_id=3)).expect(b"\x50\x03\x00\x03\x87")


@pytest.mark.statement("MQTT-3.6.2-1", "5.0")
@pytest.mark.statement("MQTT-3.6.2-2", "5.0")
@pytest.mark.statement("MQTT-3.6.2-3", "5.0")
def test_mqtt_3_6_2_1_a_pubrel_has_a_code_of_its_table_and_no_text(server: Server) -> None:
    """A PUBREL says success or identifier not found, and nothing more."""
    client = server.subscriber("t", 2)
    server.connect().publish("t", b"", 2)
    client.expect(Publish("t", b"", 2, packet_id=1))
    client.send(Pubrec(1)).expect(b"\x62\x02\x00\x01")
    client.send(Pubrec(2)).expect(b"\x62\x03\x00\x02\x92")


@pytest.mark.statement("MQTT-3.7.2-1", "5.0")
@pytest.mark.statement("MQTT-3.7.2-2", "5.0")
@pytest.mark.statement("MQTT-3.7.2-3", "5.0")
def test_mqtt_3_7_2_1_a_pubcomp_has_a_code_of_its_table_and_no_text(server: Server) -> None:
    """A PUBCOMP says success or identifier not found, and nothing more."""
    client = server.connect().send(Publish("t", b"", 2, packet_id=1)).expect(Pubrec, packet_id=1)
    client.send(Pubrel(1)).expect(b"\x70\x02\x00\x01")
    client.send(Pubrel(1)).expect(b"\x70\x03\x00\x01\x92")


def sent(server: Server, qos: int, version: int = 5) -> Wire:
    """A client with one unanswered message of packet identifier 1."""
    client = server.subscriber("t", qos, version)
    server.connect(version).publish("t", b"", qos)
    return client.expect(Publish("t", b"", qos, packet_id=1))


FORMS = {
    "no code": b"",
    "a code": b"\x00",
    "a code and no properties": b"\x00\x00",
    "a reason string": b"\x00\x05\x1f\x00\x02ok",
    "user properties": b"\x00\x0e" + b"\x26\x00\x01a\x00\x01b" * 2,
}


@pytest.mark.statement("MQTT-3.4.2-1", "5.0")
@pytest.mark.parametrize("rest", FORMS.values(), ids=FORMS.keys())
def test_mqtt_3_4_2_1_every_form_of_an_acknowledgement_is_read(server: Server, rest: bytes) -> None:
    """The server reads acknowledgements with and without code and properties."""
    client = sent(server, 1).send(frame(0x40, b"\0\1", rest)).expect_silence()
    session = next(iter(server.broker.registry.sessions.values()))
    assert not session.inflight
    client.close()
    client = sent(server, 2).send(frame(0x50, b"\0\1", rest)).expect(Pubrel(1))
    client.send(frame(0x70, b"\0\1", rest)).expect_silence()
    client.send(Publish("x", b"", 2, packet_id=4)).expect(Pubrec(4, 0x10))
    client.send(frame(0x62, b"\0\4", rest)).expect(Pubcomp(4)).expect_silence()


ILLEGAL = {0x40: 0x92, 0x50: 0x92, 0x62: 0x91, 0x70: 0x80}


@pytest.mark.statement("MQTT-3.4.2-1", "5.0")
@pytest.mark.statement("MQTT-3.5.2-1", "5.0")
@pytest.mark.statement("MQTT-3.6.2-1", "5.0")
@pytest.mark.statement("MQTT-3.7.2-1", "5.0")
@pytest.mark.parametrize(("first", "code"), ILLEGAL.items())
def test_mqtt_3_4_2_1_codes_of_other_tables_end_the_connection(server: Server, first: int, code: int) -> None:
    """A code that is not in the table of its packet is a protocol error: the connection is closed."""
    server.connect().send(frame(first, b"\0\1", bytes((code,)))).expect_end(0x82)


@pytest.mark.statement("MQTT-3.4.2-3", "5.0")
@pytest.mark.parametrize("first", [0x40, 0x50, 0x62, 0x70])
@pytest.mark.parametrize(
    ("properties", "code"),
    [(b"\x1f\x00\x01a\x1f\x00\x01b", 0x82), (b"\x11\x00\x00\x00\x01", 0x81), (b"\x1f\x00\x01\xff", 0x81)],
    ids=["two reason strings", "another property", "no UTF-8"],
)
def test_mqtt_3_4_2_3_bad_properties_end_the_connection(
    server: Server, first: int, properties: bytes, code: int
) -> None:
    """An acknowledgement with a property that is not allowed closes the connection."""
    packet = frame(first, b"\0\1\0", bytes((len(properties),)), properties)
    server.connect().send(packet).expect_end(code)


# --- flags and forms -------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.6.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [each for each in range(16) if each != 2])
def test_mqtt_3_6_1_1_a_pubrel_with_other_flags_ends_the_connection(
    server: Server, version: int, flags: int
) -> None:
    """A PUBREL whose flags are not 0010 is malformed: the connection is closed, the identifier not released."""
    session = {"session_expiry_interval": 60} if version == 5 else None
    lasting = {"clean_start": False, "properties": session}
    client = server.connect(version, "c", **lasting).send(Publish("t", b"", 2, packet_id=1)).expect(Pubrec)
    client.send(frame(0x60 | flags, b"\0\1")).expect_end(0x81)
    server.connect(version, "c", **lasting).send(Pubrel(1)).expect(Pubcomp(1))


@pytest.mark.statement("MQTT-3.6.1-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_6_1_1_the_servers_pubrel_has_its_flags(server: Server, version: int) -> None:
    """The PUBREL of the server begins with 0x62, also when it is sent again."""
    session = {"session_expiry_interval": 60} if version == 5 else None
    lasting = {"clean_start": False, "properties": session}
    client = server.connect(version, "c", **lasting).subscribe("t", 2)
    server.connect(version).publish("t", b"", 2)
    client.expect(Publish).send(Pubrec(1)).expect(b"\x62\x02\x00\x01").drop()
    server.connect(version, "c", **lasting).expect(b"\x62\x02\x00\x01").send(Pubcomp(1)).expect_silence()


@pytest.mark.statement("MQTT-3.6.1-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_6_1_1_unexpected_acknowledgements_do_no_harm(server: Server, version: int) -> None:
    """Acknowledgements of identifiers that are not in use leave the connection as it is."""
    client = server.connect(version).send(Puback(5), Pubcomp(5)).expect_silence()
    client.send(Pubrec(5)).expect(Pubrel(5, 0x92 if version == 5 else 0))
    client.send(Pubrel(5)).expect(Pubcomp(5, 0x92 if version == 5 else 0)).expect_silence()


@pytest.mark.statement("MQTT-3.5.2-1", "5.0")
def test_mqtt_3_5_2_1_acknowledgements_of_the_wrong_kind_do_not_count(server: Server) -> None:
    """A PUBACK for a message of QoS 2, or a PUBREC for one of QoS 1, does not end its exchange."""
    server.set(max_inflight=1)
    one = sent(server, 1)
    one.send(Pubrec(1)).expect(Pubrel(1, 0x92)).send(Pubcomp(1))
    server.connect().publish("t", b"next", 1)
    one.expect_silence().send(Puback(1)).expect(Publish, payload=b"next")
    two = sent(server, 2)
    server.connect().publish("t", b"next", 2)
    two.send(Puback(1)).expect_silence().send(Pubrec(1)).expect(Pubrel(1)).send(Pubcomp(1))
    two.expect(Publish, payload=b"next")
