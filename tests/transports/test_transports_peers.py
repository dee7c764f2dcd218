"""Real clients over real sockets: gmqtt and paho, every protocol version, every transport."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import gmqtt
import paho.mqtt.client as paho
import pytest
from broker.rig import TIMEOUT, Rig
from gmqtt.mqtt.constants import MQTTv50, MQTTv311


@pytest.mark.parametrize("version", [MQTTv311, MQTTv50])
async def test_gmqtt_over_tcp(rig: Rig, version: int) -> None:
    got: asyncio.Queue[tuple[str, bytes, int]] = asyncio.Queue()
    subscribed = asyncio.Event()
    client = gmqtt.Client("gmqtt", clean_session=True)
    client.set_auth_credentials("user", "password")

    def on_message(client: Any, topic: str, payload: bytes, qos: int, properties: Any) -> int:
        got.put_nowait((topic, payload, qos))
        return 0

    client.on_message = on_message
    client.on_subscribe = lambda *args: subscribed.set()
    async with asyncio.timeout(TIMEOUT):
        await client.connect("127.0.0.1", rig.port, version=version)
        client.subscribe("a/#", qos=2)
        await subscribed.wait()
        for qos in (0, 1, 2):
            client.publish("a/b", b"%d" % qos, qos=qos)
            assert await got.get() == ("a/b", b"%d" % qos, qos)
        row = await rig.row("gmqtt")
        assert row is not None and (row.username, row.proto_ver) == ("user", version)
        await client.disconnect()


@pytest.mark.parametrize("version", [paho.MQTTv31, paho.MQTTv311, paho.MQTTv5])
@pytest.mark.parametrize("kind", ["tcp", "ssl", "ws", "wss"])
async def test_paho(rig: Rig, client_context: ssl.SSLContext, version: int, kind: str) -> None:
    transport = "websockets" if kind in ("ws", "wss") else "tcp"
    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2,
        "paho",
        protocol=version,  # type: ignore[arg-type]
        transport=transport,  # type: ignore[arg-type]
    )
    if kind in ("ssl", "wss"):
        client.tls_set_context(client_context)
    loop = asyncio.get_running_loop()
    got: asyncio.Queue[tuple[str, bytes, int]] = asyncio.Queue()
    subscribed = asyncio.Event()
    client.on_connect = lambda *args: client.subscribe("a/#", 2)
    client.on_subscribe = lambda *args: loop.call_soon_threadsafe(subscribed.set)
    client.on_message = lambda c, u, message: loop.call_soon_threadsafe(
        got.put_nowait, (message.topic, message.payload, message.qos)
    )
    port = rig.listeners.bound_port(f"{kind}:default")
    async with asyncio.timeout(TIMEOUT):
        await asyncio.to_thread(client.connect, "127.0.0.1", port)
        client.loop_start()
        try:
            await subscribed.wait()
            for qos in (0, 1, 2):
                client.publish("a/b", b"%d" % qos, qos)
                assert await got.get() == ("a/b", b"%d" % qos, qos)
            row = await rig.row("paho")
            assert row is not None and (row.listener, row.proto_ver) == (f"{kind}:default", version)
            assert row.peerhost == "127.0.0.1"
        finally:
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)
