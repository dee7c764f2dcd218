"""The grammar: what parses in which dialect, into what, and what the refusals name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sql_soup import SOUP

from emqx_compat.core.faults import F
from emqx_compat.core.rules import SqlDialect
from emqx_compat.rules.sql.ast import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Compare,
    Const,
    Expr,
    Foreign,
    In,
    Index,
    ListOf,
    Not,
    Or,
    Slice,
    Star,
    Unary,
)
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.parser import GRAMMARS, parse

A, B, C = Column(("a",)), Column(("b",)), Column(("c",))
ONE, TWO, THREE = Const(1), Const(2), Const(3)


def field(text: str, dialect: SqlDialect = "3.2") -> Expr:
    return parse(f"SELECT {text} FROM t", dialect).fields[0].expr


def where(text: str, dialect: SqlDialect = "3.2") -> Expr | None:
    return parse(f"SELECT * FROM t WHERE {text}", dialect).where


def refused(text: str, dialect: SqlDialect = "3.2") -> SqlError:
    with pytest.raises(SqlError) as error:
        parse(text, dialect)
    return error.value


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("*", Star()),
        ("1 + 2 * 3", Arithmetic("+", ONE, Arithmetic("*", TWO, THREE))),
        ("(1 + 2) * 3", Arithmetic("*", Arithmetic("+", ONE, TWO), THREE)),
        ("1 - 2 - 3", Arithmetic("-", Arithmetic("-", ONE, TWO), THREE)),
        ("7 div 2", Arithmetic("div", Const(7), TWO)),
        ("-a", Unary("-", A)),
        ("1.5", Const(1.5)),
        ("'x'", Const("x")),
        ("f()", Call("f", ())),
        ("f(a, g(1))", Call("f", (A, Call("g", (ONE,))))),
        ("payload.x.y", Column(("payload", "x", "y"))),
        ("a = 1", Compare("=", A, ONE)),
        ("case when a = 1 then 2 end", Case(None, ((Compare("=", A, ONE), TWO),), None)),
        ("CASE a WHEN 1 THEN 2 ELSE 3 END", Case(A, ((ONE, TWO),), THREE)),
        ("f(case a when 1 then 2 end)", Call("f", (Case(A, ((ONE, TWO),), None),))),
    ],
)
def test_every_dialect_reads_values_the_same_way(dialect: SqlDialect, text: str, tree: Expr) -> None:
    assert field(text, dialect) == tree


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 or b = 2 and c = 3", Or(Compare("=", A, ONE), And(Compare("=", B, TWO), Compare("=", C, THREE)))),
        ("(a = 1 or b = 2) and c", And(Or(Compare("=", A, ONE), Compare("=", B, TWO)), C)),
        ("not a and b", And(Not(A), B)),
        ("a <> 1", Compare("!=", A, ONE)),
        ("a =~ 't/#'", Compare("=~", A, Const("t/#"))),
        ("(a + 1) * 2 > 3", Compare(">", Arithmetic("*", Arithmetic("+", A, ONE), TWO), THREE)),
        ("((a)) = 1", Compare("=", A, ONE)),
        ("a in (1, 2)", In(A, (ONE, TWO))),
        ("a not in (1)", Not(In(A, (ONE,)))),
        ("f(a)", Call("f", (A,))),
    ],
)
def test_every_dialect_reads_conditions_the_same_way(dialect: SqlDialect, text: str, tree: Expr) -> None:
    assert where(text, dialect) == tree


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize("text", ["a as x", "a AS x", "a x", 'a as "x"'])
def test_an_alias_needs_no_as(dialect: SqlDialect, text: str) -> None:
    assert parse(f"select {text} from t", dialect).fields[0].alias == ("x",)


@pytest.mark.parametrize("dialect", GRAMMARS)
def test_foreach_has_do_and_incase(dialect: SqlDialect) -> None:
    read = parse("foreach a.b as e do e.v as v, c incase e.v > 1 from t, u where c = 1", dialect)
    assert (read.foreach, len(read.fields), len(read.do), read.sources) == (True, 1, 2, ("t", "u"))
    assert read.incase == Compare(">", Column(("e", "v")), ONE)
    assert read.where == Compare("=", C, ONE)


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize("text", ["select a\nfrom -- why\n t", '  SELECT a FROM "t"  ', "Select a From t"])
def test_space_comments_and_case_mean_nothing(dialect: SqlDialect, text: str) -> None:
    assert replace(parse(text, dialect), sources=()) == replace(parse("select a from t", dialect), sources=())


@pytest.mark.parametrize(
    ("text", "line", "near"),
    [
        ("select bad sql here", 4, '"here"'),
        ("select from", 1, "'FROM'"),
        ("select * from 'message.publish'", 1, "\"'message.publish'\""),
        ('select * from "t" where a == 1', 1, "'='"),
        ('select * from "t" limit 5', 1, '"5"'),
        ('select * from "t"\nwhere a = 1 = 2', 2, "'='"),
        ('select 2 mod 2 from "t"', 1, '"2"'),
        ("select a", 1, "';'"),
    ],
)
def test_3_2_names_the_token_where_a_text_stops_being_sql(text: str, line: int, near: str) -> None:
    """The number is the token's line, but for names, where it is their length (observed on 3.2.8)."""
    error = refused(text)
    assert (error.kind, error.params) == (F.SQL_SYNTAX, {"line": line, "near": near})


