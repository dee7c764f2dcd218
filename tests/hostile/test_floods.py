"""Floods, bombs and dawdlers against MQTT: each has a limit, a counter, and one line in the log."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from itertools import product

import pytest
from broker.rig import Raw, Rig, connect_packet, until

from emqx_compat.mqtt import Connack, Publish, Suback, Subscribe, SubscriptionRequest, encode
from emqx_compat.mqtt.bodies import MAX_FILTERS


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A broker whose time stands still."""
    async with Rig() as rig:
        yield rig


def reached(rig: Rig, limit: str) -> int:
    return rig.broker.limits.counts.get(limit, 0)


async def answer_time(client: Raw) -> float:
    start = time.perf_counter()
    await client.silence()
    return time.perf_counter() - start


async def test_a_connect_byte_by_byte_has_its_time(rig: Rig) -> None:
    client = await rig.open()
    data = encode(connect_packet("slow"), 4)
    for index, byte in enumerate(data[:-1]):
        await client.send(bytes((byte,)))
        await until(lambda index=index: rig.counter("bytes.received") == index + 1)  # type: ignore[misc]
        rig.manual.advance(14.9 / len(data))
    rig.manual.advance(1.5)
    await client.closed()
    assert reached(rig, "idle_timeout") == 1
    assert rig.shutdown_count == {"idle_timeout": 1}


