"""Who may publish and subscribe where: shipped rules, settings, what clients are told, what is remembered."""

from __future__ import annotations

import pytest

from emqx_compat.mqtt import Publish, Subscribe, SubscriptionRequest, Will
from features.feature_rig import FeatureRig

NO_SECRETS = """authorization.sources=[{type = file, rules = \"\"\"{deny, all, all, ["secret/#"]}.\"\"\"}]"""


def counters(rig: FeatureRig, *names: str) -> list[int]:
    return [rig.counter(name) for name in names]


@pytest.mark.parametrize(("version", "code"), [(4, 0x80), (5, 0x87)])
async def test_strangers_may_not_listen_to_everything(rig: FeatureRig, version: int, code: int) -> None:
    client = await rig.stranger("c", version)
    await client.send(
        Subscribe(
            1, [SubscriptionRequest(topic) for topic in ("#", "$SYS/#", "$SYS/brokers/+/version", "a/#", "t")]
        )
    )
    suback = await client.receive()
    assert suback.reason_codes == [code, code, code, 0, 0]  # type: ignore[union-attr]
    assert (
        counters(rig, "packets.subscribe.auth_error", "authorization.deny", "authorization.matched.deny") == [3] * 3
    )


async def test_who_is_local_may_listen_to_everything(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    for topic in ("#", "$SYS/#", "+/#"):
        assert await client.subscribe(topic) == [0]


async def test_the_user_dashboard_may_listen_to_the_broker(rig: FeatureRig) -> None:
    client = await rig.stranger("c", username="dashboard")
    assert await client.subscribe("$SYS/#") == [0]
    assert await client.subscribe("#") == [0x80]


async def test_strangers_may_publish(rig: FeatureRig) -> None:
    client = await rig.stranger("c", 5)
    assert await client.publish("t", b"x", 1) == 0x10


async def test_without_the_feature_there_are_no_rules(rig: FeatureRig) -> None:
    client = await rig.stranger("c")
    await rig.features.stop("acl_internal")
    assert await client.subscribe("#") == [0]
    await rig.features.start("acl_internal")
    assert await client.subscribe("#") == [0x80]


@pytest.mark.parametrize(("version", "codes"), [(4, [0, 0]), (5, [0x87, 0x87])])
async def test_what_may_not_be_published_is_acknowledged_and_forgotten(version: int, codes: list[int]) -> None:
    async with FeatureRig(NO_SECRETS) as rig:
        watcher = await rig.connect("watcher")
        await watcher.subscribe("#")
        client = await rig.connect("c", version)
        await client.publish("secret/0", b"x", 0)
        assert [await client.publish("secret/1", b"x", qos) for qos in (1, 2)] == codes
        await client.publish("open", b"x", 1)
        assert (await watcher.message()).topic == "open"
        assert counters(rig, "packets.publish.auth_error", "packets.publish.error") == [3, 2]


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("packet", [Publish("secret/1", b""), Subscribe(1, [SubscriptionRequest("secret/1")])])
async def test_a_refusal_can_end_the_connection(version: int, packet: Publish | Subscribe) -> None:
    async with FeatureRig(NO_SECRETS, "authorization.deny_action=disconnect") as rig:
        client = await rig.connect("c", version)
        await client.send(packet)
        if version == 5:
            await client.disconnected(0x87)
        else:
            await client.closed()


async def test_a_will_is_authorized_when_it_is_published() -> None:
    async with FeatureRig(NO_SECRETS) as rig:
        watcher = await rig.connect("watcher")
        await watcher.subscribe("+/w")
        await (await rig.connect("a", will=Will("secret/w", b"x"))).drop()
        await (await rig.connect("b", will=Will("open/w", b"x"))).drop()
        assert (await watcher.message()).topic == "open/w"


async def test_shared_and_delayed_topics_are_judged_by_what_they_are_about() -> None:
    async with FeatureRig(NO_SECRETS) as rig:
        client = await rig.connect("c", 5)
        assert await client.subscribe("$share/g/secret/1") == [0x87]
        assert await client.publish("$delayed/5/secret/1", b"x", 1) == 0x87


async def test_where_no_rule_matches_the_settings_decide(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    await rig.features.stop("acl_internal")
    assert await client.subscribe("t") == [0]
    await rig.behind.hot_settings.set("authz_no_match", "deny")
    assert await client.subscribe("t") == [0x80]
    assert rig.counter("authorization.nomatch") == 1


async def test_answers_are_remembered_for_a_minute_and_listed(rig: FeatureRig) -> None:
    client = await rig.connect("c", 5)
    await client.subscribe("a/+", 1)
    await client.publish("b", b"x", 1, retain=True)
    await client.publish("b", b"x", 1, retain=True)
    cached = await rig.broker.clients.authz_cache("c") or []
    rows = [(row.action, row.topic, row.result, row.qos, row.retain) for row in cached]
    assert rows == [("subscribe", "a/+", "allow", 1, False), ("publish", "b", "allow", 1, True)]
    names = ("client.authorize", "authorization.allow", "authorization.cache_hit", "authorization.cache_miss")
    assert counters(rig, *names) == [3, 3, 1, 2]
    rig.manual.advance(60)
    assert await rig.broker.clients.authz_cache("c") == []
    await client.publish("b", b"x", 1, retain=True)
    assert counters(rig, *names) == [4, 4, 1, 3]


async def test_the_oldest_answer_makes_room() -> None:
    async with FeatureRig("authorization.cache.max_size=2") as rig:
        client = await rig.connect("c")
        for topic in ("a", "b", "c"):
            await client.subscribe(topic)
        cached = await rig.broker.clients.authz_cache("c") or []
        assert [row.topic for row in cached] == ["b", "c"]


async def test_nothing_is_remembered_without_the_cache() -> None:
    async with FeatureRig("authorization.cache.enable=false") as rig:
        client = await rig.connect("c")
        await client.subscribe("a")
        assert await rig.broker.clients.authz_cache("c") == []
        assert counters(rig, "authorization.cache_hit", "authorization.cache_miss") == [0, 0]


async def test_a_cleaned_cache_asks_again(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    for clean in (rig.broker.clients.clean_authz_cache, None):
        await client.subscribe("a")
        if clean is not None:
            assert await clean("c")
        else:
            await rig.broker.clients.clean_all_authz_caches()
        assert await rig.broker.clients.authz_cache("c") == []
    assert not await rig.broker.clients.clean_authz_cache("nobody")
    assert await rig.broker.clients.authz_cache("nobody") is None


async def test_a_superuser_may_do_everything() -> None:
    async with FeatureRig(NO_SECRETS) as rig:
        await rig.behind.mqtt_users.add("username", "root", "p", is_superuser=True)
        await rig.behind.mqtt_users.add("username", "other", "p")
        await rig.features.start("auth_username")
        for username, code in (("root", 0), ("other", 0x80)):
            client = await rig.connect(username, username=username, password=b"p")
            assert await client.subscribe("secret/1") == [code]
        assert counters(rig, "authorization.superuser", "authorization.matched.deny") == [1, 1]


async def test_an_authorizer_that_fails_opens_no_door(rig: FeatureRig) -> None:
    def broken(*_: object) -> bool | None:
        raise LookupError("a defect")

    await rig.features.stop("acl_internal")  # whose shipped rules would say yes before
    client = await rig.connect("c", 5)
    rig.broker.hook_authorizer(broken)
    assert await client.publish("anything", b"x", 1) == 0x87
    assert await client.subscribe("anything") == [0x87]
