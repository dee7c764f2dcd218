"""The property table: against paho's, and rule by rule."""

from typing import Any, cast

import pytest
from hypothesis import given, settings
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties

from emqx_compat.mqtt import MalformedPacket, PacketType, Properties, ProtocolViolation
from emqx_compat.mqtt.packet_types import WILL
from emqx_compat.mqtt.properties import (
    PROPERTY_TABLE,
    PropertyRow,
    WireType,
    read_properties,
    write_properties,
)

from .strategies import properties_of
from .vectors import wire

PLACES = (WILL, *PacketType)
PAHO = PahoProperties(PacketTypes.PUBLISH)
PAHO_TYPES = {
    WireType.BYTE: "Byte",
    WireType.TWO_BYTE: "Two Byte Integer",
    WireType.FOUR_BYTE: "Four Byte Integer",
    WireType.VARIABLE: "Variable Byte Integer",
    WireType.BINARY: "Binary Data",
    WireType.UTF8: "UTF-8 Encoded String",
    WireType.UTF8_PAIR: "UTF-8 String Pair",
}


def paho_place(kind: int) -> int:
    return PacketTypes.WILLMESSAGE if kind == WILL else kind


def read(data: bytes, kind: int) -> Properties | None:
    properties, index = read_properties(data, 0, len(data), kind)
    assert index == len(data)
    return properties


def test_the_table_has_every_property_of_the_typed_dict() -> None:
    assert {row.name for row in PROPERTY_TABLE} == set(Properties.__annotations__)


def test_the_table_has_the_identifiers_that_paho_has() -> None:
    names = {name.lower().replace(" ", "_"): identifier for name, identifier in PAHO.names.items()}
    assert {row.name: row.identifier for row in PROPERTY_TABLE} == names


@pytest.mark.parametrize("row", PROPERTY_TABLE, ids=lambda row: row.name)
def test_type_and_packets_of_a_property_are_those_of_paho(row: PropertyRow) -> None:
    wire_type, places = PAHO.properties[row.identifier]
    assert PAHO_TYPES[row.wire_type] == PAHO.types[wire_type]
    assert {paho_place(kind) for kind in row.packets} == set(places)


@pytest.mark.parametrize("kind", PLACES)
def test_properties_are_written_as_paho_writes_them(kind: int) -> None:
    @settings(max_examples=20, deadline=None)
    @given(properties_of(kind, 5))
    def holds(properties: Properties | None) -> None:
        if properties and properties.get("maximum_packet_size", 0) > 268_435_455:
            return  # paho refuses what the specification allows
        paho = PahoProperties(paho_place(kind))
        ordered = {row.name: properties[row.name] for row in PROPERTY_TABLE if row.name in (properties or {})}  # type: ignore
        for name, value in ordered.items():
            setattr(paho, name.title().replace("_", "").replace("Qos", "QoS"), value)
        assert write_properties(cast(Properties, ordered), kind) == bytes(paho.pack())
        assert read(bytes(paho.pack()), kind) == properties

    holds()


def value_of(row: PropertyRow) -> Any:
    """A legal value."""
    samples: dict[WireType, Any] = {
        WireType.BINARY: b"x",
        WireType.UTF8: "x",
        WireType.UTF8_PAIR: ("x", "y"),
    }
    value = samples.get(row.wire_type, 1)
    return [value] if row.is_list else value


def bytes_of(row: PropertyRow) -> bytes:
    """A legal occurrence, without the property length."""
    allowed = min(row.packets)
    return write_properties(cast(Properties, {row.name: value_of(row)}), allowed)[1:]


def sized(body: bytes) -> bytes:
    return bytes((len(body),)) + body


MISPLACED = [(row, kind) for row in PROPERTY_TABLE for kind in PLACES if kind not in row.packets]


@pytest.mark.parametrize(("row", "kind"), MISPLACED, ids=lambda value: getattr(value, "name", value))
def test_a_property_out_of_place_is_malformed(row: PropertyRow, kind: int) -> None:
    with pytest.raises(MalformedPacket, match=r"^\[§2\.2\.2\.2\] property "):
        read(sized(bytes_of(row)), kind)
    with pytest.raises(MalformedPacket):
        write_properties(cast(Properties, {row.name: value_of(row)}), kind)


