"""§4.13 handling errors (3.1.1: §4.8), and chapter 7, conformance targets."""

from __future__ import annotations

import pytest

from conformance.wire import Loop, Server, connect_packet, frame, utf8
from emqx_compat.broker.router import Router
from emqx_compat.mqtt import Publish, Will

BOTH = pytest.mark.parametrize("version", [4, 5])
NO = b"\0"
"""No properties."""


def properties(*content: bytes) -> bytes:
    """Property length and properties."""
    body = b"".join(content)
    return bytes((len(body),)) + body


SHARED_ERRORS: dict[str, tuple[bytes, int]] = {
    "type 0": (b"\x00\x00", 0x81),
    "QoS 3": (b"\x36\x00", 0x81),
    "PUBACK with flags": (b"\x41\x02\x00\x01", 0x81),
    "PUBREL without its flags": (b"\x60\x02\x00\x01", 0x81),
    "PINGREQ with flags": (b"\xc8\x00", 0x81),
    "remaining length of five bytes": (b"\x30\xff\xff\xff\xff\x01", 0x81),
    "string beyond the packet": (b"\x30\x03\x00\x05t", 0x81),
    "PUBACK too short": (b"\x40\x01\x00", 0x81),
    "a second CONNECT": (frame(0x10, utf8("MQTT"), b"\4\2\0\0", utf8("x")), 0x82),
    "CONNACK": (b"\x20\x02\x00\x00", 0x82),
    "SUBACK": (b"\x90\x03\x00\x01\x00", 0x82),
    "UNSUBACK": (b"\xb0\x02\x00\x01", 0x82),
    "PINGRESP": (b"\xd0\x00", 0x82),
    "PUBACK 0": (b"\x40\x02\x00\x00", 0x82),
    "PUBREL 0": (b"\x62\x02\x00\x00", 0x82),
}
"""Errors in every version: bytes, and the code that MQTT 5 gives them."""

ERRORS_5: dict[str, tuple[bytes, int]] = {
    "PUBLISH 0": (frame(0x32, utf8("t"), b"\0\0", NO), 0x82),
    "SUBSCRIBE 0": (frame(0x82, b"\0\0", NO, utf8("t"), b"\0"), 0x82),
    "QoS 3 asked for": (frame(0x82, b"\0\1", NO, utf8("t"), b"\3"), 0x82),
    "retain handling 3": (frame(0x82, b"\0\1", NO, utf8("t"), b"\x30"), 0x82),
    "subscription identifier 0": (frame(0x82, b"\0\1", properties(b"\x0b\0"), utf8("t"), b"\0"), 0x82),
    "two subscription identifiers": (frame(0x82, b"\0\1", properties(b"\x0b\1\x0b\2"), utf8("t"), b"\0"), 0x82),
    "identifier in a PUBLISH": (frame(0x30, utf8("t"), properties(b"\x0b\1")), 0x82),
    "no topic": (frame(0x30, utf8(""), NO), 0x82),
    "topic alias 0": (frame(0x30, utf8("t"), properties(b"\x23\0\0")), 0x94),
    "two topic aliases": (frame(0x30, utf8("t"), properties(b"\x23\0\1\x23\0\1")), 0x82),
    "payload format 2": (frame(0x30, utf8("t"), properties(b"\x01\x02")), 0x82),
    "two expiry intervals": (frame(0x30, utf8("t"), properties(b"\x02\0\0\0\1\x02\0\0\0\1")), 0x82),
    "response topic with a wildcard": (frame(0x30, utf8("t"), properties(b"\x08", utf8("a/#"))), 0x82),
    "unknown property": (frame(0x30, utf8("t"), properties(b"\x7f\0")), 0x81),
    "property of another packet": (frame(0x30, utf8("t"), properties(b"\x11\0\0\0\1")), 0x81),
    "properties beyond the packet": (frame(0x30, utf8("t"), b"\x05\x01"), 0x81),
    "PUBACK with a code of SUBACK": (b"\x40\x03\x00\x01\x01", 0x82),
    "PUBREL with a code of PUBACK": (b"\x62\x03\x00\x01\x97", 0x82),
    "DISCONNECT with a code of CONNACK": (b"\xe0\x01\x84", 0x82),
    "DISCONNECT that lengthens a session of 0": (frame(0xE0, b"\0", properties(b"\x11\0\0\0\1")), 0x82),
    "AUTH out of the blue": (frame(0xF0, b"\x18", properties(b"\x15", utf8("SCRAM"))), 0x82),
    "AUTH with an unknown code": (frame(0xF0, b"\x01", properties(b"\x15", utf8("SCRAM"))), 0x82),
}

TABLE = [
    *(
        pytest.param(version, *row, id=f"{name}-{version}")
        for version in (4, 5)
        for name, row in SHARED_ERRORS.items()
    ),
    *(pytest.param(5, *row, id=f"{name}-5") for name, row in ERRORS_5.items()),
]


@pytest.mark.statement("MQTT-4.8.0-1", "3.1.1")
@pytest.mark.statement("MQTT-4.13.1-1", "5.0")
@pytest.mark.parametrize(("version", "packet", "code"), TABLE)
def test_mqtt_4_13_1_1_errors_close_the_connection(server: Server, version: int, packet: bytes, code: int) -> None:
    """Malformed packets and protocol errors close the connection they came over; MQTT 5 is told the reason code."""
    watcher = server.subscriber("#", version=version)
    client = server.connect(version, will=Will("will", b"gone"))
    client.send(Publish("t", b"before"), packet, Publish("t", b"after")).expect_end(code)
    watcher.expect_message("t", b"before").expect_message("will", b"gone").expect_silence()


