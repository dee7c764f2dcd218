"""What 3.x looks at before it takes a rule: events, columns, functions (observed on 3.2.8).

General SQL is more than rules understand, so a text that parses may still be refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from emqx_compat.core.faults import F
from emqx_compat.core.rules import EVENT_COLUMNS
from emqx_compat.rules.sql.ast import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Compare,
    Const,
    Expr,
    Field,
    In,
    Index,
    Not,
    Or,
    Star,
    Statement,
)
from emqx_compat.rules.sql.errors import SqlError


def resolve(statement: Statement, words: Collection[str]) -> Statement:
    """The statement as 3.2 understands it: texts in double quotes in conditions are constants, names are known.

    `words` are names that may be called; whether they are functions shows when they are. Raises SqlError:
    SQL_EVENT_UNKNOWN, SQL_COLUMN_UNKNOWN, SQL_FUNCTION_UNKNOWN, SQL_UNSUPPORTED.
    """
    for source in statement.sources:
        if source not in EVENT_COLUMNS:
            raise SqlError(F.SQL_EVENT_UNKNOWN, event=source)
    known = {name for source in statement.sources for name in EVENT_COLUMNS[source]} | {"item"}
    scope = _Scope(known, words)
    return replace(
        statement,
        fields=scope.fields(statement.fields),
        do=scope.fields(statement.do),
        incase=scope.condition(statement.incase),
        where=scope.condition(statement.where),
    )


class _Scope:
    """Names that are known so far: an alias is known to everything behind it."""

    __slots__ = ("_known", "_words")

    def __init__(self, known: set[str], words: Collection[str]) -> None:
        self._known = known
        self._words = words

    def fields(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(self._field(field) for field in fields)

    def condition(self, expr: Expr | None) -> Expr | None:
        return None if expr is None else self._condition(expr)

    def _field(self, field: Field) -> Field:
        if isinstance(field.expr, Star):
            return field
        expr = self._value(field.expr, selected=True)
        alias = field.alias
        if alias:
            alias = ("timestamp",) if alias == ("TIMESTAMP",) else alias
            self._known.add(str(alias[0]))
        return Field(expr, alias)

    def _condition(self, expr: Expr) -> Expr:
        match expr:
            case And():
                return And(self._condition(expr.left), self._condition(expr.right))
            case Or():
                return Or(self._condition(expr.left), self._condition(expr.right))
            case Not():
                return Not(self._condition(expr.operand))
            case Compare():
                return Compare(expr.operator, self._condition(expr.left), self._condition(expr.right))
            case In():
                item = self._value(expr.item, selected=False)
                return In(item, tuple(self._value(each, selected=False) for each in expr.among))
            case _:
                return self._value(expr, selected=False)

    def _value(self, expr: Expr, *, selected: bool) -> Expr:
        match expr:
            case Const():
                return expr
            case Column() if expr.quoted and not selected:
                return Const(".".join(_texts(expr.path))[1:-1])
            case Column():
                return self._column(expr)
            case Arithmetic():
                left = self._value(expr.left, selected=selected)
                return Arithmetic(expr.operator, left, self._value(expr.right, selected=selected))
            case Call():
                if expr.name not in self._words:
                    raise SqlError(F.SQL_FUNCTION_UNKNOWN, name=expr.name)
                return replace(expr, args=tuple(self._value(arg, selected=selected) for arg in expr.args))
            case Case() if selected:
                return self._case(expr)
            case _:
                raise SqlError(F.SQL_UNSUPPORTED, what=type(expr).__name__)

    def _case(self, case: Case) -> Case:
        subject = None if case.subject is None else self._value(case.subject, selected=True)
        whens = tuple((self._condition(when), self._value(then, selected=True)) for when, then in case.whens)
        otherwise = None if case.otherwise is None else self._value(case.otherwise, selected=True)
        return Case(subject, whens, otherwise)

    def _column(self, column: Column) -> Column:
        path = ("timestamp",) if column.path == ("TIMESTAMP",) else column.path
        if path[0] not in self._known:
            texts = _texts(path)
            raise SqlError(F.SQL_COLUMN_UNKNOWN, column=texts if len(texts) > 1 else texts[0], name="".join(texts))
        return Column(path)


def _texts(path: tuple[str | Index, ...]) -> list[str]:
    return [str(part) for part in path]
