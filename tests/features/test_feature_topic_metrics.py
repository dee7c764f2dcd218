"""Topic metrics: what is counted of registered topics, and how fast it grows."""

from __future__ import annotations

import pytest

from emqx_compat.core.faults import F
from emqx_compat.core.topic_metrics import MAX_TOPICS, NAMES
from features.feature_rig import FeatureRig, fault_of


def counts(rig: FeatureRig, topic: str) -> dict[str, int]:
    """What is not 0."""
    metrics = rig.behind.topic_metrics.get(topic)
    assert metrics is not None and tuple(metrics.counts) == tuple(metrics.rates) == NAMES
    return {name.removeprefix("messages."): count for name, count in metrics.counts.items() if count}


def rate(rig: FeatureRig, name: str) -> float:
    metrics = rig.behind.topic_metrics.get("t")
    assert metrics is not None
    return metrics.rates[name]


async def test_messages_are_counted_in_and_out_by_their_qos(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    for clientid, qos in (("a", 0), ("b", 1), ("c", 2)):
        await (await rig.connect(clientid)).subscribe("t", qos)
    publisher = await rig.connect("p")
    for qos in (0, 1, 2):
        await publisher.publish("t", b"", qos)
    await publisher.silence()
    assert counts(rig, "t") == {
        "in": 3,
        "qos0.in": 1,
        "qos1.in": 1,
        "qos2.in": 1,
        "out": 9,
        "qos0.out": 5,
        "qos1.out": 3,
        "qos2.out": 1,
    }


async def test_other_topics_are_not_counted(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    await (await rig.connect("c")).subscribe("#")
    await rig.publish("t/1")
    assert counts(rig, "t") == {}


async def test_a_message_that_waits_counts_when_it_is_sent(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 1)
    await client.disconnect()
    await rig.publish("t", b"", 1)
    assert counts(rig, "t") == {"in": 1, "qos1.in": 1}
    client = await rig.connect("c", clean_start=False)
    await client.message()
    assert counts(rig, "t") == {"in": 1, "qos1.in": 1, "out": 1, "qos1.out": 1}


async def test_a_message_without_subscribers_is_dropped(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    await rig.publish("t")
    assert counts(rig, "t") == {"in": 1, "qos0.in": 1, "dropped": 1}


async def test_a_delayed_message_counts_when_it_is_due(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    await rig.publish("$delayed/5/t")
    assert counts(rig, "t") == {}
    rig.manual.advance(5)
    assert counts(rig, "t")["in"] == 1


async def test_a_rate_is_the_moving_average_of_five_seconds(rig: FeatureRig) -> None:
    await rig.behind.topic_metrics.register("t")
    for _ in range(10):
        await rig.publish("t")
    assert rate(rig, "messages.in") == 0
    rig.manual.advance(1)
    assert rate(rig, "messages.in") == pytest.approx(2.0)
    rig.manual.advance(1)
    assert rate(rig, "messages.in") == pytest.approx(1.6)


async def test_a_reset_begins_at_0(rig: FeatureRig) -> None:
    metrics = rig.behind.topic_metrics
    for topic in ("t", "u"):
        await metrics.register(topic)
        await rig.publish(topic)
    rig.manual.advance(3)
    await metrics.reset("t")
    assert (counts(rig, "t"), rate(rig, "messages.in")) == ({}, 0)
    assert counts(rig, "u")["in"] == 1
    await metrics.reset()
    assert counts(rig, "u") == {}
    assert [row.reset_at for row in metrics.list()] == [rig.manual.now()] * 2


async def test_what_cannot_be_registered_is_a_fault(rig: FeatureRig) -> None:
    metrics = rig.behind.topic_metrics
    await metrics.register("t")
    assert await fault_of(metrics.register("t")) is F.TOPIC_METRICS_EXISTS
    assert await fault_of(metrics.register("t/+")) is F.TOPIC_METRICS_INVALID
    assert await fault_of(metrics.reset("u")) is F.TOPIC_NOT_FOUND
    for number in range(MAX_TOPICS - 1):
        await metrics.register(f"t/{number}")
    assert await fault_of(metrics.register("u")) is F.TOPIC_METRICS_LIMIT


async def test_an_unregistered_topic_is_forgotten(rig: FeatureRig) -> None:
    metrics = rig.behind.topic_metrics
    await metrics.register("t")
    assert await metrics.unregister("t")
    assert not await metrics.unregister("t")
    assert metrics.get("t") is None and not rig.broker.topic_counts


async def test_stopping_the_feature_forgets_all(rig: FeatureRig) -> None:
    await rig.features.start("topic_metrics")
    await rig.behind.topic_metrics.register("t")
    await rig.features.stop("topic_metrics")
    assert not rig.behind.topic_metrics.list()


async def test_configured_topics_are_counted_from_the_start() -> None:
    async with FeatureRig("topic_metrics=[{topic = t}]") as rig:
        await rig.publish("t")
        assert counts(rig, "t")["in"] == 1
        assert rig.features.active("topic_metrics")
