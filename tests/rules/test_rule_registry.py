"""Rules and resources: ids, order of checks, dependencies, alarms, what survives a restart."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emqx_compat.core.clock import ManualClock
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.core.rules import ActionType, Resource, ResourceType, Rule, RuleAction
from emqx_compat.rules.registry import Rules
from emqx_compat.rules.resources import POLL_INTERVAL, Resources
from emqx_compat.store import Store
from emqx_compat.store.rules import ResourceTable, RuleTable

SQL = 'select * from "message.publish"'
ACTIONS = {
    "inspect": ActionType("inspect"),
    "send": ActionType("send", {"$resource": {"type": "string", "required": True}}),
}
TYPES = {"hook": ResourceType("hook", {"url": {"type": "string", "required": True}})}
CONFIG: dict[str, object] = {"url": "u"}


class FakeServer:
    """Something that can be reached, or not."""

    def __init__(self) -> None:
        self.up = True
        self.reached = asyncio.Event()

    async def reach(self, config: Mapping[str, object]) -> None:
        assert config == CONFIG
        self.reached.set()
        if not self.up:
            raise OSError("refused")


@dataclass
class FakeAlarms:
    """Remembers what was raised and cleared."""

    told: list[tuple[str, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def activate(self, name: str, **_more: Any) -> bool:
        self.told.append(("raised", name))
        self.changed.set()
        return True

    async def deactivate(self, name: str) -> bool:
        self.told.append(("cleared", name))
        self.changed.set()
        return True


class Node:
    """A rule engine over a store, which can be started again."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self.clock = ManualClock()
        self.server = FakeServer()
        self.alarms = FakeAlarms()
        self._start()

    def _start(self) -> None:
        ids = Ids(self.clock, random.Random(1))
        self.store = Store(self.directory)
        drivers = {"hook": self.server}
        self.resources = Resources(ResourceTable(self.store), self.clock, ids, self.alarms, drivers)  # type: ignore[arg-type]
        self.rules = Rules(RuleTable(self.store), self.resources, self.clock, ids, "emqx@127.0.0.1")
        self.resources.load()
        self.rules.load()

    async def stop(self) -> None:
        await self.resources.close()
        await self.store.close()

    async def restart(self) -> None:
        await self.stop()
        self._start()
        self.resources.begin()

    async def hook(self) -> str:
        return (await self.resources.create(Resource("hook", CONFIG), TYPES)).id

    async def rule(self, *actions: RuleAction, **more: Any) -> Rule:
        return await self.rules.create(Rule(SQL, "3.2", list(actions), **more), ACTIONS)


@pytest.fixture
async def node() -> Any:
    made = Node(None)
    yield made
    await made.stop()


@pytest.fixture
async def kept(tmp_path: Path) -> Any:
    made = Node(tmp_path)
    yield made
    await made.stop()


async def refused(work: Any) -> tuple[F, dict[str, object]]:
    with pytest.raises(Fault) as fault:
        await work
    return fault.value.kind, fault.value.params


async def test_ids_are_made_as_3_2_makes_them(node: Node) -> None:
    resource = await node.hook()
    rule = await node.rule(RuleAction("send", {"$resource": resource}), RuleAction("inspect"))
    assert resource.startswith("resource:")
    assert len(resource) == len("resource:") + 8
    assert len(rule.id.removeprefix("rule:")) == 8
    stamps = [action.id.rpartition("_")[2] for action in rule.actions]
    assert [action.id.rpartition("_")[0] for action in rule.actions] == ["send", "inspect"]
    assert len(set(stamps)) == 2
    assert all(len(stamp) == 19 for stamp in stamps)


async def test_a_rule_knows_its_events(node: Node) -> None:
    assert (await node.rule()).sources == ("message.publish",)


async def test_sql_is_looked_at_before_actions(node: Node) -> None:
    rule = Rule("select * from x", "3.2", [RuleAction("nobody")])
    assert (await refused(node.rules.create(rule, ACTIONS)))[0] is F.SQL_EVENT_UNKNOWN


async def test_actions_are_looked_at_one_after_the_other(node: Node) -> None:
    rule = Rule(SQL, "3.2", [RuleAction("send", {"$resource": "none"}), RuleAction("nobody")])
    assert await refused(node.rules.create(rule, ACTIONS)) == (F.RESOURCE_NOT_STARTED, {"id": "none"})
    rule.actions.reverse()
    assert await refused(node.rules.create(rule, ACTIONS)) == (F.ACTION_UNKNOWN, {"name": "nobody"})


