"""What a `Decoder` knows between one chunk and the next."""

import pytest

from emqx_compat.mqtt import (
    Connack,
    Connect,
    Decoder,
    MalformedPacket,
    Packet,
    PacketTooLarge,
    Pingreq,
    Pingresp,
    ProtocolViolation,
    Puback,
    Publish,
    ReasonCode,
    Suback,
    Unsuback,
    UnsupportedProtocolVersion,
    Will,
    decode_packet,
    decoder,
    encode,
)

from .vectors import wire

PING = encode(Pingreq(), 4)
CONNECTS = {
    3: Connect("c", proto_name="MQIsdp", proto_ver=3),
    4: Connect("c"),
    5: Connect("c", proto_ver=5),
}


@pytest.mark.parametrize("version", CONNECTS)
def test_the_version_is_learnt_from_connect(version: int) -> None:
    server = Decoder()
    publish = Publish("t", b"x")
    assert server.feed(encode(CONNECTS[version], version) + encode(publish, version)) == [
        CONNECTS[version],
        publish,
    ]
    assert (server.version, server.error) == (version, None)


def test_the_version_is_known_even_if_the_rest_of_connect_is_bad() -> None:
    server = Decoder()
    assert server.feed(wire('10 0E "MQTT" 05 03 003C 00 "c"')) == []
    assert server.version == 5
    assert server.error is not None


def test_a_first_packet_that_is_no_connect_is_refused_before_its_body_arrives() -> None:
    server = Decoder()
    assert server.feed(b"GET / HTTP/1.1\r\n") == []
    assert isinstance(server.error, ProtocolViolation)
    assert server.error.clause == "MQTT-3.1.0-1"


def test_an_unknown_protocol_is_told_by_name_and_level() -> None:
    server = Decoder()
    server.feed(wire('10 0D "MQTT" 09 02 003C "c"'))
    assert isinstance(server.error, UnsupportedProtocolVersion)
    assert (server.error.name, server.error.level, server.version) == ("MQTT", 9, None)
    assert server.error.reason_code == ReasonCode.UNSUPPORTED_PROTOCOL_VERSION


def test_a_second_connect_is_refused() -> None:
    server = Decoder()
    connect = encode(CONNECTS[4], 4)
    assert server.feed(connect + connect) == [CONNECTS[4]]
    assert server.error is not None
    assert server.error.clause == "MQTT-3.1.0-2"


FROM_A_SERVER: list[Packet] = [Connack(), Suback(1, [0]), Unsuback(1, [0]), Pingresp()]


@pytest.mark.parametrize("packet", FROM_A_SERVER, ids=lambda packet: packet.type.name)
def test_a_client_does_not_send_what_servers_send(packet: Packet) -> None:
    server = Decoder()
    server.feed(encode(CONNECTS[5], 5))
    assert server.feed(encode(packet, 5)) == []
    assert isinstance(server.error, ProtocolViolation)
    assert server.error.clause == "§2.1.2"


def test_only_a_server_publishes_with_a_subscription_identifier() -> None:
    publish = Publish("t", b"", properties={"subscription_identifier": [1]})
    assert Decoder(5).feed(encode(publish, 5)) == [publish]
    server = Decoder()
    server.feed(encode(CONNECTS[5], 5))
    assert server.feed(encode(publish, 5)) == []
    assert server.error is not None
    assert server.error.clause == "MQTT-3.3.4-6"


def test_packets_before_a_bad_one_are_returned() -> None:
    peer = Decoder(4)
    assert peer.feed(PING + PING + b"\xc1\x00" + PING) == [Pingreq(), Pingreq()]
    assert isinstance(peer.error, MalformedPacket)


def test_nothing_is_read_after_an_error() -> None:
    peer = Decoder(4)
    peer.feed(b"\xc1\x00")
    error = peer.error
    assert peer.feed(PING) == []
    assert peer.error is error


def test_no_bytes_are_no_packets() -> None:
    peer = Decoder(4)
    assert peer.feed(b"") == []
    peer.feed(PING[:1])
    assert peer.feed(b"") == []
    assert peer.feed(PING[1:]) == [Pingreq()]


