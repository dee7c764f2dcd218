"""Fixtures of the conformance tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from conformance.wire import Loop, Server, serving


@pytest.fixture(scope="session")
def server_loop() -> Iterator[Loop]:
    """The thread that all brokers of this process run in."""
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Where sessions are kept; None: in memory, if `IN_MEMORY_AND_ON_DISK` does not ask for both."""
    return tmp_path_factory.mktemp("data") if getattr(request, "param", None) == "disk" else None


@pytest.fixture
def server(server_loop: Loop, directory: Path | None) -> Iterator[Server]:
    """A broker with EMQX's default settings and a clock that stands still; it takes a millisecond to start."""
    with serving(server_loop, directory=directory) as server:
        yield server


@pytest.fixture
def serve(server_loop: Loop, directory: Path | None) -> Callable[..., AbstractContextManager[Server]]:
    """For other settings: `with serve(max_qos_allowed=1) as server:`."""
    return partial(serving, server_loop, directory=directory)
