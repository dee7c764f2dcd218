"""§3.1.2.5 … §3.1.2.7, §3.1.3.2 … §3.1.3.4: the will."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import Server, Wire, connect_packet
from emqx_compat.mqtt import Disconnect, Will

BOTH = pytest.mark.parametrize("version", [4, 5])


def mortal(server: Server, version: int = 5, *, delay: int = 0, expiry: int = 0, **fields: Any) -> Wire:
    """A client `c` with a will on `w`."""
    fields.setdefault("clean_start", not expiry)
    fields.setdefault("will", Will("w", b"gone", 1, False, {"will_delay_interval": delay} if delay else None))
    properties = {"session_expiry_interval": expiry} if expiry and version == 5 else None
    return server.connect(version, "c", properties=properties, **fields)


def end_by_timeout(server: Server, client: Wire) -> None:
    """Silence for longer than one and a half keep-alives."""
    server.advance(16)
    client.expect_end(0x8D)


def end_by_second_connect(server: Server, client: Wire) -> None:
    """A protocol error."""
    client.send(connect_packet(client.version)).expect_end(0x82)


def end_by_malformed_packet(server: Server, client: Wire) -> None:
    """Bytes that are no packet."""
    client.send(b"\xff\xff\xff\xff\xff").expect_end(0x81)


def end_by_take_over(server: Server, client: Wire) -> None:
    """Another client of the same identifier."""
    server.connect(client.version, "c")
    client.expect_end(0x8E)


def end_by_network_failure(server: Server, client: Wire) -> None:
    """The socket is closed without a word."""
    client.drop()


ENDS = [end_by_network_failure, end_by_timeout, end_by_second_connect, end_by_malformed_packet, end_by_take_over]


@pytest.mark.statement("MQTT-3.1.2-8", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.2-7", "5.0")
@BOTH
@pytest.mark.parametrize("end", ENDS)
def test_mqtt_3_1_2_8_the_will_is_published_when_the_connection_ends(
    server: Server, version: int, end: Any
) -> None:
    """The will is stored, and published once when the connection ends by anything but a DISCONNECT."""
    watch = server.subscriber("w", 1)
    client = mortal(server, version, keepalive=10)
    watch.expect_silence()
    end(server, client)
    watch.expect_message("w", b"gone", 1).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-10", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.2-8", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_2_10_a_normal_disconnect_removes_the_will(server: Server, version: int) -> None:
    """After a DISCONNECT (5.0: with reason code 0) the will is not published."""
    watch = server.subscriber("w", 1)
    mortal(server, version).disconnect()
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
@pytest.mark.parametrize("code", [0x04, 0x80, 0x81, 0x93, 0x99])
def test_mqtt_3_1_2_8_other_disconnects_leave_the_will_v5(server: Server, code: int) -> None:
    """After a DISCONNECT with another reason code than 0 the will is published."""
    watch = server.subscriber("w", 1)
    mortal(server).disconnect(code)
    watch.expect_message("w", b"gone", 1)


@pytest.mark.statement("MQTT-3.1.2-10", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_2_10_a_will_is_published_once(server: Server, version: int) -> None:
    """A will that has been published is not there for the next connection of the session."""
    watch = server.subscriber("w", 1)
    mortal(server, version, expiry=60).drop()
    watch.expect_message("w", b"gone", 1)
    mortal(server, version, expiry=60, will=None).drop()
    server.advance(7201)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-12", "3.1.1")
@BOTH
def test_mqtt_3_1_2_12_without_a_will_nothing_is_published(server: Server, version: int) -> None:
    """Without Will Flag nothing is published when the connection ends."""
    watch = server.subscriber("#", 1)
    server.connect(version, "c").drop()
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-8", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-12", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_1_2_12_the_will_has_its_qos(server: Server, version: int, qos: int) -> None:
    """The will is published with its Will QoS of 0, 1 or 2."""
    watch = server.subscriber("w", 2)
    mortal(server, version, will=Will("w", b"x", qos)).drop()
    watch.expect_message("w", b"x", qos)


@pytest.mark.statement("MQTT-3.1.2-16", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-14", "5.0")
@BOTH
def test_mqtt_3_1_2_14_a_will_without_retain_is_not_retained(server: Server, version: int) -> None:
    """With Will Retain 0 the will is published as a non-retained message."""
    watch = server.subscriber("w", retain_as_published=True)
    mortal(server, version).drop()
    watch.expect_message("w", b"gone", 0, retain=False)
    server.subscriber("w").expect_silence()


@pytest.mark.statement("MQTT-3.1.2-17", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-15", "5.0")
@BOTH
def test_mqtt_3_1_2_15_a_will_with_retain_is_retained(server: Server, version: int) -> None:
    """With Will Retain 1 the will is published as a retained message."""
    watch = server.subscriber("w", retain_as_published=True)
    mortal(server, version, will=Will("w", b"kept", 1, True)).drop()
    watch.expect_message("w", b"kept", 0, retain=True)
    server.subscriber("w", 1).expect_message("w", b"kept", 1, retain=True)


# --- Will Delay Interval ---------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
def test_mqtt_3_1_2_8_the_will_waits_for_its_delay_v5(server: Server) -> None:
    """A will is published when its Will Delay Interval has passed, not before."""
    watch = server.subscriber("w", 1)
    mortal(server, delay=30, expiry=60).drop()
    server.advance(29)
    watch.expect_silence()
    server.advance(1)
    watch.expect_message("w", b"gone", 1)
    server.advance(100)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
@pytest.mark.parametrize("expiry", [0, 20])
def test_mqtt_3_1_2_8_the_will_does_not_wait_longer_than_the_session_v5(server: Server, expiry: int) -> None:
    """A delayed will is published when its session ends before the delay is over."""
    watch = server.subscriber("w", 1)
    mortal(server, delay=30, expiry=expiry).drop()
    if expiry:
        server.advance(expiry - 1)
        watch.expect_silence()
        server.advance(1)
    watch.expect_message("w", b"gone", 1)
    server.advance(100)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
def test_mqtt_3_1_2_8_clean_start_ends_the_session_and_sends_its_will_v5(server: Server) -> None:
    """A delayed will is published when a CONNECT with Clean Start ends its session."""
    watch = server.subscriber("w", 1)
    mortal(server, delay=30, expiry=60).drop()
    watch.expect_silence()
    server.connect(5, "c", clean_start=True)
    watch.expect_message("w", b"gone", 1)


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
def test_mqtt_3_1_2_8_a_take_over_with_clean_start_sends_the_will_v5(server: Server) -> None:
    """So it is when the connection is taken over with Clean Start: the session ends."""
    watch = server.subscriber("w", 1)
    first = mortal(server, delay=30, expiry=60)
    server.connect(5, "c", clean_start=True)
    first.expect_end(0x8E)
    watch.expect_message("w", b"gone", 1).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-8", "5.0")
def test_mqtt_3_1_2_8_the_expiry_of_the_disconnect_counts_v5(server: Server) -> None:
    """A DISCONNECT with will that sets the Session Expiry Interval to 0 publishes a delayed will at once."""
    watch = server.subscriber("w", 1)
    mortal(server, delay=30, expiry=60).disconnect(0x04, {"session_expiry_interval": 0})
    watch.expect_message("w", b"gone", 1)


@pytest.mark.statement("MQTT-3.1.3-9", "5.0")
def test_mqtt_3_1_3_9_who_comes_back_in_time_is_not_mourned_v5(server: Server) -> None:
    """A will is not sent when the session has a new connection before the delay is over."""
    watch = server.subscriber("w", 1)
    mortal(server, delay=30, expiry=60).drop()
    server.advance(29)
    again = mortal(server, expiry=60, will=None)
    assert again.connack.session_present
    server.advance(31)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.1.3-9", "5.0")
def test_mqtt_3_1_3_9_a_take_over_in_time_sends_no_will_v5(server: Server) -> None:
    """Nor is it when the session is taken over."""
    watch = server.subscriber("w", 1)
    first = mortal(server, delay=30, expiry=60)
    second = mortal(server, delay=30, expiry=60)
    first.expect_end(0x8E)
    server.advance(31)
    watch.expect_silence()
    second.drop()
    server.advance(30)
    watch.expect_message("w", b"gone", 1)


@pytest.mark.statement("MQTT-3.1.3-9", "5.0")
def test_mqtt_3_1_3_9_a_take_over_sends_a_will_without_delay_v5(server: Server) -> None:
    """A will without delay is sent even when the session is taken over [§3.1.3.2.2]."""
    watch = server.subscriber("w", 1)
    mortal(server, expiry=60)
    second = mortal(server, expiry=60)
    assert second.connack.session_present
    watch.expect_message("w", b"gone", 1)


# --- Will Properties -------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.3-10", "5.0")
def test_mqtt_3_1_3_10_user_properties_of_the_will_keep_their_order_v5(server: Server) -> None:
    """User Properties of a will are published in their order, twice the same name included."""
    pairs = [("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")]
    watch = server.subscriber("w", 1)
    mortal(server, will=Will("w", b"x", 1, False, {"user_property": pairs})).drop()
    watch.expect_message("w", b"x", 1, properties={"user_property": pairs})


@pytest.mark.statement("MQTT-3.1.2-9", "5.0")
def test_mqtt_3_1_2_9_the_will_has_its_properties_v5(server: Server) -> None:
    """Will Properties are published with the message; the delay is the server's own and is not."""
    watch = server.subscriber("w", 1)
    told = {
        "payload_format_indicator": 1,
        "message_expiry_interval": 100,
        "content_type": "text/plain",
        "response_topic": "r",
        "correlation_data": b"\x00\x01",
    }
    will = Will("w", b"x", 1, False, {"will_delay_interval": 5, **told})  # type: ignore[typeddict-item]
    mortal(server, expiry=60, will=will).drop()
    server.advance(5)
    watch.expect_message("w", b"x", 1, properties=told)


@pytest.mark.statement("MQTT-3.1.2-9", "5.0")
def test_mqtt_3_1_2_9_a_delay_in_a_publish_is_malformed_v5(server: Server) -> None:
    """The Will Delay Interval belongs into Will Properties alone."""
    server.connect().send(b"\x30\x09\x00\x01t\x05\x18\x00\x00\x00\x01").expect_end(0x81)


@pytest.mark.statement("MQTT-3.1.2-10", "5.0")
def test_mqtt_3_1_2_10_a_goodbye_removes_a_delayed_will_v5(server: Server) -> None:
    """After a DISCONNECT with reason code 0 a delayed will is not published, however long it takes."""
    watch = server.subscriber("w", 1)
    client = mortal(server, delay=30, expiry=60).send(Disconnect())
    client.expect_close()
    server.advance(100)
    watch.expect_silence()
