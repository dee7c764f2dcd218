"""§3.8 SUBSCRIBE and §3.9 SUBACK."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import Server, Wire, frame, utf8
from emqx_compat.mqtt import Publish, Suback, Subscribe, SubscriptionRequest

Serve = Callable[..., AbstractContextManager[Server]]
BOTH = pytest.mark.parametrize("version", [4, 5])
QOS = (0, 1, 2)


def subscribe_bytes(version: int, *requests: bytes, flags: int = 2) -> bytes:
    """A SUBSCRIBE with packet identifier 1; each request is a filter with its length, and an options byte."""
    return frame(0x80 | flags, b"\0\1", b"\0" if version == 5 else b"", *requests)


def ask(client: Wire, *requests: SubscriptionRequest, subid: int | None = None) -> list[int]:
    """Subscribe to several filters at once; the codes of the SUBACK."""
    packet_id = client.next_id()
    properties = None if subid is None else {"subscription_identifier": [subid]}
    client.send(Subscribe(packet_id, list(requests), properties))  # type: ignore[arg-type]
    suback = client.receive(Suback)
    assert suback.packet_id == packet_id
    return suback.reason_codes


def wanted(**filters: int) -> list[SubscriptionRequest]:
    """Filters with their QoS."""
    return [SubscriptionRequest(topic, qos) for topic, qos in filters.items()]


@pytest.mark.statement("MQTT-3.8.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [0b0000, 0b0001, 0b0011, 0b0110, 0b1010, 0b1111])
def test_mqtt_3_8_1_1_other_flags_are_malformed(server: Server, version: int, flags: int) -> None:
    """A SUBSCRIBE whose flags are not 0010 is malformed: the connection is closed."""
    packet = subscribe_bytes(version, utf8("t") + b"\0", flags=flags)
    server.connect(version).send(packet).expect_end(0x81)


@pytest.mark.statement("MQTT-3.8.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_8_3_1_a_filter_is_utf8(server: Server, version: int) -> None:
    """A filter that is not UTF-8 ends the connection, whatever stands before it."""
    packet = subscribe_bytes(version, utf8("t") + b"\0", utf8(b"a\xff") + b"\0")
    server.connect(version).send(packet).expect_end(0x81)


@pytest.mark.statement("MQTT-3.8.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_8_3_1_any_utf8_will_do(server: Server, version: int) -> None:
    """Filters of any script are subscribed to as they are."""
    topic = "дом/温度/🌡"
    client = server.subscriber(topic, version=version)
    server.connect(version).publish(topic, b"21")
    client.expect_message(topic, b"21")


@pytest.mark.statement("MQTT-3.8.3-3", "3.1.1")
@pytest.mark.statement("MQTT-3.8.3-2", "5.0")
@BOTH
def test_mqtt_3_8_3_2_there_is_at_least_one_filter(server: Server, version: int) -> None:
    """A SUBSCRIBE without a filter is a protocol error."""
    server.connect(version).send(subscribe_bytes(version)).expect_end(0x82)


@pytest.mark.statement("MQTT-3.8.3-2", "3.1.1")
def test_mqtt_3_8_3_2_wildcards_are_refused_where_there_are_none_v4(serve: Serve) -> None:
    """A server without wildcard subscriptions refuses every filter that has one, and only those."""
    with serve(wildcard_subscription=False) as server:
        client = server.connect(4)
        client.send(Subscribe(1, [SubscriptionRequest(topic, 1) for topic in ("a/#", "a/b", "+/b", "#")]))
        client.expect(bytes.fromhex("90 06 00 01 80 01 80 80"))
        server.connect(4).publish("a/b", b"x")
        client.expect_message("a/b", b"x").expect_silence()


@pytest.mark.statement("MQTT-3.8.3-3", "5.0")
def test_mqtt_3_8_3_3_no_local(server: Server) -> None:
    """With No Local a client does not get what it has published itself, but what others have."""
    client = server.connect(5, "c").subscribe("t", 1, no_local=True)
    client.publish("t", b"mine", 1)
    server.connect(5, "other").publish("t", b"theirs", 1)
    client.expect_message("t", b"theirs", 1).expect_silence()


@pytest.mark.statement("MQTT-3.8.3-3", "5.0")
def test_mqtt_3_8_3_3_no_local_concerns_one_subscription(server: Server) -> None:
    """Another subscription of the same client without No Local gets its copy."""
    client = server.connect(5).subscribe("t", no_local=True, subid=1).subscribe("+", subid=2)
    client.send(Publish("t", b"mine"))
    client.expect_message("t", b"mine", properties={"subscription_identifier": [2]}).expect_silence()


@pytest.mark.statement("MQTT-3.8.3-3", "5.0")
def test_mqtt_3_8_3_3_no_local_concerns_retained_messages(server: Server) -> None:
    """Retained messages that the client has published itself are not sent to it, also by a later connection."""
    server.connect(5, "c").publish("t/1", b"mine", 1, retain=True).disconnect()
    server.connect(5, "other").publish("t/2", b"theirs", 1, retain=True)
    client = server.connect(5, "c").subscribe("t/+", no_local=True)
    client.expect_message("t/2", b"theirs", retain=True).expect_silence()


@pytest.mark.statement("MQTT-3.8.3-3", "5.0")
def test_mqtt_3_8_3_3_no_local_concerns_what_the_session_queues(server: Server) -> None:
    """It is the client id that counts, not the connection: nothing of its own waits for a client that returns."""
    lasting = {"clean_start": False, "properties": {"session_expiry_interval": 60}}
    client = server.connect(5, "c", **lasting).subscribe("t", 1, no_local=True)
    client.send(Publish("t", b"mine", 1, packet_id=1)).drop()
    server.connect(5, "c", **lasting).expect_silence()


@pytest.mark.statement("MQTT-3.8.3-4", "5.0")
def test_mqtt_3_8_3_4_no_local_on_a_shared_subscription(server: Server) -> None:
    """No Local on a shared subscription is a protocol error."""
    server.connect(5).send(subscribe_bytes(5, utf8("$share/g/t") + b"\x04")).expect_end(0x82)


@pytest.mark.statement("MQTT-3.8.3-5", "5.0")
@pytest.mark.parametrize("options", [0x40, 0x80, 0xC1])
def test_mqtt_3_8_3_5_reserved_option_bits(server: Server, options: int) -> None:
    """A SUBSCRIBE with reserved bits in its options is malformed."""
    server.connect(5).send(subscribe_bytes(5, utf8("t") + bytes((options,)))).expect_end(0x81)


@pytest.mark.statement("MQTT-3.8.3-4", "3.1.1")
@pytest.mark.parametrize("options", [0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80])
def test_mqtt_3_8_3_4_reserved_bits_and_qos_3_v4(server: Server, options: int) -> None:
    """A SUBSCRIBE with a QoS that is not 0, 1 or 2, or with reserved bits beside it, closes the connection."""
    server.connect(4).send(subscribe_bytes(4, utf8("t") + bytes((options,)))).expect_close()


@pytest.mark.statement("MQTT-3.8.4-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_8_4_1_a_subscribe_is_answered(server: Server, version: int) -> None:
    """A SUBSCRIBE is answered with a SUBACK."""
    suback = "90 03 00 01 02" if version == 4 else "90 04 00 01 00 02"
    client = server.connect(version).send(subscribe_bytes(version, utf8("t") + b"\2"))
    client.expect(bytes.fromhex(suback)).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-2", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("packet_id", [1, 0xBEEF, 0xFFFF])
def test_mqtt_3_8_4_2_with_its_packet_identifier(server: Server, version: int, packet_id: int) -> None:
    """The SUBACK has the packet identifier of the SUBSCRIBE."""
    server.connect(version).send(Subscribe(packet_id, wanted(t=1))).expect(Suback(packet_id, [1]))


@pytest.mark.statement("MQTT-3.8.4-3", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["t", "+", "#"])
def test_mqtt_3_8_4_3_an_identical_filter_replaces_the_subscription(
    server: Server, version: int, topic: str
) -> None:
    """Subscribing to a filter again replaces the subscription: one copy comes, with the new QoS."""
    client = server.subscriber(topic, 2, version).subscribe(topic, 1)
    server.connect(version).publish("t", b"x", 2)
    client.expect_message("t", b"x", 1).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-3", "5.0")
def test_mqtt_3_8_4_3_all_options_are_replaced(server: Server) -> None:
    """Nothing of the options or the identifier of the old subscription is left."""
    client = server.connect(5).subscribe("t", subid=7, no_local=True, retain_as_published=True).subscribe("t", 1)
    client.send(Publish("t", b"x", 0, retain=True)).expect(Publish("t", b"x")).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-3", "3.1.1")
def test_mqtt_3_8_4_3_retained_messages_are_sent_again_v4(server: Server) -> None:
    """Retained messages are sent again to a subscription that is replaced."""
    server.connect(4).publish("t", b"kept", 1, retain=True)
    client = server.connect(4)
    for qos in (0, 1, 0):
        client.subscribe("t", qos).expect_message("t", b"kept", qos, retain=True)
    client.expect_silence()


@pytest.mark.statement("MQTT-3.8.4-4", "5.0")
def test_mqtt_3_8_4_4_retain_handling_0_sends_retained_messages_again(server: Server) -> None:
    """With Retain Handling 0 a subscription that is replaced gets the retained messages again; with 1 and 2 not."""
    server.connect(5).publish("t", b"kept", 1, retain=True)
    client = server.connect(5)
    client.subscribe("t").expect_message("t", b"kept", retain=True)
    client.subscribe("t", retain_handling=1).expect_silence()
    client.subscribe("t", retain_handling=2).expect_silence()
    client.subscribe("t", 1).expect_message("t", b"kept", 1, retain=True).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-3", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-4", "5.0")
@BOTH
def test_mqtt_3_8_4_4_no_message_is_lost_by_replacing(serve: Serve, version: int) -> None:
    """What waits for its turn when a subscription is replaced still comes, and what comes meanwhile too."""
    with serve(max_inflight=1) as server:
        client = server.subscriber("t", 1, version)
        sender = server.connect(version)
        sender.publish("t", b"1", 1).publish("t", b"2", 1)
        first = client.receive(Publish)
        client.subscribe("t", 2)
        sender.publish("t", b"3", 1)
        client.send(bytes((0x40, 2)) + first.packet_id.to_bytes(2, "big"))
        assert [client.message().payload for _ in range(2)] == [b"2", b"3"]
        client.expect_silence()


@pytest.mark.statement("MQTT-3.8.4-4", "5.0")
def test_mqtt_3_8_4_4_no_retained_message_is_lost_by_replacing(serve: Serve) -> None:
    """Retained messages that are still on their way to the old subscription arrive."""
    with serve(max_inflight=1) as server:
        sender = server.connect(5)
        for topic in "abc":
            sender.publish(topic, b"kept", 1, retain=True)
        client = server.connect(5)
        client.subscribe("+", 1)
        publish = client.receive(Publish)
        client.subscribe("+", 1, retain_handling=2)
        client.send(bytes((0x40, 2)) + publish.packet_id.to_bytes(2, "big"))
        assert {publish.topic, client.message().topic, client.message().topic} == set("abc")
        client.expect_silence()


@pytest.mark.statement("MQTT-3.8.4-4", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-5", "5.0")
@BOTH
def test_mqtt_3_8_4_5_several_filters_are_several_subscriptions(server: Server, version: int) -> None:
    """A SUBSCRIBE with several filters acts like as many SUBSCRIBEs, but there is one SUBACK."""
    sender = server.connect(version)
    sender.publish("a", b"kept", 2, retain=True)
    client = server.connect(version)
    assert ask(client, *wanted(a=2, b=0, c=1)) == [2, 0, 1]
    client.expect_message("a", b"kept", 2, retain=True)
    for topic, qos in (("a", 2), ("b", 0), ("c", 1)):
        sender.publish(topic, b"live", 2)
        client.expect_message(topic, b"live", qos)
    client.expect_silence()


@pytest.mark.statement("MQTT-3.8.4-4", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-5", "5.0")
@BOTH
def test_mqtt_3_8_4_5_the_same_filter_twice(server: Server, version: int) -> None:
    """The same filter twice in one SUBSCRIBE: the second replaces the first, retained messages come for both."""
    server.connect(version).publish("t", b"kept", 1, retain=True)
    client = server.connect(version)
    assert ask(client, SubscriptionRequest("t", 0), SubscriptionRequest("t", 1)) == [0, 1]
    client.expect_message("t", b"kept", 0).expect_message("t", b"kept", 1)
    server.connect(version).publish("t", b"live", 2)
    client.expect_message("t", b"live", 1).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-5", "5.0")
def test_mqtt_3_8_4_5_the_same_new_filter_twice_with_retain_handling_1(server: Server) -> None:
    """The first of two identical filters makes the subscription: it gets the retained messages, the second none."""
    server.connect(5).publish("t", b"kept", 1, retain=True)
    client = server.connect(5)
    assert ask(client, *(SubscriptionRequest("t", qos, retain_handling=1) for qos in (1, 0))) == [1, 0]
    client.expect_message("t", b"kept", 1).expect_silence()


@pytest.mark.statement("MQTT-3.8.4-5", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-6", "5.0")
@BOTH
@pytest.mark.parametrize("number", [1, 2, 100])
def test_mqtt_3_8_4_6_a_code_for_every_filter(server: Server, version: int, number: int) -> None:
    """The SUBACK has as many codes as the SUBSCRIBE has filters."""
    filters = [SubscriptionRequest(f"t/{index}", index % 3) for index in range(number)]
    assert ask(server.connect(version), *filters) == [index % 3 for index in range(number)]


@pytest.mark.statement("MQTT-3.8.4-5", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-7", "5.0")
@BOTH
@pytest.mark.parametrize("allowed", QOS)
def test_mqtt_3_8_4_7_the_code_is_the_qos_granted(serve: Serve, version: int, allowed: int) -> None:
    """The code is the greatest QoS that is granted, which is not more than the server allows."""
    with serve(max_qos_allowed=allowed) as server:
        assert ask(server.connect(version), *wanted(a=0, b=1, c=2)) == [min(qos, allowed) for qos in QOS]


@pytest.mark.statement("MQTT-3.8.4-5", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-7", "5.0")
@BOTH
def test_mqtt_3_8_4_7_the_code_says_that_it_failed(serve: Serve, version: int) -> None:
    """A filter that is refused has a code of failure, and no messages come for it."""
    with serve(max_subscriptions=1) as server:
        client = server.connect(version)
        assert ask(client, *wanted(a=1, b=1, c=1)) == [1, *[0x97 if version == 5 else 0x80] * 2]
        server.connect(version).publish("b", b"x", 1)
        client.expect_silence()


@pytest.mark.statement("MQTT-3.8.4-6", "3.1.1")
@pytest.mark.statement("MQTT-3.8.4-8", "5.0")
@BOTH
@pytest.mark.parametrize("granted", QOS)
@pytest.mark.parametrize("retain", [False, True], ids=["live", "retained"])
def test_mqtt_3_8_4_8_the_lesser_qos(server: Server, version: int, granted: int, retain: bool) -> None:
    """A message arrives with the lesser of the QoS it was published with and the one that was granted."""
    sender = server.connect(version)
    client = server.connect(version)
    if not retain:
        client.subscribe("t/+", granted)
    for qos in QOS:
        sender.publish(f"t/{qos}", b"x", qos, retain=retain)
    if retain:
        client.subscribe("t/+", granted)
    assert {(m.topic, m.qos) for m in (client.receive(Publish) for _ in QOS)} == {
        (f"t/{qos}", min(qos, granted)) for qos in QOS
    }


# --- SUBACK ------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.9.2-1", "5.0")
@pytest.mark.statement("MQTT-3.9.2-2", "5.0")
def test_mqtt_3_9_2_1_nothing_makes_a_suback_larger_than_the_client_takes(serve: Serve) -> None:
    """A SUBACK of just the client's Maximum Packet Size arrives: no reason string or user property is added."""
    size = 64
    with serve(wildcard_subscription=False) as server:
        client = server.connect(5, properties={"maximum_packet_size": size})
        client.send(Subscribe(1, [SubscriptionRequest("#", 0)] * (size - 5)))
        client.expect(bytes((0x90, size - 2, 0, 1, 0)) + b"\xa2" * (size - 5)).expect_silence()


