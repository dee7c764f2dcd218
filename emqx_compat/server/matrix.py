"""Every operation of every installed generation, and whether it is served."""

from __future__ import annotations

import json
from collections import Counter

from emqx_compat.http.generation import generations

Row = dict[str, str]


def rows() -> list[Row]:
    """`generation`, `method`, `path` below `/api/vN`, `id`, `state` (full, partial or absent), in table order.

    Operations outside the prefix (`/status`) come first, with their whole path.
    """
    return [
        {
            "generation": generation.name,
            "method": route.method,
            "path": route.template,
            "id": route.id,
            "state": str(route.effective_state),
        }
        for generation in generations()
        for route in (*generation.outside, *generation.routes)
        if route.listed or route in generation.routes
    ]


def json_text(operations: list[Row]) -> str:
    """A JSON array, an operation a line."""
    return "[\n" + ",\n".join(json.dumps(row) for row in operations) + "\n]"


def table(operations: list[Row]) -> str:
    """Columns, and a line of sums for each generation."""
    columns = ("generation", "method", "path", "id", "state")
    widths = {name: max([len(name), *(len(row[name]) for row in operations)]) for name in columns}
    lines = ["  ".join(name.ljust(widths[name]) for name in columns).rstrip()]
    lines += ["  ".join(row[name].ljust(widths[name]) for name in columns).rstrip() for row in operations]
    states = Counter((row["generation"], row["state"]) for row in operations)
    for generation in dict.fromkeys(row["generation"] for row in operations):
        counts = ", ".join(f"{states[generation, state]} {state}" for state in ("full", "partial", "absent"))
        lines.append(f"{generation}: {counts}")
    return "\n".join(lines)
