"""The delivery helpers say what `encode` says; older versions are told less."""

import pytest

from emqx_compat.mqtt import (
    Connack,
    Disconnect,
    MalformedPacket,
    PacketTooLarge,
    PacketType,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Unsuback,
    encode,
    encode_ack,
    encode_publish,
    publish_parts,
)

from .strategies import VERSIONS

SIZES = (0, 1, 120, 125, 200, 16_370, 16_384, 70_000)
PROPERTIES: tuple[Properties | None, ...] = (None, {"content_type": "text", "user_property": [("a", "b")]})
TOPIC = "a/täg"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("properties", PROPERTIES, ids=["bare", "properties"])
@pytest.mark.parametrize("size", SIZES)
def test_publish_helpers_agree_with_encode(
    version: int, qos: int, properties: Properties | None, size: int
) -> None:
    packet_id = 513 if qos else 0
    payload = bytes(size)
    whole = encode(Publish(TOPIC, payload, qos, True, False, packet_id, properties), version)
    head, tail = publish_parts(TOPIC.encode(), payload, qos, True, properties, version)
    middle = packet_id.to_bytes(2, "big") if qos else b""
    assert head + middle + tail == whole
    assert encode_publish(TOPIC.encode(), payload, qos, True, False, packet_id, properties, version) == whole


def test_parts_of_an_old_version_share_the_payload() -> None:
    payload = bytes(100)
    assert publish_parts(b"t", payload, 1, version=4)[1] is payload


def test_encode_publish_marks_a_repetition() -> None:
    assert encode_publish(b"t", b"", 1, dup=True, packet_id=1) == encode(
        Publish("t", b"", 1, dup=True, packet_id=1), 4
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reason_code", [0, 0x80])
@pytest.mark.parametrize("kind", [Puback, Pubrec])
def test_encode_ack_agrees_with_encode(kind: type[Puback | Pubrec], reason_code: int, version: int) -> None:
    assert encode_ack(kind.type, 7, reason_code, version) == encode(kind(7, reason_code), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reason_code", [0, 0x92])
@pytest.mark.parametrize("kind", [Pubrel, Pubcomp])
def test_encode_ack_agrees_with_encode_in_the_second_half(
    kind: type[Pubrel | Pubcomp], reason_code: int, version: int
) -> None:
    assert encode_ack(kind.type, 7, reason_code, version) == encode(kind(7, reason_code), version)


@pytest.mark.parametrize("version", [3, 4])
def test_properties_are_not_written_before_5(version: int) -> None:
    packet = Publish("t", b"x", properties={"content_type": "text"})
    assert encode(packet, version) == encode(Publish("t", b"x"), version)
    assert encode(Disconnect(0x98, {"reason_string": "why"}), version) == b"\xe0\x00"


@pytest.mark.parametrize("version", [3, 4])
def test_reason_codes_become_return_codes_before_5(version: int) -> None:
    assert encode(Connack(False, 0x87), version) == b"\x20\x02\x00\x05"
    assert encode(Suback(1, [1, 0x87]), version) == b"\x90\x04\x00\x01\x01\x80"
    assert encode(Unsuback(1, [0x11]), version) == b"\xb0\x02\x00\x01"
    assert encode(Puback(1, 0x87), version) == b"\x40\x02\x00\x01"


def test_3_1_cannot_tell_of_a_session() -> None:
    assert encode(Connack(True), 3) == b"\x20\x02\x00\x00"


def test_a_topic_too_long_is_refused() -> None:
    with pytest.raises(MalformedPacket):
        encode_publish(b"t" * 65_536, b"")
    with pytest.raises(MalformedPacket):
        publish_parts(b"t" * 65_536, b"", 0)


class Huge(bytes):
    """Claims to be longer than any payload can be, without being it."""

    def __len__(self) -> int:
        return 268_435_456


def test_a_packet_that_no_remaining_length_can_say_is_refused() -> None:
    with pytest.raises(PacketTooLarge):
        encode_publish(b"t", Huge())


def test_every_packet_type_can_be_acknowledged_by_its_type() -> None:
    assert encode_ack(PacketType.PUBREL, 1) == b"\x62\x02\x00\x01"
