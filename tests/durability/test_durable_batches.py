"""The batch calls of the management APIs: many messages, few commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from broker.rig import Raw, connect_packet

from emqx_compat.config import load, settings
from emqx_compat.core.durable import Batch
from emqx_compat.mqtt import Connack
from emqx_compat.server.instance import Instance, on_free_ports
from emqx_compat.testing.places import auth_of, make_credentials, url_of

MESSAGES = 1000


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[Instance]:
    """A server that keeps its data."""
    configuration = load(overrides=[f'node.data_dir="{tmp_path}"', "mqtt.max_mqueue_len=infinity"], persist=False)
    instance = await Instance.start(
        configuration, on_free_ports(replace(settings(configuration), shutdown_timeout=1.0))
    )
    await make_credentials(instance)
    yield instance
    await instance.stop()


async def subscriber(instance: Instance) -> Raw:
    """A connection of the client with the durable session."""
    port = instance.listeners.bound_port("tcp:default")
    client = Raw(None, *await asyncio.open_connection("127.0.0.1", port), 4)
    await client.send(connect_packet("c", clean_start=False))
    await client.expect(Connack)
    return client


@pytest.mark.parametrize(
    ("generation", "path"),
    [("v3", "/mqtt/publish_batch"), ("v4", "/mqtt/publish_batch"), ("v5", "/publish/bulk")],
)
async def test_a_batch_for_a_durable_session_shares_commits_and_keeps_its_order(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, generation: str, path: str
) -> None:
    client = await subscriber(instance)
    await client.subscribe("t", 1)
    await client.disconnect()
    await client.abort()
    store = instance.broker.journal._store
    save = store.save
    batches: list[Batch] = []

    def counted(batch: Batch) -> asyncio.Future[None]:
        batches.append(batch)
        return save(batch)

    monkeypatch.setattr(store, "save", counted)
    body: list[dict[str, Any]] = [{"topic": "t", "payload": str(n), "qos": 1} for n in range(MESSAGES)]
    async with httpx.AsyncClient(auth=auth_of(instance, generation, None), timeout=30) as http:
        answer = await http.post(url_of(instance, generation, None) + path, json=body)
    assert answer.status_code == 200, answer.text
    rows = answer.json() if generation == "v5" else answer.json()["data"]
    assert len(rows) == MESSAGES
    assert len(batches) <= 20
    client = await subscriber(instance)
    assert [int((await client.message()).payload) for _ in range(MESSAGES)] == list(range(MESSAGES))
    await client.abort()