@pytest.mark.statement("MQTT-3.9.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_9_3_1_codes_are_in_the_order_of_the_filters(serve: Serve, version: int) -> None:
    """The codes stand in the order of the filters, failures among them."""
    with serve(wildcard_subscription=False) as server:
        requests = [SubscriptionRequest(topic, qos) for topic, qos in (("b", 2), ("+", 1), ("a", 0), ("c", 1))]
        failure = 0xA2 if version == 5 else 0x80
        assert ask(server.connect(version), *requests) == [2, failure, 0, 1]


REFUSED = {
    "wildcard": ({"wildcard_subscription": False}, "a/+", 0xA2),
    "shared": ({"shared_subscription": False}, "$share/g/a", 0x9E),
    "too deep": ({"max_topic_levels": 3}, "a/b/c/d", 0x8F),
    "too many": ({"max_subscriptions": 0}, "a", 0x97),
}


@pytest.mark.statement("MQTT-3.9.3-2", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize(("settings", "topic", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_mqtt_3_9_3_2_only_known_codes(
    serve: Serve, version: int, settings: dict[str, int], topic: str, code: int
) -> None:
    """Whatever the reason of a refusal, 3.1.1 says 0x80 and 5.0 one of its Subscribe Reason Codes."""
    with serve(**settings) as server:
        assert ask(server.connect(version), SubscriptionRequest(topic, 1)) == [code if version == 5 else 0x80]
