"""A server and callers for the tests of v5's promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from v5_world import QUICK, Api, client, login

from emqx_compat.core.clock import ManualClock
from emqx_compat.testing import Server, SyncServer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(QUICK) as running:
        yield running


@pytest.fixture
async def frozen() -> AsyncIterator[Server]:
    """A server whose clock stands still."""
    async with Server(QUICK, clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    """Calls with an administrator's API key."""
    async with client(server, auth=server.auth("v5")) as http:
        yield Api(http)


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[Api]:
    """Calls with the default user's bearer token."""
    async with client(server) as http:
        http.headers["Authorization"] = f"Bearer {await login(server, 'admin', 'public')}"
        yield Api(http)


@pytest.fixture
async def nobody(server: Server) -> AsyncIterator[Api]:
    """Calls without credentials."""
    async with client(server) as http:
        yield Api(http)


@pytest.fixture(scope="session")
def unchanging() -> Iterator[SyncServer]:
    """One server for all tests that leave nothing behind."""
    with Server.in_thread(QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def refused(unchanging: SyncServer) -> Iterator[httpx.Client]:
    """Calls of the default user that come to nothing."""
    with httpx.Client(base_url=unchanging.url("v5"), verify=False) as http:
        answer = http.post("/login", json={"username": "admin", "password": "public"})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield http


@pytest.fixture(scope="session")
def stranger(unchanging: SyncServer) -> Iterator[httpx.Client]:
    """Calls without credentials that come to nothing."""
    with httpx.Client(base_url=unchanging.url("v5"), verify=False) as http:
        yield http
