"""Bytes ↔ packets, one vector a case."""

import pytest

from emqx_compat.mqtt import decode_packet, encode

from . import vectors_connect, vectors_other, vectors_publish, vectors_subscribe
from .vectors import Bad, Good, Unwritable, wire

TABLES = (vectors_connect, vectors_publish, vectors_subscribe, vectors_other)
GOOD = [vector for table in TABLES for vector in table.GOOD]
BAD = [vector for table in TABLES for vector in table.BAD]
UNWRITABLE = [vector for table in TABLES for vector in table.UNWRITABLE]


def name(vector: Good | Bad | Unwritable) -> str:
    return vector.name


@pytest.mark.parametrize("vector", GOOD, ids=name)
def test_bytes_are_read_as_the_packet(vector: Good) -> None:
    assert decode_packet(wire(vector.notation), vector.version) == vector.packet


@pytest.mark.parametrize("vector", [vector for vector in GOOD if vector.canonical], ids=name)
def test_the_packet_is_written_as_the_bytes(vector: Good) -> None:
    assert encode(vector.packet, vector.version) == wire(vector.notation)


@pytest.mark.parametrize("vector", [vector for vector in GOOD if not vector.canonical], ids=name)
def test_a_packet_read_from_a_longer_form_is_written_in_the_short_one(vector: Good) -> None:
    written = encode(vector.packet, vector.version)
    assert len(written) <= len(wire(vector.notation))
    assert decode_packet(written, vector.version) == vector.packet


@pytest.mark.parametrize("vector", BAD, ids=name)
def test_bad_bytes_name_the_broken_clause(vector: Bad) -> None:
    with pytest.raises(vector.error) as caught:
        decode_packet(wire(vector.notation), vector.version)
    assert (type(caught.value), caught.value.clause) == (vector.error, vector.clause)


@pytest.mark.parametrize("vector", UNWRITABLE, ids=name)
def test_what_cannot_be_said_is_not_written(vector: Unwritable) -> None:
    with pytest.raises(vector.error) as caught:
        encode(vector.packet, vector.version)
    assert (type(caught.value), caught.value.clause) == (vector.error, vector.clause)


def test_no_two_vectors_share_a_name() -> None:
    names = [vector.name for vector in (*GOOD, *BAD)]
    assert len(names) == len(set(names))
