"""§3.3.2.3 PUBLISH properties (MQTT 5.0)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wire import Server, frame, utf8
from emqx_compat.mqtt import Publish

SESSION = {"session_expiry_interval": 3600}
UNALTERED: list[dict[str, Any]] = [
    {"payload_format_indicator": 0},
    {"payload_format_indicator": 1},
    {"response_topic": "answers/to/\ufeffme"},
    {"correlation_data": b"\x00\xff\x00"},
    {"correlation_data": b""},
    {"user_property": [("", ""), ("n\u00e4me", "v\u00e4lue")]},
    {"content_type": "text/plain; charset=UTF-8"},
    {"content_type": ""},
]


@pytest.mark.statement("MQTT-3.3.2-4", "5.0")
@pytest.mark.statement("MQTT-3.3.2-15", "5.0")
@pytest.mark.statement("MQTT-3.3.2-16", "5.0")
@pytest.mark.statement("MQTT-3.3.2-17", "5.0")
@pytest.mark.statement("MQTT-3.3.2-20", "5.0")
@pytest.mark.parametrize("way", ["live", "retained", "queued", "shared"])
@pytest.mark.parametrize("properties", UNALTERED, ids=lambda each: "".join(each))
def test_mqtt_3_3_2_4_properties_of_a_message_are_passed_on_unaltered(
    server: Server, properties: dict[str, Any], way: str
) -> None:
    """Payload Format Indicator, Response Topic, Correlation Data, User Property, Content Type arrive unaltered."""
    sender = server.connect()
    if way == "live":
        client = server.subscriber("t", 1)
        sender.publish("t", b"x", 1, **properties)
    elif way == "shared":
        client = server.subscriber("$share/g/t", 1)
        sender.publish("t", b"x", 1, **properties)
    elif way == "retained":
        sender.publish("t", b"x", 1, True, **properties)
        client = server.subscriber("t", 1)
    else:
        server.connect(5, "c", clean_start=False, properties=SESSION).subscribe("t", 1).disconnect()
        sender.publish("t", b"x", 1, **properties)
        client = server.connect(5, "c", clean_start=False, properties=SESSION)
    client.expect_message("t", b"x", 1, properties=properties)


@pytest.mark.statement("MQTT-3.3.2-4", "5.0")
def test_mqtt_3_3_2_4_older_clients_get_messages_without_properties(server: Server) -> None:
    """A 3.1.1 subscriber gets the message, and nothing of its properties."""
    client = server.subscriber("t", 1, 4)
    server.connect().publish("t", b"x", 1, content_type="a", user_property=[("b", "c")])
    client.expect(Publish("t", b"x", 1, packet_id=1))


@pytest.mark.statement("MQTT-3.3.2-17", "5.0")
@pytest.mark.statement("MQTT-3.3.2-18", "5.0")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_2_18_user_properties_keep_their_order(server: Server, qos: int) -> None:
    """User Properties are forwarded in their order, repeated names and pairs included."""
    pairs = [("z", "1"), ("a", "2"), ("z", "0"), ("a", "2"), ("m", "")]
    client = server.subscriber("t", qos)
    server.connect().publish("t", b"x", qos, user_property=pairs)
    client.expect_message("t", b"x", qos, properties={"user_property": pairs})


BAD_TEXT = {"no UTF-8": b"\xc3(", "a surrogate": b"\xed\xa0\x80", "U+0000": b"a\0b"}


@pytest.mark.statement("MQTT-3.3.2-13", "5.0")
@pytest.mark.statement("MQTT-3.3.2-19", "5.0")
@pytest.mark.parametrize("identifier", [0x08, 0x03], ids=["Response Topic", "Content Type"])
@pytest.mark.parametrize("text", BAD_TEXT.values(), ids=BAD_TEXT.keys())
def test_mqtt_3_3_2_13_response_topic_and_content_type_are_utf8(
    server: Server, identifier: int, text: bytes
) -> None:
    """A Response Topic or Content Type that is no UTF-8 Encoded String is malformed: the connection is closed."""
    properties = bytes((identifier,)) + utf8(text)
    watch = server.subscriber("t")
    server.connect().send(frame(0x30, utf8("t"), bytes((len(properties),)), properties)).expect_end(0x81)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.3.2-14", "5.0")
@pytest.mark.parametrize("topic", ["a/#", "+", "a/+/b"])
def test_mqtt_3_3_2_14_a_response_topic_has_no_wildcards(server: Server, topic: str) -> None:
    """A Response Topic with a wildcard is a protocol error: the connection is closed, nothing is delivered."""
    properties = b"\x08" + utf8(topic)
    watch = server.subscriber("t")
    server.connect().send(frame(0x30, utf8("t"), bytes((len(properties),)), properties)).expect_end(0x82)
    watch.expect_silence()


# --- Message Expiry Interval -----------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.3.2-5", "5.0")
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_2_5_an_expired_message_is_not_delivered(server: Server, version: int, qos: int) -> None:
    """A message that waited in a session until its Message Expiry Interval had passed is not delivered."""
    properties = SESSION if version == 5 else None
    lasting = {"clean_start": False, "properties": properties}
    server.connect(version, "c", **lasting).subscribe("t", qos).disconnect()
    sender = server.connect().publish("t", b"short", qos, message_expiry_interval=10)
    sender.publish("t", b"long", qos, message_expiry_interval=11)
    server.advance(10)
    server.connect(version, "c", **lasting).expect_message("t", b"long", qos).expect_silence()


@pytest.mark.statement("MQTT-3.3.2-5", "5.0")
def test_mqtt_3_3_2_5_an_expired_retained_message_is_not_delivered(server: Server) -> None:
    """A retained message is delivered to new subscriptions until its interval has passed."""
    server.connect().publish("t", b"kept", 1, retain=True, message_expiry_interval=10)
    server.advance(9)
    server.subscriber("t", 1).expect_message("t", b"kept", 1, properties={"message_expiry_interval": 1})
    server.advance(1)
    server.subscriber("t", 1).expect_silence()


@pytest.mark.statement("MQTT-3.3.2-5", "5.0")
def test_mqtt_3_3_2_5_messages_expire_behind_a_full_window(server: Server) -> None:
    """A message that waits for the client's Receive Maximum expires as well; the one that was sent does not."""
    client = server.connect(5, properties={"receive_maximum": 1}).subscribe("t", 1)
    sender = server.connect().publish("t", b"sent", 1, message_expiry_interval=5)
    sender.publish("t", b"waits", 1, message_expiry_interval=5).publish("t", b"stays", 1)
    server.advance(6)
    client.expect_message("t", b"sent", 1).expect_message("t", b"stays", 1).expect_silence()


