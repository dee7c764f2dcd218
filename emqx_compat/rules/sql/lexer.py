"""SQL text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from emqx_compat.core.faults import F
from emqx_compat.rules.sql.errors import SqlError
from emqx_compat.rules.sql.words import FUNCTION_WORDS, GENERAL_WORDS, RULE_WORDS, SOFT_WORDS


class T(StrEnum):
    """Kinds of tokens."""

    WORD = "word"  # a reserved word, in upper case
    NAME = "name"
    SOFT = "soft"  # a name that general SQL knows, in upper case
    FUNCTION = "function"
    QUOTED = "quoted"  # "…", with its quotes
    STRING = "string"  # '…', with its quotes
    INTEGER = "integer"
    DECIMAL = "decimal"
    COMPARISON = "comparison"
    HINT = "hint"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and the line that errors name."""

    kind: T
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """What differs between the dialects."""

    general: bool
    """General SQL (3.x): dots are part of names, soft keywords, things that parse and are refused later."""
    infix_mod: bool = False
    indexes: bool = False
    """`a[1]`, `[1, 2]`, `x[1..2]`, `true` and `false`."""


_COMMON = r"""
    (?P<space>[ \t\r\n\v\f]+)
  | (?P<comment>--[^\n]*\n)
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
"""
GENERAL_TOKENS = re.compile(
    _COMMON
    + r"""
  | (?P<hint>/\*[^*/]*\*/)
  | (?P<comparison>=~|!=|\^=|<>|<=|>=|<|>)
  | (?P<decimal>(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][+-]?[0-9]+)?[fFdD]?|[0-9]+(?:[eE][+-]?[0-9]+[fFdD]?|[fFdD]))
  | (?P<sign>:=|=>|\|\||[=|\-+*/(),.;])
  | (?P<name>[A-Za-z][A-Za-z0-9_.$@~]*)
  | (?P<integer>[0-9]+)
    """,
    re.X | re.A,
)
RULE_TOKENS = re.compile(
    _COMMON
    + r"""
  | (?P<comparison>=~|~=|!=|<>|<=|>=|<|>)
  | (?P<sign>\.\.|[=\-+*/(),.\[\]])
  | (?P<name>[A-Za-z][A-Za-z0-9_$@~]*)
  | (?P<decimal>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<integer>[0-9]+)
    """,
    re.X | re.A,
)


def tokens(text: str, grammar: Grammar) -> list[Token]:
    """All tokens, and an END. Raises SqlError (SQL_ILLEGAL)."""
    pattern = GENERAL_TOKENS if grammar.general else RULE_TOKENS
    found: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise SqlError(F.SQL_ILLEGAL, line=line, text=_illegal(text, at))
        kind, part = match.lastgroup, match.group()
        if kind == "name":
            found.append(_word(part, line, grammar))
        elif kind not in ("space", "comment"):
            assert kind is not None
            found.append(Token(T(kind), part, len(part) if grammar.general and kind == "quoted" else line))
        at = match.end()
        line += part.count("\n")
    found.append(Token(T.END, "", line))
    return found


def near(token: Token) -> str:
    """The token as the old parsers' messages show it: words and signs as atoms, all else as text."""
    if token.kind is T.END:
        return ""
    if token.kind in (T.WORD, T.SOFT, T.SIGN, T.COMPARISON):
        return f"'{token.text}'"
    if token.kind is T.FUNCTION:
        return token.text if token.text.islower() else f"'{token.text}'"
    escaped = token.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _illegal(text: str, at: int) -> str:
    # An open quote runs to the end of the text.
    return text[at:] if text[at] in "'\"" else text[at]


def _word(text: str, line: int, grammar: Grammar) -> Token:
    upper = text.upper()
    if not grammar.general:
        if upper in RULE_WORDS and (upper != "MOD" or grammar.infix_mod):
            return Token(T.WORD, upper, line)
        return Token(T.NAME, text, line)
    if text == "div":  # in lower case alone
        return Token(T.SIGN, text, line)
    if upper in GENERAL_WORDS:
        return Token(T.WORD, upper, line)
    if upper in FUNCTION_WORDS:
        return Token(T.FUNCTION, text, line)
    if upper in SOFT_WORDS:
        return Token(T.SOFT, upper, line)
    # The old lexer gives names their length instead of their line.
    return Token(T.NAME, text, len(text))
