"""§4.7 topic names and topic filters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from conformance.wire import Server, frame, utf8
from emqx_compat.mqtt import Puback, Publish, Pubrec, Suback, Subscribe, SubscriptionRequest, Unsubscribe, Will

BOTH = pytest.mark.parametrize("version", [4, 5])


def publish_bytes(version: int, topic: bytes) -> bytes:
    """A PUBLISH of QoS 0 to any bytes."""
    return frame(0x30, utf8(topic), b"\0" if version == 5 else b"")


def subscribe_bytes(version: int, topic: bytes) -> bytes:
    """A SUBSCRIBE to any bytes."""
    return frame(0x82, b"\0\1", b"\0" if version == 5 else b"", utf8(topic), b"\0")


def unsubscribe_bytes(version: int, topic: bytes) -> bytes:
    """An UNSUBSCRIBE from any bytes."""
    return frame(0xA2, b"\0\1", b"\0" if version == 5 else b"", utf8(topic))


def check_matching(server: Server, version: int, topic_filter: str, matches: list[str], others: list[str]) -> None:
    """A filter gets the messages of the one kind of topics and not of the other, live and retained."""
    sender = server.connect(version)
    live = server.subscriber(topic_filter, 1, version)
    for topic in [*matches, *others]:
        sender.publish(topic, topic.encode(), 1, retain=True)
    for topic in matches:
        live.expect_message(topic, topic.encode(), 1, retain=False)
    live.expect_silence()
    later = server.subscriber(topic_filter, 0, version)
    assert {later.receive(Publish).topic for _ in matches} == set(matches)
    later.expect_silence()


# --- wildcards ---------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.7.1-1", "3.1.1")
@pytest.mark.statement("MQTT-4.7.0-1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["#", "+", "a/#", "a/+/b", "a+b", "a#"])
def test_mqtt_4_7_0_1_no_wildcards_in_topic_names(server: Server, version: int, topic: str) -> None:
    """A PUBLISH to a name with a wildcard ends the connection, and nobody gets the message."""
    watcher = server.subscriber("#", version=version)
    server.connect(version).send(publish_bytes(version, topic.encode())).expect_end(0x90)
    watcher.expect_silence()


@pytest.mark.statement("MQTT-4.7.1-1", "3.1.1")
@pytest.mark.statement("MQTT-4.7.0-1", "5.0")
@BOTH
def test_mqtt_4_7_0_1_nor_in_the_topic_of_a_will(server: Server, version: int) -> None:
    """A CONNECT whose will has a wildcard in its topic is refused."""
    payload = utf8("c") + (b"\0" if version == 5 else b"") + utf8("a/#") + utf8("x")
    client = server.open(version)
    client.send(frame(0x10, utf8("MQTT"), bytes((version, 6, 0, 0)), b"\0" if version == 5 else b"", payload))
    client.expect_bad_connect(0x90)


@pytest.mark.statement("MQTT-4.7.1-2", "3.1.1")
@pytest.mark.statement("MQTT-4.7.1-1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["a#", "a/b#", "#a", "a/#/b", "#/", "##", "+#", "$share/g/a#", "$share/g/#/a"])
def test_mqtt_4_7_1_1_the_multi_level_wildcard_is_the_whole_last_level(
    server: Server, version: int, topic: str
) -> None:
    """A filter whose # is not alone in the last level ends the connection, in SUBSCRIBE and UNSUBSCRIBE."""
    server.connect(version).send(subscribe_bytes(version, topic.encode())).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, topic.encode())).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.7.1-2", "3.1.1")
