"""§3.2 CONNACK: what a server answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from conformance.wire import Server, connect_packet, raw_connect, utf8
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import (
    Connect,
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

BOTH = pytest.mark.parametrize("version", [4, 5])
Serve = Callable[..., AbstractContextManager[Server]]
SESSION = {"session_expiry_interval": 60}


@pytest.mark.statement("MQTT-3.2.0-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_2_0_1_the_connack_comes_first(server: Server, version: int) -> None:
    """The first packet from the server is the CONNACK, also when messages and answers wait."""
    lasting = {"clean_start": False, "properties": SESSION if version == 5 else None}
    server.connect(version, "c", **lasting).subscribe("t", 1).disconnect()
    server.connect(version).publish("t", b"waits", 1)
    wire = server.open(version)
    wire.send(connect_packet(version, "c", **lasting), b"\xc0\x00", Publish("u", b"", 1, packet_id=1))
    assert [wire.receive_bytes()[0] for _ in range(4)] == [0x20, 0x32, 0xD0, 0x40]


@pytest.mark.statement("MQTT-3.2.0-2", "5.0")
def test_mqtt_3_2_0_2_there_is_one_connack_v5(server: Server) -> None:
    """A second CONNECT is not answered by a second CONNACK."""
    server.connect(5, "c").send(raw_connect(5, 0x02, utf8("c"))).expect_end(0x82)


@pytest.mark.statement("MQTT-3.2.2-1", "5.0")
@pytest.mark.statement("MQTT-3.2.2-1", "3.1.1")
@pytest.mark.statement("MQTT-3.2.2-2", "5.0")
@BOTH
def test_mqtt_3_2_2_2_clean_start_means_no_session_present(server: Server, version: int) -> None:
    """A connection with Clean Start 1 is accepted with acknowledge flags 0 and code 0."""
    lasting = {"clean_start": False, "properties": SESSION if version == 5 else None}
    server.connect(version, "c", **lasting).disconnect()
    for _ in range(2):
        answer = server.open(version).send(raw_connect(version, 0x02, utf8("c"))).receive_bytes()
        assert answer[2:4] == b"\x00\x00"


@pytest.mark.statement("MQTT-3.2.2-2", "3.1.1")
@pytest.mark.statement("MQTT-3.2.2-3", "3.1.1")
@pytest.mark.statement("MQTT-3.2.2-1", "5.0")
@pytest.mark.statement("MQTT-3.2.2-3", "5.0")
@BOTH
def test_mqtt_3_2_2_3_session_present_tells_whether_there_is_a_session(server: Server, version: int) -> None:
    """With Clean Start 0 the flags are 0 for a new session and 1 for one that is resumed; the code is 0."""
    lasting = connect_packet(version, "c", clean_start=False, properties=SESSION if version == 5 else None)
    for flags in (0, 1, 1):
        wire = server.open(version).send(lasting)
        assert wire.receive_bytes()[2:4] == bytes((flags, 0))
        wire.drop()
    server.advance(10_000)
    assert server.open(version).send(lasting).receive_bytes()[2:4] == b"\x00\x00"


@pytest.mark.statement("MQTT-3.2.2-4", "3.1.1")
@pytest.mark.statement("MQTT-3.2.2-5", "3.1.1")
@pytest.mark.statement("MQTT-3.2.2-6", "5.0")
@pytest.mark.statement("MQTT-3.2.2-7", "5.0")
@BOTH
def test_mqtt_3_2_2_6_a_refusal_has_no_session_present_and_ends_the_connection(
    server: Server, version: int
) -> None:
    """A CONNACK with another code than 0 has Session Present 0, and the connection is closed after it."""
    session = {"clean_start": False, "properties": SESSION if version == 5 else None}
    server.connect(version, "c", **session).disconnect()

    async def refuse(client: Client, password: bytes | None) -> int:
        return 0x87

    server.hooks.client_authenticate.append(refuse)
    wire = server.open(version).send(connect_packet(version, "c", **session))
    wire.expect(b"\x20\x03\x00\x87\x00" if version == 5 else b"\x20\x02\x00\x05").expect_close()
    server.hooks.client_authenticate.clear()
    assert server.connect(version, "c", **session).connack.session_present


@pytest.mark.statement("MQTT-3.2.2-6", "3.1.1")
def test_mqtt_3_2_2_6_what_no_return_code_says_is_not_answered_v4(serve: Serve) -> None:
    """A refusal that none of the return codes of 3.1.1 fits closes the connection without a CONNACK."""
    with serve(max_qos_allowed=1, retain_available=False) as server:
        for will in (Will("w", b"", 2), Will("w", b"", 0, True)):
            server.open(4).send(connect_packet(4, "c", will=will)).expect_close()


REFUSED: list[tuple[Connect | bytes, int]] = [
    (raw_connect(5, 0x03, utf8("c")), 0x81),
    (raw_connect(5, 0x06, utf8("c"), b"\x05\x11\0\0\0\1", utf8("w"), utf8("")), 0x81),
    (connect_packet(5, "c", will=Will("w", b"", 2)), 0x9B),
    (connect_packet(5, "c", will=Will("w", b"", 0, True)), 0x9A),
    (connect_packet(5, "long"), 0x85),
    (connect_packet(5, "c", properties={"authentication_method": "x"}), 0x8C),
    (connect_packet(5, "c", username="eve"), 0x86),
    (connect_packet(5, "c", properties={"maximum_packet_size": 5}), 0x95),
    (raw_connect(5, 0x06, utf8("c"), b"\0", utf8("+"), utf8("")), 0x90),
    (raw_connect(5, 0x02, utf8("c"), level=6), 0x84),
]


@pytest.mark.statement("MQTT-3.2.2-8", "5.0")
@pytest.mark.parametrize(("packet", "code"), REFUSED, ids=lambda each: hex(each) if isinstance(each, int) else "")
def test_mqtt_3_2_2_8_refusals_have_a_code_of_the_table_v5(
    serve: Serve, packet: Connect | bytes, code: int
) -> None:
    """Every refusal carries one of the Connect Reason Codes [table 3-1]."""

    async def check(client: Client, password: bytes | None) -> int | None:
        return 0x86 if client.username == "eve" else None

    with serve(max_qos_allowed=1, retain_available=False, max_clientid_len=3) as server:
        server.hooks.client_authenticate.append(check)
        server.open(5).send(packet).expect(bytes((0x20, 0x03, 0x00, code, 0x00))).expect_close()


# --- what the server is able to do -----------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.2.2-9", "5.0")
@pytest.mark.parametrize("maximum", [0, 1, 2])
def test_mqtt_3_2_2_9_maximum_qos_is_told_v5(serve: Serve, maximum: int) -> None:
    """A server without QoS 2, or 1 and 2, sends a Maximum QoS; one with all of them does not."""
    with serve(max_qos_allowed=maximum) as server:
        told = (server.connect().connack.properties or {}).get("maximum_qos")
    assert told == (None if maximum == 2 else maximum)


@pytest.mark.statement("MQTT-3.2.2-10", "5.0")
@pytest.mark.parametrize("maximum", [0, 1])
def test_mqtt_3_2_2_10_subscriptions_of_every_qos_are_accepted_v5(serve: Serve, maximum: int) -> None:
    """A server without QoS 2, or 1 and 2, still accepts SUBSCRIBE with any QoS."""
    with serve(max_qos_allowed=maximum) as server:
        requests = [SubscriptionRequest(f"t/{qos}", qos) for qos in range(3)]
        granted = [min(qos, maximum) for qos in range(3)]
        client = server.connect().send(Subscribe(1, requests)).expect(Suback(1, granted))
        server.connect().publish("t/2", b"x", maximum)
        client.expect_message("t/2", b"x", maximum)


@pytest.mark.statement("MQTT-3.2.2-11", "5.0")
@BOTH
def test_mqtt_3_2_2_11_a_publish_above_the_maximum_ends_the_connection(serve: Serve, version: int) -> None:
    """A PUBLISH of more than the Maximum QoS is not delivered: the connection is closed (5.0: 0x9B)."""
    with serve(max_qos_allowed=1) as server:
        watch = server.subscriber("t", 1, version)
        server.connect(version).send(Publish("t", b"", 2, packet_id=1)).expect_end(0x9B)
        watch.expect_silence()


@pytest.mark.statement("MQTT-3.2.2-12", "5.0")
@pytest.mark.parametrize(("maximum", "qos"), [(0, 1), (0, 2), (1, 2)])
def test_mqtt_3_2_2_12_a_will_of_too_high_qos_is_refused_v5(serve: Serve, maximum: int, qos: int) -> None:
    """A CONNECT whose Will QoS the server is not capable of is refused with 0x9B and closed."""
    with serve(max_qos_allowed=maximum) as server:
        server.open().send(connect_packet(5, "c", will=Will("w", b"", qos))).expect_refusal(0x9B)
        server.connect(5, "c", will=Will("w", b"", maximum)).expect_silence()


@pytest.mark.statement("MQTT-3.2.2-13", "5.0")
def test_mqtt_3_2_2_13_a_retained_will_is_refused_without_retain_v5(serve: Serve) -> None:
    """A CONNECT with Will Retain is refused with 0x9A and closed when retained messages are not supported."""
    with serve(retain_available=False) as server:
        assert (server.connect().connack.properties or {})["retain_available"] == 0
        server.open().send(connect_packet(5, "c", will=Will("w", b"", 0, True))).expect_refusal(0x9A)
        server.connect(5, "c", will=Will("w", b"")).expect_silence()


@pytest.mark.statement("MQTT-3.2.2-14", "5.0")
@BOTH
def test_mqtt_3_2_2_14_a_retained_publish_ends_the_connection_without_retain(serve: Serve, version: int) -> None:
    """A PUBLISH with RETAIN closes the connection (5.0: 0x9A) when retained messages are not supported."""
    with serve(retain_available=False) as server:
        watch = server.subscriber("t", version=version)
        server.connect(version).send(Publish("t", b"x", retain=True)).expect_end(0x9A)
        watch.expect_silence()


@pytest.mark.statement("MQTT-3.2.2-16", "5.0")
def test_mqtt_3_2_2_16_an_assigned_id_is_told_and_new_v5(server: Server) -> None:
    """A client without an identifier is told the one it gets, which no other session has."""
    first, second = server.connect(5, ""), server.connect(5, "")
    assert first.clientid and second.clientid and first.clientid != second.clientid
    server.connect(5, first.clientid)
    first.expect_end(0x8E)
    second.expect_silence()


@pytest.mark.statement("MQTT-3.2.2-16", "5.0")
def test_mqtt_3_2_2_16_an_id_that_is_taken_is_not_assigned_v5(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An identifier that a session has already is not assigned, even if chance would have it."""
    texts = iter(["taken", "taken", "free"])
    monkeypatch.setattr(type(server.broker.ids), "text", lambda self, size: next(texts))
    first = server.connect(5, "", properties=SESSION)
    clientid = first.clientid
    first.disconnect()
    second = server.connect(5, "")
    assert (second.clientid != clientid, second.connack.session_present) == (True, False)


@pytest.mark.statement("MQTT-3.2.2-19", "5.0")
@pytest.mark.statement("MQTT-3.2.2-20", "5.0")
@pytest.mark.parametrize(
    ("packet", "code"), REFUSED[:5], ids=lambda each: hex(each) if isinstance(each, int) else ""
)
def test_mqtt_3_2_2_19_a_connack_has_no_text_to_be_too_large_for_v5(
    serve: Serve, packet: Connect | bytes, code: int
) -> None:
    """A CONNACK has neither Reason String nor User Properties, however little the client takes."""
    if isinstance(packet, Connect):
        packet = replace(packet, properties={"maximum_packet_size": 5})
    with serve(max_qos_allowed=1, retain_available=False, max_clientid_len=3) as server:
        raw = server.open().send(packet).receive_bytes()
        assert raw == bytes((0x20, 0x03, 0x00, code, 0x00))


@pytest.mark.statement("MQTT-3.2.2-22", "5.0")
def test_mqtt_3_2_2_22_without_a_server_keep_alive_the_clients_counts_v5(server: Server) -> None:
    """Without Server Keep Alive in the CONNACK the server goes by the client's Keep Alive."""
    client = server.connect(5, keepalive=10)
    assert "server_keep_alive" not in (client.connack.properties or {})
    server.advance(14)
    client.expect_silence()
    server.advance(15)
    client.expect_end(0x8D)


@pytest.mark.statement("MQTT-3.2.2-22", "5.0")
def test_mqtt_3_2_2_22_a_server_keep_alive_is_told_and_counts_v5(serve: Serve) -> None:
    """A Server Keep Alive is told, and is what the server goes by; 3.1.1 clients keep their own."""
    with serve(server_keepalive=20) as server:
        clients = {keepalive: server.connect(5, keepalive=keepalive) for keepalive in (0, 10, 1000)}
        older = server.connect(4, keepalive=100)
        for client in clients.values():
            assert (client.connack.properties or {})["server_keep_alive"] == 20
        server.advance(29)
        for client in clients.values():
            client.expect_silence()
        server.advance(30)
        for client in clients.values():
            client.expect_end(0x8D)
        older.expect_silence()


# --- the limits that a CONNACK tells: they bind the client, and the server closes when they are broken ----------


@pytest.mark.statement("MQTT-3.2.2-15", "5.0")
@BOTH
def test_mqtt_3_2_2_15_a_packet_that_is_too_large_ends_the_connection(serve: Serve, version: int) -> None:
    """A packet of the server's Maximum Packet Size is accepted, one byte more closes the connection (0x95)."""
    with serve(max_packet_size=100) as server:
        watch = server.subscriber("t", version=version)
        client = server.connect(version)
        if version == 5:
            assert (client.connack.properties or {})["maximum_packet_size"] == 100
        room = 100 - len(encode(Publish("t", b"", 1, packet_id=1), version))
        client.send(Publish("t", bytes(room), 1, packet_id=1)).expect(Puback(1))
        watch.expect_message("t", bytes(room))
        client.send(Publish("t", bytes(room + 1), 1, packet_id=2)).expect_end(0x95)
        watch.expect_silence()


