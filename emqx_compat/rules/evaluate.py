"""Statements to closures: a rule is compiled once and run for every event.

Semantics are those of 3.x: SELECT first, left to right, with every alias visible to what follows; then WHERE, on
columns and what was selected. An undefined value is left out of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emqx_compat.core.terms import UNDEFINED, Atom
from emqx_compat.mqtt.topics import matches
from emqx_compat.rules import functions, values
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
from emqx_compat.rules.values import EvalError, is_number, is_text, is_word, wrong_type

SELECT = "select_and_transform_error"
WHERE = "match_conditions_error"
FOREACH = "select_and_collect_error"
INCASE = "match_incase_error"
DO = "doeach_error"


class StepError(Exception):
    """A step of a rule failed: which, and the term that says why; "" when the step's result is none."""

    def __init__(self, step: str, reason: object) -> None:
        super().__init__(step, reason)
        self.step = step
        self.reason = reason


class Scope:
    """What a statement sees while it runs."""

    __slots__ = ("_decoded", "data")

    def __init__(self, data: dict[str, object], decoded: object = None) -> None:
        self.data = data
        self._decoded = decoded

    def payload(self) -> object:
        """The payload as an object, decoded once; whatever is no object is an empty one."""
        if self._decoded is None:
            payload = self.data.get("payload", UNDEFINED)
            self._decoded = payload if isinstance(payload, dict) else _object(payload)
        return self._decoded

    def over(self, data: dict[str, object]) -> Scope:
        """Other data, the same payload."""
        return Scope(data, self._decoded)


