"""A server, its two ports and MQTT devices for v4's contract tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest
from devices import Device

from emqx_compat.testing import Server, SyncServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[SyncServer]:
    """One server for all tests that do not count what is there; they use names of their own."""
    with Server.in_thread() as running:
        yield running


@pytest.fixture(scope="session")
def api(server: SyncServer) -> Iterator[httpx.Client]:
    """The management port, with an app's credentials."""
    with httpx.Client(base_url=server.url("v4"), auth=server.auth("v4")) as client:
        yield client


@pytest.fixture(scope="session")
def dash(server: SyncServer) -> Iterator[httpx.Client]:
    """The dashboard port, with a user's credentials."""
    url, auth = server.url("v4", "dashboard"), server.auth("v4", "dashboard")
    with httpx.Client(base_url=url, auth=auth) as client:
        yield client


@pytest.fixture
def fresh() -> Iterator[SyncServer]:
    """A server of one's own, for tests that count."""
    with Server.in_thread() as running:
        yield running


@pytest.fixture
def fresh_api(fresh: SyncServer) -> Iterator[httpx.Client]:
    """The management port of `fresh`."""
    with httpx.Client(base_url=fresh.url("v4"), auth=fresh.auth("v4")) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"n{next(_numbers)}"


Connect = Callable[..., Device]


@pytest.fixture
def connect(server: SyncServer) -> Iterator[Connect]:
    """Connects devices to the server that is given (the shared one by default); they end with the test."""
    devices: list[Device] = []

    def make(clientid: str, at: SyncServer = server, **options: object) -> Device:
        device = Device(at.mqtt, clientid, **options)  # type: ignore[arg-type]
        devices.append(device)
        return device

    yield make
    for device in devices:
        device.disconnect()
