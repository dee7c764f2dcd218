"""The switches themselves: what runs by default, what is kept, what belongs together."""

from __future__ import annotations

from pathlib import Path

from emqx_compat.core.faults import F
from emqx_compat.core.features import FEATURES
from emqx_compat.store import Store
from features.feature_rig import FeatureRig, fault_of

RUNNING = {
    "retainer", "modules", "presence", "delayed", "acl_internal",
    "management", "dashboard", "recon", "rule_engine", "telemetry",
}  # fmt: skip


def running(rig: FeatureRig) -> set[str]:
    return {name for name in rig.features.names() if rig.features.active(name)}


async def test_what_the_generations_ship_runs_from_the_start(rig: FeatureRig) -> None:
    assert running(rig) == RUNNING


async def test_the_configuration_has_a_say_in_what_runs() -> None:
    rules = 'rewrite=[{action = all, source_topic = "a/#", dest_topic = b, re = "^a"}]'
    off = (
        "retainer.enable=false",
        "delayed.enable=false",
        "sys_topics.sys_event_messages={client_connected = false, client_disconnected = false}",
    )
    async with FeatureRig(rules, "auto_subscribe.topics=[{topic = t}]", *off) as rig:
        assert running(rig) == RUNNING - {"retainer", "delayed", "presence"} | {"rewrite", "auto_subscribe"}


async def test_starting_what_runs_and_stopping_what_does_not_are_faults(rig: FeatureRig) -> None:
    assert await fault_of(rig.features.start("retainer")) is F.FEATURE_RUNNING
    assert await fault_of(rig.features.stop("coap")) is F.FEATURE_STOPPED
    for call in (rig.features.start, rig.features.stop, rig.features.restart):
        assert await fault_of(call("kernel")) is F.FEATURE_UNKNOWN


async def test_a_switch_with_nothing_behind_it_is_a_switch_all_the_same(rig: FeatureRig) -> None:
    await rig.features.start("auth_http")
    assert rig.features.active("auth_http")
    await rig.features.stop("auth_http")
    assert not rig.features.active("auth_http")


def test_the_table_says_of_every_switch_whether_something_stands_behind_it() -> None:
    built = {name for name, feature in FEATURES.items() if feature.effect is not None}
    assert set(FeatureRig().features._effects) == built - {"modules"}  # a group has what its members have


async def test_a_restart_starts_what_was_stopped(rig: FeatureRig) -> None:
    await rig.features.restart("reloader")
    await rig.features.restart("reloader")
    assert rig.features.active("reloader")


async def test_switches_and_options_survive_the_process(tmp_path: Path) -> None:
    async with FeatureRig(store=Store(tmp_path)) as rig:
        await rig.features.stop("retainer")
        await rig.features.start("auth_http")
        await rig.features.configure("auth_http", {"auth.http.auth_req": "http://localhost"})
    async with FeatureRig(store=Store(tmp_path)) as rig:
        assert running(rig) == RUNNING - {"retainer"} | {"auth_http"}
        assert rig.features.options("auth_http") == {"auth.http.auth_req": "http://localhost"}
        assert rig.features.options("coap") is None


async def test_a_group_stops_its_members_and_brings_back_those_that_ran(rig: FeatureRig) -> None:
    await rig.features.stop("modules")
    assert running(rig) == RUNNING - {"modules", "presence"}
    await rig.features.start("modules")
    assert running(rig) == RUNNING


async def test_what_stopped_with_its_group_comes_back_after_a_restart_of_the_process(tmp_path: Path) -> None:
    async with FeatureRig(store=Store(tmp_path)) as rig:
        await rig.features.start("rewrite")
        await rig.features.stop("modules")
    async with FeatureRig(store=Store(tmp_path)) as rig:
        await rig.features.start("modules")
        assert running(rig) == RUNNING | {"rewrite"}


async def test_a_member_that_starts_shows_its_group_as_running(rig: FeatureRig) -> None:
    await rig.features.stop("modules")
    await rig.features.start("rewrite")
    assert running(rig) == RUNNING - {"presence"} | {"rewrite"}


async def test_bad_options_leave_those_before_in_force(rig: FeatureRig) -> None:
    await rig.features.start("auth_clientid")
    await rig.features.configure("auth_clientid", {"password_hash": "md5"})
    assert await fault_of(rig.features.configure("auth_clientid", {"password_hash": "rot13"})) is F.FEATURE_FAILED
    assert rig.features.options("auth_clientid") == {"password_hash": "md5"}
    assert rig.behind.mqtt_users.scheme("clientid") == "md5"


async def test_a_feature_that_cannot_start_stays_off(rig: FeatureRig) -> None:
    await rig.features.configure("web_hook", {"url": "ftp://nowhere"})
    assert await fault_of(rig.features.start("web_hook")) is F.FEATURE_FAILED
    assert not rig.features.active("web_hook")


async def test_a_feature_that_cannot_start_does_not_keep_the_server_from_starting(tmp_path: Path) -> None:
    async with FeatureRig(store=Store(tmp_path)) as rig:
        await rig.features.start("auth_username")
        await rig.features.stop("auth_username")
        await rig.features.configure("auth_username", {"password_hash": "rot13"})
        rig.store.post(("UPDATE features SET active = 1 WHERE name = 'auth_username'", ()))
    async with FeatureRig(store=Store(tmp_path)) as rig:
        assert running(rig) == RUNNING
