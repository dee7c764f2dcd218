"""MQTT over WebSocket [MQTT-6]: the upgrade, frames, slow peers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from broker.rig import TIMEOUT, Rig, connect_packet, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Origin, Subprotocol

from emqx_compat.mqtt import (
    Connack,
    Decoder,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    SubscriptionRequest,
    encode,
)
from emqx_compat.transports import ListenerSpec, WebSocketOptions

MQTT = [Subprotocol("mqtt")]


def url(rig: Rig, path: str = "/mqtt", listener: str = "ws:default") -> str:
    return f"ws://127.0.0.1:{rig.listeners.bound_port(listener)}{path}"


class Peer:
    """Packets over one WebSocket."""

    def __init__(self, socket: ClientConnection, version: int = 4) -> None:
        self.socket = socket
        self.version = version
        self.frames = 0
        self._decoder = Decoder(version)
        self._packets: deque[Packet] = deque()

    async def send(self, *packets: Packet) -> None:
        await self.socket.send(b"".join(encode(packet, self.version) for packet in packets))

    async def receive(self) -> Packet:
        async with asyncio.timeout(TIMEOUT):
            while not self._packets:
                frame = await self.socket.recv()
                assert isinstance(frame, bytes)
                self.frames += 1
                self._packets += self._decoder.feed(frame)
        return self._packets.popleft()


@pytest.mark.parametrize(
    ("path", "subprotocols", "status"),
    [
        ("/mqtt", None, 400),
        ("/mqtt", [Subprotocol("chat")], 400),
        ("/other", MQTT, 404),
        ("/", MQTT, 404),
    ],
)
async def test_an_upgrade_without_path_or_subprotocol_is_refused(
    rig: Rig, path: str, subprotocols: list[Subprotocol] | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url(rig, path), subprotocols=subprotocols)
    assert refused.value.response.status_code == status


async def test_the_subprotocol_is_confirmed(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=[Subprotocol("chat"), *MQTT]) as socket:
        assert socket.subprotocol == "mqtt"


async def test_a_plain_http_request_is_told_to_upgrade(rig: Rig) -> None:
    async with httpx.AsyncClient() as client:
        base = f"http://127.0.0.1:{rig.listeners.bound_port('ws:default')}"
        assert (await client.get(f"{base}/mqtt")).status_code == 426
        assert (await client.get(f"{base}/")).status_code == 404


async def test_one_frame_may_hold_several_packets(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT) as socket:
        peer = Peer(socket)
        await peer.send(
            connect_packet("c"),
            Subscribe(1, [SubscriptionRequest("t", 1)]),
            Publish("t", b"x", 1, packet_id=3),
            Pingreq(),
        )
        kinds = [type(await peer.receive()) for _ in range(5)]
    assert kinds == [Connack, Suback, Publish, Puback, Pingresp]
    assert peer.frames == 1


async def test_a_packet_may_span_frames(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT) as socket:
        data = encode(connect_packet("c"), 4)
        for index in range(0, len(data), 4):
            await socket.send(data[index : index + 4])
        assert isinstance(await Peer(socket).receive(), Connack)


async def test_a_text_frame_ends_the_connection(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT) as socket:
        peer = Peer(socket, 5)
        await peer.send(connect_packet("c", 5))
        await peer.receive()
        await socket.send("text")
        packet = await peer.receive()
        assert isinstance(packet, Disconnect) and packet.reason_code == 0x81
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_kick_closes_the_websocket(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT) as socket:
        peer = Peer(socket, 5)
        await peer.send(connect_packet("c", 5))
        await peer.receive()
        await rig.broker.clients.kick("c", discard_session=True)
        packet = await peer.receive()
        assert isinstance(packet, Disconnect) and packet.reason_code == 0x98
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_websocket_that_closes_ends_the_connection(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT, additional_headers={"Cookie": "a=b"}) as socket:
        await Peer(socket).send(connect_packet("c"))
        await socket.recv()
        row = await rig.row("c")
        assert row is not None and (row.listener, row.ws_cookie) == ("ws:default", "a=b")
    await until(lambda: not rig.broker.channels)
    assert rig.listeners.rows()[2].shutdown_count == {"closed": 1}


async def test_a_full_listener_closes_who_comes_at_once(rig: Rig) -> None:
    await rig.listeners.start(ListenerSpec("ws", "small", "127.0.0.1", 0, max_connections=1))
    async with connect(url(rig, listener="ws:small"), subprotocols=MQTT) as socket:
        await Peer(socket).send(connect_packet("c"))
        await socket.recv()
        with pytest.raises((InvalidMessage, ConnectionError)):
            await connect(url(rig, listener="ws:small"), subprotocols=MQTT)
        assert rig.listeners.rows()[-1].refused == {"max_connections": 1}


async def test_a_websocket_that_reads_nothing_can_be_kicked(rig: Rig) -> None:
    async with connect(url(rig), subprotocols=MQTT, max_queue=1) as socket:
        peer = Peer(socket)
        await peer.send(connect_packet("c"), Subscribe(1, [SubscriptionRequest("t", 1)]))
        await peer.receive()
        await until(lambda: rig.gauge("subscriptions")[0] == 1)
        channel = rig.broker.registry.sessions["c"].channel
        assert channel is not None
        async with asyncio.timeout(TIMEOUT):
            while not channel.paused:
                await rig.publish("t", b"x" * 100_000)
                await asyncio.sleep(0.001)
        assert await rig.broker.clients.kick("c", discard_session=True)
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()
    assert rig.listeners.rows()[2].current_connections == 0


async def test_a_slow_websocket_keeps_what_is_acknowledged_and_loses_qos_0(rig: Rig) -> None:
    rig.settings.slow_consumer_bytes = 100_000
    async with connect(url(rig), subprotocols=MQTT, max_queue=1) as socket:
        peer = Peer(socket)
        await peer.send(connect_packet("c"), Subscribe(1, [SubscriptionRequest("t", 1)]))
        assert isinstance(await peer.receive(), Connack)
        assert isinstance(await peer.receive(), Suback)
        async with asyncio.timeout(TIMEOUT):
            while not rig.counter("delivery.dropped.queue_full"):
                await rig.publish("t", b"x" * 10_000)
                await asyncio.sleep(0)
        await rig.publish("t", b"kept", 1)
        while True:
            packet = await peer.receive()
            if isinstance(packet, Publish) and packet.payload == b"kept":
                break
        await peer.send(Pingreq())
        while not isinstance(await peer.receive(), Pingresp):
            pass


UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n"
)


@pytest.fixture
async def still() -> AsyncIterator[Rig]:
    """A broker whose time stands still."""
    async with Rig() as rig:
        yield rig


async def listen(rig: Rig, **options: Any) -> str:
    """A WebSocket listener with these options; its URL."""
    spec = ListenerSpec("ws", "mine", "127.0.0.1", 0, websocket=WebSocketOptions(**options))
    rig.port = await rig.listeners.start(spec)
    return f"ws://127.0.0.1:{rig.port}{spec.websocket.mqtt_path}"


@pytest.mark.parametrize(
    ("options", "subprotocols", "status"),
    [
        ({"fail_if_no_subprotocol": False}, None, 101),
        ({"fail_if_no_subprotocol": False}, [Subprotocol("chat")], 400),
        ({"supported_subprotocols": ("mine",)}, [Subprotocol("mine")], 101),
        ({"supported_subprotocols": ("mine",)}, MQTT, 400),
        ({"mqtt_path": "/"}, MQTT, 101),
    ],
)
async def test_which_subprotocols_are_welcome_is_configured(
    still: Rig, options: dict[str, Any], subprotocols: list[Subprotocol] | None, status: int
) -> None:
    address = await listen(still, **options)
    if status == 101:
        async with connect(address, subprotocols=subprotocols) as socket:
            await Peer(socket).send(connect_packet("c"))
            await socket.recv()
    else:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, subprotocols=subprotocols)
        assert refused.value.response.status_code == status
        assert still.listeners.rows()[-1].refused == {"upgrade": 1}


@pytest.mark.parametrize(
    ("origin", "absence", "status"),
    [("http://good", True, 101), ("http://evil", True, 403), (None, True, 101), (None, False, 403)],
)
async def test_pages_of_other_origins_are_refused(
    still: Rig, origin: str | None, absence: bool, status: int
) -> None:
    address = await listen(still, check_origins=("http://good",), allow_origin_absence=absence)
    wanted = None if origin is None else Origin(origin)
    if status == 101:
        async with connect(address, subprotocols=MQTT, origin=wanted):
            pass
    else:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, subprotocols=MQTT, origin=wanted)
        assert refused.value.response.status_code == status


async def test_a_frame_longer_than_allowed_ends_the_connection_before_it_has_come(still: Rig) -> None:
    async with connect(await listen(still, max_frame_size=1000), subprotocols=MQTT) as socket:
        peer = Peer(socket, 5)
        await peer.send(connect_packet("c", 5))
        await peer.receive()
        socket.transport.write(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"mask")
        packet = await peer.receive()
        assert isinstance(packet, Disconnect) and packet.reason_code == 0x95
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert still.broker.limits.counts["max_frame_size"] == 1


async def test_a_silent_websocket_is_closed(still: Rig) -> None:
    async with connect(await listen(still, idle_timeout=100.0), subprotocols=MQTT) as socket:
        peer = Peer(socket)
        await peer.send(connect_packet("c"))
        await peer.receive()
        still.manual.advance(99)
        await peer.send(Pingreq())
        await peer.receive()
        still.manual.advance(99)
        assert len(still.broker.channels) == 1
        still.manual.advance(2)
        with pytest.raises(ConnectionClosed):
            await socket.recv()


@pytest.mark.parametrize("request_", [b"", b"GET /mqtt HTTP/1.1\r\nHost: h\r\n", UPGRADE])
async def test_an_upgrade_that_does_not_end_is_ended(still: Rig, request_: bytes) -> None:
    await listen(still)
    client = await still.open()
    await client.send(request_)
    await until(lambda: still.listeners.half_open == 1)
    still.manual.advance(4.9)
    assert still.listeners.half_open == 1
    still.manual.advance(0.2)
    await client.closed()
    assert still.listeners.rows()[-1].refused == {"upgrade_timeout": 1}


@pytest.mark.parametrize(
    "request_",
    [b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x02me\r\n", b"GET " + b"x" * 70_000, b"X: y\r\n" * 20_000],
)
async def test_what_is_no_request_is_closed(still: Rig, request_: bytes) -> None:
    await listen(still)
    client = await still.open()
    with contextlib.suppress(ConnectionError):
        await client.send(request_)
        async with asyncio.timeout(TIMEOUT):
            await client._reader.read()
    await until(lambda: still.listeners.half_open == 0)
    assert still.listeners.rows()[-1].refused == {"upgrade": 1}


async def test_pings_of_a_peer_that_reads_no_pongs_are_not_read_without_end(still: Rig) -> None:
    await listen(still)
    client = await still.open()
    await client.send(UPGRADE + b"\r\n")
    await until(lambda: len(still.broker.channels) == 1)
    channel = next(iter(still.broker.channels))
    ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
    client._writer.transport.pause_reading()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(TIMEOUT):
            while True:
                client._writer.write(ping * 1000)
                if channel.paused:
                    await asyncio.wait_for(client._writer.drain(), 0.2)
                else:
                    await asyncio.sleep(0)
    transport = channel.sink._transport  # type: ignore[attr-defined]
    assert transport.get_write_buffer_size() < 4_000_000
    client._writer.transport.abort()
