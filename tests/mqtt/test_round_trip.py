"""Whatever is written is read back as it was, however it is cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emqx_compat.mqtt import CodecError, Decoder, Packet, PacketType, decode_packet, encode

from .strategies import VERSIONS, any_packets, packets, types_in

EVERY_PACKET = [(kind, version) for version in VERSIONS for kind in types_in(version)]
Outcome = tuple[list[Packet], type[CodecError] | None, str | None]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at the places (modulo its length)."""
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(marks)]


def outcome(decoder: Decoder, chunks: list[bytes]) -> Outcome:
    """What a decoder makes of a stream."""
    found = [packet for chunk in chunks for packet in decoder.feed(chunk)]
    error = decoder.error
    return found, type(error) if error else None, error.clause if error else None


@pytest.mark.parametrize(("kind", "version"), EVERY_PACKET, ids=lambda value: getattr(value, "name", value))
def test_a_packet_survives_writing_and_reading(kind: PacketType, version: int) -> None:
    @settings(max_examples=25, deadline=None)
    @given(packets(kind, version))
    def holds(packet: Packet) -> None:
        assert decode_packet(encode(packet, version), version) == packet

    holds()


@pytest.mark.parametrize("version", VERSIONS)
def test_arbitrary_cuts_of_a_stream_give_the_same_packets(version: int) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(any_packets(version), max_size=6), st.lists(st.integers(0, 3000), max_size=8))
    def holds(sent: list[Packet], places: list[int]) -> None:
        stream = b"".join(encode(packet, version) for packet in sent)
        assert outcome(Decoder(version), cut(stream, places)) == (sent, None, None)

    holds()


@pytest.mark.parametrize("version", VERSIONS)
def test_byte_by_byte_gives_the_same_packets(version: int) -> None:
    @settings(max_examples=15, deadline=None)
    @given(st.lists(any_packets(version), max_size=4))
    def holds(sent: list[Packet]) -> None:
        stream = b"".join(encode(packet, version) for packet in sent)
        assert outcome(Decoder(version), [bytes((byte,)) for byte in stream]) == (sent, None, None)

    holds()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_damaged_stream_fails_the_same_however_it_is_cut(version: int) -> None:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(any_packets(version, connect=True), min_size=1, max_size=4),
        st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=4),
        st.lists(st.integers(0, 3000), max_size=8),
        st.sampled_from([40, 1000]),
    )
    def holds(sent: list[Packet], damage: list[tuple[int, int]], places: list[int], limit: int) -> None:
        stream = bytearray().join(encode(packet, version) for packet in sent)
        for place, byte in damage:
            stream[place % len(stream)] = byte
        whole = bytes(stream)
        assert outcome(Decoder(version, limit), cut(whole, places)) == outcome(Decoder(version, limit), [whole])

    holds()