@pytest.mark.statement("MQTT-3.3.2-6", "5.0")
@pytest.mark.parametrize("waited", [0, 1, 99])
def test_mqtt_3_3_2_6_the_interval_counts_down(server: Server, waited: int) -> None:
    """A message carries its Message Expiry Interval less the time it has waited in the server."""
    server.connect(5, "c", clean_start=False, properties=SESSION).subscribe("t", 1).disconnect()
    sender = server.connect().publish("t", b"queued", 1, message_expiry_interval=100)
    sender.publish("r", b"kept", 1, retain=True, message_expiry_interval=100)
    server.advance(waited)
    left = {"message_expiry_interval": 100 - waited}
    again = server.connect(5, "c", clean_start=False, properties=SESSION)
    again.expect_message("t", b"queued", 1, properties=left)
    again.subscribe("r", 1).expect_message("r", b"kept", 1, properties=left)


@pytest.mark.statement("MQTT-3.3.2-6", "5.0")
def test_mqtt_3_3_2_6_the_interval_counts_down_for_what_is_sent_again(server: Server) -> None:
    """What is sent again on the next connection carries what is left by then, and 0 when nothing is."""
    client = server.connect(5, "c", clean_start=False, properties=SESSION).subscribe("t", 1)
    server.connect().publish("t", b"x", 1, message_expiry_interval=10)
    client.receive(Publish)
    for left in (6, 2, 0):
        client.drop()
        server.advance(4)
        client = server.connect(5, "c", clean_start=False, properties=SESSION)
        again = client.receive(Publish)
        assert (again.dup, again.properties) == (True, {"message_expiry_interval": left})


# --- Topic Alias -----------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.3.2-7", "5.0")
def test_mqtt_3_3_2_7_aliases_end_with_the_connection(server: Server) -> None:
    """A Topic Alias of the client means nothing on its next connection: a protocol error."""
    session = {"clean_start": False, "properties": SESSION}
    server.connect(5, "c", **session).publish("t", b"", topic_alias=1).disconnect()
    again = server.connect(5, "c", **session)
    assert again.connack.session_present
    again.send(Publish("", b"", properties={"topic_alias": 1})).expect_end(0x82)


@pytest.mark.statement("MQTT-3.3.2-7", "5.0")
@pytest.mark.parametrize("qos", [0, 1])
def test_mqtt_3_3_2_7_the_servers_aliases_end_with_the_connection(server: Server, qos: int) -> None:
    """Nor does the server use an alias on a new connection before it has told its name there."""
    fields: dict[str, Any] = {"clean_start": False, "properties": {**SESSION, "topic_alias_maximum": 9}}
    sender = server.connect()
    client = server.connect(5, "c", **fields).subscribe("t", qos)
    for _ in range(2):
        sender.publish("t", b"x", qos)
        client.expect_message("t", b"x", qos, properties={"topic_alias": 1})
        sender.publish("t", b"x", qos)
        client.expect_message("", b"x", qos, properties={"topic_alias": 1})
        client.drop()
        client = server.connect(5, "c", **fields)


@pytest.mark.statement("MQTT-3.3.2-7", "5.0")
def test_mqtt_3_3_2_7_aliases_belong_to_one_connection(server: Server) -> None:
    """The same alias of two clients stands for what each of them has told."""
    watch = server.subscriber("#")
    one, two = server.connect(), server.connect()
    one.publish("one", b"", topic_alias=1)
    two.publish("two", b"", topic_alias=1)
    one.send(Publish("", b"again", properties={"topic_alias": 1})).expect_silence()
    watch.expect_message("one").expect_message("two").expect_message("one", b"again", properties=None)


@pytest.mark.statement("MQTT-3.3.2-8", "5.0")
@pytest.mark.parametrize("topic", ["t", ""])
def test_mqtt_3_3_2_8_alias_0_ends_the_connection(server: Server, topic: str) -> None:
    """A Topic Alias of 0 is not allowed: the connection is closed with 0x94."""
    watch = server.subscriber("t")
    server.connect().send(frame(0x30, utf8(topic), b"\x03\x23\x00\x00")).expect_end(0x94)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.3.2-8", "5.0")
def test_mqtt_3_3_2_8_the_server_never_sends_alias_0(server: Server) -> None:
    """The aliases that the server uses begin at 1."""
    client = server.connect(5, properties={"topic_alias_maximum": 0xFFFF}).subscribe("#")
    sender = server.connect()
    for number in range(3):
        sender.publish(f"t/{number}")
        client.expect_message(f"t/{number}", properties={"topic_alias": number + 1})


@pytest.mark.statement("MQTT-3.3.2-11", "5.0")
@pytest.mark.parametrize("maximum", [1, 3])
def test_mqtt_3_3_2_11_the_servers_aliases_stay_within_the_clients_maximum(server: Server, maximum: int) -> None:
    """No PUBLISH has a Topic Alias above the Topic Alias Maximum of the CONNECT; topics beyond it have none."""
    client = server.connect(5, properties={"topic_alias_maximum": maximum}).subscribe("#", 1)
    sender = server.connect()
    for number in range(maximum + 2):
        sender.publish(f"t/{number}", b"", 1)
        alias = None if number >= maximum else {"topic_alias": number + 1}
        client.expect_message(f"t/{number}", b"", 1, properties=alias)


@pytest.mark.statement("MQTT-3.3.2-12", "5.0")
def test_mqtt_3_3_2_12_every_alias_up_to_the_maximum_is_accepted(server: Server) -> None:
    """The server accepts every Topic Alias from 1 to the maximum of its CONNACK."""
    watch = server.subscriber("#")
    client = server.connect()
    maximum = (client.connack.properties or {})["topic_alias_maximum"]
    for alias in (1, 2, maximum - 1, maximum):
        client.send(Publish(f"t/{alias}", b"", properties={"topic_alias": alias}))
        client.send(Publish("", b"again", properties={"topic_alias": alias})).expect_silence()
        watch.expect_message(f"t/{alias}").expect_message(f"t/{alias}", b"again")


@pytest.mark.statement("MQTT-3.3.2-12", "5.0")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_2_12_an_alias_can_be_given_to_another_topic(server: Server, qos: int) -> None:
    """A PUBLISH with a name and a known alias gives the alias to that name."""
    watch = server.subscriber("#", qos)
    client = server.connect()
    for topic in ("a", "b"):
        client.publish(topic, b"1", qos, topic_alias=7).publish("c", b"")
        watch.expect_message(topic, b"1", qos).expect_message("c")
        packet_id = client.next_id() if qos else 0
        client.send(Publish("", b"2", qos, packet_id=packet_id, properties={"topic_alias": 7}))
        watch.expect_message(topic, b"2", qos)
        if qos:
            client.receive_bytes()


@pytest.mark.statement("MQTT-3.3.2-12", "5.0")
def test_mqtt_3_3_2_12_an_alias_that_was_not_given_ends_the_connection(server: Server) -> None:
    """A PUBLISH without a name whose alias is unknown is a protocol error [§3.3.4]."""
    server.connect().send(Publish("", b"", properties={"topic_alias": 5})).expect_end(0x82)
