"""Reads the Erlang terms that files like acl.conf are made of: tuples, lists, atoms, texts, numbers, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

_TOKEN = re.compile(
    r"""
      (?P<skip>   \s+ | %[^\n]* )
    | (?P<text>   "(?:[^"\\]|\\.)*" )
    | (?P<quoted> '(?:[^'\\]|\\.)*' )
    | (?P<number> -?\d+ )
    | (?P<atom>   [a-z][A-Za-z0-9_@]* )
    | (?P<mark>   <<|>>|[{}\[\],.] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "0": "\0"}


class TermError(ValueError):
    """The text is no list of terms; the message names the line."""


@dataclass(frozen=True, slots=True)
class Atom:
    """`allow`, `'and'`."""

    name: str


Term = Atom | str | int | tuple["Term", ...] | list["Term"]


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._kind, self._word, self._at = "", "", 0
        self._next()

    def terms(self) -> Iterator[Term]:
        while self._kind != "end":
            yield self._term()
            self._take(".")

    def _term(self) -> Term:
        kind, word = self._kind, self._word
        if kind == "mark":
            if word == "{":
                return tuple(self._items("}"))
            if word == "[":
                return self._items("]")
            if word == "<<":
                self._next()
                inner = self._term() if self._word != ">>" else ""
                self._take(">>")
                return inner
            self._fail(f"unexpected {word}")
        if kind == "end":
            self._fail("unexpected end")
        self._next()
        if kind == "number":
            return int(word)
        return _unescaped(word[1:-1]) if kind == "text" else Atom(_unescaped(word.strip("'")))

    def _items(self, end: str) -> list[Term]:
        self._next()
        items: list[Term] = []
        while self._word != end or self._kind != "mark":
            if items:
                self._take(",")
            items.append(self._term())
        self._next()
        return items

    def _take(self, mark: str) -> None:
        if self._kind != "mark" or self._word != mark:
            self._fail(f"expected {mark}")
        self._next()

    def _next(self) -> None:
        self._kind, self._word, self._at = next(self._tokens)

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                self._at = at
                self._fail(f"unexpected {self._text[at]}")
            if match.lastgroup != "skip":
                yield match.lastgroup, match.group(), at
            at = match.end()
        while True:
            yield "end", "", at

    def _fail(self, what: str) -> NoReturn:
        raise TermError(f"line {self._text.count(chr(10), 0, self._at) + 1}: {what}")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


def terms(text: str) -> list[Term]:
    """The terms of a text, each ended by a full stop. Raises TermError."""
    return list(_Reader(text).terms())
