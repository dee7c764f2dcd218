"""Every known difference is pinned by a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINES = [
    line
    for line in (ROOT / "docs" / "differences.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| what ")
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_difference_is_pinned_by_a_test(line: str) -> None:
    cells = re.split(r"(?<!\\)\|", line)[1:-1]
    assert len(cells) == 5
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cells[4])
    assert named
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text()
