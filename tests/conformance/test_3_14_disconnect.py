"""§3.14 DISCONNECT."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from conformance.wire import Server, Wire, frame, utf8
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import Disconnect, Publish, Will

Serve = Callable[..., AbstractContextManager[Server]]
BOTH = pytest.mark.parametrize("version", [4, 5])

WILL = Will("will", b"gone", 1)


def mourner(server: Server, version: int = 5) -> Wire:
    """A client that hears of wills."""
    return server.subscriber("will", 1, version)


# --- ways in which the server ends a connection ------------------------------------------------------------------


def take_over(server: Server, client: Wire) -> None:
    server.connect(5, "c")


def kick(server: Server, client: Wire) -> None:
    server.run(server.broker.clients.kick("c", discard_session=True))


def shut_down(server: Server, client: Wire) -> None:
    server.run(server.broker.stop())


def fall_silent(server: Server, client: Wire) -> None:
    server.advance(16)


def say(data: bytes) -> Callable[[Server, Wire], None]:
    """The client sends something that is not allowed."""

    def send(server: Server, client: Wire) -> None:
        client.send(data)

    return send


ENDS: dict[str, tuple[Callable[[Server, Wire], None], int]] = {
    "malformed": (say(b"\x00\x00"), 0x81),
    "a second CONNECT": (say(frame(0x10, utf8("MQTT"), b"\5\2\0\0\0\0\0")), 0x82),
    "silence": (fall_silent, 0x8D),
    "taken over": (take_over, 0x8E),
    "filter": (say(frame(0x82, b"\0\1\0", utf8("a#"), b"\0")), 0x8F),
    "topic": (say(frame(0x30, utf8("a/+"), b"\0")), 0x90),
    "alias": (say(frame(0x30, utf8(""), b"\3\x23\0\0")), 0x94),
    "too large": (say(b"\x30\xff\xff\x7f"), 0x95),
    "kicked": (kick, 0x98),
    "retain": (say(frame(0x31, utf8("t"), b"\0")), 0x9A),
    "qos": (say(frame(0x34, utf8("t"), b"\0\1\0")), 0x9B),
    "shut down": (shut_down, 0x8B),
}
"""What happens → the reason code that the client is told; each with the settings of `strict`."""
ALL_ENDS = pytest.mark.parametrize(("happens", "code"), ENDS.values(), ids=ENDS.keys())


def strict(serve: Serve) -> AbstractContextManager[Server]:
    """A server that has something against nearly everything."""
    return serve(max_qos_allowed=1, retain_available=False, max_packet_size=100_000)


@pytest.mark.statement("MQTT-3.14.0-1", "5.0")
@pytest.mark.parametrize(
    "packet",
    [b"\xc0\x00", b"\x00\x00", frame(0x10, utf8("MQTT"), b"\5\3\0\0\0\0\0")],
    ids=["no CONNECT", "no packet", "malformed CONNECT"],
)
def test_mqtt_3_14_0_1_no_disconnect_instead_of_a_connack(server: Server, packet: bytes) -> None:
    """A connection that has not begun with a CONNECT gets no DISCONNECT; a bad CONNECT gets a CONNACK."""
    client = server.open(5).send(packet)
    if packet[0] == 0x10:
        client.expect(bytes.fromhex("20 03 00 81 00"))
    client.expect_close()


@pytest.mark.statement("MQTT-3.14.0-1", "5.0")
@pytest.mark.parametrize("code", [0x86, 0x87])
def test_mqtt_3_14_0_1_no_disconnect_after_a_refusal(server: Server, code: int) -> None:
    """A refused client gets its CONNACK and nothing after it."""

    async def refuse(client: Client, password: bytes | None) -> int:
        return code

    server.hooks.client_authenticate.append(refuse)
    client = server.open(5).send(frame(0x10, utf8("MQTT"), b"\5\2\0\0\0", utf8("c")), b"\xe1\x00")
    client.expect_refusal(code)


@pytest.mark.statement("MQTT-3.14.0-1", "5.0")
def test_mqtt_3_14_0_1_no_disconnect_before_the_connack(server: Server) -> None:
    """A server that stops while it thinks about a CONNECT closes without a word."""
    asked = asyncio.Event()

    async def think(client: Client, password: bytes | None) -> int:
        asked.set()
        await asyncio.Event().wait()
        return 0

    server.hooks.client_authenticate.append(think)
    client = server.open(5).send(frame(0x10, utf8("MQTT"), b"\5\2\0\0\0", utf8("c")))
    server.until(asked.is_set)
    server.run(server.broker.stop())
    client.expect_close()


@pytest.mark.statement("MQTT-3.14.0-1", "5.0")
def test_mqtt_3_14_0_1_no_disconnect_without_a_connect(server: Server) -> None:
    """A client that never sends its CONNECT is closed without a word."""
    client = server.open(5)
    server.until(lambda: bool(server.broker.channels))
    server.advance(15)
    client.expect_close()


@pytest.mark.statement("MQTT-3.14.1-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("flags", [1, 2, 4, 8, 15])
def test_mqtt_3_14_1_1_reserved_flags(server: Server, version: int, flags: int) -> None:
    """A DISCONNECT whose flags are not 0 is malformed; the will is published."""
    watcher = mourner(server, version)
    server.connect(version, will=WILL).send(bytes((0xE0 | flags, 0))).expect_end(0x81)
    watcher.expect_message("will", b"gone", 1)


@pytest.mark.statement("MQTT-3.14.2-1", "5.0")
@pytest.mark.statement("MQTT-3.14.2-2", "5.0")
@ALL_ENDS
def test_mqtt_3_14_2_1_the_server_uses_disconnect_reason_codes(
    serve: Serve, happens: Callable[[Server, Wire], None], code: int
) -> None:
    """The server's DISCONNECT has the reason code for what happened, and no Session Expiry Interval."""
    with strict(serve) as server:
        client = server.connect(5, "c", keepalive=10)
        happens(server, client)
        packet = client.expect_end(code)
        assert packet is not None and "session_expiry_interval" not in (packet.properties or {})