@pytest.mark.statement("MQTT-4.7.1-1", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("topic_filter", "matches", "others"),
    [
        ("sport/#", ["sport", "sport/", "sport/a", "sport/a/b/c"], ["sports", "Sport/a", "/sport/a"]),
        ("#", ["a", "/", "a/b/c", "/a"], ["$a", "$a/b"]),
        ("/#", ["/", "/a", "/a/b"], ["a", "a/b"]),
        ("a/+/#", ["a/b", "a/b/c", "a/"], ["a", "b/c"]),
    ],
)
def test_mqtt_4_7_1_1_what_it_matches(
    server: Server, version: int, topic_filter: str, matches: list[str], others: list[str]
) -> None:
    """# matches its parent and any number of levels below."""
    check_matching(server, version, topic_filter, matches, others)


@pytest.mark.statement("MQTT-4.7.1-3", "3.1.1")
@pytest.mark.statement("MQTT-4.7.1-2", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["a+", "+a", "a/b+/c", "a/+b", "++", "a/++/b", "$share/g/a+"])
def test_mqtt_4_7_1_2_the_single_level_wildcard_is_a_whole_level(server: Server, version: int, topic: str) -> None:
    """A filter whose + is only a part of a level ends the connection, in SUBSCRIBE and UNSUBSCRIBE."""
    server.connect(version).send(subscribe_bytes(version, topic.encode())).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, topic.encode())).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.7.1-3", "3.1.1")
@pytest.mark.statement("MQTT-4.7.1-2", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("topic_filter", "matches", "others"),
    [
        ("a/+", ["a/b", "a/"], ["a", "a/b/c", "b/a"]),
        ("+", ["a", "finance"], ["/finance", "a/b", "$a"]),
        ("+/+", ["/finance", "a/b", "/"], ["a", "a/b/c"]),
        ("/+", ["/finance", "/"], ["finance", "/a/b"]),
        ("+/b/+/d", ["a/b/c/d", "/b//d"], ["a/b/c", "a/b/c/d/e", "a/x/c/d"]),
        ("+/a/#", ["x/a", "x/a/b/c", "/a"], ["a", "x/b", "$x/a"]),
    ],
)
def test_mqtt_4_7_1_2_what_it_matches(
    server: Server, version: int, topic_filter: str, matches: list[str], others: list[str]
) -> None:
    """+ matches just one level, an empty one too, at any place."""
    check_matching(server, version, topic_filter, matches, others)


# --- $ -----------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.7.2-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("topic_filter", "matches", "others"),
    [
        ("#", ["a"], ["$x", "$x/y", "$/y", "$"]),
        ("+", ["a"], ["$x", "$"]),
        ("+/y", ["x/y"], ["$x/y"]),
        ("+/#", ["x/y"], ["$x/y"]),
        ("$x/#", ["$x", "$x/y"], ["x/y"]),
        ("$x/+", ["$x/y"], ["x/y", "$x"]),
        ("$x/y", ["$x/y"], ["x/y"]),
        ("a/#", ["a/$x"], ["$a/x"]),
        ("a/+", ["a/$x"], ["$a/x"]),
    ],
)
def test_mqtt_4_7_2_1_wildcards_do_not_match_a_dollar(
    server: Server, version: int, topic_filter: str, matches: list[str], others: list[str]
) -> None:
    """A filter that begins with a wildcard does not match a name that begins with $; a $ elsewhere is no matter."""
    check_matching(server, version, topic_filter, matches, others)


