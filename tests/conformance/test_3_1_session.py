"""§3.1.2.4 Clean Start (CleanSession), §3.1.2.11.2 Session Expiry Interval."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import Server, Wire
from emqx_compat.mqtt import Pubcomp, Publish, Pubrec, Pubrel

BOTH = pytest.mark.parametrize("version", [4, 5])
HOUR = 3600


def lasting(server: Server, version: int, clientid: str = "c", **fields: Any) -> Wire:
    """A client whose session stays when the connection is gone."""
    properties = {"session_expiry_interval": HOUR} if version == 5 else None
    return server.connect(version, clientid, clean_start=False, properties=properties, **fields)


@pytest.mark.statement("MQTT-3.1.2-6", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-4", "5.0")
@BOTH
def test_mqtt_3_1_2_4_clean_start_discards_the_session(server: Server, version: int) -> None:
    """With Clean Start 1 subscriptions, queued and unfinished messages of the old session are gone."""
    old = lasting(server, version).subscribe("t", 2)
    sender = server.connect(version)
    sender.publish("t", b"unfinished", 1)
    old.receive(Publish)
    old.send(Publish("u", b"", 2, packet_id=9)).expect(Pubrec, packet_id=9)
    old.drop()
    sender.publish("t", b"queued", 1)
    new = server.connect(version, "c", clean_start=True)
    assert not new.connack.session_present
    sender.publish("t", b"later", 1)
    new.expect_silence()
    new.send(Pubrel(9)).expect(Pubcomp, reason_code=0x92 if version == 5 else 0)


@pytest.mark.statement("MQTT-3.1.2-6", "3.1.1")
def test_mqtt_3_1_2_6_a_clean_session_is_not_used_again_v4(server: Server) -> None:
    """The state of a clean session ends with its connection."""
    server.connect(4, "c", clean_start=True).subscribe("t", 1).disconnect()
    server.connect(4).publish("t", b"x", 1)
    again = server.connect(4, "c", clean_start=False)
    assert not again.connack.session_present
    again.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-4", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-5", "5.0")
@BOTH
@pytest.mark.parametrize("end", ["disconnect", "drop"])
def test_mqtt_3_1_2_5_a_session_is_resumed(server: Server, version: int, end: str) -> None:
    """Without Clean Start a client goes on with its subscriptions and with the messages that waited."""
    getattr(lasting(server, version).subscribe("t", 1), end)()
    sender = server.connect(version)
    sender.publish("t", b"queued", 1)
    again = lasting(server, version)
    assert again.connack.session_present
    again.expect_message("t", b"queued", 1, dup=False)
    sender.publish("t", b"live", 1)
    again.expect_message("t", b"live", 1)


@pytest.mark.statement("MQTT-3.1.2-4", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-5", "5.0")
@BOTH
def test_mqtt_3_1_2_5_unfinished_exchanges_go_on(server: Server, version: int) -> None:
    """Unanswered PUBLISH and PUBREL are sent again to the resumed client, in order and with their identifiers."""
    client = lasting(server, version).subscribe("t", 2)
    sender = server.connect(version)
    sender.publish("t", b"1", 1).publish("t", b"2", 2).publish("t", b"3", 2)
    one, two, three = (client.receive(Publish).packet_id for _ in range(3))
    client.send(Pubrec(two)).expect(Pubrel(two)).drop()
    again = lasting(server, version)
    again.expect(Publish("t", b"1", 1, dup=True, packet_id=one))
    again.expect(Pubrel(two))
    again.expect(Publish("t", b"3", 2, dup=True, packet_id=three)).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-4", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-5", "5.0")
@BOTH
def test_mqtt_3_1_2_5_qos_2_duplicates_are_known_after_a_reconnect(server: Server, version: int) -> None:
    """A QoS 2 message sent again on the next connection is acknowledged, but not delivered twice."""
    watch = server.subscriber("t", 2, version)
    client = lasting(server, version).send(Publish("t", b"once", 2, packet_id=7)).expect(Pubrec(7))
    client.drop()
    again = lasting(server, version).send(Publish("t", b"once", 2, dup=True, packet_id=7)).expect(Pubrec(7))
    again.send(Pubrel(7)).expect(Pubcomp(7))
    watch.expect_message("t", b"once", 2).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-4", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-6", "5.0")
@BOTH
def test_mqtt_3_1_2_6_without_a_session_a_new_one_is_made(server: Server, version: int) -> None:
    """Without Clean Start a client that has no session gets a new one."""
    client = lasting(server, version)
    assert not client.connack.session_present
    client.subscribe("t", 1)
    server.connect(version).publish("t", b"x", 1)
    client.expect_message("t", b"x", 1)


@pytest.mark.statement("MQTT-3.1.2-5", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-23", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_1_2_23_messages_are_kept_while_the_client_is_away(server: Server, version: int, qos: int) -> None:
    """Messages of QoS 1 and 2 that come after the disconnect are kept for the session."""
    lasting(server, version).subscribe("t", qos).disconnect()
    sender = server.connect(version)
    for payload in (b"1", b"2", b"3"):
        sender.publish("t", payload, qos)
    again = lasting(server, version)
    for payload in (b"1", b"2", b"3"):
        again.expect_message("t", payload, qos)
    again.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-23", "5.0")
def test_mqtt_3_1_2_23_a_session_is_kept_for_its_interval_v5(server: Server) -> None:
    """The session is there until its Session Expiry Interval has passed since the end of the connection."""
    for waited, present in ((HOUR - 1, True), (HOUR, False)):
        lasting(server, 5).subscribe("t", 1).disconnect()
        server.advance(waited)
        again = lasting(server, 5)
        assert again.connack.session_present is present
        again.disconnect()
        server.advance(HOUR)


@pytest.mark.statement("MQTT-3.1.2-23", "5.0")
def test_mqtt_3_1_2_23_the_interval_begins_anew_with_every_connection_v5(server: Server) -> None:
    """A resumed session does not expire while it is connected, and then has the interval of that CONNECT."""
    lasting(server, 5).disconnect()
    server.advance(HOUR - 1)
    client = server.connect(5, "c", clean_start=False, properties={"session_expiry_interval": 10})
    server.advance(2 * HOUR)
    client.expect_silence().disconnect()
    server.advance(9)
    assert lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-3.1.2-23", "5.0")
def test_mqtt_3_1_2_23_0xffffffff_never_expires_v5(server: Server) -> None:
    """A session with the largest interval does not expire."""
    server.connect(5, "c", clean_start=False, properties={"session_expiry_interval": 0xFFFFFFFF}).disconnect()
    session = server.broker.registry.get("c")
    assert session is not None and session.expiry is None
    server.advance(3 * HOUR)
    assert lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-3.1.2-23", "5.0")
@pytest.mark.parametrize("properties", [None, {"session_expiry_interval": 0}], ids=["absent", "0"])
def test_mqtt_3_1_2_23_without_an_interval_the_session_ends_with_the_connection_v5(
    server: Server, properties: dict[str, int] | None
) -> None:
    """Without a Session Expiry Interval, or with 0, the session ends with the connection."""
    server.connect(5, "c", clean_start=False, properties=properties).subscribe("t", 1).disconnect()
    assert not lasting(server, 5).connack.session_present


@pytest.mark.statement("MQTT-3.1.2-7", "3.1.1")
def test_mqtt_3_1_2_7_retained_messages_outlive_the_session_v4(server: Server) -> None:
    """Retained messages are no part of the session and stay when it ends."""
    client = server.connect(4, "c", clean_start=True).publish("t", b"kept", 1, retain=True)
    client.disconnect()
    server.connect(4, "c", clean_start=True).subscribe("t", 1).expect_message("t", b"kept", 1, retain=True)
