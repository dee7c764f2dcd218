"""MQTT over WebSocket [MQTT-6]: the upgrade, frames, slow peers."""

from __future__ import annotations

import asyncio
from collections import deque

import httpx
import pytest
from broker.rig import TIMEOUT, Rig, connect_packet, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

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
from emqx_compat.transports import ListenerSpec

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
