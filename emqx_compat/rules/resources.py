"""Resources: kept, started when they can be, looked at every ten seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from emqx_compat.core.alarms import AlarmService
from emqx_compat.core.clock import Clock, Timer
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.core.rules import Resource, ResourceType, Rule
from emqx_compat.rules.params import check_params
from emqx_compat.store.rules import ResourceTable

log = logging.getLogger(__name__)

POLL_INTERVAL = 10.0
"""Seconds between two looks at whether what was alive still is (3.2.8)."""


class Driver(Protocol):
    """What a type of resources does."""

    async def reach(self, config: Mapping[str, object]) -> None:
        """Raises OSError or ValueError when the other side cannot be reached."""


class Resources:
    """`core.rules.ResourceService`."""

    def __init__(
        self,
        table: ResourceTable,
        clock: Clock,
        ids: Ids,
        alarms: AlarmService,
        drivers: Mapping[str, Driver],
    ) -> None:
        self._table = table
        self._clock = clock
        self._ids = ids
        self._alarms = alarms
        self._drivers = drivers
        self._resources: dict[str, Resource] = {}
        self._alive: dict[str, bool] = {}
        """What was started, and whether it answered when it was last asked."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: Timer | None = None
        self._closed = False
        self.used_by: Callable[[str], Sequence[Rule]] = lambda _resource_id: ()
        """The rules that use a resource."""

    def __len__(self) -> int:
        return len(self._resources)

    def load(self) -> None:
        """Read the resources of earlier runs."""
        self._resources = {resource.id: resource for resource in self._table.load()}

    def begin(self) -> None:
        """Start what was read, one beside the other and without waiting for it, and look at it from now on."""
        for resource in self._resources.values():
            self._spawn(self._try_to_start(resource))
        self._wait()

    async def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def list(self, type_: str | None = None) -> Sequence[Resource]:
        """By the order of their creation."""
        return [resource for resource in self._resources.values() if type_ in (None, resource.type)]

    async def get(self, resource_id: str) -> Resource | None:
        """One resource."""
        return self._resources.get(resource_id)

    def known(self, resource_id: str) -> Resource | None:
        """One resource, at once."""
        return self._resources.get(resource_id)

    def started(self, resource_id: str) -> bool:
        """Whether it could be started; it may have gone since."""
        return resource_id in self._alive

    async def create(self, resource: Resource, types: Mapping[str, ResourceType]) -> Resource:
        """Faults: RESOURCE_TYPE_UNKNOWN, CONFIG_*."""
        self._check(resource, types)
        made = replace(resource, id=resource.id or self._new_id(), created_at=self._clock.now())
        await self._table.put(made)
        self._resources[made.id] = made
        self._alive.pop(made.id, None)
        await self._try_to_start(made)
        return made

    async def test(self, resource: Resource, types: Mapping[str, ResourceType]) -> None:
        """Faults: RESOURCE_TYPE_UNKNOWN, CONFIG_*, RESOURCE_TEST_FAILED."""
        self._check(resource, types)
        if not await self._reachable(resource):
            raise Fault(F.RESOURCE_TEST_FAILED, type=resource.type)

    async def start(self, resource_id: str) -> None:
        """Faults: RESOURCE_NOT_FOUND, RESOURCE_START_FAILED."""
        if not await self._try_to_start(self._require(resource_id)):
            raise Fault(F.RESOURCE_START_FAILED, id=resource_id)

    async def delete(self, resource_id: str) -> bool:
        """Faults: RESOURCE_IN_USE."""
        if resource_id not in self._resources:
            return False
        rules = self.used_by(resource_id)
        if rules:
            first, ids = rules[0], [rule.id for rule in rules]
            raise Fault(F.RESOURCE_IN_USE, id=resource_id, rule=first.id, name=first.name, rules=ids)
        del self._resources[resource_id]
        self._alive.pop(resource_id, None)
        await self._table.remove(resource_id)
        return True

    async def alive(self, resource_id: str) -> bool:
        """Faults: RESOURCE_NOT_FOUND."""
        resource = self._require(resource_id)
        return await self._look(resource) if self.started(resource_id) else False

    def _require(self, resource_id: str) -> Resource:
        resource = self._resources.get(resource_id)
        if resource is None:
            raise Fault(F.RESOURCE_NOT_FOUND, id=resource_id)
        return resource

    def _check(self, resource: Resource, types: Mapping[str, ResourceType]) -> None:
        type_ = types.get(resource.type)
        if type_ is None:
            raise Fault(F.RESOURCE_TYPE_UNKNOWN, type=resource.type)
        check_params(resource.config, type_.params)

    def _new_id(self) -> str:
        while (made := f"resource:{self._ids.hexadecimal(8)}") in self._resources:
            pass
        return made

    async def _reachable(self, resource: Resource) -> bool:
        driver = self._drivers.get(resource.type)
        if driver is None:
            return False
        try:
            await driver.reach(resource.config)
        except (OSError, ValueError) as error:
            log.debug("resource_unreachable, id: %s, reason: %r", resource.id, error)
            return False
        return True

    async def _try_to_start(self, resource: Resource) -> bool:
        reachable = await self._reachable(resource)
        if reachable and self._resources.get(resource.id) is resource:
            await self._turned(resource, alive=True)
        return reachable

    async def _look(self, resource: Resource) -> bool:
        alive = await self._reachable(resource)
        if self._resources.get(resource.id) is resource:
            await self._turned(resource, alive=alive)
        return alive

    async def _turned(self, resource: Resource, *, alive: bool) -> None:
        """Remember, and raise or clear the alarm when it has changed."""
        before = self._alive.get(resource.id, True)
        self._alive[resource.id] = alive
        if before == alive:
            return
        name = f"resource/{resource.type}/{resource.id}/down"
        if alive:
            await self._alarms.deactivate(name)
            return
        await self._alarms.activate(
            name,
            message=f"Resource {resource.type}({resource.id}) is down",
            details={"id": resource.id, "type": resource.type},
            legacy_name=f"resource_down/{resource.id}",
            legacy_description='"Resource Down"',
        )

    def _wait(self) -> None:
        if not self._closed:
            self._timer = self._clock.call_later(POLL_INTERVAL, self._poll)

    def _poll(self) -> None:
        for resource_id in list(self._alive):
            self._spawn(self._look(self._resources[resource_id]))
        self._wait()

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[object, object, object]) -> None:
    try:
        await work
    except Exception:  # nobody awaits the check; the next one comes anyway
        log.exception("resource_check_failed")
