"""A position in a list of tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from emqx_compat.core.faults import F
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.lexer import Grammar, T, Token, near

X = TypeVar("X")

MAX_DEPTH = 40
"""How deep brackets, calls and CASEs may be nested."""
MAX_OPERATORS = 250
"""In one statement: a chain of operators is as deep a tree as it is long."""


class Cursor:
    """Every method leaves the position behind what it has read, and raises SqlError at what does not fit."""

    __slots__ = ("_at", "_depth", "_grammar", "_operators", "_tokens")

    def __init__(self, found: list[Token], grammar: Grammar) -> None:
        self._tokens = found
        self._grammar = grammar
        self._at = 0
        self._depth = 0
        self._operators = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _is(self, text: str, ahead: int = 0) -> bool:
        position = min(self._at + ahead, len(self._tokens) - 1)
        token = self._tokens[position]
        return token.kind in (T.WORD, T.SIGN) and token.text == text

    def _take(self, text: str) -> bool:
        if self._is(text):
            self._at += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._error()

    def _next(self) -> Token:
        token = self._token
        if token.kind is not T.END:
            self._at += 1
        return token

    def _error(self) -> SqlError:
        return SqlError(F.SQL_SYNTAX, line=self._token.line, near=near(self._token))

    def _nested(self, read: Callable[[], X]) -> X:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error()
        value = read()
        self._depth -= 1
        return value

    def _operator(self) -> None:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise self._error()

    def _list(self, read: Callable[[], X]) -> tuple[X, ...]:
        items = [read()]
        while self._take(","):
            items.append(read())
        return tuple(items)
