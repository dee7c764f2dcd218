"""Tokens to a syntax tree: recursive descent for clauses, precedence climbing for operators.

One parser for all dialects. What general SQL (3.x) has beyond the others is parsed too, because 3.x tells a text
that is no SQL from SQL that it does not understand.
"""

from __future__ import annotations

from collections.abc import Mapping

from emqx_compat.core.faults import F
from emqx_compat.core.rules import SqlDialect
from emqx_compat.rules.sql.ast import (
    CONDITIONS,
    And,
    Arithmetic,
    Case,
    Compare,
    Const,
    Expr,
    Field,
    Foreign,
    In,
    Index,
    Not,
    Or,
    Star,
    Statement,
    Unary,
)
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.lexer import Grammar, T, Token, tokens
from emqx_compat.rules.sql.names import Names

GRAMMARS: Mapping[SqlDialect, Grammar] = {
    "3.1": Grammar(general=True),
    "3.2": Grammar(general=True),
    "4": Grammar(general=False, indexes=True),
    "5": Grammar(general=False, infix_mod=True, indexes=True),
}

_BINDING = {"+": 500, "-": 500, "||": 500, "*": 600, "/": 600, "div": 600, "DIV": 600, "MOD": 600}


def parse(text: str, dialect: SqlDialect) -> Statement:
    """The statement. Raises SqlError: SQL_EMPTY, SQL_ILLEGAL, SQL_SYNTAX, SQL_NUMBER_INVALID, SQL_UNSUPPORTED."""
    grammar = GRAMMARS[dialect]
    if not text.strip():
        raise SqlError(F.SQL_EMPTY)
    if grammar.general:
        text = text.strip()
        text = text if text.endswith(";") else text + ";"
    return _Parser(tokens(text, grammar), grammar).statement()


