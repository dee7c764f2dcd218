"""§3.1.2.10 Keep Alive, and what CONNECT properties ask of the server [§3.1.2.11]."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from conformance.wire import Server, Wire, connect_packet, frame, utf8
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
    Unsuback,
    Unsubscribe,
    encode,
)

BOTH = pytest.mark.parametrize("version", [4, 5])
Serve = Callable[..., AbstractContextManager[Server]]


# --- keep alive ------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-24", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-22", "5.0")
@BOTH
def test_mqtt_3_1_2_22_silence_ends_the_connection(server: Server, version: int) -> None:
    """After one and a half keep-alives without a packet the connection is closed."""
    client = server.connect(version, keepalive=10)
    server.advance(14.9)
    client.expect_silence()
    server.advance(14.9)
    client.publish("t")
    server.advance(15)
    client.expect_end(0x8D)


@pytest.mark.statement("MQTT-3.1.2-24", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-22", "5.0")
@BOTH
def test_mqtt_3_1_2_22_what_the_server_sends_is_no_sign_of_life(server: Server, version: int) -> None:
    """Only packets from the client count: a silent receiver is closed as well."""
    client = server.connect(version, keepalive=10).subscribe("t")
    server.advance(14)
    server.connect(version).publish("t", b"x")
    client.expect_message("t", b"x")
    server.advance(1)
    client.expect_end(0x8D)


@pytest.mark.statement("MQTT-3.1.2-24", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-22", "5.0")
@BOTH
def test_mqtt_3_1_2_22_keep_alive_0_turns_it_off(server: Server, version: int) -> None:
    """With Keep Alive 0 a silent client stays connected."""
    client = server.connect(version, keepalive=0)
    server.advance(10_000)
    client.expect_silence()


# --- Maximum Packet Size ---------------------------------------------------------------------------------------


def limited(server: Server, size: int, **fields: Any) -> Wire:
    """A client that takes packets of so many bytes."""
    return server.connect(5, properties={"maximum_packet_size": size}, **fields)


@pytest.mark.statement("MQTT-3.1.2-24", "5.0")
@pytest.mark.statement("MQTT-3.1.2-25", "5.0")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_1_2_24_larger_messages_are_not_sent(server: Server, qos: int) -> None:
    """A PUBLISH of exactly the Maximum Packet Size is sent, one byte more is not."""
    room = 64 - len(encode(Publish("t", b"", qos, packet_id=1 if qos else 0), 5))
    client = limited(server, 64, clientid="c").subscribe("t", qos)
    sender = server.connect()
    sender.publish("t", b"x" * (room + 1), qos).publish("t", b"x" * room, qos)
    client.expect_message("t", b"x" * room, qos).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-25", "5.0")
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_1_2_25_what_is_too_large_counts_as_delivered(server: Server, qos: int) -> None:
    """What was too large takes no place in the window and does not come on the next connection."""
    lasting = {"clean_start": False, "clientid": "c"}
    properties = {"maximum_packet_size": 64, "session_expiry_interval": 60, "receive_maximum": 1}
    client = server.connect(5, properties=properties, **lasting).subscribe("t", qos)
    sender = server.connect()
    sender.publish("t", bytes(100), qos).publish("t", b"fits", qos)
    client.expect_message("t", b"fits", qos).disconnect()
    again = server.connect(5, properties={"session_expiry_interval": 60}, **lasting)
    assert again.connack.session_present
    again.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-24", "5.0")
def test_mqtt_3_1_2_24_retained_and_queued_messages_are_measured_as_well(server: Server) -> None:
    """The limit holds for retained messages and for those that waited in the session."""
    lasting = {"clean_start": False, "clientid": "c"}
    properties = {"maximum_packet_size": 64, "session_expiry_interval": 60}
    sender = server.connect()
    sender.publish("r/large", bytes(100), 1, retain=True).publish("r/small", b"1", 1, retain=True)
    client = server.connect(5, properties=properties, **lasting).subscribe("r/#", 1)
    client.expect_message("r/small", b"1", 1, retain=True).disconnect()
    sender.publish("r/q", bytes(100), 1).publish("r/q", b"2", 1)
    server.connect(5, properties=properties, **lasting).expect_message("r/q", b"2", 1).expect_silence()


@pytest.mark.statement("MQTT-3.1.2-24", "5.0")
@pytest.mark.parametrize("size", range(1, 48))
def test_mqtt_3_1_2_24_the_connack_is_not_larger_than_the_client_takes(server: Server, size: int) -> None:
    """The CONNACK keeps the limit, too: a client that takes too little to be told is refused, or just closed."""
    wire = server.open().send(connect_packet(5, "", properties={"maximum_packet_size": size}))
    try:
        raw = wire.receive_bytes()
    except EOFError:
        assert size < 5, "0x95 would have fitted"
        return
    assert len(raw) <= size
    if raw[3]:
        assert raw == b"\x20\x03\x00\x95\x00"
        wire.expect_close()
    else:
        wire.expect_silence()


@pytest.mark.statement("MQTT-3.1.2-24", "5.0")
def test_mqtt_3_1_2_24_a_suback_is_not_larger_than_the_client_takes(server: Server) -> None:
    """Nor do SUBACK and UNSUBACK exceed it: they are left out when they cannot be made smaller."""
    client = limited(server, 64, clientid="c")
    filters = [f"f/{number}" for number in range(70)]
    client.send(Subscribe(1, [SubscriptionRequest(each) for each in filters])).expect_silence()
    client.send(Unsubscribe(2, filters)).expect_silence()
    client.send(Subscribe(3, [SubscriptionRequest("t")])).expect(Suback(3, [0]))
    client.send(Unsubscribe(4, ["t"])).expect(Unsuback(4, [0]))


@pytest.mark.statement("MQTT-3.1.2-24", "5.0")
def test_mqtt_3_1_2_24_a_disconnect_leaves_its_reason_string_out(server: Server) -> None:
    """A DISCONNECT that would be too large with a Reason String comes without one."""
    raw = limited(server, 64, clientid="c").send(b"\x36\x05\x00\x01t\x00\x00").receive_bytes()
    assert len(raw) <= 64
    assert raw[:1] == b"\xe0" and raw[2] == 0x81


@pytest.mark.statement("MQTT-3.1.2-25", "5.0")
def test_mqtt_3_1_2_25_a_topic_alias_does_not_make_a_message_too_large(server: Server) -> None:
    """A message that fits without a new Topic Alias, but not with it, is sent without."""
    properties = {"maximum_packet_size": 64, "topic_alias_maximum": 5}
    client = server.connect(5, properties=properties).subscribe("t")
    plain = Publish("t", b"x" * (64 - 6))
    server.connect().publish("t", plain.payload)
    client.expect(plain)
    server.connect().publish("t", b"small")
    client.expect_message("t", b"small", properties={"topic_alias": 1})


# --- Topic Alias Maximum ---------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-26", "5.0")
def test_mqtt_3_1_2_26_no_alias_above_the_clients_maximum(server: Server) -> None:
    """The server uses no Topic Alias that is greater than the client's Topic Alias Maximum."""
    client = server.connect(5, properties={"topic_alias_maximum": 2}).subscribe("#")
    sender = server.connect()
    for number in range(5):
        for _ in range(2):
            sender.publish(f"t{number}", b"")
    topics: dict[int, str] = {}
    for number in range(5):
        for _ in range(2):
            publish = client.receive(Publish)
            alias = (publish.properties or {}).get("topic_alias", 0)
            assert 0 <= alias <= 2
            if alias and publish.topic:
                topics[alias] = publish.topic
            assert (publish.topic or topics[alias]) == f"t{number}"
    assert topics


