"""What 3.2 looks at before it takes SQL that parses: events, columns, functions, what rules understand."""

from __future__ import annotations

import pytest

from emqx_compat.core.faults import F
from emqx_compat.core.rules import EVENT_COLUMNS
from emqx_compat.rules.samples import WORDS
from emqx_compat.rules.sql.ast import Column, Compare, Const, Statement
from emqx_compat.rules.sql.check import resolve
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.parser import parse


def checked(text: str) -> Statement:
    return resolve(parse(text, "3.2"), WORDS)


def refused(text: str) -> SqlError:
    with pytest.raises(SqlError) as error:
        checked(text)
    return error.value


@pytest.mark.parametrize("event", EVENT_COLUMNS)
def test_the_ten_events_can_be_selected_from_by_all_their_columns(event: str) -> None:
    assert checked(f'select {", ".join(EVENT_COLUMNS[event])} from "{event}"').sources == (event,)


@pytest.mark.parametrize("source", ["t/#", "Message.Publish", "message.delivered", "$events/client_connected"])
def test_anything_else_is_an_unknown_event(source: str) -> None:
    assert refused(f'select * from "{source}"').kind is F.SQL_EVENT_UNKNOWN


@pytest.mark.parametrize("text", ["foo", "foo as x", "1 + foo", "upper(foo)", "case when foo = 1 then 2 end"])
def test_an_unknown_column_is_refused_wherever_it_stands(text: str) -> None:
    error = refused(f'select {text} from "message.publish"')
    assert (error.kind, error.params) == (F.SQL_COLUMN_UNKNOWN, {"column": "foo", "name": "foo"})


def test_an_unknown_path_is_named_whole() -> None:
    assert refused('select foo.x from "message.publish"').params == {"column": ["foo", "x"], "name": "foox"}


@pytest.mark.parametrize("column", ["retain", "sub_opts", "connack", '"payload"'])
def test_what_an_event_does_not_have_by_name_is_unknown(column: str) -> None:
    assert refused(f'select {column} from "message.publish"').kind is F.SQL_COLUMN_UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        'select connack, reason_code from "client.connected", "client.disconnected"',
        'select payload.x as x, x.y as z from "message.publish" where z = 1',
        'foreach payload.s as e do e.v as v incase v > 1 from "message.publish" where e.x = 1',
        'select item from "message.publish"',
        'select timestamp from "message.publish" where timestamp > 1',
    ],
)
def test_columns_of_all_events_and_earlier_aliases_are_known(text: str) -> None:
    checked(text)


def test_an_alias_is_not_known_before_it_was_given() -> None:
    assert refused('select x, payload.x as x from "message.publish"').kind is F.SQL_COLUMN_UNKNOWN


def test_double_quotes_are_a_text_in_conditions() -> None:
    assert checked('select * from "message.publish" where topic = "t/1"').where == Compare(
        "=", Column(("topic",)), Const("t/1")
    )


def test_a_function_that_was_never_seen_is_refused_and_a_known_word_is_not() -> None:
    assert refused('select zzz_fun(1) from "message.publish"').kind is F.SQL_FUNCTION_UNKNOWN
    checked('select kernel(1) from "message.publish"')


@pytest.mark.parametrize(
    "text",
    [
        "select qos = 1 from {}",
        "select -1 from {}",
        "select upper(qos = 1) from {}",
        "select * from {} where payload.x is null",
        "select * from {} where payload.x is not null",
        "select * from {} where payload.x between 1 and 2",
        "select * from {} where payload.x like 'a'",
        "select * from {} where payload.x || 'a' = 'b'",
        "select * from {} where payload.x = -1",
        "select * from {} where qos in (qos = 1)",
        "select * from {} where upper(case when qos = 1 then 2 end)",
        "select * from {} e",
    ],
)
def test_rules_understand_less_than_the_grammar(text: str) -> None:
    assert refused(text.format('"message.publish"')).kind is F.SQL_UNSUPPORTED
