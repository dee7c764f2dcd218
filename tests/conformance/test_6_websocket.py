"""Chapter 6: MQTT over WebSocket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocketWire, refused
from conformance.wire import PINGREQ, PINGRESP, Loop, Server, connect_packet, serving
from emqx_compat.mqtt import (
    Connack,
    Puback,
    Publish,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Will,
    encode,
)
from emqx_compat.transports import ListenerSpec

BOTH = pytest.mark.parametrize("version", [4, 5])
SUBSCRIBE = Subscribe(1, [SubscriptionRequest("t", 1)])


@pytest.fixture(scope="module")
def server(server_loop: Loop) -> Iterator[Server]:
    """A broker that listens for WebSockets; starting uvicorn is worth sharing."""
    with serving(server_loop, ListenerSpec("ws", "default", "127.0.0.1", 0)) as server:
        yield server


def connected(server: Server, version: int, clientid: str = "", **fields: object) -> WebSocketWire:
    """A client that is in."""
    client = WebSocketWire(server, version).send(connect_packet(version, clientid, **fields))
    client.connack = client.receive(Connack)
    return client


@pytest.mark.statement("MQTT-6.0.0-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_1_packets_travel_in_binary_frames(server: Server, version: int) -> None:
    """What the server sends are binary frames, unmasked and final."""
    client = WebSocketWire(server, version).send_frame(BINARY, connect_packet(version))
    first, data = client.frames.receive_frame()
    assert (first, data[0]) == (0x80 | BINARY, 0x20)


@pytest.mark.statement("MQTT-6.0.0-1", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("content", [b"", b"hello", b"\x10\x00"])
def test_mqtt_6_0_0_1_any_other_data_frame_closes_the_connection(
    server: Server, version: int, content: bytes
) -> None:
    """A text frame closes the connection, whatever it says; the will is published."""
    watcher = connected(server, version).subscribe("will", 1)
    client = connected(server, version, will=Will("will", b"gone", 1))
    client.send_frame(TEXT, content).expect_end(0x81)
    watcher.expect_message("will", b"gone", 1).expect_silence()


@pytest.mark.statement("MQTT-6.0.0-1", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_1_also_instead_of_a_connect(server: Server, version: int) -> None:
    """So does a text frame with a CONNECT in it."""
    data = encode(connect_packet(version, "c"), version)
    assert data.isascii()
    WebSocketWire(server, version).send_frame(TEXT, data).expect_close()


@pytest.mark.statement("MQTT-6.0.0-1", "3.1.1", "5.0")
def test_mqtt_6_0_0_1_control_frames_are_no_data_frames(server: Server) -> None:
    """A ping of WebSocket is answered and an unasked pong ignored, also in the middle of a fragmented message."""
    client = connected(server, 5)
    client.send_frame(PONG, b"unasked")
    client.send_frame(BINARY, PINGREQ[:1], final=False).send_frame(PING, b"there?")
    assert client.frames.receive_frame() == (0x80 | PONG, b"there?")
    client.send_frame(CONTINUATION, PINGREQ[1:]).expect(PINGRESP)


@pytest.mark.statement("MQTT-6.0.0-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_2_several_packets_in_a_frame(server: Server, version: int) -> None:
    """One frame may hold any number of packets."""
    client = WebSocketWire(server, version)
    publish = Publish("t", b"x", 1, packet_id=7)
    client.send_frame(BINARY, connect_packet(version), SUBSCRIBE, publish, PINGREQ, PINGREQ)
    client.expect(Connack, Suback(1, [1]), Publish("t", b"x", 1, packet_id=1), Puback(7), PINGRESP, PINGRESP)


@pytest.mark.statement("MQTT-6.0.0-2", "3.1.1", "5.0")
@BOTH
@pytest.mark.parametrize("size", [1, 3, 10])
def test_mqtt_6_0_0_2_packets_in_several_frames(server: Server, version: int, size: int) -> None:
    """A packet may span frames, and a frame may end in the middle of one."""
    packets = (connect_packet(version), SUBSCRIBE, Publish("t", b"x" * 200, 1, packet_id=7))
    data = b"".join(encode(packet, version) for packet in packets) + PINGREQ
    client = WebSocketWire(server, version)
    for start in range(0, len(data), size):
        client.send_frame(BINARY, data[start : start + size])
    client.expect(Connack, Suback(1, [1]), Publish("t", b"x" * 200, 1, packet_id=1), Puback(7), PINGRESP)


@pytest.mark.statement("MQTT-6.0.0-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_2_fragments_and_empty_frames(server: Server, version: int) -> None:
    """Fragmented messages and empty ones are part of the stream like others."""
    data = encode(connect_packet(version), version)
    client = WebSocketWire(server, version).send_frame(BINARY, b"")
    client.send_frame(BINARY, data[:5], final=False).send_frame(CONTINUATION, b"", final=False)
    client.send_frame(CONTINUATION, data[5:]).send_frame(BINARY, b"").send_frame(BINARY, PINGREQ)
    client.expect(Connack, PINGRESP)


@pytest.mark.statement("MQTT-6.0.0-2", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_2_large_messages(server: Server, version: int) -> None:
    """A message larger than any frame of its sender arrives as it was sent."""
    payload = bytes(range(256)) * 1000
    client = connected(server, version).subscribe("large", 1)
    data = encode(Publish("large", payload, 1, packet_id=9), version)
    for start in range(0, len(data), 60_000):
        client.send_frame(BINARY, data[start : start + 60_000])
    client.expect(Publish, payload=payload).expect(Puback(9))


@pytest.mark.statement("MQTT-6.0.0-3", "3.1.1", "5.0")
@pytest.mark.parametrize("offered", [None, "chat", "mqtt2, MQTT", "xmqtt"])
def test_mqtt_6_0_0_3_without_mqtt_there_is_no_websocket(server: Server, offered: str | None) -> None:
    """A client that does not offer `mqtt` is refused."""
    assert refused(server, subprotocols=offered) == 400


@pytest.mark.statement("MQTT-6.0.0-4", "3.1.1", "5.0")
@pytest.mark.parametrize("offered", ["mqtt", "chat, mqtt", "mqtt-v5, mqttv3.1, mqtt", "mqtt,mqtt-v3.1.1"])
def test_mqtt_6_0_0_4_the_subprotocol_is_mqtt(server: Server, offered: str) -> None:
    """Of the subprotocols that are offered the server selects `mqtt`, and says so."""
    client = WebSocketWire(server, 5, offered)
    assert client.upgrade.headers["sec-websocket-protocol"] == "mqtt"
    client.send(connect_packet(5)).expect(Connack)


@pytest.mark.statement("MQTT-6.0.0-4", "3.1.1", "5.0")
@BOTH
def test_mqtt_6_0_0_4_mqtt_ends_before_the_websocket(server: Server, version: int) -> None:
    """After a DISCONNECT the server closes the WebSocket regularly; a close of the client is the end, too."""
    client = connected(server, version)
    client.disconnect()
    assert client.frames.close_code == 1000
    watcher = connected(server, version).subscribe("will")
    connected(server, version, will=Will("will", b"gone")).send_frame(CLOSE, b"\x03\xe8").expect_close()
    watcher.expect_message("will", b"gone")
