"""Writes docs/conformance.md: `python tests/conformance/table.py`.

Reads the marks `@pytest.mark.statement("MQTT-3.3.1-5", "3.1.1", "5.0")` out of the test files' source, without
importing them, and `unobservable.py`.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))

from conformance.standard import SECTIONS, VERSIONS, statements  # noqa: E402
from conformance.unobservable import UNOBSERVABLE  # noqa: E402

TABLE = ROOT / "docs" / "conformance.md"

HEAD = """\
# Conformance

Every normative statement of MQTT 3.1.1 and MQTT 5.0 that binds a server, and the test that holds it. The tests
speak to the embedded broker over TCP and WebSocket, byte by byte. Written by `python tests/conformance/table.py`.
"""


@dataclass(slots=True, frozen=True)
class Mark:
    """One statement that one test holds."""

    statement: str
    versions: tuple[str, ...]
    file: str
    test: str
    promise: str
    """The first line of the test's docstring."""


@cache
def marks() -> list[Mark]:
    """Every mark in the test files, in the order of files and lines."""
    return [mark for path in sorted(HERE.glob("test_*.py")) for mark in _marks_of(path)]


def _marks_of(path: Path) -> list[Mark]:
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        promise = (ast.get_docstring(node) or "").partition("\n")[0]
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.statement":
                statement, *versions = (ast.literal_eval(argument) for argument in decorator.args)
                found.append(Mark(statement, tuple(versions), path.name, node.name, promise))
    return found


def tested(version: str) -> dict[str, list[Mark]]:
    """Statement → the tests that hold it in one version."""
    found: dict[str, list[Mark]] = {}
    for mark in marks():
        if version in mark.versions:
            found.setdefault(mark.statement, []).append(mark)
    return found


def render() -> str:
    """The text of docs/conformance.md."""
    return HEAD + "".join(_chapter(version) for version in VERSIONS)


def _chapter(version: str) -> str:
    known = tested(version)
    reasons = UNOBSERVABLE[version]
    everything = list(statements(version))
    held = sum(statement in known for statement in everything)
    lines = [
        f"\n## MQTT {version}\n",
        f"{len(everything)} statements: {held} tested, {len(reasons)} that no test of a server can hold.\n",
        "| statement | what is shown | test in `tests/conformance` |",
        "|---|---|---|",
    ]
    for statement in everything:
        if statement in known:
            lines += [_row(statement, mark.promise, f"`{mark.file}::{mark.test}`") for mark in known[statement]]
        else:
            lines.append(_row(statement, reasons.get(statement, "**open**"), "—"))
    return "\n".join(lines) + "\n"


def _row(statement: str, promise: str, test: str) -> str:
    return f"| {statement} | {promise.replace('|', chr(92) + '|')} | {test} |"


if __name__ == "__main__":
    TABLE.write_text(render(), encoding="utf-8")

__all__ = ["SECTIONS", "TABLE", "Mark", "marks", "render", "tested"]
