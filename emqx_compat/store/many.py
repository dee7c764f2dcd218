"""Many rows in one statement: the writer thread then asks for the interpreter once, not once a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from emqx_compat.store.database import Statement, Value

_SIZES = (256, 32, 4, 1)
"""Rows of one statement. Few sizes, so that SQLite need not prepare each anew."""


def put(
    table: str, key: Sequence[str], columns: Sequence[str], rows: Sequence[tuple[Value, ...]]
) -> Iterator[Statement]:
    """Insert rows, or change those with the same key, which keep their place."""
    start, left = 0, len(rows)
    for size in _SIZES:
        while left >= size:
            sql = _put(table, tuple(key), tuple(columns), size)
            yield sql, tuple(chain.from_iterable(rows[start : start + size]))
            start += size
            left -= size


def drop(table: str, column: str, keys: Sequence[int] | Sequence[str]) -> Iterator[Statement]:
    """Delete the rows with these keys; harmless where there is none."""
    if keys:
        sql = f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"
        yield sql, (json.dumps(keys),)


def drop_pairs(
    table: str, columns: tuple[str, str], keys: Sequence[tuple[int, int]] | Sequence[tuple[int, str]]
) -> Iterator[Statement]:
    """The same where the key has two columns."""
    if keys:
        pairs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
        yield f"DELETE FROM {table} WHERE ({columns[0]}, {columns[1]}) IN ({pairs})", (json.dumps(keys),)


@cache
def _put(table: str, key: tuple[str, ...], columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )
