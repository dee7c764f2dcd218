"""§3.1 CONNECT: what it must be, who a client is, and what a server does with it."""

from __future__ import annotations

import string

import pytest

from conformance.wire import Server, raw_connect, utf8
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import Connack, Pingreq, Publish, Subscribe, SubscriptionRequest

BOTH = pytest.mark.parametrize("version", [4, 5])
CLIENT_ID = utf8("c")


# --- first packets ---------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.0-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize(
    "packet",
    [
        Publish("t", b"", retain=True),
        Subscribe(1, [SubscriptionRequest("t")]),
        Pingreq(),
        b"\xe0\x00",
        b"\x20\x02\x00\x00",
        b"\xf0\x00",
    ],
    ids=["PUBLISH", "SUBSCRIBE", "PINGREQ", "DISCONNECT", "CONNACK", "AUTH"],
)
def test_mqtt_3_1_0_1_the_first_packet_must_be_connect(
    server: Server, version: int, packet: Publish | Subscribe | Pingreq | bytes
) -> None:
    """A connection whose first packet is no CONNECT is closed without an answer."""
    server.open(version).send(packet).expect_close()


@pytest.mark.statement("MQTT-3.1.0-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_0_2_a_second_connect_ends_the_connection(server: Server, version: int) -> None:
    """A second CONNECT is a protocol error: the connection is closed."""
    client = server.connect(version, "c")
    client.send(raw_connect(version, 0x02, CLIENT_ID)).expect_end(0x82)


# --- protocol name and version ---------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("name", [b"MQTt", b"mqtt", b"MQTT\0", b"MQT", b"", b"\xff\xff\xff\xff"])
def test_mqtt_3_1_2_1_another_protocol_name_is_not_served(server: Server, version: int, name: bytes) -> None:
    """A CONNECT whose protocol name is not MQTT is not processed: the connection is closed."""
    server.open(version).send(raw_connect(version, 0x02, CLIENT_ID, name=name)).expect_close()


@pytest.mark.statement("MQTT-3.1.2-2", "3.1.1")
@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_mqtt_3_1_2_2_an_older_protocol_level_gets_return_code_1_v4(server: Server, level: int) -> None:
    """An unsupported protocol level is answered with return code 1, then the connection is closed."""
    server.open(4).send(raw_connect(4, 0x02, CLIENT_ID, level=level)).expect(b"\x20\x02\x00\x01").expect_close()


@pytest.mark.statement("MQTT-3.1.2-2", "5.0")
@pytest.mark.parametrize("level", [6, 7, 0x7F])
def test_mqtt_3_1_2_2_a_newer_protocol_version_gets_0x84_v5(server: Server, level: int) -> None:
    """A protocol version that is not supported is answered with 0x84, then the connection is closed."""
    server.open(5).send(raw_connect(5, 0x02, CLIENT_ID, level=level)).expect(b"\x20\x03\x00\x84\x00").expect_close()


# --- connect flags ---------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.2-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_2_3_the_reserved_flag_must_be_0(server: Server, version: int) -> None:
    """A CONNECT with the reserved flag is malformed: the connection is closed."""
    server.open(version).send(raw_connect(version, 0x03, CLIENT_ID)).expect_bad_connect()


WITHOUT_WILL = {"QoS 1": 0x0A, "QoS 2": 0x12, "QoS 3": 0x1A, "retain": 0x22, "retain and QoS 1": 0x2A}


@pytest.mark.statement("MQTT-3.1.2-11", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.2-13", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.2-15", "3.1.1")
@BOTH
@pytest.mark.parametrize("flags", WITHOUT_WILL.values(), ids=WITHOUT_WILL.keys())
def test_mqtt_3_1_2_11_without_a_will_its_qos_and_retain_must_be_0(
    server: Server, version: int, flags: int
) -> None:
    """Will QoS or Will Retain without Will Flag are malformed: the connection is closed."""
    server.open(version).send(raw_connect(version, flags, CLIENT_ID)).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-11", "3.1.1")
@BOTH
def test_mqtt_3_1_2_11_without_a_will_its_fields_must_not_be_there(server: Server, version: int) -> None:
    """Will Topic and Will Message without Will Flag are malformed: the connection is closed."""
    properties = b"\0" if version == 5 else b""
    connect = raw_connect(version, 0x02, CLIENT_ID, properties, utf8("w"), utf8("x"))
    server.open(version).send(connect).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-14", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-12", "5.0")
@BOTH
def test_mqtt_3_1_2_12_will_qos_must_not_be_3(server: Server, version: int) -> None:
    """Will QoS 3 is malformed: the connection is closed."""
    properties = b"\0" if version == 5 else b""
    connect = raw_connect(version, 0x1E, CLIENT_ID, properties, utf8("w"), utf8("x"))
    server.open(version).send(connect).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-9", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_2_9_with_a_will_its_fields_must_be_there(server: Server, version: int) -> None:
    """Will Flag without Will Topic and Will Message is malformed: the connection is closed."""
    properties = b"\0" if version == 5 else b""
    server.open(version).send(raw_connect(version, 0x06, CLIENT_ID)).expect_bad_connect()
    server.open(version).send(raw_connect(version, 0x06, CLIENT_ID, properties, utf8("w"))).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-18", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-16", "5.0")
@pytest.mark.statement("MQTT-3.1.2-20", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-18", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [0x02, 0x82], ids=["no user name", "no password"])
def test_mqtt_3_1_2_16_credentials_without_their_flag_are_malformed(
    server: Server, version: int, flags: int
) -> None:
    """A user name or password whose flag is 0 must not be there: the connection is closed."""
    credentials = (utf8("u"), utf8("p")) if flags & 0x80 else (utf8("u"),)
    server.open(version).send(raw_connect(version, flags, CLIENT_ID, *credentials)).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-19", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-17", "5.0")
@pytest.mark.statement("MQTT-3.1.2-21", "3.1.1")
@pytest.mark.statement("MQTT-3.1.2-19", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [0x82, 0xC2], ids=["user name", "password"])
def test_mqtt_3_1_2_17_credentials_with_their_flag_must_be_there(server: Server, version: int, flags: int) -> None:
    """A user name or password whose flag is 1 must be there: else the connection is closed."""
    credentials = (utf8("u"),) if flags & 0x40 else ()
    server.open(version).send(raw_connect(version, flags, CLIENT_ID, *credentials)).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.2-22", "3.1.1")
def test_mqtt_3_1_2_22_a_password_needs_a_user_name_v4(server: Server) -> None:
    """Below MQTT 5 a password without user name is malformed: the connection is closed."""
    server.open(4).send(raw_connect(4, 0x42, CLIENT_ID, utf8("p"))).expect_close()
    server.open(5).send(raw_connect(5, 0x42, CLIENT_ID, utf8("p"))).expect(Connack, reason_code=0)


# --- payload ---------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.3-1", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.3-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_3_1_the_fields_come_in_their_order(server: Server, version: int) -> None:
    """Client identifier, will, user name and password are read in this order."""
    seen: list[tuple[str, str | None, bytes | None]] = []

    async def check(client: Client, password: bytes | None) -> int:
        seen.append((client.clientid, client.username, password))
        return 0

    server.hooks.client_authenticate.append(check)
    watch = server.subscriber("will-topic")
    properties = b"\x02\x01\x01" if version == 5 else b""
    fields = (utf8("id"), properties, utf8("will-topic"), utf8("will"), utf8("user"), utf8("pass"))
    client = server.open(version).send(raw_connect(version, 0xC6, *fields)).expect(Connack, reason_code=0)
    assert seen[1:] == [("id", "user", b"pass")]
    client.drop()
    watch.expect_message("will-topic", b"will")


