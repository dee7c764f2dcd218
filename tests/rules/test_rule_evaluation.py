"""What 3.2's SQL computes: selection, conditions, FOREACH, comparisons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sql_soup import SOUP

from emqx_compat.core.terms import UNDEFINED, Atom
from emqx_compat.rules.evaluate import Program, StepError, compile_statement
from emqx_compat.rules.samples import WORDS
from emqx_compat.rules.sql.check import resolve
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.parser import parse

COLUMNS: dict[str, object] = {
    "client_id": "c1",
    "username": UNDEFINED,
    "event": Atom("message.publish"),
    "payload": '{"x": 5, "b": true, "n": null, "o": {"p": "q"}, "s": [{"v": 1}, {"v": 2}, {"v": 3}], "t": "7"}',
    "qos": 1,
    "topic": "t/1",
    "retain": 0,
}


def program(text: str) -> Program:
    return compile_statement(resolve(parse(text.replace(" E", ' "message.publish"'), "3.2"), WORDS))


def run(text: str, **columns: object) -> Any:
    return program(text).run({**COLUMNS, **columns})


def matches(condition: str) -> bool:
    return run(f"select qos from E where {condition}") is not None


def failure(text: str) -> tuple[str, object]:
    with pytest.raises(StepError) as error:
        run(text)
    return error.value.step, error.value.reason


@pytest.mark.parametrize(
    ("fields", "selected"),
    [
        ("topic", {"topic": "t/1"}),
        ("topic as a.b", {"a": {"b": "t/1"}}),
        ("payload.x", {"payload": {"x": 5}}),
        ("payload.x as x, x + 1 as y", {"x": 5, "y": 6}),
        ("payload.missing, topic", {"topic": "t/1"}),
        ("payload.n as n", {"n": None}),
        ("payload.o as o, o.p as p", {"o": {"p": "q"}, "p": "q"}),
        ("username as u, client_id", {"client_id": "c1"}),
        ("'a'", {"a": "a"}),
        ("upper('a')", {"A": "A"}),
        ("1 + 2", {"3": 3}),
        ("topic as qos, qos as x", {"qos": "t/1", "x": "t/1"}),
        ("case when qos = 1 then 'one' else 'other' end as a", {"a": "one"}),
        ("case when qos = 2 then 'two' end as a, qos", {"qos": 1}),
        ("case qos when 0 then 'no' when 1 then 'one' end as a", {"a": "one"}),
        ("7 / 2 as h, 7 div 2 as i", {"h": 3.5, "i": 3}),
    ],
)
def test_select(fields: str, selected: object) -> None:
    assert run(f"select {fields} from E") == selected


def test_a_star_selects_everything_there_is() -> None:
    assert run("select * from E") == COLUMNS


@pytest.mark.parametrize("payload", ["{bad", "[1]", "5", "", '{"y": 1}', "NaN"])
def test_a_payload_that_is_no_object_has_no_fields(payload: str) -> None:
    assert run("select payload.x as x from E", payload=payload) == {}


@pytest.mark.parametrize(
    "condition",
    [
        "topic = 't/1'",
        "topic =~ 't/#'",
        "not contains_topic(payload.s, 'a')",
        "payload.x = '5'",
        "payload.t = 7",
        "payload.t > 6.5",
        "payload.b = 'true'",
        "event = 'message.publish'",
        "payload.missing > 1",
        "payload.missing <> 1",
        "qos in (0, 1)",
        "qos = 1.0",
        "payload.n = 'null'",
        "username = 'undefined'",
        "payload.o > 5 and payload.s > payload.o and topic > payload.s",
        "qos = 2 or qos = 1",
        "not is_null(payload.n)",
        "is_null(payload.missing)",
        "qos = 3 or qos = 1",
    ],
)
def test_conditions_that_hold(condition: str) -> None:
    assert matches(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "topic = 't/2'",
        "topic =~ 'u/#'",
        "payload.missing = 1",
        "qos in (0, 2)",
        "qos in ('1', 1.0)",
        "qos = 1 and topic = 'x'",
        "not payload.x",
        "not upper('a')",
    ],
)
def test_conditions_that_do_not_hold(condition: str) -> None:
    assert not matches(condition)


def test_a_condition_sees_what_was_selected() -> None:
    assert run("select payload.x as y from E where y = 5") == {"y": 5}


@pytest.mark.parametrize(
    ("text", "step", "reason"),
    [
        ("select 1/0 as a from E", "select_and_transform_error", Atom("badarith")),
        (
            "select kernel(1) as a from E",
            "select_and_transform_error",
            (Atom("sql_function_not_supported"), "kernel"),
        ),
        ("select upper(1) as a from E", "select_and_transform_error", Atom("function_clause")),
        ("select qos from E where topic = 5", "match_conditions_error", Atom("badarg")),
        ("select qos from E where not (qos = 1)", "match_conditions_error", Atom("function_clause")),
        ("select qos from E where qos not in (2)", "match_conditions_error", Atom("function_clause")),
        ("select qos from E where payload.b", "match_conditions_error", Atom("function_clause")),
        ("select qos from E where upper('a')", "", (Atom("case_clause"), "A")),
        ("foreach upper(1) from E", "select_and_collect_error", Atom("function_clause")),
        ("foreach * from E", "select_and_collect_error", Atom("function_clause")),
        ("foreach payload.s incase item.v > 'x' from E", "match_incase_error", Atom("badarg")),
        ("foreach payload.s do upper(1) as a from E", "doeach_error", Atom("function_clause")),
    ],
)
def test_a_failure_names_its_step(text: str, step: str, reason: object) -> None:
    assert failure(text) == (step, reason)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("foreach payload.s from E", [{"v": 1}, {"v": 2}, {"v": 3}]),
        (
            "foreach payload.s as e do e.v as v, topic incase e.v > 1 from E",
            [{"topic": "t/1", "v": v} for v in (2, 3)],
        ),
        ("foreach payload.s do item.v as v from E", [{"v": v} for v in (1, 2, 3)]),
        ("foreach payload.x from E", []),
        ("foreach payload.missing from E", []),
        ("foreach payload from E", []),
        ("foreach qos as q, payload.s as e do q from E", [{}, {}, {}]),
        ("foreach split('a,b', ',') as e from E", ["a", "b"]),
    ],
)
def test_foreach(text: str, results: object) -> None:
    assert run(text) == results


def test_foreach_under_a_condition() -> None:
    assert run("foreach payload.s as e from E where qos = 2") is None
    assert run("foreach payload.s as e do e.v as v from E where qos = 1 and e > 1") == [{"v": v} for v in (1, 2, 3)]


def test_a_run_leaves_the_columns_alone() -> None:
    columns = {**COLUMNS, "payload": {"x": {"y": 1}}}
    program('select 5 as payload.x.y, 6 as topic from "message.publish"').run(columns)
    assert columns == {**COLUMNS, "payload": {"x": {"y": 1}}}


@given(text=SOUP.map(lambda soup: f'select {soup} from "message.publish"'))
def test_whatever_is_accepted_runs_or_fails_in_a_step(text: str) -> None:
    try:
        compiled = compile_statement(resolve(parse(text, "3.2"), WORDS))
    except SqlError:
        return
    try:
        compiled.run(COLUMNS)
    except StepError as error:
        assert error.step == "" or error.step.endswith("_error")


NAMES = st.sampled_from(["topic", "payload.x", "payload.missing", "1", "2.5", "'a'", "'7'", "qos", "payload.o"])


@given(left=NAMES, right=NAMES)
def test_exactly_one_of_less_equal_and_greater_holds(left: str, right: str) -> None:
    try:
        held = [matches(f"{left} {operator} {right}") for operator in ("<", "=", ">")]
    except StepError as error:
        assert error.reason == Atom("badarg")
        return
    assert held.count(True) == 1
