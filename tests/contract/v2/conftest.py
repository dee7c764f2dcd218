"""A server, its two ports and MQTT devices for v2's contract tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from devices import Connect, Device

from emqx_compat.testing import Port, Server, SyncServer

_numbers = itertools.count(1)


def client(server: SyncServer, port: Port | None = None, *, known: bool = True) -> httpx.Client:
    auth = server.auth("v2", port) if known else None
    return httpx.Client(base_url=server.url("v2", port), auth=auth)


@pytest.fixture(scope="session")
def server() -> Iterator[SyncServer]:
    """One server for all tests that do not count what is there; they use names of their own."""
    with Server.in_thread() as running:
        yield running


@pytest.fixture(scope="session")
def api(server: SyncServer) -> Iterator[httpx.Client]:
    """The management port, with a user's credentials."""
    with client(server) as each:
        yield each


@pytest.fixture(scope="session")
def dash(server: SyncServer) -> Iterator[httpx.Client]:
    """The dashboard port, with a user's credentials."""
    with client(server, "dashboard") as each:
        yield each


@pytest.fixture(scope="session")
def anonymous(server: SyncServer) -> Iterator[httpx.Client]:
    """The management port without credentials."""
    with client(server, known=False) as each:
        yield each


@pytest.fixture(scope="session")
def anonymous_dash(server: SyncServer) -> Iterator[httpx.Client]:
    """The dashboard port without credentials."""
    with client(server, "dashboard", known=False) as each:
        yield each


@pytest.fixture
def fresh() -> Iterator[SyncServer]:
    """A server of one's own, for tests that count."""
    with Server.in_thread() as running:
        yield running


@pytest.fixture
def fresh_api(fresh: SyncServer) -> Iterator[httpx.Client]:
    """The management port of `fresh`."""
    with client(fresh) as each:
        yield each


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"n{next(_numbers)}"


@pytest.fixture
def connect(server: SyncServer) -> Iterator[Connect]:
    """Connects devices to the server that is given (the shared one by default); they end with the test."""
    devices: list[Device] = []

    def make(clientid: str, at: SyncServer = server, **options: Any) -> Device:
        devices.append(Device(at.mqtt, clientid, **options))
        return devices[-1]

    yield make
    for device in devices:
        device.disconnect()
