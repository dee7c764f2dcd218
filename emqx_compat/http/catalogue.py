"""The error catalogue as one table: a row per fault, a column per installed generation.

python -m emqx_compat.http.catalogue > docs/faults.md
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from emqx_compat.core.faults import F
from emqx_compat.http.generation import Generation, generations
from emqx_compat.http.route import Wire

_HEAD = """# Faults

What each generation answers when something goes wrong: HTTP status, code, message. `text` marks plain text,
`–` an answer without body, an empty cell a fault that the generation does not know. An operation may have cells
of its own (`faults=` of its row); braces are filled in. Made by `python -m emqx_compat.http.catalogue`.
"""


def table(installed: Sequence[Generation]) -> str:
    """The catalogue in Markdown."""
    names = ["fault", *(generation.name for generation in installed)]
    lines = [_HEAD, _row(names), _row(["---"] * len(names))]
    for kind in F:
        cells = [_cell(generation.dialect.column.get(kind)) for generation in installed]
        lines.append(_row([f"`{kind}`", *cells]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(wire: Wire | None) -> str:
    if wire is None:
        return ""
    if wire.empty:
        return f"{wire.status} –"
    parts = [str(wire.status)]
    if wire.code is not None:
        parts.append(f"`{wire.code}`")
    if wire.message is not None:
        shown = wire.message.strip().replace("|", "\\|").replace("\n", " ")
        parts.append(f"`{shown}`" + (" text" if wire.text else ""))
    return " ".join(parts)


if __name__ == "__main__":
    sys.stdout.write(table(generations()))
