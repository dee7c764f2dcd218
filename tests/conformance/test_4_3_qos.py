"""§4.3 Quality of Service levels and their exchanges."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, Server, Wire
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel

Serve = Callable[..., AbstractContextManager[Server]]
pytestmark = IN_MEMORY_AND_ON_DISK
BOTH = pytest.mark.parametrize("version", [4, 5])
NOT_FOUND = 0x92


def lasting(server: Server, version: int, clientid: str = "c", **fields: Any) -> Wire:
    """A client whose session outlives its connection."""
    properties = {"session_expiry_interval": 3600} if version == 5 else None
    return server.connect(version, clientid, clean_start=False, properties=properties, **fields)


def empty(version: int) -> str:
    """The property length of MQTT 5, in hexadecimal."""
    return "00" if version == 5 else ""


# --- QoS 0 -------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.3.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_4_3_1_1_at_most_once(server: Server, version: int, qos: int) -> None:
    """A message of QoS 0 leaves with QoS 0 and DUP 0, and is not acknowledged."""
    client = server.subscriber("t", 0, version)
    server.connect(version).publish("t", b"x", qos)
    size = 4 if version == 4 else 5
    client.expect(bytes.fromhex(f"30 {size:02x} 00 01 74 {empty(version)} 78")).expect_silence()


# --- QoS 1, the server sends -------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.3.2-1", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_3_2_1_packet_identifiers_are_unused(server: Server, version: int) -> None:
    """Every message of QoS 1 or 2 gets a packet identifier that no unacknowledged message has."""
    client = server.subscriber("t", 2, version)
    sender = server.connect(version)
    for index in range(20):
        sender.publish("t", b"", 1 + index % 2)
    identifiers = [client.receive(Publish).packet_id for _ in range(20)]
    assert len(set(identifiers)) == 20 and 0 not in identifiers


@pytest.mark.statement("MQTT-4.3.2-1", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_3_2_1_also_when_they_begin_again(server: Server, version: int) -> None:
    """After 65535 comes 1, or the first after it that is free; identifiers that wait for a PUBCOMP are not free."""
    client = server.connect(version, "c").subscribe("t", 2)
    sender = server.connect(version)
    for qos in (1, 2, 2):
        sender.publish("t", b"", qos)
    assert [client.receive(Publish).packet_id for _ in range(3)] == [1, 2, 3]
    client.send(Pubrec(2)).expect(Pubrel(2))
    session = server.broker.registry.get("c")
    assert session is not None
    session.next_packet_id = 65_533
    for _ in range(4):
        sender.publish("t", b"", 1)
    assert [client.receive(Publish).packet_id for _ in range(4)] == [65_534, 65_535, 4, 5]


@pytest.mark.statement("MQTT-4.3.2-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.2-2", "5.0")
@BOTH
def test_mqtt_4_3_2_2_at_least_once(server: Server, version: int) -> None:
    """A message of QoS 1 leaves with its packet identifier, QoS 1 and DUP 0."""
    client = server.subscriber("t", 1, version)
    server.connect(version).send(Publish("t", b"x", 1, dup=True, packet_id=0xABCD)).expect(Puback)
    size = 6 if version == 4 else 7
    client.expect(bytes.fromhex(f"32 {size:02x} 00 01 74 00 01 {empty(version)} 78"))


@pytest.mark.statement("MQTT-4.3.2-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.2-3", "5.0")
@BOTH
def test_mqtt_4_3_2_3_unacknowledged_until_the_puback(server: Server, version: int) -> None:
    """Until its PUBACK has come a message is sent again after a reconnect; afterwards it is not."""
    client = lasting(server, version).subscribe("t", 1)
    server.connect(version).publish("t", b"1", 1).publish("t", b"2", 1)
    one, two = (client.receive(Publish).packet_id for _ in range(2))
    client.send(Puback(one), Pubrec(two), Pubcomp(two)).expect(Pubrel(two, NOT_FOUND if version == 5 else 0)).drop()
    client = lasting(server, version).expect(Publish("t", b"2", 1, dup=True, packet_id=two)).expect_silence()
    client.send(Puback(two)).expect_silence().drop()
    lasting(server, version).expect_silence()


# --- QoS 1, the server receives ----------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.3.2-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.2-4", "5.0")
@BOTH
@pytest.mark.parametrize("packet_id", [1, 0xBEEF, 0xFFFF])
def test_mqtt_4_3_2_4_a_puback_with_its_identifier(server: Server, version: int, packet_id: int) -> None:
    """A PUBLISH of QoS 1 is answered with a PUBACK that has its packet identifier; the message is delivered."""
    watcher = server.subscriber("t", 1, version)
    client = server.connect(version).send(Publish("t", b"x", 1, packet_id=packet_id))
    client.expect(bytes((0x40, 2)) + packet_id.to_bytes(2, "big")).expect_silence()
    watcher.expect_message("t", b"x", 1).expect_silence()


@pytest.mark.statement("MQTT-4.3.2-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.2-5", "5.0")
@BOTH
@pytest.mark.parametrize("dup", [False, True])
def test_mqtt_4_3_2_5_after_the_puback_it_is_a_new_message(server: Server, version: int, dup: bool) -> None:
    """After the PUBACK a PUBLISH with the same identifier is a new message, whatever its DUP says."""
    watcher = server.subscriber("t", 1, version)
    client = server.connect(version)
    client.send(Publish("t", b"1", 1, packet_id=7)).expect(Puback(7))
    client.send(Publish("t", b"2", 1, dup=dup, packet_id=7)).expect(Puback(7))
    watcher.expect_message("t", b"1", 1).expect_message("t", b"2", 1, dup=False).expect_silence()


# --- QoS 2, the server sends -------------------------------------------------------------------------------------


def delivered(server: Server, version: int, payload: bytes = b"x", **properties: Any) -> tuple[Wire, int]:
    """The client `c` to which a message of QoS 2 has just been sent, and its packet identifier."""
    client = lasting(server, version).subscribe("t", 2)
    server.connect(version).publish("t", payload, 2, **properties)
    return client, client.receive(Publish).packet_id


@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-2", "5.0")
@BOTH
def test_mqtt_4_3_3_2_exactly_once(server: Server, version: int) -> None:
    """A message of QoS 2 leaves with its packet identifier, QoS 2 and DUP 0."""
    client = server.subscriber("t", 2, version)
    server.connect(version).send(Publish("t", b"x", 2, dup=True, packet_id=0xABCD)).expect(Pubrec)
    size = 6 if version == 4 else 7
    client.expect(bytes.fromhex(f"34 {size:02x} 00 01 74 00 01 {empty(version)} 78"))


@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-3", "5.0")
@BOTH
def test_mqtt_4_3_3_3_unacknowledged_until_the_pubrec(server: Server, version: int) -> None:
    """Until its PUBREC has come a message is sent again after a reconnect; a PUBACK or PUBCOMP is no PUBREC."""
    client, packet_id = delivered(server, version)
    client.send(Puback(packet_id), Pubcomp(packet_id)).expect_silence().drop()
    lasting(server, version).expect(Publish("t", b"x", 2, dup=True, packet_id=packet_id)).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-4", "5.0")
@BOTH
def test_mqtt_4_3_3_4_a_pubrec_is_answered_with_a_pubrel(server: Server, version: int) -> None:
    """A PUBREC is answered with a PUBREL that has the packet identifier of the PUBLISH; twice if it comes twice."""
    client, packet_id = delivered(server, version)
    pubrel = bytes((0x62, 2)) + packet_id.to_bytes(2, "big")
    client.send(Pubrec(packet_id)).expect(pubrel).expect_silence()
    client.send(Pubrec(packet_id)).expect(pubrel).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-4", "5.0")
def test_mqtt_4_3_3_4_unless_it_is_a_refusal(server: Server) -> None:
    """After a PUBREC with a code of failure there is no PUBREL, and the identifier is free."""
    client, packet_id = delivered(server, 5)
    client.send(Pubrec(packet_id, 0x97)).expect_silence()
    client.send(Pubrec(packet_id)).expect(Pubrel(packet_id, NOT_FOUND))


@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-5", "5.0")
@BOTH
def test_mqtt_4_3_3_5_a_pubrel_is_unacknowledged_until_the_pubcomp(server: Server, version: int) -> None:
    """Until its PUBCOMP has come a PUBREL is sent again after a reconnect; a PUBACK does not count."""
    client, packet_id = delivered(server, version)
    client.send(Pubrec(packet_id)).expect(Pubrel(packet_id)).send(Puback(packet_id)).expect_silence().drop()
    client = lasting(server, version).expect(Pubrel(packet_id)).expect_silence()
    client.send(Pubcomp(packet_id)).expect_silence().drop()
    lasting(server, version).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-1", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-6", "5.0")
@BOTH
def test_mqtt_4_3_3_6_after_the_pubrel_no_publish(server: Server, version: int) -> None:
    """Once the PUBREL has been sent the PUBLISH is not sent again, neither after a reconnect nor with time."""
    client, packet_id = delivered(server, version)
    client.send(Pubrec(packet_id)).expect(Pubrel(packet_id)).drop()
    client = lasting(server, version).expect(Pubrel(packet_id)).expect_silence()
    server.advance(35)
    if version == 4:  # which may be reminded on a live connection
        client.expect(Pubrel(packet_id))
    client.expect_silence()


@pytest.mark.statement("MQTT-4.3.3-7", "5.0")
def test_mqtt_4_3_3_7_what_was_sent_does_not_expire(server: Server) -> None:
    """A message whose PUBLISH was sent does not expire any more: it is sent again and the exchange goes on."""
    client, packet_id = delivered(server, 5, message_expiry_interval=5)
    client.drop()
    server.advance(60)
    again = lasting(server, 5)
    publish = again.receive(Publish)
    assert (publish.packet_id, publish.dup, publish.payload) == (packet_id, True, b"x")
    again.send(Pubrec(packet_id)).expect(Pubrel(packet_id)).send(Pubcomp(packet_id)).expect_silence()


# --- QoS 2, the server receives ----------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-8", "5.0")
@BOTH
@pytest.mark.parametrize("packet_id", [1, 0xBEEF, 0xFFFF])
def test_mqtt_4_3_3_8_a_pubrec_with_its_identifier(server: Server, version: int, packet_id: int) -> None:
    """A PUBLISH of QoS 2 is answered with a PUBREC that has its packet identifier."""
    watcher = server.subscriber("t", 2, version)
    client = server.connect(version).send(Publish("t", b"x", 2, packet_id=packet_id))
    client.expect(bytes((0x50, 2)) + packet_id.to_bytes(2, "big")).expect_silence()
    watcher.expect_message("t", b"x", 2).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-9", "5.0")
def test_mqtt_4_3_3_9_after_a_refusal_it_is_a_new_message(server: Server) -> None:
    """After a PUBREC with a code of failure a PUBLISH with the same identifier is a new message."""
    server.broker.hook_authorizer(lambda client, action, topic, qos, retain: topic != "forbidden")
    watcher = server.subscriber("#", 2)
    client = server.connect(5)
    client.send(Publish("forbidden", b"1", 2, packet_id=7)).expect(Pubrec(7, 0x87))
    client.send(Publish("t", b"2", 2, packet_id=7)).expect(Pubrec(7))
    watcher.expect_message("t", b"2", 2)
    client.send(Pubrel(7)).expect(Pubcomp(7))


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-10", "5.0")
@BOTH
def test_mqtt_4_3_3_10_until_the_pubrel_it_is_the_same_message(server: Server, version: int) -> None:
    """Until the PUBREL a PUBLISH with the same identifier is acknowledged, and not delivered again."""
    watcher = server.subscriber("t", 2, version)
    client = server.connect(version).send(Publish("t", b"x", 2, packet_id=7)).expect(Pubrec(7))
    for _ in range(2):
        client.send(Publish("t", b"x", 2, dup=True, packet_id=7)).expect(Pubrec(7))
    watcher.expect_message("t", b"x", 2).expect_silence()
    client.send(Pubrel(7)).expect(Pubcomp(7))


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-10", "5.0")
@BOTH
@pytest.mark.parametrize("how", ["drop", "disconnect", "take over"])
def test_mqtt_4_3_3_10_also_on_another_connection(server: Server, version: int, how: str) -> None:
    """Identifiers that wait for their PUBREL outlive the connection: what is sent again is not delivered again."""
    watcher = server.subscriber("t", 2, version)
    client = lasting(server, version).send(Publish("t", b"x", 2, packet_id=7)).expect(Pubrec(7))
    if how != "take over":
        getattr(client, how)()
    client = lasting(server, version)
    client.send(Publish("t", b"x", 2, dup=True, packet_id=7)).expect(Pubrec(7))
    client.send(Pubrel(7)).expect(Pubcomp(7)).expect_silence()
    watcher.expect_message("t", b"x", 2).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-10", "5.0")
@BOTH
def test_mqtt_4_3_3_10_whatever_its_dup_says(server: Server, version: int) -> None:
    """Without DUP it is acknowledged as well (5.0: identifier in use), and not delivered."""
    watcher = server.subscriber("t", 2, version)
    client = server.connect(version).send(Publish("t", b"x", 2, packet_id=7)).expect(Pubrec(7))
    client.send(Publish("t", b"y", 2, packet_id=7)).expect(Pubrec, packet_id=7)
    client.send(Pubrel(7)).expect(Pubcomp(7))
    watcher.expect_message("t", b"x", 2).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-11", "5.0")
@BOTH
@pytest.mark.parametrize("packet_id", [1, 0xBEEF, 0xFFFF])
def test_mqtt_4_3_3_11_a_pubrel_is_answered_with_a_pubcomp(server: Server, version: int, packet_id: int) -> None:
    """A PUBREL is answered with a PUBCOMP that has its identifier, also when it comes again."""
    client = server.connect(version).subscribe("t")
    client.send(Publish("t", b"", 2, packet_id=packet_id)).expect(Publish, Pubrec(packet_id))
    client.send(Pubrel(packet_id)).expect(bytes((0x70, 2)) + packet_id.to_bytes(2, "big"))
    again = Pubcomp(packet_id, NOT_FOUND if version == 5 else 0)
    client.send(Pubrel(packet_id)).expect(again).expect_silence()


@pytest.mark.statement("MQTT-4.3.3-2", "3.1.1")
@pytest.mark.statement("MQTT-4.3.3-12", "5.0")
@BOTH
@pytest.mark.parametrize("dup", [False, True])
def test_mqtt_4_3_3_12_after_the_pubcomp_it_is_a_new_message(server: Server, version: int, dup: bool) -> None:
    """After the PUBCOMP a PUBLISH with the same identifier is a new message, whatever its DUP says."""
    watcher = server.subscriber("t", 2, version)
    client = server.connect(version)
    for payload in (b"1", b"2"):
        client.send(Publish("t", payload, 2, dup=dup, packet_id=7)).expect(Pubrec(7))
        client.send(Pubrel(7)).expect(Pubcomp(7))
        watcher.expect_message("t", payload, 2, dup=False)
    watcher.expect_silence()


@pytest.mark.statement("MQTT-4.3.3-13", "5.0")
def test_mqtt_4_3_3_13_the_exchange_goes_on_when_the_message_has_expired(server: Server) -> None:
    """A PUBREL is answered as ever when the message expired in the meantime."""
    server.connect(5, "c", properties={"session_expiry_interval": 3600}).subscribe("t", 2).drop()
    client = server.connect(5)
    client.send(Publish("t", b"x", 2, packet_id=7, properties={"message_expiry_interval": 1})).expect(Pubrec(7))
    server.advance(5)
    client.send(Pubrel(7)).expect(Pubcomp(7))
    lasting(server, 5).expect_silence()