@pytest.mark.statement("MQTT-3.1.3-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_3_3_the_client_id_must_be_there(server: Server, version: int) -> None:
    """A CONNECT without a client identifier field is malformed: the connection is closed."""
    server.open(version).send(raw_connect(version, 0x02)).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.3-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_3_2_the_client_id_is_what_a_session_is_known_by(server: Server, version: int) -> None:
    """State is held by client identifier: another identifier has another session."""
    lasting = {"clean_start": False, "properties": {"session_expiry_interval": 60} if version == 5 else None}
    server.connect(version, "a", **lasting).subscribe("t", 1).disconnect()
    assert not server.connect(version, "b", **lasting).connack.session_present
    assert not server.connect(version, "A", **lasting).connack.session_present
    assert server.connect(version, "a", **lasting).connack.session_present


@pytest.mark.statement("MQTT-3.1.3-4", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.1.3-10", "3.1.1")
@pytest.mark.statement("MQTT-3.1.3-11", "5.0")
@pytest.mark.statement("MQTT-3.1.3-11", "3.1.1")
@pytest.mark.statement("MQTT-3.1.3-12", "5.0")
@BOTH
@pytest.mark.parametrize("field", ["client id", "will topic", "user name"])
def test_mqtt_3_1_3_4_client_id_will_topic_and_user_name_are_utf8(server: Server, version: int, field: str) -> None:
    """A client identifier, Will Topic or user name that is no UTF-8 is malformed: the connection is closed."""
    texts = [utf8(b"\xc3(" if field == each else b"ok") for each in ("client id", "will topic", "user name")]
    properties = b"\0" if version == 5 else b""
    connect = raw_connect(version, 0x86, texts[0], properties, texts[1], utf8("will"), texts[2])
    server.open(version).send(connect).expect_bad_connect()


@pytest.mark.statement("MQTT-3.1.3-5", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_3_5_plain_client_ids_are_welcome(server: Server, version: int) -> None:
    """Identifiers of 1 to 23 bytes out of digits and letters are accepted."""
    alphabet = string.digits + string.ascii_letters
    for clientid in [*alphabet, *(alphabet[start : start + 23] for start in (0, 23, 39))]:
        server.connect(version, clientid).close()


@pytest.mark.statement("MQTT-3.1.3-6", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_1_3_6_clients_without_an_id_are_told_apart(server: Server, version: int) -> None:
    """Every client with a zero-length identifier gets one of its own."""
    first, second = server.connect(version, ""), server.connect(version, "")
    first.expect_silence()
    second.expect_silence()
    ids = list(server.broker.registry.sessions)
    assert len(ids) == 2 and all(ids)


@pytest.mark.statement("MQTT-3.1.3-7", "5.0")
@pytest.mark.parametrize("clean_start", [True, False])
def test_mqtt_3_1_3_7_the_assigned_id_is_told_and_good_for_a_session_v5(server: Server, clean_start: bool) -> None:
    """The Assigned Client Identifier in the CONNACK is what the session is resumed with."""
    lasting = {"session_expiry_interval": 60}
    client = server.connect(5, "", clean_start=clean_start, properties=lasting).subscribe("t", 1)
    clientid = client.clientid
    client.disconnect()
    server.connect().publish("t", b"kept", 1)
    again = server.connect(5, clientid, clean_start=False, properties=lasting)
    assert again.connack.session_present
    assert "assigned_client_identifier" not in (again.connack.properties or {})
    again.expect_message("t", b"kept", 1)


@pytest.mark.statement("MQTT-3.1.3-8", "3.1.1")
def test_mqtt_3_1_3_8_no_id_and_no_clean_session_is_refused_v4(server: Server) -> None:
    """A zero-length identifier with CleanSession 0 gets return code 2, then the connection is closed."""
    server.open(4).send(raw_connect(4, 0x00, utf8(""))).expect(b"\x20\x02\x00\x02").expect_close()


@pytest.mark.statement("MQTT-3.1.3-9", "3.1.1")
@pytest.mark.statement("MQTT-3.1.3-8", "5.0")
@BOTH
def test_mqtt_3_1_3_8_an_id_that_is_not_accepted_ends_the_connection(server: Server, version: int) -> None:
    """A rejected client identifier gets return code 2 (3.1.1) or 0x85 (5.0), then the connection is closed."""
    server.set(max_clientid_len=3)
    client = server.open(version).send(raw_connect(version, 0x02, utf8("long")))
    client.expect_refusal(0x85 if version == 5 else 2)


# --- response --------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.1.4-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("case", ["too short", "too long", "no keep alive", "wildcards in the will topic"])
def test_mqtt_3_1_4_1_a_connect_of_the_wrong_form_ends_the_connection(
    server: Server, version: int, case: str
) -> None:
    """A CONNECT that is not as described is refused (5.0) or not answered at all (3.1.1), and closed."""
    wire = server.open(version)
    if case == "too short":
        wire.send(raw_connect(version, 0x02, b"\x00\x05c")).expect_bad_connect()
    elif case == "too long":
        wire.send(raw_connect(version, 0x02, CLIENT_ID, b"\0")).expect_bad_connect()
    elif case == "no keep alive":
        wire.send(b"\x10\x08\x00\x04MQTT" + bytes((version, 2))).expect_bad_connect()
    else:
        properties = b"\0" if version == 5 else b""
        wire.send(raw_connect(version, 0x06, CLIENT_ID, properties, utf8("a/#"), utf8(""))).expect_bad_connect(0x90)


BAD_PROPERTIES = {
    "Receive Maximum 0": (b"\x21\x00\x00", 0x82),
    "Maximum Packet Size 0": (b"\x27\x00\x00\x00\x00", 0x82),
    "Request Problem Information 2": (b"\x17\x02", 0x82),
    "Request Response Information 2": (b"\x19\x02", 0x82),
    "Session Expiry Interval twice": (b"\x11\x00\x00\x00\x01" * 2, 0x82),
    "Authentication Data alone": (b"\x16\x00\x00", 0x82),
    "a property of another packet": (b"\x23\x00\x01", 0x81),
    "an unknown property": (b"\x7f\x00", 0x81),
    "a property cut off": (b"\x21\x00", 0x81),
}


@pytest.mark.statement("MQTT-3.1.4-1", "5.0")
@pytest.mark.parametrize(("properties", "code"), BAD_PROPERTIES.values(), ids=BAD_PROPERTIES.keys())
def test_mqtt_3_1_4_1_bad_properties_end_the_connection_v5(server: Server, properties: bytes, code: int) -> None:
    """A CONNECT with a property that is not allowed is refused with the reason, and closed."""
    head = b"\x00\x04MQTT\x05\x02\x00\x00" + bytes((len(properties),))
    connect = head + properties + CLIENT_ID
    server.open(5).send(bytes((0x10, len(connect))) + connect).expect_bad_connect(code)


@pytest.mark.statement("MQTT-3.1.4-2", "5.0")
def test_mqtt_3_1_4_2_who_fails_a_check_is_not_let_in_v5(server: Server) -> None:
    """A CONNECT that authentication refuses is answered with its reason code, then closed."""

    async def check(client: Client, password: bytes | None) -> int:
        return 0 if password == b"right" else 0x86

    server.hooks.client_authenticate.append(check)
    server.open().send(raw_connect(5, 0xC2, CLIENT_ID, utf8("u"), utf8("wrong"))).expect_refusal(0x86)
    server.connect(5, "c", username="u", password=b"right").expect_silence()


@pytest.mark.statement("MQTT-3.1.4-2", "3.1.1")
@pytest.mark.statement("MQTT-3.1.4-3", "5.0")
@BOTH
@pytest.mark.parametrize("clean_start", [True, False])
@pytest.mark.parametrize("expiry", [0, 60])
def test_mqtt_3_1_4_3_a_client_of_the_same_id_takes_over(
    server: Server, version: int, clean_start: bool, expiry: int
) -> None:
    """A connected client is disconnected (5.0: 0x8E) when another one comes with its identifier."""
    properties = {"session_expiry_interval": expiry} if version == 5 else None
    first = server.connect(version, "same", clean_start=not expiry, properties=properties)
    second = server.connect(version, "same", clean_start=clean_start, properties=properties)
    first.expect_end(0x8E)
    assert second.connack.session_present is (not clean_start and bool(expiry))
    second.expect_silence()


@pytest.mark.statement("MQTT-3.1.4-3", "5.0")
def test_mqtt_3_1_4_3_versions_take_over_from_each_other(server: Server) -> None:
    """A 3.1.1 client takes over the session of an MQTT 5 client, and the reverse."""
    five = server.connect(5, "same", clean_start=False, properties={"session_expiry_interval": 60}).subscribe(
        "t", 1
    )
    four = server.connect(4, "same", clean_start=False)
    five.expect_end(0x8E)
    assert four.connack.session_present
    server.connect().publish("t", b"x", 1)
    four.expect_message("t", b"x", 1)
    again = server.connect(5, "same", clean_start=False)
    four.expect_close()
    assert again.connack.session_present


@pytest.mark.statement("MQTT-3.1.4-3", "3.1.1")
@pytest.mark.statement("MQTT-3.1.4-4", "5.0")
@BOTH
def test_mqtt_3_1_4_4_clean_start_is_done_before_the_answer(server: Server, version: int) -> None:
    """The old session is gone, subscriptions and messages included, when the CONNACK comes."""
    lasting = {"clean_start": False, "properties": {"session_expiry_interval": 60} if version == 5 else None}
    server.connect(version, "c", **lasting).subscribe("t", 1).disconnect()
    server.connect(version).publish("t", b"old", 1)
    clean = server.connect(version, "c", clean_start=True)
    assert not clean.connack.session_present
    server.connect(version).publish("t", b"new", 1)
    clean.expect_silence()


@pytest.mark.statement("MQTT-3.1.4-4", "3.1.1")
@pytest.mark.statement("MQTT-3.1.4-5", "5.0")
@BOTH
def test_mqtt_3_1_4_5_a_good_connect_is_answered_with_0(server: Server, version: int) -> None:
    """The CONNECT is acknowledged with a CONNACK of code 0."""
    answer = server.open(version).send(raw_connect(version, 0x02, CLIENT_ID)).receive_bytes()
    assert answer[0] == 0x20 and answer[2:4] == b"\0\0"
    assert version == 5 or answer == b"\x20\x02\x00\x00"


@pytest.mark.statement("MQTT-3.1.4-5", "3.1.1")
@pytest.mark.statement("MQTT-3.1.4-6", "5.0")
@BOTH
@pytest.mark.parametrize("how", ["malformed", "client id", "credentials"])
def test_mqtt_3_1_4_6_nothing_is_done_after_a_refusal(server: Server, version: int, how: str) -> None:
    """What comes after a CONNECT that is refused is not processed."""

    async def check(client: Client, password: bytes | None) -> int:
        return 0x87 if client.username == "eve" else 0

    server.hooks.client_authenticate.append(check)
    server.set(max_clientid_len=30)
    refused = {
        "malformed": raw_connect(version, 0x03, CLIENT_ID),
        "client id": raw_connect(version, 0x02, utf8("x" * 31)),
        "credentials": raw_connect(version, 0x82, CLIENT_ID, utf8("eve")),
    }
    watch = server.subscriber("t")
    wire = server.open(version).send(refused[how], Publish("t", b"smuggled", retain=True))
    if version == 5 or how != "malformed":
        wire.expect(Connack)
    wire.expect_close()
    watch.expect_silence()
    server.subscriber("t").expect_silence()


@pytest.mark.statement("MQTT-3.1.4-5", "5.0")
@BOTH
def test_mqtt_3_1_4_5_packets_may_come_before_the_answer(server: Server, version: int) -> None:
    """Packets sent right behind the CONNECT are handled after it, in their order."""
    wire = server.open(version)
    wire.send(raw_connect(version, 0x02, CLIENT_ID), Subscribe(1, [SubscriptionRequest("t")]), Publish("t", b"x"))
    wire.expect(Connack)
    assert [wire.receive_bytes()[0] for _ in range(2)] == [0x90, 0x30]
