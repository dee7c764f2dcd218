"""A server for each module of tests, its two ports, MQTT devices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from v3_device import Device, DeviceMaker

from emqx_compat.testing import Server, SyncServer


@pytest.fixture(scope="module")
def server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def api(server: SyncServer) -> Iterator[httpx.Client]:
    """The management port, with an app's credentials."""
    with httpx.Client(base_url=server.url("v3"), auth=server.auth("v3")) as client:
        yield client


@pytest.fixture(scope="module")
def dashboard(server: SyncServer) -> Iterator[httpx.Client]:
    """The dashboard port, with the default user's credentials."""
    with httpx.Client(base_url=server.url("v3", "dashboard"), auth=server.auth("v3", "dashboard")) as client:
        yield client


@pytest.fixture(scope="module")
def anonymous(server: SyncServer) -> Iterator[httpx.Client]:
    """The management port without credentials."""
    with httpx.Client(base_url=server.url("v3")) as client:
        yield client


@pytest.fixture
def device(server: SyncServer, api: httpx.Client) -> Iterator[DeviceMaker]:
    """Makes connected devices, which end with the test."""
    with devices(server, api) as make:
        yield make


@pytest.fixture(scope="module")
def long_lived(server: SyncServer, api: httpx.Client) -> Iterator[DeviceMaker]:
    """Makes connected devices, which end with the module."""
    with devices(server, api) as make:
        yield make


@contextmanager
def devices(server: SyncServer, api: httpx.Client) -> Iterator[DeviceMaker]:
    made: list[Device] = []

    def make(clientid: str, **more: Any) -> Device:
        made.append(Device(server, api, clientid, **more))
        return made[-1]

    yield make
    for each in made:
        each.disconnect()
