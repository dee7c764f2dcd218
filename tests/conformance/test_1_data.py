"""Chapter 1: UTF-8 encoded strings, variable byte integers, string pairs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.wire import Server, frame, utf8
from emqx_compat.mqtt import Publish

BOTH = pytest.mark.parametrize("version", [4, 5])
ILL_FORMED = {
    "a surrogate": b"a\xed\xa0\x80b",
    "the highest surrogate": b"\xed\xbf\xbf",
    "a surrogate pair": b"\xed\xa0\x80\xed\xb0\x80",
    "a continuation byte alone": b"\x80",
    "a missing continuation byte": b"a\xc3",
    "an overlong slash": b"\xc0\xaf",
    "an overlong U+0000": b"\xc0\x80",
    "a code point above U+10FFFF": b"\xf4\x90\x80\x80",
    "an impossible byte": b"\xff",
}


def publish_to(topic: bytes, version: int) -> bytes:
    """A PUBLISH of QoS 0 with any bytes for a topic name."""
    return frame(0x30, utf8(topic), b"\0" if version == 5 else b"")


def subscribe_to(topic: bytes, version: int) -> bytes:
    """A SUBSCRIBE with any bytes for its only filter."""
    return frame(0x82, b"\0\1", b"\0" if version == 5 else b"", utf8(topic), b"\0")


def unsubscribe_from(topic: bytes, version: int) -> bytes:
    """An UNSUBSCRIBE with any bytes for its only filter."""
    return frame(0xA2, b"\0\1", b"\0" if version == 5 else b"", utf8(topic))


@pytest.mark.statement("MQTT-1.5.3-1", "3.1.1")
@pytest.mark.statement("MQTT-1.5.4-1", "5.0")
@BOTH
@pytest.mark.parametrize("text", ILL_FORMED.values(), ids=ILL_FORMED.keys())
def test_mqtt_1_5_4_1_ill_formed_utf8_ends_the_connection(server: Server, version: int, text: bytes) -> None:
    """A string that is not well-formed UTF-8, surrogates included, is malformed: the connection is closed."""
    server.connect(version).send(publish_to(text, version)).expect_end(0x81)


@pytest.mark.statement("MQTT-1.5.3-1", "3.1.1")
@pytest.mark.statement("MQTT-1.5.4-1", "5.0")
@BOTH
@pytest.mark.parametrize("packet", [subscribe_to, unsubscribe_from])
def test_mqtt_1_5_4_1_ill_formed_filters_end_the_connection(
    server: Server, version: int, packet: Callable[[bytes, int], bytes]
) -> None:
    """So do ill-formed topic filters."""
    server.connect(version).send(packet(b"a/\xed\xa0\x80", version)).expect_end(0x81)


@pytest.mark.statement("MQTT-1.5.3-2", "3.1.1")
@pytest.mark.statement("MQTT-1.5.4-2", "5.0")
@BOTH
@pytest.mark.parametrize("packet", [publish_to, subscribe_to, unsubscribe_from])
def test_mqtt_1_5_4_2_u0000_ends_the_connection(
    server: Server, version: int, packet: Callable[[bytes, int], bytes]
) -> None:
    """A string with U+0000 is malformed: the connection is closed."""
    server.connect(version).send(packet(b"a\0b", version)).expect_end(0x81)


@pytest.mark.statement("MQTT-1.5.3-2", "3.1.1")
@pytest.mark.statement("MQTT-1.5.4-2", "5.0")
def test_mqtt_1_5_4_2_a_client_id_with_u0000_is_not_let_in(server: Server) -> None:
    """A CONNECT with U+0000 in its client identifier is refused (5.0) or not answered at all (3.1.1)."""
    body = b"\x00\x04MQTT%c\x02\x00\x00%b" + utf8(b"a\0b")
    server.open(4).send(frame(0x10, body % (4, b""))).expect_close()
    server.open(5).send(frame(0x10, body % (5, b"\0"))).expect(b"\x20\x03\x00\x81\x00").expect_close()


@pytest.mark.statement("MQTT-1.5.3-3", "3.1.1")
@pytest.mark.statement("MQTT-1.5.4-3", "5.0")
@BOTH
def test_mqtt_1_5_4_3_a_byte_order_mark_is_a_character_like_others(server: Server, version: int) -> None:
    """0xEF 0xBB 0xBF is U+FEFF wherever it stands; it is neither skipped nor stripped off."""
    topic = "\ufeffa\ufeff/\ufeff"
    marked = server.subscriber(topic, version=version)
    plain = server.subscriber("a/", version=version)
    marked.send(publish_to(b"\xef\xbb\xbfa\xef\xbb\xbf/\xef\xbb\xbf", version))
    marked.expect(publish_to(b"\xef\xbb\xbfa\xef\xbb\xbf/\xef\xbb\xbf", version))
    plain.expect_silence()


@pytest.mark.statement("MQTT-1.5.4-3", "5.0")
def test_mqtt_1_5_4_3_a_byte_order_mark_in_a_client_id_makes_another_client(server: Server) -> None:
    """Client identifiers with and without a leading U+FEFF are two."""
    plain = server.connect(5, "bom")
    server.connect(5, "\ufeffbom").expect_silence()
    plain.expect_silence()


@pytest.mark.statement("MQTT-1.5.5-1", "5.0")
@pytest.mark.parametrize("subid", [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
def test_mqtt_1_5_5_1_variable_byte_integers_take_the_fewest_bytes(server: Server, subid: int) -> None:
    """A Subscription Identifier comes back in as few bytes as its value needs."""
    client = server.subscriber("t", subid=subid)
    encoded, rest = [], subid
    while True:
        rest, byte = divmod(rest, 128)
        encoded.append(byte | (0x80 if rest else 0))
        if not rest:
            break
    properties = bytes((0x0B, *encoded))
    client.send(Publish("t", b"x")).expect(frame(0x30, utf8("t"), bytes((len(properties),)), properties, b"x"))


@pytest.mark.statement("MQTT-1.5.5-1", "5.0")
@pytest.mark.parametrize(("body", "length"), [(127, b"\x7f"), (128, b"\x80\x01"), (16_383, b"\xff\x7f")])
def test_mqtt_1_5_5_1_remaining_lengths_take_the_fewest_bytes(server: Server, body: int, length: bytes) -> None:
    """The Remaining Length of what the server sends has as few bytes as it needs."""
    client = server.subscriber("t")
    payload = bytes(body - 4)
    client.send(Publish("t", payload)).expect(b"\x30" + length + b"\x00\x01t\x00" + payload)


@pytest.mark.statement("MQTT-1.5.5-1", "5.0")
def test_mqtt_1_5_5_1_a_length_of_five_bytes_ends_the_connection(server: Server) -> None:
    """A Variable Byte Integer has four bytes at most [§1.5.5]."""
    server.connect().send(b"\x30\xff\xff\xff\xff\x7f").expect_end(0x81)


PAIR = {"the name": (b"\xff", b"v"), "the value": (b"n", b"\xff"), "U+0000": (b"n\0", b"v")}


@pytest.mark.statement("MQTT-1.5.7-1", "5.0")
@pytest.mark.parametrize(("name", "value"), PAIR.values(), ids=PAIR.keys())
def test_mqtt_1_5_7_1_both_strings_of_a_pair_are_utf8(server: Server, name: bytes, value: bytes) -> None:
    """A User Property whose name or value is no UTF-8 Encoded String is malformed."""
    pair = b"\x26" + utf8(name) + utf8(value)
    server.connect().send(frame(0x30, utf8("t"), bytes((len(pair),)), pair)).expect_end(0x81)