@pytest.mark.statement("MQTT-3.14.2-1", "5.0")
@pytest.mark.parametrize("code", [0x01, 0x10, 0x84, 0x92, 0xFF])
def test_mqtt_3_14_2_1_the_client_uses_them_too(server: Server, code: int) -> None:
    """A DISCONNECT with a code that is none of its own is a protocol error; the will is published."""
    watcher = mourner(server)
    server.connect(5, will=WILL).send(bytes((0xE0, 1, code))).expect_end(0x82)
    watcher.expect_message("will", b"gone", 1)


@pytest.mark.statement("MQTT-3.14.2-3", "5.0")
@pytest.mark.statement("MQTT-3.14.2-4", "5.0")
def test_mqtt_3_14_2_3_no_reason_string_larger_than_the_client_takes(server: Server) -> None:
    """A reason string that makes the DISCONNECT larger than the client takes is left out."""
    bad = b"\x36\x00"
    packet = server.connect(5).send(bad).expect_end(0x81)
    assert packet is not None and packet.properties is not None and packet.properties["reason_string"]
    size = 2 + 1 + 1 + 3 + len(packet.properties["reason_string"])
    assert server.connect(5, "c", properties={"maximum_packet_size": size}).send(bad).expect_end(0x81) == packet
    client = server.connect(5, "c", properties={"maximum_packet_size": size - 1})
    client.send(bad).expect(b"\xe0\x01\x81").expect_close()


@pytest.mark.statement("MQTT-3.14.4-1", "5.0")
@pytest.mark.statement("MQTT-3.14.4-2", "5.0")
@ALL_ENDS
def test_mqtt_3_14_4_1_nothing_follows_a_disconnect(
    serve: Serve, happens: Callable[[Server, Wire], None], code: int
) -> None:
    """Nothing follows the server's DISCONNECT, not even the client's own will or what it asked before."""
    with strict(serve) as server:
        client = server.connect(5, "c", keepalive=10, will=WILL).subscribe("#", 1)
        happens(server, client)
        client.receive(Disconnect)
        client.expect_close()


@pytest.mark.statement("MQTT-3.14.4-2", "3.1.1")
@pytest.mark.statement("MQTT-3.14.4-1", "5.0")
@BOTH
def test_mqtt_3_14_4_1_what_a_client_sends_after_its_disconnect_is_not_read(server: Server, version: int) -> None:
    """What a client sends after its DISCONNECT has no effect."""
    watcher = server.subscriber("t", version=version)
    server.connect(version).send(Publish("t", b"1"), Disconnect(), Publish("t", b"2"), b"\xc0\x00").expect_close()
    watcher.expect_message("t", b"1").expect_silence()


@pytest.mark.statement("MQTT-3.14.4-1", "3.1.1")
@pytest.mark.statement("MQTT-3.14.4-2", "5.0")
@BOTH
def test_mqtt_3_14_4_2_the_server_closes_if_the_client_does_not(server: Server, version: int) -> None:
    """The server closes the connection of a client that has sent a DISCONNECT and stays."""
    server.connect(version).send(b"\xe0\x00").expect_close()


@pytest.mark.statement("MQTT-3.14.4-3", "3.1.1", "5.0")
@BOTH
def test_mqtt_3_14_4_3_a_disconnect_discards_the_will(server: Server, version: int) -> None:
    """The will of a client that says goodbye is not published, neither now nor later."""
    watcher = mourner(server, version)
    server.connect(version, will=WILL).send(b"\xe0\x00").expect_close()
    watcher.expect_silence()


@pytest.mark.statement("MQTT-3.14.4-3", "5.0")
def test_mqtt_3_14_4_3_a_disconnect_discards_a_delayed_will(server: Server) -> None:
    """A will that would have waited is not published either, not even when the session ends."""
    watcher = mourner(server)
    will = Will("will", b"gone", 1, properties={"will_delay_interval": 5})
    client = server.connect(5, will=will, properties={"session_expiry_interval": 60})
    client.send(b"\xe0\x00").expect_close()
    server.advance(3600)
    watcher.expect_silence()


@pytest.mark.statement("MQTT-3.14.4-3", "5.0")
@pytest.mark.parametrize("code", [0x04, 0x80, 0x81, 0x93, 0x98])
def test_mqtt_3_14_4_3_only_reason_0_does(server: Server, code: int) -> None:
    """With any other reason code, 0x04 above all, the will is published."""
    watcher = mourner(server)
    server.connect(5, will=WILL).send(bytes((0xE0, 1, code))).expect_close()
    watcher.expect_message("will", b"gone", 1).expect_silence()
