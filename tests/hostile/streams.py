"""What hostile peers send: good packets, damaged ones, and noise, cut into writes anywhere."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

from hypothesis import strategies as st
from mqtt.strategies import VERSIONS, any_packets, packets

from emqx_compat.mqtt import (
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Subscribe,
    SubscriptionRequest,
    Unsubscribe,
    encode,
)
from emqx_compat.mqtt.packets import Will

IDS = ("a", "b", "c")
"""Few client ids, so that peers take each other's sessions over."""


@dataclass(frozen=True)
class Stream:
    """One connection: its writes, and whether it closes its half when it has sent them, or aborts."""

    kind: str
    writes: tuple[bytes, ...]
    abort: bool


@st.composite
def _damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some changed, lost, doubled or put in."""
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(["flip", "set", "cut", "drop", "double", "put"])):
            case "flip":
                data = data[:at] + bytes((data[at] ^ (1 << draw(st.integers(0, 7))),)) + data[at + 1 :]
            case "set":
                value = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
                data = data[:at] + bytes((value,)) + data[at + 1 :]
            case "cut":
                data = data[:at]
            case "drop":
                data = data[:at] + data[at + draw(st.integers(1, 8)) :]
            case "double":
                data = data[: at + 1] + data[at:]
            case _:
                data = data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]
    return data


def _encoded(packet: Packet, version: int) -> bytes:
    try:
        return encode(packet, version)
    except ValueError:
        return b""


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """One hostile connection."""
    version = draw(st.sampled_from(VERSIONS))
    parts: list[bytes] = []
    if draw(st.integers(0, 9)):
        clientid = draw(st.sampled_from(IDS))
        expiry = draw(st.sampled_from([0, 5, 0xFFFF_FFFF]))
        hello = Connect(
            clientid,
            proto_name="MQIsdp" if version == 3 else "MQTT",
            proto_ver=version,
            keepalive=draw(st.sampled_from([0, 1, 60])),
            clean_start=draw(st.booleans()),
            properties={"session_expiry_interval": expiry} if version == 5 and expiry else None,
        )
        parts.append(encode(hello, version))
    else:
        parts.append(_encoded(draw(packets(PacketType.CONNECT, version)), version))
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.integers(0, 4)):
            parts.append(_encoded(draw(any_packets(version)), version))
        else:
            parts.append(draw(st.binary(max_size=40)))
    data = b"".join(parts)
    if draw(st.booleans()):
        data = draw(_damaged(data))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))
    edges = [0, *cuts, len(data)]
    writes = tuple(data[start:end] for start, end in itertools.pairwise(edges) if start < end)
    return Stream(draw(st.sampled_from(["tcp", "tcp", "ws"])), writes, draw(st.booleans()))


def _corpus(version: int) -> list[bytes]:
    """One packet of every kind that matters, as a client of that version sends it."""
    five = version == 5
    found: list[Packet] = [
        Subscribe(1, [SubscriptionRequest("#", 2)]),
        Subscribe(2, [SubscriptionRequest("a/+/b", 1), SubscriptionRequest("$share/g/a/#", 1)]),
        Unsubscribe(3, ["#", "a/+/b"]),
        Publish("a/x/b", b"payload", 0),
        Publish("a/x/b", b"payload" * 50, 1, True, packet_id=4),
        Publish("a/x/b", b"", 2, packet_id=5),
        Publish("a/x/b", b"", 2, dup=True, packet_id=5),
        Pubrel(5),
        *(kind(packet_id) for kind in (Puback, Pubrec, Pubcomp) for packet_id in (1, 2, 3)),
        Pingreq(),
        Disconnect(),
    ]
    if five:
        found += [
            Subscribe(6, [SubscriptionRequest("a/#", 1, retain_handling=2)], {"subscription_identifier": [7]}),
            Publish("a/1", b"x", 1, packet_id=8, properties={"topic_alias": 1, "message_expiry_interval": 1}),
            Publish("", b"x", 0, properties={"topic_alias": 1}),
            Publish("a/2", b"x", 0, properties={"user_property": [("k", "v")], "response_topic": "a"}),
            Disconnect(4, {"session_expiry_interval": 100}),
        ]
    return [encode(packet, version) for packet in found]


CORPUS = {version: _corpus(version) for version in VERSIONS}


def mutant(source: random.Random) -> Stream:
    """A stream made without Hypothesis, a hundred times as fast."""
    version = source.choice(VERSIONS)
    will = Will("a/will", b"gone", source.randrange(3), False) if source.random() < 0.3 else None
    hello = Connect(
        source.choice(IDS),
        proto_name="MQIsdp" if version == 3 else "MQTT",
        proto_ver=version,
        keepalive=60,
        clean_start=source.random() < 0.5,
        will=will,
        properties={"session_expiry_interval": 60, "receive_maximum": 2} if version == 5 else None,
    )
    data = encode(hello, version) + b"".join(source.choices(CORPUS[version], k=source.randrange(12)))
    if source.random() < 0.7:
        changed = bytearray(data)
        for _ in range(source.randrange(1, 6)):
            at = source.randrange(len(changed))
            match source.randrange(4):
                case 0:
                    changed[at] ^= 1 << source.randrange(8)
                case 1:
                    changed[at] = source.choice((0, 1, 0x7F, 0x80, 0xFF))
                case 2:
                    del changed[at : at + source.randrange(1, 9)]
                case _:
                    changed[at:at] = source.randbytes(source.randrange(1, 9))
            if not changed:
                break
        data = bytes(changed)
    middle = source.randrange(len(data) + 1)
    writes = tuple(piece for piece in (data[:middle], data[middle:]) if piece)
    return Stream(source.choice(("tcp", "tcp", "tcp", "ws")), writes, source.random() < 0.5)
