"""Pages of listings, as every generation asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_BEYOND = 1 << 62


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Page `number` (from 1; smaller numbers mean the first page) of at most `limit` rows."""

    number: int = 1
    limit: int = 100

    @property
    def offset(self) -> int:
        """Rows before this page; of pages beyond every table, a number that still fits the machine's word."""
        return min((max(self.number, 1) - 1) * self.limit, _BEYOND)


@dataclass(slots=True)
class Page(Generic[T]):
    """One page of a listing.

    `total` counts the rows of the whole table, filters aside. `matched` counts the rows that pass the filters,
    or is None when the engine stopped looking once the page was full. `hasnext` tells whether a row follows.
    """

    rows: Sequence[T]
    total: int
    hasnext: bool
    matched: int | None = None


def page_of(rows: Sequence[T], request: PageRequest) -> Page[T]:
    """The asked page of rows that are all at hand."""
    start = request.offset
    end = start + request.limit
    return Page(rows[start:end], len(rows), end < len(rows), len(rows))
