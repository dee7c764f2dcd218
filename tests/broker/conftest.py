"""Fixtures of the broker's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from broker.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A broker with EMQX's default settings and a clock that stands still."""
    async with Rig() as rig:
        yield rig
