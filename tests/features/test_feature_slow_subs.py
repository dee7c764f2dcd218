"""Slow subscriptions: which deliveries are ranked, and for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from broker.rig import Raw, until

from emqx_compat.core.faults import F
from emqx_compat.core.slow_subs import SlowSubsSettings
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel
from features.feature_rig import FeatureRig, fault_of


def ranked(rig: FeatureRig) -> list[tuple[str, str, int]]:
    return [(row.clientid, row.topic, row.timespan) for row in rig.behind.slow_subs.list()]


async def listener(rig: FeatureRig, clientid: str, topic: str = "t", qos: int = 1) -> Raw:
    """A subscriber whose session is older than every message."""
    client = await rig.connect(clientid)
    await client.subscribe(topic, qos)
    rig.manual.advance(1)
    return client


async def take(rig: FeatureRig, client: Raw, seconds: float) -> None:
    """The client takes its time to acknowledge a message."""
    publish = await client.expect(Publish)
    rig.manual.advance(seconds)
    before = rig.counter("messages.acked")
    await client.send(Puback(publish.packet_id))
    await until(lambda: rig.counter("messages.acked") > before)


async def test_a_slow_acknowledgement_is_ranked() -> None:
    async with FeatureRig("slow_subs.enable=true") as rig:
        client = await listener(rig, "c")
        await rig.publish("t", b"", 1)
        await take(rig, client, 0.6)
        (row,) = rig.behind.slow_subs.list()
        assert (row.clientid, row.topic, row.timespan, row.updated_at) == ("c", "t", 600, rig.manual.now())


async def test_what_takes_no_longer_than_the_threshold_is_not_ranked() -> None:
    async with FeatureRig("slow_subs.enable=true") as rig:
        client = await listener(rig, "c")
        await rig.publish("t", b"", 1)
        await take(rig, client, 0.5)
        assert ranked(rig) == []


async def test_nothing_is_ranked_while_it_is_off(rig: FeatureRig) -> None:
    client = await listener(rig, "c")
    await rig.publish("t", b"", 1)
    await take(rig, client, 5)
    assert ranked(rig) == [] and not rig.hooks.delivery_completed


async def test_qos_2_counts_when_the_exchange_is_over() -> None:
    async with FeatureRig("slow_subs.enable=true", "slow_subs.stats_type=response") as rig:
        client = await listener(rig, "c", qos=2)
        await rig.publish("t", b"", 2)
        publish = await client.expect(Publish)
        rig.manual.advance(1)
        await client.send(Pubrec(publish.packet_id))
        await client.expect(Pubrel)
        rig.manual.advance(1)
        assert ranked(rig) == []
        await client.send(Pubcomp(publish.packet_id))
        await client.silence()
        assert ranked(rig) == [("c", "t", 2000)]


@pytest.mark.parametrize(("kind", "timespan"), [("whole", 5000), ("internal", 2000), ("response", 3000)])
async def test_latency_means_what_the_settings_say(kind: str, timespan: int) -> None:
    async with FeatureRig("slow_subs.enable=true", f"slow_subs.stats_type={kind}", "mqtt.max_inflight=1") as rig:
        client = await listener(rig, "c", "#")
        await rig.publish("first", b"", 1)
        await rig.publish("t", b"", 1)
        await take(rig, client, 2)  # "t" waits for the window that long
        await take(rig, client, 3)
        assert ("c", "t", timespan) in ranked(rig)


async def test_the_slowest_of_a_topic_counts_and_the_slowest_come_first() -> None:
    async with FeatureRig("slow_subs.enable=true") as rig:
        a, b = await listener(rig, "a"), await listener(rig, "b")
        for seconds in (1, 3, 2):
            await rig.publish("t", b"", 1)
            await take(rig, a, seconds)
            await take(rig, b, seconds)
        assert ranked(rig) == [("b", "t", 6000), ("a", "t", 3000)]


async def test_the_fastest_makes_room_for_a_slower_one() -> None:
    async with FeatureRig("slow_subs.enable=true", "slow_subs.top_k_num=2") as rig:
        client = await listener(rig, "c", "#")
        for topic, seconds in (("a", 2), ("b", 1), ("c", 3), ("d", 1)):
            await rig.publish(topic, b"", 1)
            await take(rig, client, seconds)
        assert ranked(rig) == [("c", "c", 3000), ("c", "a", 2000)]


async def test_a_message_older_than_the_session_does_not_count() -> None:
    async with FeatureRig("slow_subs.enable=true") as rig:
        await rig.publish("t", b"x", 1, retain=True)
        rig.manual.advance(60)
        client = await rig.connect("c")
        await client.subscribe("t", 1)
        await take(rig, client, 5)
        assert ranked(rig) == []


async def test_rows_expire_and_can_be_cleared() -> None:
    async with FeatureRig("slow_subs.enable=true", "slow_subs.expire_interval=60s") as rig:
        client = await listener(rig, "c", "#")
        for topic in ("a", "b"):
            await rig.publish(topic, b"", 1)
            await take(rig, client, 1)
            rig.manual.advance(30)
        assert len(ranked(rig)) == 2
        rig.manual.advance(35)
        assert ranked(rig) == [("c", "b", 1000)]
        rig.behind.slow_subs.clear()
        assert ranked(rig) == []


async def test_settings_are_changed_and_kept(rig: FeatureRig) -> None:
    slow = rig.behind.slow_subs
    assert slow.settings == SlowSubsSettings()
    await slow.configure(SlowSubsSettings(True, 0.1, 30.0, 5, "internal"))
    assert rig.features.active("slow_subs") and slow.settings.enable
    await rig.features.stop("slow_subs")
    assert slow.settings == SlowSubsSettings(False, 0.1, 30.0, 5, "internal")


async def test_settings_that_are_no_good_change_nothing(rig: FeatureRig) -> None:
    slow = rig.behind.slow_subs
    wrong: Any = replace(SlowSubsSettings(), top_k_num=0)
    assert await fault_of(slow.configure(wrong)) is F.SLOW_SUBS_INVALID
    assert slow.settings == SlowSubsSettings()
