"""What one core decodes and encodes.

    python benchmarks/codec.py

Prints one JSON line a case: packets per second, the best of several rounds. PUBLISH packets have a topic of
20 bytes and a payload of 100; decoding takes them in chunks of 64 KiB, as a busy socket delivers them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from emqx_compat.mqtt import (
    Decoder,
    PacketType,
    Properties,
    Puback,
    Publish,
    encode,
    encode_ack,
    encode_publish,
    matches,
    publish_parts,
)

ROUNDS = 15
CHUNK = 65_536
TOPIC = "site/7/room/17/temp1"
RAW_TOPIC = TOPIC.encode()
PAYLOAD = bytes(100)
PROPERTIES: Properties = {"message_expiry_interval": 60, "user_property": [("unit", "celsius")]}

Case = Callable[[], int]


def decoding(packet: Publish | Puback, version: int) -> Case:
    """Feeds a chunk of equal packets to a decoder."""
    data = encode(packet, version)
    count = CHUNK // len(data)
    chunk = data * count
    decoder = Decoder(version)

    def run() -> int:
        assert len(decoder.feed(chunk)) == count
        return count

    return run


def calling(call: Callable[[], object], count: int = 1000) -> Case:
    """Calls something over and over."""

    def run() -> int:
        for _ in range(count):
            call()
        return count

    return run


def publish(qos: int, properties: Properties | None = None) -> Publish:
    """The PUBLISH that every case is about."""
    return Publish(TOPIC, PAYLOAD, qos, packet_id=7 if qos else 0, properties=properties)


CASES: dict[str, Case] = {
    "decode PUBLISH QoS 0, v4": decoding(publish(0), 4),
    "decode PUBLISH QoS 1, v4": decoding(publish(1), 4),
    "decode PUBLISH QoS 1, v5": decoding(publish(1), 5),
    "decode PUBLISH QoS 1 with properties, v5": decoding(publish(1, PROPERTIES), 5),
    "decode PUBACK, v4": decoding(Puback(7), 4),
    "decode PUBACK with reason, v5": decoding(Puback(7, 0x10), 5),
    "encode PUBLISH QoS 1, v4": calling(lambda: encode(publish(1), 4)),
    "encode_publish QoS 0, v4": calling(lambda: encode_publish(RAW_TOPIC, PAYLOAD)),
    "encode_publish QoS 1, v4": calling(lambda: encode_publish(RAW_TOPIC, PAYLOAD, 1, packet_id=7)),
    "encode_publish QoS 1, v5": calling(lambda: encode_publish(RAW_TOPIC, PAYLOAD, 1, packet_id=7, version=5)),
    "encode_publish QoS 1 with properties, v5": calling(
        lambda: encode_publish(RAW_TOPIC, PAYLOAD, 1, False, False, 7, PROPERTIES, 5)
    ),
    "publish_parts QoS 1, v5": calling(lambda: publish_parts(RAW_TOPIC, PAYLOAD, 1, version=5)),
    "encode_ack PUBACK, v4": calling(lambda: encode_ack(PacketType.PUBACK, 7)),
    "encode_ack PUBACK with reason, v5": calling(lambda: encode_ack(PacketType.PUBACK, 7, 0x10, 5)),
    "matches": calling(lambda: matches(TOPIC, "site/+/room/17/#")),
}


def rate(case: Case) -> int:
    """Packets per second in the best round; a round lasts about 20 ms."""
    repeats, elapsed = 1, 0.0
    while elapsed < 0.02:
        repeats *= 2
        started = time.perf_counter()
        for _ in range(repeats):
            case()
        elapsed = time.perf_counter() - started
    best = 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        done = sum(case() for _ in range(repeats))
        best = max(best, done / (time.perf_counter() - started))
    return round(best)


if __name__ == "__main__":
    for name, case in CASES.items():
        print(json.dumps({"case": name, "packets_per_second": rate(case)}), flush=True)
