"""Hypothesis strategies for every packet, such that writing and reading it back is the identity."""

from typing import Any

from hypothesis import strategies as st

from emqx_compat.mqtt import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
    Will,
)
from emqx_compat.mqtt.packet_types import WILL
from emqx_compat.mqtt.properties import PROPERTY_TABLE, PropertyRow, WireType
from emqx_compat.mqtt.reason_codes import LEGAL_REASON_CODES
from emqx_compat.mqtt.rules import RETURN_CODES

VERSIONS = (3, 4, 5)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
payloads = st.binary(max_size=300)
packet_ids = st.integers(1, 65535)

_level_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/+#"), max_size=4)
topic_names = st.lists(_level_texts, min_size=1, max_size=4).map("/".join).filter(bool)


@st.composite
def topic_filters(draw: st.DrawFn) -> str:
    levels = draw(st.lists(_level_texts | st.just("+"), min_size=0, max_size=4))
    if draw(st.booleans()) or levels in ([], [""]):
        levels.append("#")
    plain = "/".join(levels)
    if plain.startswith(("$share/", "$queue/")):
        plain = "x" + plain
    return draw(st.sampled_from(["", "", "$share/g/", "$queue/"])) + plain


_VALUES: dict[WireType, st.SearchStrategy[Any]] = {
    WireType.BYTE: st.integers(0, 1),
    WireType.TWO_BYTE: st.integers(1, 0xFFFF),
    WireType.FOUR_BYTE: st.integers(1, 0xFFFFFFFF),
    WireType.VARIABLE: st.integers(1, 268_435_455),
    WireType.BINARY: st.binary(max_size=8),
    WireType.UTF8: texts,
    WireType.UTF8_PAIR: st.tuples(texts, texts),
}


def _values(row: PropertyRow, kind: int) -> st.SearchStrategy[Any]:
    values = topic_names if row.name == "response_topic" else _VALUES[row.wire_type]
    if row.is_list:
        return st.lists(values, min_size=1, max_size=3 if kind in row.repeatable else 1)
    return values


def _properties(kind: int) -> st.SearchStrategy[Any]:
    optional = {row.name: _values(row, kind) for row in PROPERTY_TABLE if kind in row.packets}

    def settle(properties: dict[str, Any]) -> dict[str, Any] | None:
        if "authentication_method" not in properties:
            properties.pop("authentication_data", None)
        return properties or None

    return st.fixed_dictionaries({}, optional=optional).map(settle)


_PROPERTIES = {kind: _properties(kind) for kind in (WILL, *PacketType)}
"""Properties, or None, by packet type."""


def properties_of(kind: int, version: int) -> st.SearchStrategy[Any]:
    """Properties for one packet type, always None before 5.0."""
    return _PROPERTIES[kind] if version == 5 else st.none()


def reason_codes(kind: PacketType, version: int) -> st.SearchStrategy[int]:
    """Reason codes, or return codes before 5.0, that a packet type may carry."""
    if version == 5:
        return st.sampled_from(sorted(LEGAL_REASON_CODES[kind]))
    return st.sampled_from(sorted(RETURN_CODES.get(kind, {0})))


@st.composite
def connects(draw: st.DrawFn, version: int) -> Packet:
    will = None
    if draw(st.booleans()):
        will = Will(
            draw(topic_names),
            draw(payloads),
            draw(st.integers(0, 2)),
            draw(st.booleans()),
            draw(properties_of(WILL, version)),
        )
    username = draw(st.none() | texts)
    password = draw(st.none() | payloads)
    return Connect(
        clientid=draw(texts),
        username=username,
        password=password if version == 5 or username is not None else None,
        proto_name="MQIsdp" if version == 3 else "MQTT",
        proto_ver=version,
        clean_start=draw(st.booleans()),
        keepalive=draw(st.integers(0, 65535)),
        will=will,
        properties=draw(properties_of(PacketType.CONNECT, version)),
        is_bridge=draw(st.booleans()),
    )


