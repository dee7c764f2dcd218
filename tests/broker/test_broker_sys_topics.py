"""`$SYS`: who came and went, heartbeat, statistics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from broker.rig import Rig

PREFIX = "$SYS/brokers/emqx@127.0.0.1"


async def test_presence_events_carry_the_fields_of_every_generation(rig: Rig) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe("$SYS/brokers/+/clients/#", 1)
    client = await rig.connect("c", 5, username="u", keepalive=30, properties={"session_expiry_interval": 7})
    now = int(rig.manual.now() * 1000)
    connected = await watcher.message()
    assert (connected.topic, connected.qos, connected.retain) == (f"{PREFIX}/clients/c/connected", 0, False)
    common = {
        "clientid": "c",
        "username": "u",
        "ipaddress": "127.0.0.1",
        "sockport": rig.port,
        "protocol": "mqtt",
        "proto_name": "MQTT",
        "proto_ver": 5,
        "connected_at": now,
    }
    assert json.loads(connected.payload) == common | {
        "ts": now,
        "connack": 0,
        "keepalive": 30,
        "clean_start": True,
        "clean_sess": True,
        "expiry_interval": 7000,
    }
    rig.manual.advance(3)
    await client.disconnect()
    disconnected = await watcher.message()
    assert disconnected.topic == f"{PREFIX}/clients/c/disconnected"
    assert json.loads(disconnected.payload) == common | {
        "ts": now + 3000,
        "disconnected_at": now + 3000,
        "reason": "normal",
    }


async def test_a_client_without_user_name_is_undefined(rig: Rig) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe("$SYS/brokers/+/clients/#")
    await rig.connect("c")
    assert json.loads((await watcher.message()).payload)["username"] == "undefined"


async def test_a_kick_is_announced_before_it_is_over(rig: Rig) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe("$SYS/brokers/+/clients/+/disconnected")
    await rig.connect("c")
    await rig.broker.clients.kick("c", discard_session=True)
    assert json.loads((await watcher.message()).payload)["reason"] == "kicked"


@pytest.mark.parametrize(
    ("how", "reason"), [("drop", "tcp_closed"), ("takeover", "takenover"), ("clean", "discarded")]
)
async def test_the_reason_of_a_disconnect_is_told(rig: Rig, how: str, reason: str) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe("$SYS/brokers/+/clients/c/disconnected")
    client = await rig.connect("c", clean_start=False)
    if how == "drop":
        await client.drop()
    else:
        await rig.connect("c", clean_start=how == "clean")
    assert json.loads((await watcher.message()).payload)["reason"] == reason


async def test_presence_events_can_be_switched_off() -> None:
    async with Rig(sys_client_events=False) as rig:
        watcher = await rig.connect("w")
        await watcher.subscribe("$SYS/brokers/+/clients/#")
        await rig.connect("c")
        await watcher.silence()


async def test_version_and_nodes_are_retained(rig: Rig) -> None:
    rig.manual.advance(60)
    client = await rig.connect("c")
    await client.subscribe("$SYS/brokers")
    assert (await client.message()).payload == b"emqx@127.0.0.1"
    await client.subscribe(f"{PREFIX}/+")
    got = {message.topic: message.payload for message in [await client.message() for _ in range(2)]}
    assert got == {f"{PREFIX}/version": b"5.6.1", f"{PREFIX}/sysdescr": b"EMQX Enterprise"}
    assert rig.gauge("retained")[0] == 3


async def test_the_heartbeat_tells_uptime_and_time(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe(f"{PREFIX}/uptime")
    await client.subscribe(f"{PREFIX}/datetime")
    rig.manual.advance(30)
    got = {message.topic: message.payload for message in [await client.message() for _ in range(2)]}
    assert got[f"{PREFIX}/uptime"] == b"30000"
    assert got[f"{PREFIX}/datetime"].startswith(b"2023-11-1")


async def test_statistics_and_metrics_are_published_as_text(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe(f"{PREFIX}/stats/live_connections/+")
    await client.subscribe(f"{PREFIX}/metrics/packets/connect/received")
    rig.manual.advance(60)
    got = {
        message.topic.removeprefix(PREFIX): message.payload for message in [await client.message() for _ in "123"]
    }
    assert got == {
        "/stats/live_connections/count": b"1",
        "/stats/live_connections/max": b"1",
        "/metrics/packets/connect/received": b"1",
    }


@pytest.mark.parametrize("event", ["connected", "disconnected"])
async def test_each_presence_event_can_be_switched_off(event: str) -> None:
    settings: dict[str, Any] = {f"sys_client_{event}": False}
    async with Rig(**settings) as rig:
        watcher = await rig.connect("w")
        await watcher.subscribe("$SYS/brokers/+/clients/#")
        await (await rig.connect("c")).disconnect()
        other = "connected" if event == "disconnected" else "disconnected"
        assert (await watcher.message()).topic == f"{PREFIX}/clients/c/{other}"
        await watcher.silence()


async def test_subscriptions_are_announced_when_that_is_wanted() -> None:
    async with Rig(sys_client_subscribed=True, sys_client_unsubscribed=True) as rig:
        watcher = await rig.connect("w")
        await watcher.subscribe(f"{PREFIX}/clients/c/subscribed")
        await watcher.subscribe(f"{PREFIX}/clients/c/unsubscribed")
        client = await rig.connect("c", 5, username="u")
        await client.subscribe("$share/g/t", 1, subid=7)
        common = {
            "clientid": "c",
            "username": "u",
            "protocol": "mqtt",
            "topic": "$share/g/t",
            "ts": int(rig.manual.now() * 1000),
        }
        options = {
            "nl": 0,
            "qos": 1,
            "rap": 0,
            "rh": 0,
            "is_new": True,
            "sub_props": {"Subscription-Identifier": 7},
        }
        assert json.loads((await watcher.message()).payload) == common | {"subopts": options}
        await client.unsubscribe("$share/g/t")
        assert json.loads((await watcher.message()).payload) == common


async def test_subscriptions_are_not_announced_by_default(rig: Rig) -> None:
    watcher = await rig.connect("w")
    await watcher.subscribe(f"{PREFIX}/clients/c/#")
    client = await rig.connect("c")
    await client.subscribe("t")
    assert (await watcher.message()).topic == f"{PREFIX}/clients/c/connected"
    await watcher.silence()


async def test_names_of_2_x_are_published_too(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe(f"{PREFIX}/stats/clients/count")
    await client.subscribe(f"{PREFIX}/metrics/packets/subscribe")
    rig.manual.advance(60)
    assert [(await client.message()).payload for _ in "12"] == [b"1", b"2"]