@pytest.mark.parametrize("payload", [b"", bytes(100), bytes(20_000)], ids=len)
def test_a_packet_may_be_as_long_as_the_limit_but_not_longer(payload: bytes) -> None:
    packet = Publish("t", payload)
    data = encode(packet, 4)
    assert Decoder(4, len(data)).feed(data) == [packet]
    short = Decoder(4, len(data) - 1)
    assert short.feed(data) == []
    assert isinstance(short.error, PacketTooLarge)
    assert short.error.reason_code == ReasonCode.PACKET_TOO_LARGE


def test_a_packet_too_large_is_refused_by_its_header_alone() -> None:
    peer = Decoder(4, 1_000_000)
    peer.feed(b"\x30\xff\xff")
    assert peer.error is None
    peer.feed(b"\xff\x7f")
    assert isinstance(peer.error, PacketTooLarge)


def test_the_limit_may_change_between_chunks() -> None:
    peer = Decoder(4, 10)
    packet = Publish("t", bytes(50))
    peer.max_packet_size = 100
    assert peer.feed(encode(packet, 4)) == [packet]
    peer.max_packet_size = 10
    peer.feed(encode(packet, 4))
    assert isinstance(peer.error, PacketTooLarge)


def test_bad_flags_are_refused_before_the_body_arrives() -> None:
    peer = Decoder(4)
    peer.feed(b"\x36\x64")
    assert peer.error is not None
    assert peer.error.clause == "MQTT-3.3.1-4"


def test_a_large_packet_in_many_chunks_is_read_once_it_is_whole() -> None:
    packet = Publish("t", bytes(300_000), 1, packet_id=1)
    data = encode(packet, 4) + PING
    peer = Decoder(4)
    found = [peer.feed(data[start : start + 1000]) for start in range(0, len(data), 1000)]
    assert [packets for packets in found if packets] == [[packet, Pingreq()]]


def test_topic_names_are_remembered_up_to_a_limit() -> None:
    peer = Decoder(4)
    data = b"".join(encode(Publish(f"many/{number}", b""), 4) for number in range(20_000))
    assert [packet.topic for packet in peer.feed(data) if isinstance(packet, Publish)][-1] == "many/19999"
    assert len(decoder._TOPICS) <= decoder._TOPICS_MAX


def test_long_topic_names_are_not_remembered() -> None:
    packet = Publish("x" * 65_535, b"")
    assert Decoder(4).feed(encode(packet, 4)) == [packet]
    assert packet.topic.encode() not in decoder._TOPICS


@pytest.mark.parametrize("data", [b"", b"\xc0", PING + PING, PING + b"\xc0"], ids=["none", "part", "two", "more"])
def test_decode_packet_wants_exactly_one(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        decode_packet(data, 4)


@pytest.mark.parametrize(
    ("notation", "reason"),
    [
        ('30 05 "a/#"', ReasonCode.TOPIC_NAME_INVALID),
        ('82 07 0001 "a+" 00', ReasonCode.TOPIC_FILTER_INVALID),
        ("40 02 0000", ReasonCode.PROTOCOL_ERROR),
        ("C1 00", ReasonCode.MALFORMED_PACKET),
    ],
)
def test_an_error_has_the_reason_code_to_answer_with(notation: str, reason: ReasonCode) -> None:
    peer = Decoder(4)
    peer.feed(wire(notation))
    assert peer.error is not None
    assert peer.error.reason_code is reason


def test_a_topic_alias_of_zero_has_its_own_reason_code() -> None:
    peer = Decoder(5)
    peer.feed(wire('30 07 "t" 03 23 0000'))
    assert peer.error is not None
    assert peer.error.reason_code is ReasonCode.TOPIC_ALIAS_INVALID


def test_the_message_of_an_error_leads_with_the_clause() -> None:
    peer = Decoder(4)
    peer.feed(wire('36 06 "t" 0001 <x>'))
    assert str(peer.error) == "[MQTT-3.3.1-4] PUBLISH with QoS 3"


def test_a_packet_does_not_show_its_password() -> None:
    packet = Connect("c", "u", b"secret", will=Will("t", b""))
    assert "secret" not in repr(decode_packet(encode(packet, 4), None))


def test_acknowledgements_in_one_chunk_keep_their_order() -> None:
    acks = [Puback(number) for number in range(1, 200)]
    assert Decoder(5).feed(b"".join(encode(ack, 5) for ack in acks)) == acks