@pytest.mark.statement("MQTT-4.7.2-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["#", "+/#", "+/brokers/#"])
def test_mqtt_4_7_2_1_sys_is_not_in_the_multi_level_wildcard(server: Server, version: int, topic: str) -> None:
    """What the server says of itself under $SYS/ comes to those who ask for $SYS/, not to all."""
    client = server.subscriber(topic, version=version)
    insider = server.subscriber("$SYS/#", version=version)
    server.connect(version, "c")
    server.advance(60)
    assert insider.receive(Publish).topic.startswith("$SYS/brokers/")
    client.expect_silence()


@pytest.mark.statement("MQTT-4.7.2-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["$SYS/brokers/emqx@127.0.0.1/version", "$SYS/x", "$delayed/1/$SYS/x"])
def test_mqtt_4_7_2_1_sys_belongs_to_the_server(server: Server, version: int, topic: str) -> None:
    """What clients send to $SYS/, retained, delayed or as a will, reaches nobody."""
    watcher = server.subscriber("$SYS/x", version=version).subscribe("$SYS/brokers/+/version")
    client = server.connect(version, will=Will("$SYS/x", b"gone"))
    client.publish(topic, b"fake", retain=True)
    refused = 0x87 if version == 5 else 0
    client.send(Publish(topic, b"fake", 1, packet_id=1)).expect(Puback(1, refused))
    client.send(Publish(topic, b"fake", 2, packet_id=2)).expect(Pubrec(2, refused))
    client.drop()
    server.advance(2)
    watcher.expect_silence()
    server.subscriber("$SYS/#", version=version).expect_silence()


# --- all names and filters ---------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.7.3-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_7_3_1_at_least_one_character(server: Server, version: int) -> None:
    """Empty topic names and filters end the connection."""
    server.connect(version).send(publish_bytes(version, b"")).expect_end(0x82)
    server.connect(version).send(subscribe_bytes(version, b"")).expect_end(0x8F)
    server.connect(version).send(unsubscribe_bytes(version, b"")).expect_end(0x8F)


@pytest.mark.statement("MQTT-4.7.3-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("topic", ["a", "/", " "])
def test_mqtt_4_7_3_1_one_character_is_enough(server: Server, version: int, topic: str) -> None:
    """A single character is a topic, a separator or a blank as well."""
    check_matching(server, version, topic, [topic], ["b", "//"])


@pytest.mark.statement("MQTT-4.7.3-2", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("packet", [publish_bytes, subscribe_bytes, unsubscribe_bytes])
@pytest.mark.parametrize("topic", [b"\0", b"a\0", b"a/\0/b"])
def test_mqtt_4_7_3_2_no_null_character(
    server: Server, version: int, packet: Callable[[int, bytes], bytes], topic: bytes
) -> None:
    """A U+0000 in a name or filter ends the connection."""
    server.connect(version).send(packet(version, topic)).expect_end(0x81)


@pytest.mark.statement("MQTT-4.7.3-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_4_7_3_3_as_long_as_65535_bytes(server: Server, version: int) -> None:
    """Names and filters of 65535 bytes, the most that their length can say, are as good as others."""
    topic = "й" * 32_767 + "!"
    client = server.connect(version).send(Subscribe(1, [SubscriptionRequest(topic, 1)])).expect(Suback(1, [1]))
    server.connect(version).publish(topic, b"x", 1, retain=True)
    client.expect_message(topic, b"x", 1)
    server.subscriber("+", version=version).expect_message(topic, b"x", retain=True)
    client.send(Unsubscribe(2, [topic]))
    client.expect(b"\xb0\x02\x00\x02" if version == 4 else b"\xb0\x04\x00\x02\x00\x00")


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.mark.statement("MQTT-4.7.3-4", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("topic_filter", "others"),
    [
        (COMPOSED, [DECOMPOSED, "CAFÉ", "cafe"]),
        (DECOMPOSED, [COMPOSED]),
        ("a/b", ["A/B", "a/b/", "/a/b", "a//b", "a/./b", "x/../a/b", "a/b ", " a/b", "a%2Fb", "a\\b"]),
        ("a//b", ["a/b", "a///b"]),
        ("\ufeffa", ["a"]),
        ("ﬁ", ["fi"]),
        ("Å", ["\u212b"]),
        ("\U0001f600\ue000\ufdd0", ["\U0001f600", "\U0001f600\ue000"]),
    ],
)
def test_mqtt_4_7_3_4_nothing_is_normalized(
    server: Server, version: int, topic_filter: str, others: list[str]
) -> None:
    """Names match character by character: no normalization, no folding, no substitution of unknown ones."""
    assert unicodedata.normalize("NFC", DECOMPOSED) == COMPOSED
    check_matching(server, version, topic_filter, [topic_filter], others)
