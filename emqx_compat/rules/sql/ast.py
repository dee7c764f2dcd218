"""The syntax tree of a rule's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Const:
    """A literal: text, number, boolean."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]` or `[column]` in a path; `-0` has a sign of its own, which says append."""

    at: int | Column
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`payload.x`, `"quoted"`, `a.b[1].c`."""

    path: tuple[str | Index, ...]
    quoted: bool = False
    """It stood in double quotes as a whole."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`x[2..4]`, counted from 1, negative ends from the end."""

    of: Column
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[1, 2]`, `[1..4]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`name(…)`, `Module.name(…)`."""

    name: str
    args: tuple[Expr, ...]
    module: str = ""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * / div mod`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    """`+x`, `-x`."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    """`= != <> < > <= >= =~`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class In:
    """`x IN (…)`."""

    item: Expr
    among: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT x`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class And:
    """`x AND y`."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Or:
    """`x OR y`."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Case:
    """`CASE [subject] WHEN … THEN … [ELSE …] END`; without subject the WHENs are conditions."""

    subject: Expr | None
    whens: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr | None


@dataclass(frozen=True, slots=True)
class Foreign:
    """General SQL that no rule understands: IS NULL, BETWEEN, LIKE, `||`, an alias in a condition."""

    what: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Star:
    """`*`: every column."""


Expr: TypeAlias = (
    Const
    | Column
    | Slice
    | ListOf
    | Call
    | Arithmetic
    | Unary
    | Compare
    | In
    | Not
    | And
    | Or
    | Case
    | Foreign
    | Star
)

CONDITIONS = (Compare, In, Not, And, Or)
"""What is a condition by its form; anything else may be one by its value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One item of a SELECT, FOREACH or DO list; `alias` is a path."""

    expr: Expr
    alias: tuple[str | Index, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """SELECT … FROM … WHERE …, or FOREACH … DO … INCASE … FROM … WHERE …"""

    foreach: bool
    fields: tuple[Field, ...]
    sources: tuple[str, ...]
    """Without their quotes."""
    where: Expr | None = None
    do: tuple[Field, ...] = ()
    incase: Expr | None = None
