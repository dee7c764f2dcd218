"""Literals and names: dotted words in general SQL, paths with indexes in rule SQL."""

from __future__ import annotations

from abc import abstractmethod

from emqx_compat.core.faults import F
from emqx_compat.rules.sql.ast import Call, Column, Const, Expr, Index, ListOf, Slice
from emqx_compat.rules.sql.cursor import Cursor
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.lexer import T, Token

MAX_INTEGER = 300
"""Digits of an integer."""
MAX_RANGE = 10_000
"""Numbers in `[1..n]`."""


class Names(Cursor):
    """What a value begins with, but for brackets. The two abstract parts are the expression parser's."""

    __slots__ = ()

    @abstractmethod
    def _arguments(self) -> tuple[Expr, ...]: ...

    @abstractmethod
    def _scalar(self) -> Expr: ...

    def _literal(self, token: Token) -> str | int | float:
        text = token.text
        if token.kind is T.STRING:
            return text.strip("'") if self._grammar.general else text[1:-1]
        if token.kind is T.INTEGER:
            if len(text) > MAX_INTEGER:
                raise self._error()
            return int(text)
        whole, _, digits = text.partition(".")
        if not whole.isdigit() or not digits[:1].isdigit() or text[-1] in "fFdD":
            raise SqlError(F.SQL_NUMBER_INVALID, text=text)  # a number to SQL, but not to Erlang
        return _finite(text)

    # --- names of general SQL: dots belong to them, and quotes too

    def _general_name(self) -> Expr:
        token = self._token
        if token.kind is T.FUNCTION:
            self._at += 1
            if not self._take("("):
                return Call(token.text, ())
            if self._is("*") and self._is(")", 1):
                self._at += 2
                return Call(token.text, (Column(("*",)),))
            return Call(token.text, self._arguments())
        if self._take("NULL"):
            return Column(("NULL",))
        if token.kind not in (T.NAME, T.SOFT, T.QUOTED):
            raise self._error()
        self._at += 1
        text = token.text
        while self._is(".") and self._tokens[self._at + 1].kind in (T.NAME, T.SOFT, T.QUOTED):
            text += "." + self._tokens[self._at + 1].text
            self._at += 2
        if self._take("("):
            # `log` is a word of general SQL; 3.2.8 took it for a function LOG that nobody has.
            return Call("log" if text == "LOG" else text, self._arguments())
        return Column(tuple(text.split(".")), quoted=token.kind is T.QUOTED)

    # --- names of rule SQL: paths with indexes

    def _reference(self) -> Expr:
        token = self._token
        if token.kind is T.NAME and token.text in ("true", "false"):
            self._at += 1
            return Const(token.text == "true")
        if token.kind is T.WORD and token.text in ("DIV", "MOD") and self._is("(", 1):
            self._at += 2
            return Call(token.text.lower(), self._arguments())
        path = self._path()
        if self._take("("):
            *module, name = path
            if not isinstance(name, str) or len(module) > 1 or not all(isinstance(part, str) for part in module):
                raise self._error()
            return Call(name, self._arguments(), str(module[0]) if module else "")
        column = Column(path, quoted=token.kind is T.QUOTED)
        if self._is("[") and self._is_range():
            return self._slice(column)
        return column

    def _path(self) -> tuple[str | Index, ...]:
        token = self._next()
        if token.kind not in (T.NAME, T.QUOTED):
            self._at -= token.kind is not T.END
            raise self._error()
        path: list[str | Index] = [token.text.strip('"')]
        while True:
            if self._is(".") and self._tokens[self._at + 1].kind in (T.NAME, T.STRING, T.INTEGER, T.QUOTED):
                path.append(self._tokens[self._at + 1].text.strip("'\""))
                self._at += 2
            elif self._is("[") and not self._is_range():
                self._at += 1
                path.append(self._nested(self._index))
            else:
                return tuple(path)

    def _index(self) -> Index:
        negative = self._take("-")
        token = self._token
        if token.kind is T.INTEGER:
            self._at += 1
            number = int(token.text[:MAX_INTEGER])
            index = Index(-number if negative else number, from_end=negative)
        elif negative:
            raise self._error()
        else:
            index = Index(Column(self._path()))
        self._need("]")
        return index

    def _is_range(self) -> bool:
        sign = 1 if self._is("-", 1) else 0
        return self._is("..", 2 + sign)

    def _slice(self, of: Column) -> Slice:
        self._need("[")
        first, last = self._bounds()
        return Slice(of, first, last)

    def _bounds(self) -> tuple[int, int]:
        first = self._signed()
        self._need("..")
        last = self._signed()
        self._need("]")
        return first, last

    def _signed(self) -> int:
        sign = -1 if self._take("-") else 1
        token = self._token
        if token.kind is not T.INTEGER:
            raise self._error()
        self._at += 1
        return sign * int(token.text[:MAX_INTEGER])

    def _list_of(self) -> Expr:
        self._at -= 1
        if self._is_range():
            self._at += 1
            first, last = self._bounds()
            if last - first > MAX_RANGE:
                raise self._error()
            return ListOf(tuple(Const(number) for number in range(first, last + 1)))
        self._at += 1
        if self._take("]"):
            return ListOf(())
        items = self._list(self._scalar)
        self._need("]")
        return ListOf(items)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise SqlError(F.SQL_NUMBER_INVALID, text=text)
    return value
