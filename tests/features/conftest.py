"""Fixtures of the features' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from features.feature_rig import FeatureRig


@pytest.fixture
async def rig() -> AsyncIterator[FeatureRig]:
    """A broker with the features that run by default."""
    async with FeatureRig() as rig:
        yield rig