TWICE = [(row, kind) for row in PROPERTY_TABLE for kind in sorted(row.packets)]


@pytest.mark.parametrize(("row", "kind"), TWICE, ids=lambda value: getattr(value, "name", value))
def test_only_user_properties_and_identifiers_of_publish_are_repeated(row: PropertyRow, kind: int) -> None:
    data = sized(bytes_of(row) * 2)
    if row.name == "user_property" or (row.name, kind) == ("subscription_identifier", PacketType.PUBLISH):
        assert read(data, kind) == {row.name: value_of(row) * 2}
    else:
        with pytest.raises(ProtocolViolation, match="more than once"):
            read(data, kind)


BAD_VALUES = [
    ("payload_format_indicator", 2, PacketType.PUBLISH, "01 02"),
    ("request_problem_information", 2, PacketType.CONNECT, "17 02"),
    ("request_response_information", 2, PacketType.CONNECT, "19 02"),
    ("receive_maximum", 0, PacketType.CONNECT, "21 0000"),
    ("maximum_packet_size", 0, PacketType.CONNECT, "27 00000000"),
    ("topic_alias", 0, PacketType.PUBLISH, "23 0000"),
    ("subscription_identifier", [0], PacketType.SUBSCRIBE, "0B 00"),
    ("subscription_identifier", [0], PacketType.PUBLISH, "0B 00"),
    ("maximum_qos", 2, PacketType.CONNACK, "24 02"),
    ("retain_available", 2, PacketType.CONNACK, "25 02"),
    ("wildcard_subscription_available", 2, PacketType.CONNACK, "28 02"),
    ("subscription_identifier_available", 255, PacketType.CONNACK, "29 FF"),
    ("shared_subscription_available", 2, PacketType.CONNACK, "2A 02"),
    ("response_topic", "a/#", PacketType.PUBLISH, '08 "a/#"'),
    ("response_topic", "+", WILL, '08 "+"'),
    ("response_topic", "", PacketType.PUBLISH, '08 ""'),
]


@pytest.mark.parametrize(("name", "value", "kind", "notation"), BAD_VALUES)
def test_a_value_out_of_range_is_a_protocol_error(name: str, value: Any, kind: int, notation: str) -> None:
    with pytest.raises(ProtocolViolation):
        read(sized(wire(notation)), kind)
    with pytest.raises(ProtocolViolation):
        write_properties(cast(Properties, {name: value}), kind)


@pytest.mark.parametrize(
    "notation",
    [
        "01 7F",
        "03 7F 00 00",
        "02 11 00",
        "03 21 00",
        "03 27 0001",
        "03 15 0002",
        "03 16 0002",
        "05 26 <k> 00",
        "01 0B",
        "80808080 01",
        "02 8080",
    ],
)
def test_properties_that_do_not_parse_are_malformed(notation: str) -> None:
    with pytest.raises(MalformedPacket):
        read(wire(notation), PacketType.CONNECT)


@pytest.mark.parametrize(
    "properties",
    [
        {"no_such_property": 1},
        {"receive_maximum": 65_536},
        {"session_expiry_interval": -1},
        {"authentication_method": "x" * 65_536},
        {"user_property": [("x", "\0")]},
    ],
)
def test_what_cannot_be_represented_is_not_written(properties: Any) -> None:
    with pytest.raises(MalformedPacket):
        write_properties(properties, PacketType.CONNECT)


def test_a_subscription_identifier_beyond_its_type_is_not_written() -> None:
    with pytest.raises(MalformedPacket):
        write_properties({"subscription_identifier": [268_435_456]}, PacketType.SUBSCRIBE)


def test_no_properties_are_none_and_one_byte() -> None:
    assert write_properties(None, PacketType.CONNECT) == b"\0"
    assert write_properties({}, PacketType.CONNECT) == b"\0"
    assert read(b"\0", PacketType.CONNECT) is None


def test_user_properties_keep_order_and_duplicates() -> None:
    pairs = [("b", "1"), ("a", "2"), ("b", "1")]
    data = write_properties({"user_property": pairs}, PacketType.PUBLISH)
    assert read(data, PacketType.PUBLISH) == {"user_property": pairs}