@pytest.mark.statement("MQTT-4.8.0-1", "3.1.1")
@pytest.mark.statement("MQTT-4.13.1-1", "5.0")
@BOTH
def test_mqtt_4_13_1_1_other_connections_are_not_concerned(server: Server, version: int) -> None:
    """Only the connection that made the error is closed."""
    others = [server.subscriber("t", version=version) for _ in range(3)]
    server.connect(version).send(b"\x00\x00").expect_end(0x81)
    server.connect(version).publish("t", b"x")
    for other in others:
        other.expect_message("t", b"x").expect_silence()


@pytest.mark.statement("MQTT-4.8.0-1", "3.1.1")
@pytest.mark.statement("MQTT-4.13.1-1", "5.0")
@BOTH
@pytest.mark.parametrize(
    ("connect", "code"),
    [
        (lambda v: frame(0x10, utf8("MQTT"), bytes((v, 3, 0, 0)), NO if v == 5 else b"", utf8("c")), 0x81),
        (lambda v: frame(0x10, utf8("MQTT"), bytes((v, 2, 0, 0)), NO if v == 5 else b"", b"\0\5c"), 0x81),
        (lambda v: frame(0x10, utf8("MQTT"), bytes((v, 2, 0, 0)), NO if v == 5 else b"", utf8("c"), b"more"), 0x81),
    ],
    ids=["reserved flag", "too short", "too long"],
)
def test_mqtt_4_13_1_1_in_a_connect_too(server: Server, version: int, connect, code: int) -> None:  # type: ignore[no-untyped-def]
    """A CONNECT with an error is answered with its reason code in MQTT 5, and the connection closed."""
    server.open(version).send(connect(version)).expect_bad_connect(code)


@pytest.mark.statement("MQTT-4.8.0-2", "3.1.1")
@pytest.mark.statement("MQTT-4.13.1-1", "5.0")
@BOTH
def test_mqtt_4_8_0_2_what_cannot_be_processed_closes_the_connection(
    server_loop: Loop, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """When something goes wrong inside, the connection of the packet is closed and the packet not acknowledged."""
    server = Server(server_loop).start()
    try:
        client, other = server.connect(version), server.connect(version)
        with monkeypatch.context() as patch:
            patch.setattr(Router, "match", _fail)
            client.send(Publish("t", b"x", 1, packet_id=1)).expect_end(0x83)
        other.publish("t", b"x", 1).expect_silence()
    finally:
        server.stop()


def _fail(router: Router, topic: str) -> None:
    raise MemoryError


@pytest.mark.statement("MQTT-4.13.2-1", "5.0")
@pytest.mark.parametrize("code", [0x80, 0x86, 0x87, 0x88, 0x8A, 0x97, 0x9C])
def test_mqtt_4_13_2_1_a_connack_with_a_failure_is_the_end(server: Server, code: int) -> None:
    """After a CONNACK with a code of 0x80 or more the connection is closed."""

    async def refuse(client: object, password: bytes | None) -> int:
        return code

    server.hooks.client_authenticate.append(refuse)
    server.open(5).send(connect_packet(5, "c"), Publish("t", b"")).expect_refusal(code)


@pytest.mark.statement("MQTT-4.13.2-1", "5.0")
@pytest.mark.parametrize("code", [0x80, 0x81, 0x82, 0x93, 0x95, 0x97, 0x99])
def test_mqtt_4_13_2_1_a_disconnect_with_a_failure_is_the_end(server: Server, code: int) -> None:
    """After a DISCONNECT with a code of 0x80 or more, which a client sends as well, the connection is closed."""
    server.connect(5).send(bytes((0xE0, 1, code))).expect_close()


@pytest.mark.statement("MQTT-4.13.2-1", "5.0")
@pytest.mark.parametrize("code", [0x80, 0x87, 0x91, 0x97, 0x99])
def test_mqtt_4_13_2_1_other_failures_are_not(server: Server, code: int) -> None:
    """A code of 0x80 or more in a PUBACK does not close the connection."""
    client = server.subscriber("t", 1)
    server.connect(5).publish("t", b"1", 1).publish("t", b"2", 1)
    for payload in (b"1", b"2"):
        publish = client.receive(Publish)
        assert publish.payload == payload
        client.send(frame(0x40, publish.packet_id.to_bytes(2, "big"), bytes((code,))))
    client.expect_silence()


# --- chapter 7 ---------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-7.0.0-2", "3.1.1")
def test_mqtt_7_0_0_2_nothing_but_the_standard_is_needed(server: Server) -> None:
    """A client that sends just what the standard says, byte by byte, is served with just what it says."""
    client = server.open(4)
    client.send(bytes.fromhex("10 0d 00 04 4d51 5454 04 02 00 3c 00 01 63")).expect(bytes.fromhex("20 02 00 00"))
    client.send(bytes.fromhex("82 06 00 01 00 01 74 02")).expect(bytes.fromhex("90 03 00 01 02"))
    client.send(bytes.fromhex("34 06 00 01 74 00 02 78"))
    client.expect(bytes.fromhex("34 06 00 01 74 00 01 78"), bytes.fromhex("50 02 00 02"))
    client.send(bytes.fromhex("62 02 00 02")).expect(bytes.fromhex("70 02 00 02"))
    client.send(bytes.fromhex("50 02 00 01")).expect(bytes.fromhex("62 02 00 01")).send(
        bytes.fromhex("70 02 00 01")
    )
    client.send(bytes.fromhex("a2 05 00 03 00 01 74")).expect(bytes.fromhex("b0 02 00 03"))
    client.send(bytes.fromhex("c0 00")).expect(bytes.fromhex("d0 00"))
    client.send(bytes.fromhex("e0 00")).expect_close()
