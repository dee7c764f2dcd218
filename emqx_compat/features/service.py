"""The switches: which features run, kept by the store; what starting and stopping one does is its effect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.features import FEATURES
from emqx_compat.store.features import FeatureTable, Switch

log = logging.getLogger(__name__)


class Effect(Protocol):
    """What a switch does."""

    async def start(self, options: Mapping[str, str]) -> None:
        """Begin to work. Raises ValueError when the options are no good; nothing has begun then."""

    async def stop(self) -> None:
        """Leave the broker as if it had never been there."""


_GROUP_OF = {member: feature.name for feature in FEATURES.values() for member in feature.members}


class Features:
    """`core.features.FeatureService`. `defaults` says what the configuration wants of features never switched."""

    def __init__(self, table: FeatureTable, defaults: Mapping[str, bool] | None = None) -> None:
        self._table = table
        self._defaults = {name: feature.default for name, feature in FEATURES.items()} | dict(defaults or {})
        self._switches: dict[str, Switch] = {}
        self._effects: dict[str, Effect] = {}
        self._running: set[str] = set()
        self._change = asyncio.Lock()

    def attach(self, name: str, effect: Effect) -> None:
        """Say what stands behind a feature; before `restore`."""
        self._effects[name] = effect

    async def restore(self) -> None:
        """Start what ran at the end of the last run, and what runs by default."""
        self._switches = {name: kept for name, kept in self._table.load().items() if name in FEATURES}
        for name in FEATURES:
            active = self._switch(name).active
            if self._defaults[name] if active is None else active:
                try:
                    await self._run(name)
                except Fault as fault:
                    log.error("feature_not_started, name: %s, reason: %s", name, fault.params.get("reason"))

    async def close(self) -> None:
        """Stop everything without switching anything off."""
        for name in tuple(self._running):
            await self._halt(name)

    def names(self) -> Sequence[str]:
        """Every feature."""
        return tuple(FEATURES)

    def active(self, name: str) -> bool:
        """Whether it runs."""
        self._require(name)
        return name in self._running

    async def start(self, name: str) -> None:
        """Switch it on, and with it those members that stopped with it."""
        self._require(name)
        async with self._change:
            if name in self._running:
                raise Fault(F.FEATURE_RUNNING, name=name)
            await self._start(name)

    async def stop(self, name: str) -> None:
        """Switch it off, and with it its members."""
        self._require(name)
        async with self._change:
            if name not in self._running:
                raise Fault(F.FEATURE_STOPPED, name=name)
            await self._stop(name)

    async def restart(self, name: str) -> None:
        """Stop it if it runs, and start it."""
        self._require(name)
        async with self._change:
            if name in self._running:
                await self._stop(name)
            await self._start(name)

    def options(self, name: str) -> Mapping[str, str] | None:
        """What `configure` was given last."""
        self._require(name)
        return self._switch(name).options

    async def configure(self, name: str, options: Mapping[str, str]) -> None:
        """Replace the options; with bad ones, those before hold again."""
        self._require(name)
        async with self._change:
            before = self._switch(name)
            running = name in self._running
            if running:
                await self._halt(name)
            self._switches[name] = replace(before, options=dict(options))
            if running:
                try:
                    await self._run(name)
                except Fault:
                    self._switches[name] = before
                    await self._run(name)
                    raise
            await self._keep(name)

    async def _start(self, name: str) -> None:
        changed = [name, *(each for each in FEATURES[name].members if self._switch(each).resumes)]
        group = _GROUP_OF.get(name)
        for each in changed:
            await self._run(each)
            self._switches[each] = replace(self._switch(each), active=True, resumes=False)
        if group is not None and group not in self._running:
            # A group runs as soon as one of its members does.
            self._running.add(group)
            self._switches[group] = replace(self._switch(group), active=True)
            changed.append(group)
        await self._keep(*changed)

    async def _stop(self, name: str) -> None:
        members = [each for each in FEATURES[name].members if each in self._running]
        for each in (name, *members):
            await self._halt(each)
            self._switches[each] = replace(self._switch(each), active=False, resumes=each in members)
        await self._keep(name, *members)

    async def _run(self, name: str) -> None:
        effect = self._effects.get(name)
        if effect is not None:
            try:
                await effect.start(self._switch(name).options or {})
            except ValueError as error:
                raise Fault(F.FEATURE_FAILED, name=name, reason=str(error)) from error
        self._running.add(name)

    async def _halt(self, name: str) -> None:
        self._running.discard(name)
        effect = self._effects.get(name)
        if effect is not None:
            await effect.stop()

    async def _keep(self, *names: str) -> None:
        await self._table.put({name: self._switches[name] for name in names})

    def _switch(self, name: str) -> Switch:
        return self._switches.get(name, _UNTOUCHED)

    def _require(self, name: str) -> None:
        if name not in FEATURES:
            raise Fault(F.FEATURE_UNKNOWN, name=name)


_UNTOUCHED = Switch()
