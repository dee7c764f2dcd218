"""Fixtures of the conformance tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from conformance.wire import Loop, Server, serving


@pytest.fixture(scope="session")
def server_loop() -> Iterator[Loop]:
    """The thread that all brokers of this process run in."""
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def server(server_loop: Loop) -> Iterator[Server]:
    """A broker with EMQX's default settings and a clock that stands still; it takes a millisecond to start."""
    with serving(server_loop) as server:
        yield server


@pytest.fixture
def serve(server_loop: Loop) -> Callable[..., AbstractContextManager[Server]]:
    """For other settings: `with serve(max_qos_allowed=1) as server:`."""
    return partial(serving, server_loop)
