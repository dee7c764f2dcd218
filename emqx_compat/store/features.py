"""The table of switches: which features run, and with which options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from emqx_compat.store.database import Store

_COLUMNS = "name, active, resumes, options"
_PUT = f"""
    INSERT INTO features ({_COLUMNS}) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET
        active = excluded.active, resumes = excluded.resumes, options = excluded.options
"""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is kept of one feature."""

    active: bool | None = None
    """None: never switched, its default holds."""
    resumes: bool = False
    """It was stopped along with the feature it belongs to, and comes back with it."""
    options: Mapping[str, str] | None = None


class FeatureTable:
    """Switches as they outlive the process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> dict[str, Switch]:
        """By the feature's name."""
        found = {}
        for name, active, resumes, options in self._store.rows(f"SELECT {_COLUMNS} FROM features"):
            found[str(name)] = Switch(
                None if active is None else bool(active),
                bool(resumes),
                json.loads(options) if isinstance(options, str) else None,
            )
        return found

    async def put(self, switches: Mapping[str, Switch]) -> None:
        """Store or replace some, all or none of them."""
        statements = []
        for name, switch in switches.items():
            options = None if switch.options is None else json.dumps(dict(switch.options))
            active = None if switch.active is None else int(switch.active)
            statements.append((_PUT, (name, active, int(switch.resumes), options)))
        if statements:
            await self._store.write(*statements)