@pytest.mark.parametrize(
    ("text", "found"), [("select a[1] from t", "["), ("select % from t", "%"), ("select 'a", "'a;")]
)
def test_3_2_refuses_characters_that_begin_no_token(text: str, found: str) -> None:
    error = refused(text)
    assert (error.kind, error.params["text"]) == (F.SQL_ILLEGAL, found)


@pytest.mark.parametrize("text", ["1e3", ".5", "1.", "1f", "1.0e999"])
def test_3_2_refuses_numbers_that_are_none_to_erlang(text: str) -> None:
    assert refused(f"select {text} from t").kind is F.SQL_NUMBER_INVALID


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_no_sql(dialect: SqlDialect, text: str) -> None:
    assert refused(text, dialect).kind is F.SQL_EMPTY


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a is null", "is"),
        ("a between 1 and 2", "between"),
        ("a like 'x'", "like"),
        ("a like 'x' escape 'y'", "like"),
        ("a || 'x' = 'y'", "||"),
        ("a b", "as"),
    ],
)
def test_3_2_parses_more_than_rules_understand(text: str, what: str) -> None:
    found = where(text)
    assert what in [part.what for part in (found, getattr(found, "left", None)) if isinstance(part, Foreign)]


@pytest.mark.parametrize(
    "tail", [";", " order by a desc", " group by a, b having a = 1 order by b asc, a", " where a = 1 order by a;"]
)
def test_3_2_ignores_what_follows_the_condition(tail: str) -> None:
    assert parse("select distinct a from t" + tail, "3.2").fields[0].expr == A


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("timestamp", ("TIMESTAMP",)),
        ("payload.timestamp", ("payload", "timestamp")),
        ("null", ("NULL",)),
        ('"a".b', ('"a"', "b")),
    ],
)
def test_3_2_takes_some_words_for_its_own(text: str, path: tuple[str, ...]) -> None:
    found = field(text)
    assert isinstance(found, Column)
    assert found.path == path


@pytest.mark.parametrize("dialect", ["4", "5"])
@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a[1]", Column(("a", Index(1)))),
        ("a[-1].b", Column(("a", Index(-1, from_end=True), "b"))),
        ("a[b.c]", Column(("a", Index(Column(("b", "c")))))),
        ("a.1", Column(("a", "1"))),
        ("payload.'from'", Column(("payload", "from"))),
        ('"topic"', Column(("topic",), quoted=True)),
        ("x[2..4]", Slice(Column(("x",)), 2, 4)),
        ("x[1..-1]", Slice(Column(("x",)), 1, -1)),
        ("[1, a]", ListOf((ONE, A))),
        ("[1..3]", ListOf((ONE, TWO, THREE))),
        ("true", Const(True)),
        ("'it''s'", Const("it''s")),
        ("1.5e3", Const(1500.0)),
        ("m.f(1)", Call("f", (ONE,), "m")),
        ("div(7, 2)", Call("div", (Const(7), TWO))),
        ("key", Column(("key",))),
    ],
)
def test_later_dialects_have_indexes_ranges_lists_and_booleans(dialect: SqlDialect, text: str, tree: Expr) -> None:
    assert field(text, dialect) == tree


def test_only_5_has_mod_between_its_operands() -> None:
    assert field("7 mod 2", "5") == Arithmetic("mod", Const(7), TWO)
    assert refused("select 7 mod 2 from t", "4").kind is F.SQL_SYNTAX


def test_an_alias_may_be_a_path_with_indexes() -> None:
    alias = parse("select a as c[-0].d from t", "5").fields[0].alias
    assert alias == ("c", Index(0, from_end=True), "d")


@pytest.mark.parametrize(
    "text",
    [
        "select a and b from t",
        "select not a from t",
        "select (a = 1) from t",
        "select a as 'x' from t",
        "select a.1.100 from t",
        "select a.[1] from t",
        "select a[1..2].b from t",
        "select a from t;",
        "select * from t where a is null",
        "select _a from t",
        "select a from",
        "select case a end from t",
    ],
)
def test_5_refuses(text: str) -> None:
    assert refused(text, "5").kind in (F.SQL_SYNTAX, F.SQL_ILLEGAL)


@pytest.mark.parametrize("source", ["'t/#'", '"t/#"', "t"])
def test_5_names_topics_in_either_quotes(source: str) -> None:
    assert parse(f"select * from {source}", "5").sources == (source.strip("\"'"),)


@pytest.mark.parametrize("dialect", GRAMMARS)
@pytest.mark.parametrize(
    "text",
    ["(" * 5000 + "a", "f(" * 5000, "not " * 5000 + "a", "-" * 4001 + "1", " and ".join(["a"] * 5000), "[" * 5000],
)
def test_what_is_too_deep_or_too_long_is_refused(dialect: SqlDialect, text: str) -> None:
    refused(f"select * from t where {text}", dialect)


@pytest.mark.parametrize("dialect", GRAMMARS)
@given(text=st.one_of(st.text(max_size=80), SOUP, SOUP.map(lambda soup: f"select {soup} from t")))
def test_the_parser_raises_nothing_but_its_own_error(dialect: SqlDialect, text: str) -> None:
    try:
        parse(text, dialect)
    except SqlError as error:
        assert error.kind.startswith("sql_")
