"""No bytes do any harm."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emqx_compat.mqtt import CodecError, Connect, Decoder, Packet, decode_packet, encode

from .strategies import VERSIONS, any_packets


def framed(first: int, body: bytes) -> bytes:
    """Arbitrary bytes behind a fixed header that fits them."""
    return bytes((first, len(body))) + body


noise = st.binary(max_size=60) | st.builds(framed, st.integers(0, 255), st.binary(max_size=127))


@settings(max_examples=400, deadline=None)
@given(noise, st.sampled_from([None, *VERSIONS]))
def test_noise_is_a_packet_or_a_codec_error(data: bytes, version: int | None) -> None:
    with contextlib.suppress(CodecError):
        decode_packet(data, version)


@settings(max_examples=200, deadline=None)
@given(st.lists(noise, max_size=5), st.sampled_from([None, *VERSIONS]))
def test_feed_never_raises(chunks: list[bytes], version: int | None) -> None:
    decoder = Decoder(version)
    for chunk in chunks:
        decoder.feed(chunk)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_read_from_a_damaged_packet_can_be_written_and_read_again(version: int) -> None:
    @settings(max_examples=150, deadline=None)
    @given(
        any_packets(version, connect=True),
        st.lists(st.tuples(st.integers(2, 400), st.integers(0, 255)), min_size=1, max_size=3),
    )
    def holds(sent: Packet, damage: list[tuple[int, int]]) -> None:
        data = bytearray(encode(sent, version))
        for place, byte in damage:
            data[place % len(data)] = byte
        try:
            packet = decode_packet(bytes(data), version)
        except CodecError:
            return
        spoken = packet.proto_ver if isinstance(packet, Connect) else version
        assert decode_packet(encode(packet, spoken), spoken) == packet

    holds()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_packet_cut_short_is_not_a_packet(version: int) -> None:
    @settings(max_examples=60, deadline=None)
    @given(any_packets(version, connect=True), st.integers(0, 3000))
    def holds(packet: Packet, place: int) -> None:
        data = encode(packet, version)
        with pytest.raises(CodecError):
            decode_packet(data[: place % len(data)], version)

    holds()