Value = Callable[[Scope], object]
Selector = Callable[[Scope, dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled statement."""

    foreach: bool
    fields: tuple[Selector, ...]
    where: Value
    collected: Value
    """FOREACH: the last field, which is the array."""
    collected_as: tuple[str, ...]
    """FOREACH: what the array is called; () when it has no name."""
    element: tuple[str, ...]
    """FOREACH: what each of its elements is called."""
    do: tuple[Selector, ...]
    incase: Value

    def run(self, columns: Mapping[str, object]) -> list[object] | dict[str, object] | None:
        """What is selected: an object, or for FOREACH the objects that actions run for. None: WHERE says no.

        Raises StepError.
        """
        scope = Scope(dict(columns))
        output: dict[str, object] = {}
        with _Step(FOREACH if self.foreach else SELECT):
            for field in self.fields:
                field(scope, output)
            found = self.collected(scope)
            if self.collected_as:
                values.put_path(self.collected_as, found, output)
        with _Step(WHERE):
            matched = self.where(scope.over({**columns, **output}))
        if not _decided(matched):
            return None
        if not self.foreach:
            return output
        collection = found if isinstance(found, list) else []
        return [result for item in collection if (result := self._each(scope, columns, item)) is not UNDEFINED]

    def _each(self, scope: Scope, columns: Mapping[str, object], item: object) -> object:
        data = dict(columns)
        values.put_path(self.element, item, data)
        inner = scope.over(data)
        with _Step(INCASE):
            matched = self.incase(inner)
        if not _decided(matched):
            return UNDEFINED
        if not self.do:
            return item
        output: dict[str, object] = {}
        with _Step(DO):
            for field in self.do:
                field(inner, output)
        return output


def compile_statement(statement: Statement) -> Program:
    """A checked statement as a program."""
    fields, last = statement.fields, None
    if statement.foreach:
        *before, last = fields
        fields = tuple(before)
    return Program(
        statement.foreach,
        tuple(_field(field, in_foreach=statement.foreach) for field in fields),
        _condition(statement.where),
        _always(None) if last is None else _value(last.expr),
        () if last is None else _name(last),
        _path(last.alias) if last is not None and last.alias else ("item",),
        tuple(_field(field) for field in statement.do),
        _condition(statement.incase),
    )


class _Step:
    """Names the step in which a value could not be computed."""

    __slots__ = ("_step",)

    def __init__(self, step: str) -> None:
        self._step = step

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, EvalError):
            raise StepError(self._step, error.reason) from None


def _decided(matched: object) -> bool:
    if isinstance(matched, bool):
        return matched
    raise StepError("", (Atom("case_clause"), matched))


def _object(payload: object) -> dict[str, object]:
    if not is_text(payload):
        return {}
    try:
        found = values.from_json(payload)
    except EvalError:
        return {}
    return found if isinstance(found, dict) else {}


def _path(path: tuple[str | Index, ...]) -> tuple[str, ...]:
    return tuple(str(part) for part in path)


# --- fields


def _field(field: Field, *, in_foreach: bool = False) -> Selector:
    if isinstance(field.expr, Star):
        return _fails if in_foreach else _star
    value = _value(field.expr)
    if name := _name(field):
        return _named(value, name)
    return _by_value(value)


def _name(field: Field) -> tuple[str, ...]:
    if field.alias:
        return _path(field.alias)
    return _path(field.expr.path) if isinstance(field.expr, Column) else ()


def _star(scope: Scope, output: dict[str, object]) -> None:
    output.update(scope.data)


def _fails(_scope: Scope, _output: dict[str, object]) -> None:
    raise wrong_type()


def _named(value: Value, path: Sequence[str]) -> Selector:
    def select(scope: Scope, output: dict[str, object]) -> None:
        found = value(scope)
        values.put_path(path, found, scope.data)
        values.put_path(path, found, output)

    return select


def _by_value(value: Value) -> Selector:
    """Without a name, a computed value is its own key; an array is a path."""

    def select(scope: Scope, output: dict[str, object]) -> None:
        found = value(scope)
        keys = found if isinstance(found, list) and found else [found]
        path = [key if isinstance(key, str) else values.text_of(key) for key in keys]
        values.put_path(path, found, scope.data)
        values.put_path(path, found, output)

    return select


# --- values


def _value(expr: Expr) -> Value:
    match expr:
        case Const():
            return _always(expr.value)
        case Column():
            return _column(_path(expr.path))
        case Arithmetic():
            return _call(expr.operator, (expr.left, expr.right))
        case Call():
            return _call(expr.name, expr.args)
        case Case():
            return _case(expr)
        case _:
            return _no_value


def _always(value: object) -> Value:
    return lambda _scope: value


def _no_value(_scope: Scope) -> object:
    raise wrong_type()


def _column(path: tuple[str, ...]) -> Value:
    if len(path) == 1:
        name = path[0]
        return lambda scope: scope.data.get(name, UNDEFINED)
    if path[0] == "payload":
        return lambda scope: values.get_path(path[1:], scope.payload())
    return lambda scope: values.get_path(path, scope.data)


def _call(name: str, args: Sequence[Expr]) -> Value:
    parts = [_value(arg) for arg in args]
    return lambda scope: functions.call(name, [part(scope) for part in parts], scope.data)


def _case(case: Case) -> Value:
    otherwise = _always(UNDEFINED) if case.otherwise is None else _value(case.otherwise)
    if case.subject is None:
        conditions = [(_condition(when), _value(then)) for when, then in case.whens]

        def searched(scope: Scope) -> object:
            for condition, then in conditions:
                if condition(scope) is True:
                    return then(scope)
            return otherwise(scope)

        return searched

    subject = _value(case.subject)
    whens = [(_value(when), _value(then)) for when, then in case.whens]

    def switched(scope: Scope) -> object:
        for when, then in whens:
            if values.identical(when(scope), subject(scope)):
                return then(scope)
        return otherwise(scope)

    return switched


# --- conditions


def _condition(expr: Expr | None) -> Value:
    match expr:
        case None:
            return _always(True)
        case And():
            return _junction(expr.left, expr.right, stops=False)
        case Or():
            return _junction(expr.left, expr.right, stops=True)
        case Not():
            return _negated(_value(expr.operand))
        case In():
            return _member(_value(expr.item), [_value(each) for each in expr.among])
        case Compare():
            return _compared(expr.operator, _value(expr.left), _value(expr.right))
        case Call():
            return _value(expr)
        case _:
            return _no_value


def _junction(left: Expr, right: Expr, *, stops: bool) -> Value:
    first, second = _condition(left), _condition(right)

    def junction(scope: Scope) -> object:
        found = first(scope)
        if not isinstance(found, bool):
            raise values.because("badarg", found)
        return found if found is stops else second(scope)

    return junction


def _negated(value: Value) -> Value:
    def negated(scope: Scope) -> object:
        found = value(scope)
        return not found if isinstance(found, bool) else False

    return negated


def _member(item: Value, among: Sequence[Value]) -> Value:
    def member(scope: Scope) -> object:
        found = item(scope)
        return any([values.identical(found, each(scope)) for each in among])  # noqa: C419 - every one is computed

    return member


def _compared(operator: str, left: Value, right: Value) -> Value:
    test = _COMPARISONS.get(operator)
    if test is None:
        return _no_value
    return lambda scope: test(*_comparable(left(scope), right(scope)))


def _comparable(left: object, right: object) -> tuple[object, object]:
    """A number makes the other text a number, a text makes the other word a text."""
    if is_number(left) and is_text(right):
        return left, values.number(right)
    if is_text(left) and is_number(right):
        return values.number(left), right
    if is_word(left) and is_text(right):
        return values.word_text(left), right
    if is_text(left) and is_word(right):
        return left, values.word_text(right)
    return left, right


def _topic_matches(topic: object, topic_filter: object) -> bool:
    if not is_text(topic) or not is_text(topic_filter):
        raise wrong_type()
    return matches(topic, topic_filter)


_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: values.order(a, b) == 0,
    "!=": lambda a, b: values.order(a, b) != 0,
    ">": lambda a, b: values.order(a, b) > 0,
    "<": lambda a, b: values.order(a, b) < 0,
    ">=": lambda a, b: values.order(a, b) >= 0,
    "<=": lambda a, b: values.order(a, b) <= 0,
    "=~": _topic_matches,
}
