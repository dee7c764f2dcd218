"""§4.8 subscriptions, above all §4.8.2 shared ones. They are of MQTT 5; EMQX has them for 3.1.1 as well."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import IN_MEMORY_AND_ON_DISK, Server, Wire, frame, utf8
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel

pytestmark = IN_MEMORY_AND_ON_DISK
BOTH = pytest.mark.parametrize("version", [4, 5])
SHARED = "$share/g/t"
FAILURES = [0x80, 0x83, 0x87, 0x97, 0x99]


def lasting(server: Server, clientid: str, version: int = 5, **properties: Any) -> Wire:
    """A client whose session outlives its connection."""
    if version == 5:
        properties["session_expiry_interval"] = 3600
    return server.connect(version, clientid, clean_start=False, properties=properties or None)


def members(server: Server, number: int, qos: int = 0, version: int = 5) -> list[Wire]:
    """Clients that share one subscription."""
    return [server.subscriber(SHARED, qos, version) for _ in range(number)]


def subscribe_bytes(version: int, topic: str) -> bytes:
    """A SUBSCRIBE to any filter."""
    return frame(0x82, b"\0\1", b"\0" if version == 5 else b"", utf8(topic), b"\0")


def unsubscribe_bytes(version: int, topic: str) -> bytes:
    """An UNSUBSCRIBE from any filter."""
    return frame(0xA2, b"\0\1", b"\0" if version == 5 else b"", utf8(topic))


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$share//t", "$share//", "$share/"])
def test_mqtt_4_8_2_1_a_share_name_has_a_character(server: Server, version: int, topic: str) -> None:
    """An empty share name is none: the connection is closed."""
    server.connect(version).send(subscribe_bytes(version, topic)).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, topic)).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$shared/g/t", "$Share/g/t", "share/g/t", "/$share/g/t", "$share"])
def test_mqtt_4_8_2_1_only_what_begins_with_share_is_shared(server: Server, version: int, topic: str) -> None:
    """Anything else than $share/ at the beginning is an ordinary filter: everybody gets every message."""
    clients = [server.subscriber(topic, version=version) for _ in range(2)]
    sender = server.connect(version)
    sender.publish(topic, b"x")
    sender.publish("t", b"not this")
    for client in clients:
        client.expect_message(topic, b"x").expect_silence()


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$share/g/t", "$share/группа/t", "$share/ /t", "$share/g/+", "$share/g/#"])
def test_mqtt_4_8_2_1_one_member_gets_it(server: Server, version: int, topic: str) -> None:
    """Every message goes to one member of the group; both get their part."""
    clients = [server.subscriber(topic, version=version) for _ in range(2)]
    sender = server.connect(version)
    for n in range(10):
        sender.publish("t", b"%d" % n)
    got: list[int] = []
    for client in clients:
        client.send(b"\xc0\x00")
        mine = []
        while (raw := client.receive_bytes()) != b"\xd0\x00":
            mine.append(int(raw[-1:]))
        assert mine == sorted(mine) and 0 < len(mine) < 10
        got += mine
    assert sorted(got) == list(range(10))


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
@BOTH
def test_mqtt_4_8_2_1_groups_and_others_do_not_mind_each_other(server: Server, version: int) -> None:
    """Each group gets every message, and so does every ordinary subscription, of the same client as well."""
    clients = [
        server.subscriber(topic, version=version) for topic in ("$share/a/t", "$share/b/t", "$share/a/+", "t")
    ]
    both = server.subscriber("$share/c/t", version=version).subscribe("t")
    server.connect(version).publish("t", b"x")
    for client in (*clients, both):
        client.expect_message("t", b"x")
    both.expect_message("t", b"x")
    for client in (*clients, both):
        client.expect_silence()


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
def test_mqtt_4_8_2_1_options_and_identifier_are_the_members_own(server: Server) -> None:
    """A message has the subscription identifier of the member that gets it, and its Retain As Published."""
    one = server.connect(5).subscribe(SHARED, subid=1)
    two = server.connect(5).subscribe(SHARED, subid=268_435_455, retain_as_published=True)
    sender = server.connect(5)
    for _ in range(2):
        sender.publish("t", b"x", retain=True)
    one.expect_message("t", b"x", retain=False, properties={"subscription_identifier": [1]}).expect_silence()
    two.expect_message(
        "t", b"x", retain=True, properties={"subscription_identifier": [268_435_455]}
    ).expect_silence()


@pytest.mark.statement("MQTT-4.8.2-1", "5.0")
@BOTH
def test_mqtt_4_8_2_1_no_retained_messages(server: Server, version: int) -> None:
    """A new shared subscription gets no retained messages."""
    server.connect(version).publish("t", b"kept", 1, retain=True)
    server.subscriber(SHARED, 1, version).expect_silence()


@pytest.mark.statement("MQTT-4.8.2-2", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$share/g+/t", "$share/+/t", "$share/#/t", "$share/a#b/t", "$share/#"])
def test_mqtt_4_8_2_2_no_wildcards_in_a_share_name(server: Server, version: int, topic: str) -> None:
    """A share name with a wildcard is none: the connection is closed."""
    server.connect(version).send(subscribe_bytes(version, topic)).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, topic)).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.8.2-2", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$share/g", "$share/g/", "$share/g/a+", "$share/g/#/b"])
def test_mqtt_4_8_2_2_a_filter_follows_the_share_name(server: Server, version: int, topic: str) -> None:
    """After the share name comes a slash, and after that a topic filter."""
    server.connect(version).send(subscribe_bytes(version, topic)).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, topic)).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.8.2-2", "5.0")
@BOTH
def test_mqtt_4_8_2_2_the_filter_is_what_follows_that_slash(server: Server, version: int) -> None:
    """The share name ends at the first slash: in $share/g//t the filter is /t."""
    client = server.subscriber("$share/g//t", version=version)
    sender = server.connect(version)
    for topic in ("t", "/t", "g//t"):
        sender.publish(topic, b"x")
    client.expect_message("/t", b"x").expect_silence()


