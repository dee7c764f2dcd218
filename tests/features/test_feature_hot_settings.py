"""Hot settings: what they accept, and when they are felt."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from broker.rig import connect_packet

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hot_settings import HOT_SETTINGS, SettingValue
from features.feature_rig import FeatureRig, fault_of


def test_every_setting_has_a_value_that_it_accepts_itself() -> None:
    hot = FeatureRig().behind.hot_settings
    for name in hot.names():
        value = hot.get(name)
        if value is not None or not HOT_SETTINGS[name].unlimited:
            assert value is not None, name


async def test_every_value_can_be_set_to_what_it_is() -> None:
    hot = FeatureRig().behind.hot_settings
    for name in hot.names():
        value = hot.get(name)
        if name != "acl_file" and name != "log_level":
            await hot.set(name, value)
            assert hot.get(name) == value


async def test_an_unknown_setting_is_a_fault(rig: FeatureRig) -> None:
    hot = rig.behind.hot_settings
    assert await fault_of(hot.set("nonsense", 1)) is F.SETTING_UNKNOWN
    with pytest.raises(Fault):
        hot.get("nonsense")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allow_anonymous", "yes"),
        ("allow_anonymous", 1),
        ("max_inflight", 0),
        ("max_inflight", 1.5),
        ("max_inflight", True),
        ("max_inflight", None),
        ("authz_no_match", "perhaps"),
        ("mqueue_high_watermark", 1.1),
        ("retry_interval", -1),
        ("acl_file", 5),
    ],
)
async def test_a_value_that_does_not_fit_changes_nothing(rig: FeatureRig, name: str, value: SettingValue) -> None:
    hot = rig.behind.hot_settings
    before = hot.get(name)
    assert await fault_of(hot.set(name, value)) is F.SETTING_INVALID
    assert hot.get(name) == before


async def test_limits_of_sessions_hold_for_new_connections(rig: FeatureRig) -> None:
    await rig.connect("old")
    hot = rig.behind.hot_settings
    for name, value in {
        "max_inflight": 5,
        "max_mqueue_len": 6,
        "max_awaiting_rel": 7,
        "max_subscriptions": 8,
    }.items():
        await hot.set(name, value)
    await rig.connect("new")
    rows = [await rig.row(clientid) for clientid in ("old", "new")]
    shown = [(row.inflight_max, row.mqueue_max, row.awaiting_rel_max, row.subscriptions_max) for row in rows if row]
    assert shown == [(32, 1000, 100, None), (5, 6, 7, 8)]


async def test_the_longest_client_id_holds_for_new_connections(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_clientid_len", 3)
    await rig.connect("abc", 5)
    assert (await rig.refused(connect_packet("abcd", 5), 5)).reason_code == 0x85


async def test_the_keep_alive_factor_holds_for_new_connections(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("keepalive_multiplier", 3.0)
    client = await rig.connect("c", keepalive=10)
    rig.manual.advance(29)
    await client.silence()
    rig.manual.advance(31)
    await client.closed()


async def test_a_queue_forgets_qos_0_as_soon_as_it_is_told(rig: FeatureRig) -> None:
    client = await rig.connect("c", clean_start=False)
    await client.subscribe("t", 1)
    await client.disconnect()
    await rig.behind.hot_settings.set("mqueue_store_qos0", False)
    await rig.publish("t", b"x")
    row = await rig.row("c")
    assert row is not None and row.mqueue_len == 0


async def test_retained_limits_hold_at_once(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("retained_max_payload_size", 3)
    await rig.publish("big", b"four", retain=True)
    await rig.publish("small", b"abc", retain=True)
    await rig.behind.hot_settings.set("retained_max_messages", 1)
    await rig.publish("second", b"x", retain=True)
    assert list(rig.broker.retained.messages) == ["small"]


async def test_statistics_can_be_switched_off_and_on(rig: FeatureRig) -> None:
    client = await rig.connect("c")
    await client.subscribe("$SYS/brokers/+/version")
    await rig.behind.hot_settings.set("sys_msg_interval", 0)
    rig.manual.advance(120)
    await client.silence()
    await rig.behind.hot_settings.set("sys_msg_interval", 30)
    rig.manual.advance(90)
    assert (await client.message()).payload == b"5.6.1"


async def test_the_log_level_is_that_of_the_process(rig: FeatureRig) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        await rig.behind.hot_settings.set("log_level", "critical")
        assert root.level == logging.CRITICAL
    finally:
        root.setLevel(before)


async def test_hash_schemes_are_settings(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("auth_username_password_hash", "md5")
    assert (await rig.behind.mqtt_users.add("username", "u", "p")).scheme == "md5"


async def test_another_acl_file_takes_the_place_of_the_shipped_rules(rig: FeatureRig, tmp_path: Path) -> None:
    path = tmp_path / "acl.conf"
    path.write_text('{deny, all, subscribe, ["secret/#"]}.')
    await rig.behind.hot_settings.set("acl_file", str(path))
    client = await rig.connect("c")
    assert await client.subscribe("secret/1") == [0x80]


async def test_an_acl_file_that_cannot_be_read_leaves_the_rules_in_force(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("acl_file", "/nowhere/acl.conf")
    assert rig.behind.hot_settings.get("acl_file") == "/nowhere/acl.conf"
    assert await (await rig.stranger("c")).subscribe("#") == [0x80]


async def test_priorities_are_set_as_a_text(rig: FeatureRig) -> None:
    hot = rig.behind.hot_settings
    await hot.set("mqueue_priorities", "a/b=10,c=1")
    assert rig.settings.mqueue_priorities == {"a/b": 10, "c": 1}
    assert await fault_of(hot.set("mqueue_priorities", "a=0")) is F.SETTING_INVALID
    assert hot.get("mqueue_priorities") == "a/b=10,c=1"


async def test_what_subscriptions_may_be_is_felt_at_once(rig: FeatureRig) -> None:
    client = await rig.connect("c", 5)
    hot = rig.behind.hot_settings
    assert await client.subscribe("$exclusive/t") == [0x8F]
    await hot.set("exclusive_subscription", True)
    await hot.set("shared_subscription", False)
    await hot.set("wildcard_subscription", False)
    answers = [await client.subscribe(topic) for topic in ("$exclusive/t", "$share/g/t", "a/+")]
    assert answers == [[0], [0x9E], [0xA2]]


async def test_a_shared_strategy_is_felt_at_once(rig: FeatureRig) -> None:
    members = [await rig.connect(f"m{index}") for index in range(2)]
    for member in members:
        await member.subscribe("$share/g/t")
    await rig.behind.hot_settings.set("shared_subscription_strategy", "hash_topic")
    for _ in range(4):
        await rig.publish("t")
    rows = [await rig.row(f"m{index}") for index in range(2)]
    assert sorted(row.counters.send_msg for row in rows if row) == [0, 4]


async def test_what_is_told_at_connect_holds_for_new_connections(rig: FeatureRig) -> None:
    hot = rig.behind.hot_settings
    await hot.set("server_keepalive", 7)
    await hot.set("response_information", "r/")
    asked = {"request_response_information": 1}
    properties = (await rig.connect("c", 5, properties=asked)).connack.properties or {}
    assert (properties["server_keep_alive"], properties["response_information"]) == (7, "r/")
    assert "response_information" not in ((await rig.connect("d", 5)).connack.properties or {})


async def test_a_user_name_can_be_the_client_id(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("use_username_as_clientid", True)
    await rig.connect("c", username="u")
    assert await rig.row("u") is not None and await rig.row("c") is None
    await rig.connect("c")
    assert await rig.row("c") is not None
    assert (await rig.refused(connect_packet("c", 5, username=""), 5)).reason_code == 0x85
