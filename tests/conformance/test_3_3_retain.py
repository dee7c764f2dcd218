"""§3.3.1.3 RETAIN."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import Server
from emqx_compat.mqtt import Publish, Suback, Subscribe, SubscriptionRequest

BOTH = pytest.mark.parametrize("version", [4, 5])
EACH_QOS = pytest.mark.parametrize("qos", [0, 1, 2])
Serve = Callable[..., AbstractContextManager[Server]]


@pytest.mark.statement("MQTT-3.3.1-5", "3.1.1", "5.0")
@BOTH
@EACH_QOS
def test_mqtt_3_3_1_5_a_retained_message_is_kept_with_its_qos(server: Server, version: int, qos: int) -> None:
    """A message with RETAIN 1 is stored, and delivered with its QoS to those who subscribe later."""
    server.connect(version).publish("t", b"kept", qos, retain=True)
    server.subscriber("t", 2, version).expect_message("t", b"kept", qos, retain=True)


@pytest.mark.statement("MQTT-3.3.1-5", "5.0")
@pytest.mark.statement("MQTT-3.3.1-6", "3.1.1")
@BOTH
def test_mqtt_3_3_1_5_the_last_retained_message_replaces_the_one_before(server: Server, version: int) -> None:
    """There is one retained message for a topic, the last one, whatever its QoS."""
    sender = server.connect(version)
    for qos in (2, 1, 0):
        sender.publish("t", b"%d" % qos, qos, retain=True)
        server.subscriber("t", 2, version).expect_message("t", b"%d" % qos, qos, retain=True).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-7", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-5", "5.0")
@BOTH
@EACH_QOS
def test_mqtt_3_3_1_5_what_cannot_be_kept_still_replaces(serve: Serve, version: int, qos: int) -> None:
    """The old retained message is gone even when the server does not keep the new one, being too large for it."""
    with serve(retained_max_payload_size=10) as server:
        sender = server.connect(version).publish("t", b"old", 1, retain=True)
        sender.publish("t", bytes(11), qos, retain=True)
        server.subscriber("t", 2, version).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-6", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-9", "5.0")
@BOTH
def test_mqtt_3_3_1_9_a_new_subscription_gets_what_matches(server: Server, version: int) -> None:
    """The retained message of every matching topic is sent to a new subscription, after its SUBACK."""
    sender = server.connect(version)
    topics = ["a", "a/b", "a/c", "a/b/c", "b", "/a"]
    for topic in topics:
        sender.publish(topic, topic.encode(), 1, retain=True)
    wanted = {"a/+": {"a/b", "a/c"}, "a/#": {"a", "a/b", "a/c", "a/b/c"}, "#": set(topics), "b": {"b"}, "x": set()}
    for topic_filter, matching in wanted.items():
        client = server.subscriber(topic_filter, 1, version)
        assert {client.message().topic for _ in matching} == matching
        client.expect_silence()


@pytest.mark.statement("MQTT-3.3.1-9", "5.0")
@BOTH
def test_mqtt_3_3_1_9_a_subscription_made_again_gets_them_again(server: Server, version: int) -> None:
    """With Retain Handling 0 (and always in 3.1.1) a repeated SUBSCRIBE gets the retained messages again."""
    server.connect(version).publish("t", b"kept", 0, retain=True)
    client = server.connect(version)
    for _ in range(3):
        client.subscribe("t").expect_message("t", b"kept", retain=True).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-10", "5.0")
def test_mqtt_3_3_1_10_retain_handling_1_sends_to_new_subscriptions_only_v5(server: Server) -> None:
    """With Retain Handling 1 the retained messages are sent if the subscription did not exist."""
    server.connect().publish("t", b"kept", 0, retain=True)
    client = server.connect()
    client.subscribe("t", retain_handling=1).expect_message("t", b"kept", retain=True)
    client.subscribe("t", 1, retain_handling=1, retain_as_published=True).expect_silence()
    client.unsubscribe("t").subscribe("t", retain_handling=1).expect_message("t", b"kept", retain=True)


@pytest.mark.statement("MQTT-3.3.1-10", "5.0")
def test_mqtt_3_3_1_10_a_resumed_subscription_exists_v5(server: Server) -> None:
    """A subscription of a resumed session did exist: Retain Handling 1 sends nothing."""
    session = {"session_expiry_interval": 60}
    client = server.connect(5, "c", clean_start=False, properties=session).subscribe("t", retain_handling=1)
    client.disconnect()
    server.connect().publish("t", b"kept", 0, retain=True)
    again = server.connect(5, "c", clean_start=False, properties=session)
    again.expect_message("t", b"kept", retain=False)
    again.subscribe("t", retain_handling=1).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-11", "5.0")
def test_mqtt_3_3_1_11_retain_handling_2_sends_nothing_v5(server: Server) -> None:
    """With Retain Handling 2 the retained messages are not sent; later messages are."""
    sender = server.connect().publish("t", b"kept", 0, retain=True)
    client = server.subscriber("t", retain_handling=2).expect_silence()
    sender.publish("t", b"live", 0, retain=True)
    client.expect_message("t", b"live").subscribe("t", retain_handling=2).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-9", "5.0")
def test_mqtt_3_3_1_9_each_filter_has_its_own_retain_handling_v5(server: Server) -> None:
    """Retain Handling holds for each filter of a SUBSCRIBE on its own."""
    sender = server.connect()
    for topic in ("a", "b", "c"):
        sender.publish(topic, b"kept", 0, retain=True)
    requests = [SubscriptionRequest(topic, retain_handling=handling) for handling, topic in enumerate("abc")]
    client = server.connect().send(Subscribe(1, requests)).expect(Suback(1, [0, 0, 0]))
    client.expect_message("a", b"kept").expect_message("b", b"kept").expect_silence()


@pytest.mark.statement("MQTT-3.3.1-8", "3.1.1")
@BOTH
def test_mqtt_3_3_1_8_messages_for_a_new_subscription_have_retain_1_v4(server: Server, version: int) -> None:
    """A PUBLISH that is sent because of a new subscription has RETAIN 1, Retain As Published or not."""
    server.connect(version).publish("t", b"kept", 1, retain=True)
    for as_published in (False, True) if version == 5 else (False,):
        client = server.subscriber("t", 1, version, retain_as_published=as_published)
        client.expect(Publish("t", b"kept", 1, retain=True, packet_id=1))


@pytest.mark.statement("MQTT-3.3.1-9", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-12", "5.0")
@BOTH
@EACH_QOS
def test_mqtt_3_3_1_12_messages_for_an_existing_subscription_have_retain_0(
    server: Server, version: int, qos: int
) -> None:
    """A forwarded message has RETAIN 0, however it was published (5.0: with Retain As Published 0)."""
    client = server.subscriber("t", qos, version)
    for retain in (True, False):
        server.connect(version).publish("t", b"x", qos, retain=retain)
        client.expect_message("t", b"x", qos, retain=False)


@pytest.mark.statement("MQTT-3.3.1-13", "5.0")
@EACH_QOS
def test_mqtt_3_3_1_13_retain_as_published_keeps_the_flag_v5(server: Server, qos: int) -> None:
    """With Retain As Published 1 a forwarded message has RETAIN as it was published."""
    client = server.subscriber("t", qos, retain_as_published=True)
    for retain in (True, False):
        server.connect().publish("t", b"x", qos, retain=retain)
        client.expect_message("t", b"x", qos, retain=retain)


@pytest.mark.statement("MQTT-3.3.1-13", "5.0")
def test_mqtt_3_3_1_13_the_flag_survives_the_queue_v5(server: Server) -> None:
    """So does a message that waited for the client."""
    session = {"session_expiry_interval": 60}
    client = server.connect(5, "c", clean_start=False, properties=session)
    client.subscribe("yes", 1, retain_as_published=True).subscribe("no", 1).disconnect()
    server.connect().publish("yes", b"x", 1, retain=True).publish("no", b"x", 1, retain=True)
    again = server.connect(5, "c", clean_start=False, properties=session)
    again.expect_message("yes", b"x", 1, retain=True).expect_message("no", b"x", 1, retain=False)


@pytest.mark.statement("MQTT-3.3.1-10", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-6", "5.0")
@BOTH
@EACH_QOS
def test_mqtt_3_3_1_6_an_empty_payload_removes_the_retained_message(server: Server, version: int, qos: int) -> None:
    """An empty message with RETAIN 1 is delivered like others, and the topic has no retained message any more."""
    sender = server.connect(version).publish("t", b"kept", 1, retain=True).publish("u", b"kept", 1, retain=True)
    client = server.subscriber("t", 2, version).expect_message("t", b"kept", 1)
    sender.publish("t", b"", qos, retain=True)
    client.expect_message("t", b"", qos, retain=False)
    server.subscriber("t", version=version).expect_silence()
    server.subscriber("u", version=version).expect_message("u", b"kept")


@pytest.mark.statement("MQTT-3.3.1-11", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-7", "5.0")
@BOTH
def test_mqtt_3_3_1_7_an_empty_payload_is_not_retained(server: Server, version: int) -> None:
    """An empty message with RETAIN 1 is not stored."""
    server.connect(version).publish("t", b"", 1, retain=True)
    server.subscriber("t", 1, version).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-12", "3.1.1")
@pytest.mark.statement("MQTT-3.3.1-8", "5.0")
@BOTH
@pytest.mark.parametrize("payload", [b"live", b""])
def test_mqtt_3_3_1_8_without_retain_nothing_is_stored_or_removed(
    server: Server, version: int, payload: bytes
) -> None:
    """A message with RETAIN 0 is not stored, and neither removes nor replaces what is."""
    sender = server.connect(version).publish("t", b"kept", 1, retain=True)
    sender.publish("t", payload, 1).publish("u", payload, 1)
    server.subscriber("t", 1, version).expect_message("t", b"kept", 1, retain=True).expect_silence()
    server.subscriber("u", 1, version).expect_silence()


@pytest.mark.statement("MQTT-3.3.1-9", "5.0")
def test_mqtt_3_3_1_9_retained_messages_carry_the_subscription_identifier_v5(server: Server) -> None:
    """A retained message is sent with the Subscription Identifier of the new subscription."""
    server.connect().publish("t", b"kept", 1, retain=True, content_type="x")
    client = server.subscriber("t", 1, subid=77)
    client.expect_message(
        "t", b"kept", 1, retain=True, properties={"content_type": "x", "subscription_identifier": [77]}
    )


@pytest.mark.statement("MQTT-3.3.1-9", "5.0")
def test_mqtt_3_3_1_9_shared_subscriptions_get_no_retained_messages_v5(server: Server) -> None:
    """No retained messages are sent to a shared subscription when it is made [§4.8.2]."""
    server.connect().publish("t", b"kept", 1, retain=True)
    server.subscriber("$share/g/t", 1).expect_silence()
