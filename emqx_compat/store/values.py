"""How values that SQLite does not know become columns: JSON texts and sets of names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

from emqx_compat.store.database import Value


def json_text(extra: Mapping[str, object]) -> str | None:
    """A JSON object, or NULL when it is empty."""
    return json.dumps(extra, separators=(",", ":")) if extra else None


def json_object(text: Value) -> dict[str, object]:
    """The object that `json_text` wrote."""
    return cast(dict[str, object], json.loads(text)) if isinstance(text, str) else {}


def names_text(names: Iterable[str] | None) -> str | None:
    """Names in order, separated by spaces."""
    return None if names is None else " ".join(sorted(names))


def names_set(text: Value) -> frozenset[str] | None:
    """The set that `names_text` wrote."""
    return frozenset(text.split()) if isinstance(text, str) else None
