"""§3.3 PUBLISH: flags, topic name, response, overlapping subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import Server, frame, utf8
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel

BOTH = pytest.mark.parametrize("version", [4, 5])
EACH_QOS = pytest.mark.parametrize("qos", [0, 1, 2])
Serve = Callable[..., AbstractContextManager[Server]]


# --- DUP and QoS -----------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.3.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_1_what_is_sent_again_has_dup(server: Server, version: int, qos: int) -> None:
    """A PUBLISH that is sent again on the next connection has DUP 1."""
    session = {"session_expiry_interval": 60} if version == 5 else None
    client = server.connect(version, "c", clean_start=False, properties=session).subscribe("t", qos)
    server.connect(version).publish("t", b"x", qos)
    client.expect(Publish("t", b"x", qos, dup=False, packet_id=1)).drop()
    for _ in range(2):
        again = server.connect(version, "c", clean_start=False, properties=session)
        again.expect(Publish("t", b"x", qos, dup=True, packet_id=1)).drop()


@pytest.mark.statement("MQTT-3.3.1-1", "3.1.1")
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_1_retries_on_a_connection_have_dup_v4(server: Server, qos: int) -> None:
    """So does one that a 3.1.1 client has not answered for the retry interval."""
    client = server.subscriber("t", qos, 4)
    server.connect(4).publish("t", b"x", qos)
    client.expect(Publish("t", b"x", qos, packet_id=1))
    server.advance(35)
    client.expect(Publish("t", b"x", qos, dup=True, packet_id=1))


@pytest.mark.statement("MQTT-3.3.1-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_3_1_2_dup_without_qos_is_malformed(server: Server, version: int) -> None:
    """A PUBLISH of QoS 0 with DUP is malformed: the connection is closed."""
    server.connect(version).send(frame(0x38, utf8("t"), b"\0")).expect_end(0x81)


@pytest.mark.statement("MQTT-3.3.1-2", "3.1.1", "5.0")
@pytest.mark.statement("MQTT-3.3.1-3", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_3_dup_is_not_passed_on(server: Server, version: int, qos: int, granted: int) -> None:
    """DUP of an incoming PUBLISH is not passed on; what goes out at QoS 0 never has it."""
    client = server.subscriber("t", granted, version)
    server.connect(version).send(Publish("t", b"x", qos, dup=True, packet_id=5))
    expected = min(qos, granted)
    client.expect(Publish("t", b"x", expected, dup=False, packet_id=1 if expected else 0))


@pytest.mark.statement("MQTT-3.3.1-4", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("first", [0x36, 0x37, 0x3E, 0x3F])
def test_mqtt_3_3_1_4_qos_3_ends_the_connection(server: Server, version: int, first: int) -> None:
    """A PUBLISH with both QoS bits is malformed: the connection is closed."""
    server.connect(version).send(frame(first, utf8("t"), b"\0\1\0")).expect_end(0x81)


# --- topic name ------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.3.2-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_3_2_1_the_topic_name_comes_first(server: Server, version: int) -> None:
    """The first field of the variable header is the topic name, in either direction."""
    packet = frame(0x32, utf8("a/b"), b"\0\1", b"\0" if version == 5 else b"", b"payload")
    client = server.subscriber("a/b", 1, version)
    server.connect(version).send(packet).expect(Puback(1))
    client.expect(packet)


@pytest.mark.statement("MQTT-3.3.2-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", 0x81), (b"\0", 0x81), (b"\0\5a", 0x81), (b"\0\1\xff\0", 0x81), (b"\0\0", None)],
    ids=["nothing", "half a length", "cut off", "no UTF-8", "empty"],
)
def test_mqtt_3_3_2_1_a_missing_topic_name_ends_the_connection(
    server: Server, version: int, body: bytes, code: int | None
) -> None:
    """A PUBLISH whose topic name is missing, cut off, empty or no UTF-8 closes the connection."""
    if code is None:
        body += b"\0" if version == 5 else b""
    server.connect(version).send(frame(0x30, body)).expect_end(code or 0x82)


@pytest.mark.statement("MQTT-3.3.2-2", "3.1.1", "5.0")
@BOTH
@EACH_QOS
@pytest.mark.parametrize("topic", ["a/#", "+/b", "#", "+", "a#", "a+b"])
def test_mqtt_3_3_2_2_wildcards_in_a_topic_name_end_the_connection(
    server: Server, version: int, qos: int, topic: str
) -> None:
    """A PUBLISH to a topic name with a wildcard closes the connection (5.0: 0x90), and is not delivered."""
    watch = server.subscriber("#", 2, version)
    packet = frame(0x30 | qos << 1, utf8(topic), b"\0\1" if qos else b"", b"\0" if version == 5 else b"")
    server.connect(version).send(packet).expect_end(0x90)
    watch.expect_silence()


@pytest.mark.statement("MQTT-3.3.2-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_3_2_3_topic_names_match_the_filter(server: Server, version: int) -> None:
    """A subscriber gets messages with their own topic name, and only those that match its filter."""
    topics = ["a", "a/b", "a/b/c", "a/", "/a", "b/b", "A/b"]
    filters = {"a/+": ["a/b", "a/"], "a/#": ["a", "a/b", "a/b/c", "a/"], "+/b": ["a/b", "b/b", "A/b"]}
    clients = {each: server.subscriber(each, version=version) for each in filters}
    sender = server.connect(version)
    for topic in topics:
        sender.publish(topic, b"x")
    for each, matching in filters.items():
        for topic in matching:
            clients[each].expect_message(topic, b"x")
        clients[each].expect_silence()


# --- response --------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.3.4-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_3_4_1_the_answer_depends_on_the_qos(server: Server, version: int) -> None:
    """QoS 0 is not answered, QoS 1 with PUBACK, QoS 2 with PUBREC."""
    server.subscriber("t", version=version)
    client = server.connect(version)
    client.send(Publish("t", b"")).expect_silence()
    client.send(Publish("t", b"", 1, packet_id=3)).expect(Puback(3)).expect_silence()
    client.send(Publish("t", b"", 2, packet_id=3)).expect(Pubrec(3)).expect_silence()
    client.send(Pubrel(3)).expect(Pubcomp(3)).expect_silence()


@pytest.mark.statement("MQTT-3.3.5-2", "3.1.1")
@BOTH
@pytest.mark.parametrize("action", ["ignore", "disconnect"])
def test_mqtt_3_3_5_2_who_may_not_publish_is_acknowledged_or_closed(
    serve: Serve, version: int, action: str
) -> None:
    """An unauthorized PUBLISH is acknowledged by the usual rules (5.0: with 0x87), or the connection closed."""

    def may(client: object, kind: str, topic: str, qos: int, retain: bool) -> bool:
        return kind == "subscribe"

    with serve(authz_deny_action=action) as server:
        server.broker.hook_authorizer(may)
        watch = server.subscriber("t", 2, version)
        code = 0x87 if version == 5 else 0
        for packet, answer in (
            (Publish("t", b"", 1, packet_id=1), Puback(1, code)),
            (Publish("t", b"", 2, packet_id=2), Pubrec(2, code)),
        ):
            client = server.connect(version).send(packet)
            if action == "ignore":
                client.expect(answer).send(Publish("t", b"")).expect_silence()
            else:
                client.expect_end(0x87)
        watch.expect_silence()


@pytest.mark.statement("MQTT-3.3.5-1", "3.1.1")
@pytest.mark.statement("MQTT-3.3.4-2", "5.0")
@BOTH
@EACH_QOS
def test_mqtt_3_3_4_2_overlapping_subscriptions_get_the_greatest_qos(
    server: Server, version: int, qos: int
) -> None:
    """Subscriptions that overlap get a copy each, with their own QoS: the greatest of them is respected."""
    client = server.connect(version).subscribe("a/b", 0).subscribe("a/+", 1).subscribe("a/#", 2)
    server.connect(version).publish("a/b", b"x", qos)
    copies = [client.message().qos for _ in range(3)]
    assert sorted(copies) == [min(each, qos) for each in range(3)]
    client.expect_silence()


@pytest.mark.statement("MQTT-3.3.4-3", "5.0")
@pytest.mark.statement("MQTT-3.3.4-5", "5.0")
@EACH_QOS
def test_mqtt_3_3_4_5_each_copy_has_the_identifier_of_its_subscription_v5(server: Server, qos: int) -> None:
    """Every copy carries the Subscription Identifier of its own subscription, and none if that has none."""
    client = server.connect().subscribe("a/b", 2, subid=1).subscribe("a/+", 2, subid=268_435_455)
    client.subscribe("a/#", 2)
    server.connect().publish("a/b", b"x", qos)
    told = [client.message().properties for _ in range(3)]
    expected = [{"subscription_identifier": [1]}, {"subscription_identifier": [268_435_455]}, None]
    assert sorted(map(str, told)) == sorted(map(str, expected))


@pytest.mark.statement("MQTT-3.3.4-3", "5.0")
def test_mqtt_3_3_4_3_identifiers_may_be_shared_and_replaced_v5(server: Server) -> None:
    """Two subscriptions may have one identifier; a subscription made again has the new one, or none."""
    client = server.connect().subscribe("a", subid=5).subscribe("b", subid=5).subscribe("c", subid=6)
    client.subscribe("a", subid=9).subscribe("c")
    sender = server.connect()
    for topic, properties in (
        ("a", {"subscription_identifier": [9]}),
        ("b", {"subscription_identifier": [5]}),
        ("c", None),
    ):
        sender.publish(topic, b"x")
        client.expect_message(topic, b"x", properties=properties)


@pytest.mark.statement("MQTT-3.3.4-3", "5.0")
def test_mqtt_3_3_4_3_shared_subscriptions_have_identifiers_v5(server: Server) -> None:
    """A message to a shared subscription carries its identifier, also one that waited in the session."""
    session = {"session_expiry_interval": 60}
    client = server.connect(5, "c", clean_start=False, properties=session).subscribe("$share/g/t", 1, subid=3)
    sender = server.connect().publish("t", b"live", 1)
    client.expect_message("t", b"live", 1, properties={"subscription_identifier": [3]}).disconnect()
    sender.publish("t", b"queued", 1)
    again = server.connect(5, "c", clean_start=False, properties=session)
    again.expect_message("t", b"queued", 1, properties={"subscription_identifier": [3]})


@pytest.mark.statement("MQTT-3.3.4-6", "5.0")
@EACH_QOS
def test_mqtt_3_3_4_6_a_client_must_not_send_subscription_identifiers_v5(server: Server, qos: int) -> None:
    """A PUBLISH from a client with a Subscription Identifier is a protocol error: the connection is closed."""
    packet = frame(0x30 | qos << 1, utf8("t"), b"\0\1" if qos else b"", b"\x02\x0b\x01")
    server.connect().send(packet).expect_end(0x82)
