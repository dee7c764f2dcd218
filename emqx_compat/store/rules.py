"""The tables of rules and resources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, cast

from emqx_compat.core.rules import Resource, Rule, RuleAction, SqlDialect
from emqx_compat.store.database import Store, Value
from emqx_compat.store.values import json_object, json_text

_RULE = "rule_id, name, dialect, sql, actions, description, enabled, hook, on_action_failed, created_at, extra"
_PUT_RULE = f"INSERT OR REPLACE INTO rules ({_RULE}) VALUES ({', '.join('?' * 11)})"
_RESOURCE = "resource_id, type, name, config, description, created_at, extra"
_PUT_RESOURCE = f"INSERT OR REPLACE INTO resources ({_RESOURCE}) VALUES ({', '.join('?' * 7)})"


class RuleTable:
    """Rules as they outlive the process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Rule]:
        """All rules, in the order they were stored."""
        return [_rule(row) for row in self._store.rows(f"SELECT {_RULE} FROM rules ORDER BY id")]

    async def put(self, rule: Rule) -> None:
        """Store or replace."""
        await self._store.write((_PUT_RULE, _rule_row(rule)))

    async def remove(self, rule_id: str) -> None:
        """Forget one; harmless when there is none."""
        await self._store.write(("DELETE FROM rules WHERE rule_id = ?", (rule_id,)))


class ResourceTable:
    """Resources as they outlive the process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Resource]:
        """All resources, in the order they were stored."""
        return [_resource(row) for row in self._store.rows(f"SELECT {_RESOURCE} FROM resources ORDER BY id")]

    async def put(self, resource: Resource) -> None:
        """Store or replace."""
        row = (
            resource.id,
            resource.type,
            resource.name,
            json.dumps(resource.config),
            resource.description,
            resource.created_at,
            json_text(resource.extra),
        )
        await self._store.write((_PUT_RESOURCE, row))

    async def remove(self, resource_id: str) -> None:
        """Forget one; harmless when there is none."""
        await self._store.write(("DELETE FROM resources WHERE resource_id = ?", (resource_id,)))


def _rule_row(rule: Rule) -> tuple[Value, ...]:
    return (
        rule.id,
        rule.name,
        rule.dialect,
        rule.sql,
        json.dumps(_plain(rule.actions)),
        rule.description,
        int(rule.enabled),
        rule.hook,
        rule.on_action_failed,
        rule.created_at,
        json_text(rule.extra),
    )


def _plain(actions: Sequence[RuleAction]) -> list[dict[str, object]]:
    return [
        {
            "id": action.id,
            "name": action.name,
            "params": action.params,
            "fallbacks": _plain(action.fallbacks),
        }
        for action in actions
    ]


def _actions(rows: Sequence[dict[str, Any]]) -> list[RuleAction]:
    return [RuleAction(row["name"], row["params"], row["id"], _actions(row["fallbacks"])) for row in rows]


def _rule(row: tuple[Value, ...]) -> Rule:
    rule_id, name, dialect, sql, actions, description, enabled, hook, on_action_failed, created_at, extra = row
    return Rule(
        sql=str(sql),
        dialect=cast(SqlDialect, dialect),
        actions=_actions(json.loads(str(actions))),
        id=str(rule_id),
        name=str(name),
        description=str(description),
        enabled=bool(enabled),
        hook=str(hook),
        on_action_failed=cast(Literal["continue", "stop"], on_action_failed),
        created_at=cast(float, created_at),
        extra=json_object(extra),
    )


def _resource(row: tuple[Value, ...]) -> Resource:
    resource_id, type_, name, config, description, created_at, extra = row
    return Resource(
        type=str(type_),
        config=json.loads(str(config)),
        id=str(resource_id),
        name=str(name),
        description=str(description),
        created_at=cast(float, created_at),
        extra=json_object(extra),
    )
