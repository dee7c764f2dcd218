"""Retainer, presence, delayed publish, topic rewrite, auto subscribe: starting and stopping them is felt."""

from __future__ import annotations

import json

import pytest

from emqx_compat.core.clients import Client
from emqx_compat.features.auto_subscribe import filled
from emqx_compat.features.rewrite import RewriteRule
from features.feature_rig import FeatureRig


async def test_without_the_retainer_nothing_is_kept_and_nothing_replayed(rig: FeatureRig) -> None:
    await rig.publish("t", b"before", retain=True)
    await rig.features.stop("retainer")
    client = await rig.connect("c")
    await client.subscribe("t")
    await client.silence()
    await rig.publish("t", b"meanwhile", retain=True)
    message = await client.message()
    assert (message.payload, message.retain) == (b"meanwhile", False)
    await rig.features.start("retainer")
    await client.subscribe("t")
    assert (await client.message()).payload == b"before"


async def test_a_client_may_still_set_the_retain_flag_without_the_retainer(rig: FeatureRig) -> None:
    await rig.features.stop("retainer")
    client = await rig.connect("c", 5)
    assert client.connack.properties is not None and client.connack.properties["retain_available"] == 1
    assert await client.publish("t", b"x", 1, retain=True) == 0x10


@pytest.mark.parametrize("feature", ["presence", "modules"])
async def test_presence_is_published_while_it_runs(rig: FeatureRig, feature: str) -> None:
    watcher = await rig.connect("watcher")
    await watcher.subscribe("$SYS/brokers/+/clients/#")
    await rig.features.stop(feature)
    await (await rig.connect("unseen")).disconnect()
    await rig.features.start(feature)
    await (await rig.connect("seen")).disconnect()
    assert json.loads((await watcher.message()).payload)["clientid"] == "seen"


async def test_delayed_messages_wait_while_the_feature_runs(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    await client.subscribe("t")
    await client.publish("$delayed/10/t", b"later", 1)
    rig.manual.advance(10)
    assert (await client.message()).payload == b"later"


async def test_stopping_delayed_publish_drops_what_waits_and_makes_its_topics_ordinary(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    await client.subscribe("t")
    await client.subscribe("$delayed/#")
    await client.publish("$delayed/10/t", b"dropped", 1)
    await rig.features.stop("delayed")
    assert rig.gauge("delayed")[0] == 0
    rig.manual.advance(10)
    await rig.publish("$delayed/10/t", b"now")
    assert (await client.message()).topic == "$delayed/10/t"


REWRITE = (
    'rewrite=[{action = all, source_topic = "x/#", dest_topic = "x/y/z/$1", re = "^x/y/(.+)$"},'
    ' {action = publish, source_topic = "p/#", dest_topic = "out/${clientid}/${username}/$1", re = "^p/(.+)$"},'
    ' {action = subscribe, source_topic = "s/+", dest_topic = "t/$1", re = "^s/(.+)$"}]'
)


async def test_published_topics_are_rewritten() -> None:
    async with FeatureRig(REWRITE) as rig:
        client = await rig.connect("c", username="u")
        await client.subscribe("out/#")
        await client.publish("p/1", b"m")
        assert (await client.message()).topic == "out/c/u/1"


async def test_filters_are_rewritten_at_subscribe_and_unsubscribe() -> None:
    async with FeatureRig(REWRITE) as rig:
        client = await rig.connect("c")
        await client.subscribe("s/1")
        await client.subscribe("$share/g/s/2")
        rows = await rig.broker.clients.subscriptions("c")
        assert [row.shared_topic for row in rows] == ["t/1", "$share/g/t/2"]
        await client.unsubscribe("s/1", "$share/g/s/2")
        assert await rig.broker.clients.subscriptions("c") == []


async def test_the_rule_whose_filter_matches_decides_even_when_its_expression_does_not() -> None:
    async with FeatureRig(REWRITE) as rig:
        client = await rig.connect("c")
        await client.subscribe("x/1/2")
        await client.subscribe("x/y/2")
        rows = await rig.broker.clients.subscriptions("c")
        assert [row.topic for row in rows] == ["x/1/2", "x/y/z/2"]


async def test_without_the_feature_topics_are_what_they_are() -> None:
    async with FeatureRig(REWRITE) as rig:
        await rig.features.stop("rewrite")
        client = await rig.connect("c")
        await client.subscribe("s/1")
        await client.publish("s/1", b"m")
        assert (await client.message()).topic == "s/1"


async def test_what_would_be_no_topic_is_not_rewritten() -> None:
    rules = 'rewrite=[{action = all, source_topic = "a/+", dest_topic = "b/#/$1", re = "^a/(.+)$"}]'
    async with FeatureRig(rules) as rig:
        client = await rig.connect("c")
        assert await client.subscribe("a/1") == [0]
        await client.publish("a/1", b"m")
        assert (await client.message()).topic == "a/1"


@pytest.mark.parametrize(("source", "expression"), [("a/#/b", ".*"), ("a", "(")])
def test_a_rule_that_is_none_is_refused(source: str, expression: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        RewriteRule.read("all", source, "b", expression)


AUTO = (
    'auto_subscribe.topics=[{topic = "$client/%c", qos = 1}, {topic = "u/${username}"}, {topic = fixed, qos = 2}]'
)


async def test_new_connections_are_subscribed_without_asking() -> None:
    async with FeatureRig(AUTO) as rig:
        client = await rig.connect("c")
        await client.silence()
        rows = await rig.broker.clients.subscriptions("c")
        assert [(row.topic, row.qos) for row in rows] == [("$client/c", 1), ("fixed", 2)]
        await rig.publish("fixed", b"m")
        assert (await client.message()).payload == b"m"


async def test_without_the_feature_nobody_is_subscribed() -> None:
    async with FeatureRig(AUTO) as rig:
        await rig.features.stop("auto_subscribe")
        client = await rig.connect("c", username="u")
        await client.silence()
        assert await rig.broker.clients.subscriptions("c") == []


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("a/${clientid}/b", "a/c/b"),
        ("%u/%c", "u/c"),
        ("${host}/${port}", "10.0.0.1/5000"),
        ("a#", None),
    ],
)
def test_placeholders_are_filled(topic: str, expected: str | None) -> None:
    assert filled(topic, Client("c", "n", "u", peerhost="10.0.0.1", peerport=5000)) == expected