class _Parser(Names):
    """Clauses, conditions, operators."""

    __slots__ = ("_alias_of_source",)

    def __init__(self, found: list[Token], grammar: Grammar) -> None:
        super().__init__(found, grammar)
        self._alias_of_source = False

    # --- clauses

    def statement(self) -> Statement:
        """The whole text."""
        do: tuple[Field, ...] = ()
        incase: Expr | None = None
        foreach = self._take("FOREACH")
        if not foreach:
            self._need("SELECT")
            self._ignored_options()
        fields = self._list(self._field)
        if foreach and self._take("DO"):
            do = self._list(self._field)
        if foreach and self._take("INCASE"):
            incase = self._condition()
        self._need("FROM")
        sources = self._list(self._source)
        where = self._condition() if self._take("WHERE") else None
        self._end()
        if self._alias_of_source:
            raise SqlError(F.SQL_UNSUPPORTED, what="alias")
        return Statement(foreach, fields, sources, where, do, incase)

    def _ignored_options(self) -> None:
        if self._grammar.general:
            if self._token.kind is T.HINT:
                self._at += 1
            _ = self._take("ALL") or self._take("DISTINCT")

    def _end(self) -> None:
        if self._grammar.general:
            self._ignored_clauses()
            self._need(";")
        if self._token.kind is not T.END:
            raise self._error()

    def _ignored_clauses(self) -> None:
        """GROUP BY, HAVING and ORDER BY are read and mean nothing."""
        if self._take("GROUP"):
            self._need("BY")
            self._list(self._primary)
        if self._take("HAVING"):
            self._condition()
        if self._take("ORDER"):
            self._need("BY")
            self._list(self._ordering)

    def _ordering(self) -> None:
        self._scalar()
        _ = self._take("ASC") or self._take("DESC")

    def _source(self) -> str:
        token = self._token
        kinds = (T.NAME, T.SOFT, T.QUOTED) if self._grammar.general else (T.NAME, T.QUOTED, T.STRING)
        if token.kind not in kinds:
            raise self._error()
        self._at += 1
        if self._grammar.general and self._token.kind in (T.NAME, T.QUOTED):
            self._at += 1
            self._alias_of_source = True
        return token.text.strip("\"'") if token.kind in (T.QUOTED, T.STRING) else token.text

    def _field(self) -> Field:
        if self._take("*"):
            return Field(Star())
        expr = self._case_in_brackets() if self._is_case() else self._compared()
        return Field(expr, self._alias())

    def _compared(self) -> Expr:
        left = self._scalar()
        if not self._is_comparison():
            return left
        return self._comparison(left)

    def _alias(self) -> tuple[str | Index, ...]:
        named = self._take("AS")
        token = self._token
        if token.kind not in (T.NAME, T.QUOTED):
            if named:
                raise self._error()
            return ()
        if self._grammar.general:
            self._at += 1
            return tuple(token.text.strip("\"'").split("."))
        return self._path()

    def _is_case(self) -> bool:
        ahead = 0
        while self._is("(", ahead):
            ahead += 1
        return self._is("CASE", ahead)

    def _case_in_brackets(self) -> Expr:
        if self._take("("):
            inner = self._nested(self._case_in_brackets)
            self._need(")")
            return inner
        return self._nested(self._case)

    def _case(self) -> Expr:
        self._need("CASE")
        subject = None if self._is("WHEN") else self._compared()
        whens: list[tuple[Expr, Expr]] = []
        while self._take("WHEN"):
            when = self._condition()
            self._need("THEN")
            whens.append((when, self._compared()))
        if not whens:
            raise self._error()
        otherwise = self._compared() if self._take("ELSE") else None
        if not (self._token.text == "END" and self._token.kind in (T.WORD, T.SOFT)):
            raise self._error()
        self._at += 1
        return Case(subject, tuple(whens), otherwise)

    # --- conditions

    def _condition(self) -> Expr:
        left = self._conjunction()
        while self._take("OR"):
            self._operator()
            left = Or(left, self._conjunction())
        return left

    def _conjunction(self) -> Expr:
        left = self._negation()
        while self._take("AND"):
            self._operator()
            left = And(left, self._negation())
        return left

    def _negation(self) -> Expr:
        if self._take("NOT"):
            return Not(self._nested(self._negation))
        return self._predicate()

    def _predicate(self) -> Expr:
        if not self._take("("):
            return self._after_scalar(self._scalar())
        inner = self._nested(self._condition)
        self._need(")")
        if isinstance(inner, (*CONDITIONS, Foreign)):
            return inner
        # Only brackets around a value: it may go on as a value, `(a + 1) * 2 > 3`.
        return self._after_scalar(self._concatenated(self._climb(inner, 0)))

    def _after_scalar(self, left: Expr) -> Expr:
        if self._is_comparison():
            return self._comparison(left)
        negated = self._is("NOT") and any(self._is(word, 1) for word in ("IN", "BETWEEN", "LIKE"))
        if negated:
            self._at += 1
        if self._take("IN"):
            self._need("(")
            found: Expr = In(left, self._nested(lambda: self._list(self._compared_or_aliased)))
            self._need(")")
        elif self._grammar.general:
            found = self._general_predicate(left)
        else:
            found = left
        return Not(found) if negated else found

    def _general_predicate(self, left: Expr) -> Expr:
        if self._take("BETWEEN"):
            low = self._scalar()
            self._need("AND")
            return Foreign("between", (left, low, self._scalar()))
        if self._take("LIKE"):
            pattern = self._scalar()
            if self._token.text == "ESCAPE" and self._token.kind is T.SOFT:
                self._at += 1
                self._primary()
            return Foreign("like", (left, pattern))
        if self._take("IS"):
            negated = self._take("NOT")
            self._need("NULL")
            null = Foreign("is", (left,))
            return Not(null) if negated else null
        return self._aliased(left)

    def _aliased(self, left: Expr) -> Expr:
        """An alias may stand in a condition or an argument of general SQL, where no rule understands it."""
        return Foreign("as", (left,)) if self._alias() else left

    def _compared_or_aliased(self) -> Expr:
        return self._aliased(self._compared()) if self._grammar.general else self._compared()

    def _is_comparison(self) -> bool:
        return self._token.kind is T.COMPARISON or self._is("=")

    def _comparison(self, left: Expr) -> Expr:
        operator = self._next().text
        self._operator()
        return Compare("!=" if operator == "<>" else operator, left, self._scalar())

    # --- values

    def _scalar(self) -> Expr:
        return self._concatenated(self._climb(self._unary(), 0))

    def _concatenated(self, left: Expr) -> Expr:
        while self._is("||"):
            self._at += 1
            self._operator()
            left = Foreign("||", (left, self._climb(self._unary(), 0)))
        return left

    def _climb(self, left: Expr, least: int) -> Expr:
        """Precedence climbing over `+ - * / div mod`, all of them left to right."""
        while True:
            token = self._token
            power = _BINDING.get(token.text, 0) if token.kind in (T.SIGN, T.WORD) else 0
            if power <= least or token.text == "||":
                return left
            self._at += 1
            self._operator()
            left = Arithmetic(token.text.lower(), left, self._climb(self._unary(), power))

    def _unary(self) -> Expr:
        if self._is("+") or self._is("-"):
            operator = self._next().text
            return Unary(operator, self._nested(self._unary))
        return self._primary()

    def _primary(self) -> Expr:
        token = self._token
        if token.kind in (T.STRING, T.INTEGER, T.DECIMAL):
            self._at += 1
            return Const(self._literal(token))
        if self._take("("):
            inner = self._nested(lambda: self._climb(self._unary(), 0))
            self._need(")")
            return inner
        if self._grammar.general:
            return self._general_name()
        if self._take("["):
            return self._nested(self._list_of)
        return self._reference()

    def _arguments(self) -> tuple[Expr, ...]:
        if self._take(")"):
            return ()
        args = self._nested(lambda: self._list(self._argument))
        self._need(")")
        return args

    def _argument(self) -> Expr:
        if self._is_case():
            return self._case_in_brackets()
        return self._compared_or_aliased()