@pytest.mark.statement("MQTT-3.1.2-27", "5.0")
@pytest.mark.parametrize("properties", [None, {"topic_alias_maximum": 0}], ids=["absent", "0"])
def test_mqtt_3_1_2_27_no_alias_for_clients_that_take_none(
    server: Server, properties: dict[str, int] | None
) -> None:
    """Without a Topic Alias Maximum, or with 0, the server uses no Topic Aliases."""
    client = server.connect(5, properties=properties).subscribe("t", 1)
    sender = server.connect()
    for _ in range(3):
        sender.send(Publish("t", b"", 1, packet_id=1, properties={"topic_alias": 1})).expect(Puback(1))
        client.expect_message("t", b"", 1, properties=None)


# --- response and problem information --------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-28", "5.0")
def test_mqtt_3_1_2_28_response_information_only_when_asked_for(serve: Serve) -> None:
    """Response Information is returned to those who request it, and to nobody else."""
    with serve(response_information="answers/") as server:
        for asked, told in ((None, None), (0, None), (1, "answers/")):
            properties = None if asked is None else {"request_response_information": asked}
            connack = server.connect(5, properties=properties).connack
            assert (connack.properties or {}).get("response_information") == told


@pytest.mark.statement("MQTT-3.1.2-29", "5.0")
def test_mqtt_3_1_2_29_without_problem_information_no_packet_explains_itself(server: Server) -> None:
    """With Request Problem Information 0 no acknowledgement has a Reason String or User Properties."""
    server.set(max_subscriptions=1)
    client = server.connect(5, properties={"request_problem_information": 0})
    client.subscribe("t")
    client.send(Subscribe(9, [SubscriptionRequest("u")])).expect(Suback(9, [0x97]))
    client.send(Unsubscribe(9, ["u"])).expect(Unsuback(9, [0x11]))
    client.send(Publish("v", b"", 1, packet_id=9)).expect(Puback(9, 0x10))
    client.send(Publish("v", b"", 2, packet_id=9)).expect(Pubrec(9, 0x10))
    client.send(Publish("v", b"", 2, packet_id=9)).expect(Pubrec(9, 0x91))
    client.send(Pubrel(99)).expect(Pubcomp(99, 0x92))
    client.send(Pubrec(99)).expect(Pubrel(99, 0x92))
    client.send(frame(0x36, utf8("t"), b"\0\1\0")).expect(b"\xe0\x01\x81").expect_close()


@pytest.mark.statement("MQTT-3.1.2-29", "5.0")
def test_mqtt_3_1_2_29_messages_keep_their_user_properties(server: Server) -> None:
    """User Properties of application messages are forwarded all the same."""
    client = server.connect(5, properties={"request_problem_information": 0}).subscribe("t")
    server.connect().publish("t", b"x", user_property=[("a", "b")])
    client.expect_message("t", b"x", properties={"user_property": [("a", "b")]})


@pytest.mark.statement("MQTT-3.1.2-29", "5.0")
def test_mqtt_3_1_2_29_a_refusal_may_be_bare(server: Server) -> None:
    """A refusing CONNACK to such a client has no properties."""
    server.set(max_clientid_len=1)
    packet = connect_packet(5, "long", properties={"request_problem_information": 0})
    server.open().send(packet).expect(Connack(False, 0x85)).expect_close()
