"""Fixtures of the durability tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from durability.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty data directory."""
    return Place(tmp_path)