@pytest.mark.statement("MQTT-3.2.2-15", "5.0")
def test_mqtt_3_2_2_15_nothing_waits_for_the_rest_of_it_v5(serve: Serve) -> None:
    """The connection is closed as soon as the Remaining Length is known."""
    with serve(max_packet_size=100) as server:
        server.connect().send(b"\x30\x80\x80\x80\x01").expect_end(0x95)


@pytest.mark.statement("MQTT-3.2.2-17", "5.0")
@pytest.mark.statement("MQTT-3.2.2-18", "5.0")
@pytest.mark.statement("MQTT-3.3.2-9", "5.0")
@pytest.mark.parametrize("maximum", [0, 1, 3])
def test_mqtt_3_2_2_17_an_alias_above_the_maximum_ends_the_connection_v5(serve: Serve, maximum: int) -> None:
    """A Topic Alias above the server's Topic Alias Maximum, or any when that is 0, closes the connection (0x94)."""
    with serve(max_topic_alias=maximum) as server:
        watch = server.subscriber("t")
        client = server.connect()
        assert (client.connack.properties or {})["topic_alias_maximum"] == maximum
        if maximum:
            client.publish("t", b"x", topic_alias=maximum)
            watch.expect_message("t", b"x")
        client.send(Publish("t", b"", properties={"topic_alias": maximum + 1})).expect_end(0x94)
        watch.expect_silence()


@pytest.mark.statement("MQTT-3.3.4-7", "5.0")
@pytest.mark.parametrize("maximum", [1, 3])
def test_mqtt_3_3_4_7_more_than_the_servers_receive_maximum_ends_the_connection_v5(
    serve: Serve, maximum: int
) -> None:
    """More unreleased messages of QoS 2 than the server's Receive Maximum close the connection (0x93)."""
    with serve(max_inflight=maximum) as server:
        watch = server.subscriber("t", 0)
        client = server.connect()
        assert (client.connack.properties or {})["receive_maximum"] == maximum
        for packet_id in range(1, maximum + 1):
            client.send(Publish("t", b"", 2, packet_id=packet_id)).expect(Pubrec(packet_id))
        client.send(Pubrel(1)).expect(Pubcomp(1))
        client.send(Publish("t", b"", 2, packet_id=1)).expect(Pubrec(1))
        client.send(Publish("t", b"too many", 2, packet_id=99)).expect_end(0x93)
        for _ in range(maximum + 1):
            watch.expect_message("t")
        watch.expect_silence()
