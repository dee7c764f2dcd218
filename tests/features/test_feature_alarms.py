"""Alarms: raised once, over once, told in the form of every generation, remembered for a day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emqx_compat.core.clock import ManualClock
from emqx_compat.features.alarms import Alarms
from emqx_compat.features.machine import Machine, Watch
from emqx_compat.store import Store
from emqx_compat.store.alarms import AlarmTable
from features.feature_rig import FeatureRig

NODE = "emqx@127.0.0.1"


class Silent:
    """Nobody listens to `$SYS`."""

    def publish(self, topic: str, payload: bytes) -> None:
        raise AssertionError

    def wanted(self, topic: str) -> bool:
        return False


def alarms_of(store: Store, clock: ManualClock, **settings: object) -> Alarms:
    alarms = Alarms(NODE, clock, AlarmTable(store), Silent(), **settings)  # type: ignore[arg-type]
    alarms.load()
    return alarms


async def names(alarms: Alarms, generation: str | None = None) -> tuple[list[str], list[str]]:
    active, history = await alarms.active(generation), await alarms.history(generation)
    return [alarm.name for alarm in active], [alarm.name for alarm in history]


async def test_an_alarm_is_raised_once_and_over_once() -> None:
    alarms = alarms_of(Store(None), ManualClock())
    assert await alarms.activate("a", message="m", details={"x": 1})
    assert not await alarms.activate("a", message="other")
    (alarm,) = await alarms.active()
    assert (alarm.message, alarm.details, alarm.legacy_name, alarm.title) == ("m", {"x": 1}, "a", "m")
    assert await alarms.deactivate("a")
    assert not await alarms.deactivate("a")
    assert await names(alarms) == ([], ["a"])


async def test_both_lists_show_the_newest_first() -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock)
    for name in ("a", "b", "c", "d"):
        await alarms.activate(name)
        clock.advance(1)
    for name in ("b", "a"):
        await alarms.deactivate(name)
        clock.advance(1)
    assert await names(alarms) == (["d", "c"], ["a", "b"])


async def test_the_history_ends_after_a_day_and_a_thousand() -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock, size_limit=2)
    for name in ("a", "b", "c"):
        await alarms.activate(name)
        await alarms.deactivate(name)
        clock.advance(3600)
    assert await names(alarms) == ([], ["c", "b"])
    clock.advance(22 * 3600)
    assert await names(alarms) == ([], ["c"])
    clock.advance(3600)
    assert await names(alarms) == ([], [])


async def test_clearing_the_history_leaves_what_is_active() -> None:
    alarms = alarms_of(Store(None), ManualClock())
    await alarms.activate("a")
    await alarms.deactivate("a")
    await alarms.activate("b")
    await alarms.clear_history()
    assert await names(alarms) == (["b"], [])


async def test_deleting_forgets_every_trace_of_a_name() -> None:
    alarms = alarms_of(Store(None), ManualClock())
    await alarms.activate("a")
    await alarms.deactivate("a")
    await alarms.activate("a")
    assert await alarms.delete("a")
    assert not await alarms.delete("a")
    assert await names(alarms) == ([], [])


async def test_what_was_active_is_over_after_a_restart_and_the_history_stays(tmp_path: Path) -> None:
    clock = ManualClock()
    store = Store(tmp_path)
    alarms = alarms_of(store, clock)
    await alarms.activate(
        "a", details={"x": [1]}, legacy_description={"k": "v"}, generations=frozenset({"v2", "v3"})
    )
    await alarms.deactivate("a")
    clock.advance(1)
    await alarms.activate("b")
    await alarms.activate("deleted")
    await alarms.delete("deleted")
    (before,) = await alarms.history()
    await store.close()
    clock.advance(10)
    store = Store(tmp_path)
    again = alarms_of(store, clock)
    assert await names(again) == ([], ["b", "a"])
    ended, kept = await again.history()
    assert kept == before
    assert (ended.by_restart, ended.deactivated_at) == (True, clock.now())
    await store.close()
    store = Store(tmp_path)
    assert await names(alarms_of(store, clock)) == ([], ["b", "a"])
    await store.close()


async def test_a_generation_sees_the_alarms_that_it_knows() -> None:
    alarms = alarms_of(Store(None), ManualClock())
    await alarms.activate("a", generations=frozenset({"v2"}))
    await alarms.activate("b")
    assert (await names(alarms, "v2"), await names(alarms, "v4")) == ((["b", "a"], []), (["b"], []))


async def test_changes_are_told_in_the_form_of_every_generation(rig: FeatureRig) -> None:
    watcher = await rig.connect("watcher")
    await watcher.subscribe("$SYS/brokers/+/alarms/#")
    await rig.behind.alarms.activate(
        "resource/web_hook/1/down", message="Resource web_hook(1) is down", details={"id": "1"}, severity="error",
        title="t", summary="s", legacy_name="resource_down/1", legacy_description="Resource Down",
    )  # fmt: skip
    rig.manual.advance(5)
    await rig.behind.alarms.deactivate("resource/web_hook/1/down")
    heard = {}
    for _ in range(6):
        message = await watcher.message()
        heard[message.topic.removeprefix(f"$SYS/brokers/{NODE}/alarms/")] = json.loads(message.payload)
    at = 1_700_000_000
    new = {
        "name": "resource/web_hook/1/down",
        "details": {"id": "1"},
        "message": "Resource web_hook(1) is down",
        "activate_at": at * 1_000_000,
    }
    assert heard == {
        "resource_down/1/alert": {
            "id": "resource_down/1",
            "severity": "error",
            "title": "t",
            "summary": "s",
            "ts": at,
        },
        "resource_down/1/clear": {"id": "resource_down/1", "ts": at + 5},
        "alert": {"id": "resource_down/1", "desc": "Resource Down"},
        "clear": {"id": "resource_down/1"},
        "activate": {**new, "deactivate_at": "infinity", "activated": True},
        "deactivate": {**new, "deactivate_at": (at + 5) * 1_000_000, "activated": False},
    }


async def test_what_an_alarm_does_is_configured(caplog: pytest.LogCaptureFixture) -> None:
    async with FeatureRig("alarm.actions=[]") as rig:
        watcher = await rig.connect("watcher")
        await watcher.subscribe("$SYS/brokers/+/alarms/#")
        await rig.behind.alarms.activate("a")
        await watcher.silence()
    assert not [record for record in caplog.records if "alarm_is" in record.message]


async def fill(rig: FeatureRig, count: int) -> None:
    client = await rig.connect("pq", clean_start=False)
    await client.subscribe("aq/#", 1)
    await client.disconnect()
    for number in range(count):
        await rig.publish(f"aq/{number}", b"x", 1)


async def test_a_queue_that_fills_up_is_an_alarm_of_2_x(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_mqueue_len", 10)
    await fill(rig, 6)
    assert await rig.behind.alarms.active() == []
    await rig.publish("aq/7", b"x", 1)
    await rig.publish("aq/8", b"x", 1)
    (alarm,) = await rig.behind.alarms.active("v2")
    assert (alarm.name, alarm.severity) == ("queue_high_watermark.pq", "warning")
    assert (alarm.title, alarm.summary) == ("Queue pq high-water mark", "queue len 7 > high_watermark 6")
    assert await rig.behind.alarms.active("v5") == []


async def test_the_alarm_is_over_when_the_queue_is_drained(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_mqueue_len", 10)
    await fill(rig, 8)
    await rig.connect("pq", clean_start=False)
    assert await names(rig.behind.alarms) == ([], ["queue_high_watermark.pq"])


async def test_the_alarm_is_over_when_the_session_ends(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_mqueue_len", 10)
    await fill(rig, 8)
    await rig.broker.clients.kick("pq", discard_session=True)
    assert await names(rig.behind.alarms) == ([], ["queue_high_watermark.pq"])


async def test_the_watermarks_are_settings(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_mqueue_len", 10)
    await rig.behind.hot_settings.set("mqueue_high_watermark", 0.2)
    await fill(rig, 3)
    (alarm,) = await rig.behind.alarms.active()
    assert alarm.summary == "queue len 3 > high_watermark 2"


async def test_a_queue_without_limit_has_no_watermark(rig: FeatureRig) -> None:
    await rig.behind.hot_settings.set("max_mqueue_len", 0)
    await fill(rig, 8)
    assert await rig.behind.alarms.active() == []


class Kernel:
    """A /proc of our own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "self").mkdir()
        self.busy = self.idle = 0
        self.work(0, 0)
        self.remember(0.1, 0.01)

    def work(self, busy: int, idle: int) -> None:
        self.busy += busy
        self.idle += idle
        (self.path / "stat").write_text(f"cpu  {self.busy} 0 0 {self.idle} 0 0 0 0 0 0\ncpu0 1 2 3\n")

    def remember(self, machine: float, process: float) -> None:
        total = 1_000_000
        (self.path / "meminfo").write_text(f"MemTotal: {total} kB\nMemAvailable: {int(total * (1 - machine))} kB\n")
        (self.path / "self" / "status").write_text(f"Name:\tpython\nVmRSS:\t{int(total * process)} kB\n")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


