"""The rules: checked, kept, compiled."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from emqx_compat.core.clock import Clock
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.core.rules import EVENT_COLUMNS, ActionType, Rule, RuleAction, SqlDialect
from emqx_compat.rules.evaluate import Program, StepError, compile_statement
from emqx_compat.rules.params import check_params
from emqx_compat.rules.resources import Resources
from emqx_compat.rules.samples import WORDS, example, fill_in
from emqx_compat.rules.sql.ast import Statement
from emqx_compat.rules.sql.check import resolve
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.parser import parse
from emqx_compat.rules.values import EvalError
from emqx_compat.store.rules import RuleTable

log = logging.getLogger(__name__)

ACTIONS = ("inspect", "republish", "do_nothing", "data_to_webserver")
"""What rules of 3.x and 4.x can do here; they count these, not the actions of their rules."""


class Rules:
    """`core.rules.RuleService`."""

    def __init__(self, table: RuleTable, resources: Resources, clock: Clock, ids: Ids, node: str) -> None:
        self._table = table
        self._resources = resources
        self._clock = clock
        self._ids = ids
        self._node = node
        self._rules: dict[str, Rule] = {}
        self._last_stamp = 0
        resources.used_by = self._using

    def __len__(self) -> int:
        return len(self._rules)

    def load(self) -> None:
        """Read the rules of earlier runs."""
        for rule in self._table.load():
            try:
                self._rules[rule.id] = replace(rule, sources=_checked(rule.sql, rule.dialect).sources)
            except Fault as fault:  # its grammar was another one
                log.warning("rule_not_understood, id: %s, reason: %s", rule.id, fault)
                self._rules[rule.id] = replace(rule, enabled=False)

    async def list(self) -> Sequence[Rule]:
        """By the order of their creation."""
        return list(self._rules.values())

    async def get(self, rule_id: str) -> Rule | None:
        """One rule."""
        return self._rules.get(rule_id)

    async def create(self, rule: Rule, actions: Mapping[str, ActionType]) -> Rule:
        """Faults: SQL_*, EVENT_UNKNOWN, ACTION_UNKNOWN, CONFIG_*, RESOURCE_NOT_FOUND, RESOURCE_NOT_STARTED."""
        if rule.dialect == "3.1" and rule.hook not in EVENT_COLUMNS:
            raise Fault(F.EVENT_UNKNOWN, event=rule.hook)
        statement = _checked(rule.sql, rule.dialect)
        made = replace(
            rule,
            actions=[self._bound(action, actions, rule.dialect) for action in rule.actions],
            id=rule.id or self._new_id(rule),
            sources=statement.sources,
            created_at=self._clock.now(),
        )
        await self._table.put(made)
        self._rules[made.id] = made
        return made

    async def sources(self, sql: str, dialect: SqlDialect) -> Sequence[str]:
        """What stands after FROM; nothing when the text does not parse."""
        try:
            return parse(sql, dialect).sources
        except SqlError:
            return ()

    async def delete(self, rule_id: str) -> bool:
        """False: there was none."""
        if self._rules.pop(rule_id, None) is None:
            return False
        await self._table.remove(rule_id)
        return True

    async def test(self, sql: str, dialect: SqlDialect, context: Mapping[str, object]) -> object:
        """Faults: SQL_*, CONTEXT_UNKNOWN, ARGUMENTS_INVALID."""
        statement = _checked(sql, dialect, unknown_column=F.SQL_TEST_COLUMN_UNKNOWN)
        columns = example(statement.sources[0], self._node, self._clock.now())
        try:
            unknown = fill_in(columns, context)
        except EvalError as error:
            raise Fault(F.ARGUMENTS_INVALID, reason=error.reason) from None
        if unknown is not None:
            raise Fault(F.CONTEXT_UNKNOWN, name=unknown)
        return _run(compile_statement(statement), columns)

    def _using(self, resource_id: str) -> Sequence[Rule]:
        return [
            rule for rule in self._rules.values() if any(action.resource == resource_id for action in rule.actions)
        ]

    def _bound(self, action: RuleAction, types: Mapping[str, ActionType], dialect: SqlDialect) -> RuleAction:
        type_ = types.get(action.name)
        if type_ is None:
            raise Fault(F.ACTION_UNKNOWN, name=action.name)
        check_params(action.params, type_.params)
        params = action.params
        if action.resource is not None:
            resource = self._resources.known(action.resource)
            if dialect == "3.1":
                if resource is None:
                    raise Fault(F.RESOURCE_NOT_FOUND, id=action.resource)
                params = {**params, **resource.config}
            elif not self._resources.started(action.resource):
                raise Fault(F.RESOURCE_NOT_STARTED, id=action.resource)
        return replace(action, id=f"{action.name}_{self._stamp()}", params=params)

    def _new_id(self, rule: Rule) -> str:
        if rule.dialect == "3.1":
            return f"{rule.name}:{self._stamp()}"
        while (made := f"rule:{self._ids.hexadecimal(8)}") in self._rules:
            pass
        return made

    def _stamp(self) -> int:
        """Nanoseconds since the epoch, never the same twice."""
        self._last_stamp = max(int(self._clock.now() * 1e9), self._last_stamp + 1)
        return self._last_stamp


def _checked(sql: str, dialect: SqlDialect, *, unknown_column: F = F.SQL_COLUMN_UNKNOWN) -> Statement:
    """The statement as its dialect understands it. Faults: SQL_*."""
    try:
        statement = parse(sql, dialect)
        if dialect == "3.2":
            return resolve(statement, WORDS)
        if dialect == "3.1" and statement.foreach:
            raise SqlError(F.SQL_UNSUPPORTED, what="FOREACH")
    except SqlError as error:
        kind = unknown_column if error.kind is F.SQL_COLUMN_UNKNOWN else error.kind
        raise Fault(kind, **error.params) from None
    return statement


def _run(program: Program, columns: Mapping[str, object]) -> object:
    try:
        found = program.run(columns)
    except StepError as error:
        if not error.step:
            raise Fault(F.ARGUMENTS_INVALID, reason=error.reason) from None
        raise Fault(F.SQL_FAILED, step=error.step, reason=error.reason) from None
    if found is None:
        raise Fault(F.SQL_NOT_MATCHED)
    return found