async def test_a_refused_rule_leaves_nothing(node: Node) -> None:
    await refused(node.rule(RuleAction("send")))
    assert await node.rules.list() == []


async def test_a_resource_that_cannot_be_reached_is_made_but_not_started(node: Node) -> None:
    node.server.up = False
    resource = await node.hook()
    assert not await node.resources.alive(resource)
    binding = RuleAction("send", {"$resource": resource})
    assert (await refused(node.rule(binding)))[0] is F.RESOURCE_NOT_STARTED
    assert (await refused(node.resources.start(resource)))[0] is F.RESOURCE_START_FAILED
    node.server.up = True
    await node.resources.start(resource)
    assert await node.resources.alive(resource)
    await node.rule(binding)


async def test_a_resource_in_use_cannot_be_deleted(node: Node) -> None:
    resource = await node.hook()
    rule = await node.rule(RuleAction("send", {"$resource": resource}))
    assert await refused(node.resources.delete(resource)) == (
        F.RESOURCE_IN_USE,
        {"id": resource, "rule": rule.id, "name": rule.name, "rules": [rule.id]},
    )
    assert await node.rules.delete(rule.id)
    assert await node.resources.delete(resource)
    assert not await node.resources.delete(resource)
    assert not await node.rules.delete(rule.id)


async def test_a_test_stores_nothing(node: Node) -> None:
    await node.resources.test(Resource("hook", CONFIG), TYPES)
    node.server.up = False
    assert (await refused(node.resources.test(Resource("hook", CONFIG), TYPES)))[0] is F.RESOURCE_TEST_FAILED
    assert await node.resources.list() == []


@pytest.mark.parametrize(
    ("resource", "kind"), [(Resource("x"), F.RESOURCE_TYPE_UNKNOWN), (Resource("hook"), F.CONFIG_MISSING)]
)
async def test_a_resource_is_checked_against_its_type(node: Node, resource: Resource, kind: F) -> None:
    for call in (node.resources.create, node.resources.test):
        assert (await refused(call(resource, TYPES)))[0] is kind


async def test_calls_about_resources_that_do_not_exist(node: Node) -> None:
    calls: tuple[Callable[[str], Any], ...] = (node.resources.start, node.resources.alive)
    for call in calls:
        assert await refused(call("none")) == (F.RESOURCE_NOT_FOUND, {"id": "none"})


async def test_a_resource_that_goes_raises_an_alarm_until_it_is_back(node: Node) -> None:
    resource = await node.hook()
    node.resources.begin()
    alarm = f"resource/hook/{resource}/down"
    for up, told in ((False, "raised"), (True, "cleared")):
        node.server.up = up
        node.alarms.changed.clear()
        node.clock.advance(POLL_INTERVAL)
        await node.alarms.changed.wait()
        assert node.alarms.told[-1] == (told, alarm)
    assert len(node.alarms.told) == 2


async def test_rules_and_resources_outlive_the_process(kept: Node) -> None:
    resource = await kept.hook()
    rule = await kept.rule(
        RuleAction("send", {"$resource": resource}), description="d", extra={"x": 1}, enabled=False, name="n"
    )
    kept.server.reached.clear()
    await kept.restart()
    assert await kept.rules.list() == [rule]
    assert [found.id for found in await kept.resources.list("hook")] == [resource]
    await kept.server.reached.wait()
    await kept.rules.delete(rule.id)
    await kept.resources.delete(resource)
    await kept.restart()
    assert (await kept.rules.list(), await kept.resources.list()) == ([], [])


async def test_3_1_puts_the_configuration_into_the_parameters(node: Node) -> None:
    resource = await node.hook()
    rule = Rule(
        "select * from 't/#'".replace("'", '"'), "3.1", [RuleAction("send", {"$resource": resource, "a": 1})]
    )
    rule.name, rule.hook = "r", "message.publish"
    made = await node.rules.create(rule, ACTIONS)
    assert made.actions[0].params == {"$resource": resource, "a": 1, **CONFIG}
    assert (made.id.partition(":")[0], made.sources) == ("r", ("t/#",))
    rule.hook = "message.nothing"
    assert (await refused(node.rules.create(rule, ACTIONS)))[0] is F.EVENT_UNKNOWN