@st.composite
def connacks(draw: st.DrawFn, version: int) -> Packet:
    code = draw(reason_codes(PacketType.CONNACK, version))
    present = draw(st.booleans()) and not code and version != 3
    return Connack(present, code, draw(properties_of(PacketType.CONNACK, version)))


@st.composite
def publishes(draw: st.DrawFn, version: int) -> Packet:
    qos = draw(st.integers(0, 2))
    properties = draw(properties_of(PacketType.PUBLISH, version))
    topic = draw(topic_names)
    if properties and "topic_alias" in properties and draw(st.booleans()):
        topic = ""
    return Publish(
        topic,
        draw(payloads),
        qos,
        retain=draw(st.booleans()),
        dup=bool(qos) and draw(st.booleans()),
        packet_id=draw(packet_ids) if qos else 0,
        properties=properties,
    )


def _acks(kind: type[Puback | Pubrec | Pubrel | Pubcomp], version: int) -> st.SearchStrategy[Packet]:
    codes = reason_codes(kind.type, version)
    return st.builds(kind, packet_ids, codes, properties_of(kind.type, version))


def _requests(version: int) -> st.SearchStrategy[SubscriptionRequest]:
    plain = st.builds(SubscriptionRequest, topic_filters(), st.integers(0, 2))
    if version < 5:
        return plain

    def settle(request: SubscriptionRequest) -> SubscriptionRequest:
        if request.topic_filter.startswith("$"):
            request.no_local = False
        return request

    flags = st.booleans()
    full = st.builds(SubscriptionRequest, topic_filters(), st.integers(0, 2), flags, flags, st.integers(0, 2))
    return full.map(settle)


def packets(kind: PacketType, version: int) -> st.SearchStrategy[Packet]:
    """Packets of one type in one version."""
    properties = properties_of(kind, version)
    codes = reason_codes(kind, version)
    some_codes = st.lists(codes, min_size=1, max_size=5)
    match kind:
        case PacketType.CONNECT:
            return connects(version)
        case PacketType.CONNACK:
            return connacks(version)
        case PacketType.PUBLISH:
            return publishes(version)
        case PacketType.PUBACK:
            return _acks(Puback, version)
        case PacketType.PUBREC:
            return _acks(Pubrec, version)
        case PacketType.PUBREL:
            return _acks(Pubrel, version)
        case PacketType.PUBCOMP:
            return _acks(Pubcomp, version)
        case PacketType.SUBSCRIBE:
            requests = st.lists(_requests(version), min_size=1, max_size=4)
            return st.builds(Subscribe, packet_ids, requests, properties)
        case PacketType.SUBACK:
            return st.builds(Suback, packet_ids, some_codes, properties)
        case PacketType.UNSUBSCRIBE:
            filters = st.lists(topic_filters(), min_size=1, max_size=4)
            return st.builds(Unsubscribe, packet_ids, filters, properties)
        case PacketType.UNSUBACK:
            return st.builds(Unsuback, packet_ids, some_codes if version == 5 else st.just([]), properties)
        case PacketType.PINGREQ:
            return st.just(Pingreq())
        case PacketType.PINGRESP:
            return st.just(Pingresp())
        case PacketType.DISCONNECT:
            return st.builds(Disconnect, codes, properties)
        case PacketType.AUTH:
            methods = st.fixed_dictionaries({"authentication_method": texts})
            return st.just(Auth()) | st.builds(
                lambda code, method, more: Auth(code, {**(more or {}), **method}), codes, methods, properties
            )


def types_in(version: int) -> list[PacketType]:
    """The packet types a version has."""
    return [kind for kind in PacketType if version == 5 or kind != PacketType.AUTH]


def any_packets(version: int, *, connect: bool = False) -> st.SearchStrategy[Packet]:
    """Packets of every type in one version, without CONNECT unless asked for."""
    kinds = [kind for kind in types_in(version) if connect or kind != PacketType.CONNECT]
    return st.one_of([packets(kind, version) for kind in kinds])
