"""Tables of users, keys and tokens over a store in memory, or in a directory, and a clock that stands still."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from access_tables import Access, opened

from emqx_compat.core.clock import ManualClock
from emqx_compat.core.ids import Ids


@pytest.fixture
async def access() -> AsyncIterator[Access]:
    clock = ManualClock()
    ids = Ids(clock, random.Random(1))
    tables = opened(None, clock, ids)
    yield tables
    await tables.store.close()


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[Access]:
    clock = ManualClock()
    tables = opened(tmp_path, clock, Ids(clock))
    yield tables
    await tables.store.close()