async def test_a_busy_processor_is_an_alarm_until_it_rests(kernel: Kernel) -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock)
    machine = Machine(clock, alarms, proc=kernel.path)
    machine.start()
    for busy, expected in ((79, []), (80, ["high_cpu_usage"]), (60, ["high_cpu_usage"]), (59, [])):
        kernel.work(busy, 100 - busy)
        clock.advance(60)
        assert (await names(alarms))[0] == expected
    (alarm,) = await alarms.history()
    assert (alarm.message, alarm.legacy_name, alarm.legacy_description) == (
        "80.0% cpu usage", "cpu_high_watermark", "80.0",
    )  # fmt: skip
    assert alarm.details == {"usage": 80.0, "high_watermark": 80, "low_watermark": 60}


async def test_memory_that_runs_short_is_an_alarm(kernel: Kernel) -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock)
    Machine(clock, alarms, proc=kernel.path).start()
    kernel.remember(0.71, 0.06)
    clock.advance(60)
    found = {alarm.name: (alarm.message, alarm.legacy_name) for alarm in await alarms.active()}
    assert found == {
        "high_system_memory_usage": ("System memory usage is higher than 70%", "system_memory_high_watermark"),
        "high_process_memory_usage": ("Process memory usage is higher than 5%", "process_memory_high_watermark"),
    }
    kernel.remember(0.7, 0.05)
    clock.advance(60)
    assert await alarms.active() == []


async def test_the_machine_is_watched_as_often_as_configured_until_the_end(kernel: Kernel) -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock)
    machine = Machine(clock, alarms, Watch(cpu_check_interval=10.0, mem_check_interval=None), kernel.path)
    machine.start()
    kernel.remember(0.9, 0.9)
    kernel.work(90, 10)
    clock.advance(10)
    assert (await names(alarms))[0] == ["high_cpu_usage"]
    machine.stop()
    kernel.work(0, 100)
    clock.advance(600)
    assert (await names(alarms))[0] == ["high_cpu_usage"]


async def test_a_machine_that_tells_nothing_is_no_alarm(tmp_path: Path) -> None:
    clock = ManualClock()
    alarms = alarms_of(Store(None), clock)
    Machine(clock, alarms, proc=tmp_path).start()
    clock.advance(60)
    assert await alarms.active() == []