@pytest.mark.statement("MQTT-4.8.2-3", "5.0")
@BOTH
@pytest.mark.parametrize("sent", [0, 1, 2])
def test_mqtt_4_8_2_3_every_member_has_its_own_qos(server: Server, version: int, sent: int) -> None:
    """A message comes with no more than the QoS that was granted to the member that gets it."""
    clients = {qos: server.subscriber(SHARED, qos, version) for qos in (0, 1, 2)}
    sender = server.connect(version)
    for _ in range(3):
        sender.publish("t", b"x", sent)
    for granted, client in clients.items():
        client.expect_message("t", b"x", min(sent, granted)).expect_silence()


@pytest.mark.statement("MQTT-4.8.2-4", "5.0")
@BOTH
@pytest.mark.parametrize("stage", ["PUBLISH", "PUBREL"])
def test_mqtt_4_8_2_4_qos_2_is_completed_with_the_same_member(server: Server, version: int, stage: str) -> None:
    """A QoS 2 delivery that is interrupted goes on when that member comes back, and nobody else gets it."""
    first = lasting(server, "first", version).subscribe(SHARED, 2)
    (second,) = members(server, 1, 2, version)
    server.connect(version).publish("t", b"x", 2)
    packet_id = first.receive(Publish).packet_id
    if stage == "PUBREL":
        first.send(Pubrec(packet_id)).expect(Pubrel(packet_id))
    first.drop()
    server.advance(600)
    second.expect_silence()
    first = lasting(server, "first", version)
    if stage == "PUBLISH":
        first.expect(Publish("t", b"x", 2, dup=True, packet_id=packet_id)).send(Pubrec(packet_id))
    first.expect(Pubrel(packet_id)).send(Pubcomp(packet_id)).expect_silence()
    second.expect_silence()


@pytest.mark.statement("MQTT-4.8.2-5", "5.0")
@BOTH
@pytest.mark.parametrize("how", ["expired", "clean start", "kicked"])
def test_mqtt_4_8_2_5_or_with_nobody(server: Server, version: int, how: str) -> None:
    """If the member's session ends before it comes back, nobody else gets the QoS 2 message that was sent to it."""
    first = lasting(server, "first", version).subscribe(SHARED, 2)
    (second,) = members(server, 1, 2, version)
    server.connect(version).publish("t", b"x", 2)
    first.receive(Publish)
    first.drop()
    if how == "expired":
        server.advance(7200)
    elif how == "clean start":
        server.connect(version, "first").expect_silence()
    else:
        server.run(server.broker.clients.kick("first", discard_session=True))
    second.expect_silence()


@pytest.mark.statement("MQTT-4.8.2-5", "5.0")
@BOTH
def test_mqtt_4_8_2_5_qos_1_may_go_to_someone_else(server: Server, version: int) -> None:
    """What was sent with QoS 1 and not acknowledged goes to another member when the session ends."""
    first = lasting(server, "first", version).subscribe(SHARED, 1)
    (second,) = members(server, 1, 1, version)
    server.connect(version).publish("t", b"x", 1)
    first.receive(Publish)
    first.drop()
    second.expect_silence()
    server.advance(7200)
    second.expect_message("t", b"x", 1).expect_silence()


@pytest.mark.statement("MQTT-4.8.2-6", "5.0")
@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("code", FAILURES)
def test_mqtt_4_8_2_6_what_a_member_refuses_is_discarded(server: Server, qos: int, code: int) -> None:
    """A message that a member refuses in its PUBACK or PUBREC is discarded: nobody gets it again."""
    first = lasting(server, "first").subscribe(SHARED, 2)
    (second,) = members(server, 1, 2)
    server.connect(5).publish("t", b"x", qos)
    packet_id = first.receive(Publish).packet_id
    first.send(Puback(packet_id, code) if qos == 1 else Pubrec(packet_id, code)).expect_silence().drop()
    server.advance(7200)
    second.expect_silence()