async def test_half_open_connections_are_bounded_and_who_means_it_gets_in(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.settings.max_half_open = 50
    flood = [await rig.open() for _ in range(200)]
    await until(lambda: reached(rig, "max_half_open") == 150)
    assert rig.listeners.half_open == 50
    assert len(rig.broker.channels) == 50
    for client in flood[:150]:
        await client.closed()
    assert len([line for line in caplog.messages if "max_half_open" in line]) == 1
    honest = await rig.connect("honest")
    await honest.silence()
    assert rig.listeners.half_open <= 50


@pytest.mark.parametrize("version", [4, 5])
async def test_an_oversized_packet_is_refused_before_it_has_come(rig: Rig, version: int) -> None:
    client = await rig.connect("c", version)
    await client.send(b"\x30\xff\xff\xff\x7f\x00\x01t")
    if version == 5:
        await client.disconnected(0x95)
    else:
        await client.closed()
    assert reached(rig, "max_packet_size") == 1


@pytest.mark.parametrize("version", [4, 5])
async def test_a_subscribe_of_too_many_filters_is_heard_to_a_point(rig: Rig, version: int) -> None:
    rig.settings.max_filters = 100
    client = await rig.connect("c", version)
    filters = [SubscriptionRequest(f"t/{index}/+") for index in range(5000)]
    await client.send(Subscribe(1, filters))
    codes = (await client.expect(Suback)).reason_codes
    assert codes == [0] * 100 + [0x97 if version == 5 else 0x80] * 4900
    assert rig.broker.router.subscriptions == 100
    assert reached(rig, "max_filters") == 1


async def test_the_largest_subscribe_is_over_in_good_time(rig: Rig) -> None:
    client, other = await rig.connect("c"), await rig.connect("other")
    filters = [SubscriptionRequest(f"{index:x}/+") for index in range(MAX_FILTERS)]
    await client.send(Subscribe(1, filters))
    assert await answer_time(other) < 2
    suback = await client.expect(Suback)
    assert suback.reason_codes.count(0) == rig.settings.max_filters


async def test_a_larger_subscribe_is_not_read_to_its_end(rig: Rig) -> None:
    client, other = await rig.connect("c", 5), await rig.connect("other")
    packet = encode(Subscribe(1, [SubscriptionRequest(f"{index:x}/+") for index in range(100_000)]), 5)
    await client.send(packet)
    assert await answer_time(other) < 2
    await client.disconnected(0x95)


async def test_the_subscriptions_of_a_session_are_bounded_without_a_setting(rig: Rig) -> None:
    rig.settings.max_client_subscriptions = 10
    client = await rig.connect("c", 5)
    assert [await client.subscribe(f"t/{index}") for index in range(12)] == [[0]] * 10 + [[0x97]] * 2
    assert await client.subscribe("t/1") == [0]
    assert reached(rig, "max_subscriptions") == 2


async def test_sessions_are_bounded(rig: Rig) -> None:
    rig.settings.max_sessions = 2
    first = await rig.connect("a", 5)
    await rig.connect("b", 5)
    refused = await rig.refused(connect_packet("c", 5), 5)
    assert refused.reason_code == 0x97
    assert reached(rig, "max_sessions") == 1
    again = await rig.connect("a", 5)
    await first.disconnected(0x8E)
    await again.silence()


async def test_deep_topics_are_refused(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    deep = "/".join("x" * 200)
    assert await client.subscribe(deep) == [0x8F]
    assert await client.subscribe("/".join("+" * 200)) == [0x8F]
    await client.send(Publish(deep, b"", 0))
    await client.disconnected(0x90)
    assert reached(rig, "max_topic_levels") == 3


async def test_a_wildcard_explosion_costs_bounded_time(rig: Rig) -> None:
    """Every mixture of `a` and `+` over ten levels: one message matches all 1024, and is delivered for each."""
    client, other = await rig.connect("c"), await rig.connect("other")
    filters = [SubscriptionRequest("/".join(levels)) for levels in product("a+", repeat=10)]
    await client.send(Subscribe(1, filters))
    await client.expect(Suback)
    start = time.perf_counter()
    for index in range(20):
        await other.publish("/".join("a" * 10), b"%d" % index)
    await other.silence()
    assert time.perf_counter() - start < 3
    for _ in range(20 * 1024):
        await client.expect(Publish)


async def test_a_storm_of_connects_leaves_the_others_their_turn(rig: Rig) -> None:
    """As fast as one loop can offer them; peer and broker share the machine and the loop here."""
    witness = await rig.connect("witness")
    hello = encode(connect_packet(""), 4)
    longest = 0.0
    done = asyncio.Event()

    async def storm() -> None:
        for _ in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            writer.write(hello)
            await reader.readexactly(4)
            writer.transport.abort()

    async def watch() -> None:
        nonlocal longest
        while not done.is_set():
            longest = max(longest, await answer_time(witness))

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(storm() for _ in range(10)))
    done.set()
    await watching
    assert longest < 0.5
    assert rig.counter("client.connected") == 2001
    await until(lambda: len(rig.broker.channels) == 1)
    assert rig.listeners.half_open == 0


async def test_who_never_reads_its_answers_is_not_read_from_either(rig: Rig) -> None:
    rig.settings.slow_consumer_bytes = 100_000
    client = await rig.connect("deaf")
    channel = rig.broker.registry.sessions["deaf"].channel
    assert channel is not None
    transport = channel.sink._transport  # type: ignore[attr-defined]
    for end, option in ((transport, socket.SO_SNDBUF), (client._writer.transport, socket.SO_RCVBUF)):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 16_384)
    client._writer.transport.pause_reading()
    pings = b"\xc0\x00" * 50_000
    with pytest.raises(TimeoutError):
        while True:
            client._writer.write(pings)
            await asyncio.wait_for(client._writer.drain(), 0.3)
    assert channel.paused
    assert channel.held < 300_000  # twice the setting, and the answers to one slice of what was read
    assert transport.get_write_buffer_size() < 700_000
    client._writer.transport.abort()


async def test_a_connack_that_comes_late_is_no_half_open_connection(rig: Rig) -> None:
    gate = asyncio.Event()

    async def slow(client: object, password: bytes | None) -> int:
        await gate.wait()
        return 0

    rig.hooks.client_authenticate.append(slow)
    client = await rig.open()
    await client.send(connect_packet("c"))
    await until(lambda: rig.counter("client.authenticate") == 1)
    assert rig.listeners.half_open == 0
    gate.set()
    await client.expect(Connack)
