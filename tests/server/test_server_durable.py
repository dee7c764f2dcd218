"""A whole server on a data directory: all is there again after a restart; a full disk is a fault of every API."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from emqx_compat.config import load, settings
from emqx_compat.core.alarms import Alarm
from emqx_compat.core.messages import PublishRequest
from emqx_compat.server.instance import Instance, installed, on_free_ports
from emqx_compat.testing.places import auth_of, make_credentials, url_of

REFUSED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "v2": ("/mqtt/publish", {"topic": "r", "payload": "x", "qos": 1, "retain": True, "client_id": "c"}),
    "v3": ("/mqtt/publish", {"topic": "r", "payload": "x", "qos": 1, "retain": True, "client_id": "c"}),
    "v4": ("/mqtt/publish", {"topic": "r", "payload": "x", "qos": 1, "retain": True, "clientid": "c"}),
    "v5": ("/publish", {"topic": "r", "payload": "x", "qos": 1, "retain": True}),
}


@asynccontextmanager
async def instance(directory: Path, *overrides: str) -> AsyncIterator[Instance]:
    configuration = load(overrides=overrides, data_dir=directory)
    wanted = replace(on_free_ports(settings(configuration)), shutdown_timeout=1.0)
    running = await Instance.start(configuration, wanted)
    try:
        yield running
    finally:
        await running.stop()


async def test_a_retained_message_is_there_after_a_restart(tmp_path: Path) -> None:
    async with instance(tmp_path) as server:
        await server.broker.publisher.publish(PublishRequest("t", b"1", 1, True))
    async with instance(tmp_path) as server:
        assert [message.payload for message in server.broker.retained.messages.values()] == [b"1"]


async def test_durable_sessions_can_be_switched_off(tmp_path: Path) -> None:
    async with instance(tmp_path, "compat.durable_sessions=false") as server:
        await server.broker.publisher.publish(PublishRequest("t", b"1", 1, True))
    async with instance(tmp_path) as server:
        assert len(server.broker.retained) == 0


async def alarms(server: Instance) -> list[Alarm]:
    return list(await server.engine.alarms.active())


async def test_a_full_disk_is_an_alarm_and_a_fault_of_every_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("emqx_compat.broker.journal.RETRY", 0.01)
    async with instance(tmp_path) as server, httpx.AsyncClient() as http:
        await make_credentials(server)
        (pages,) = server.store.rows("PRAGMA page_count")[0]
        server.store.rows(f"PRAGMA max_page_count = {pages}")
        big = "x" * 100_000
        answers = {}
        for generation in [spoke.name for spoke in installed()]:
            path, body = REFUSED[generation]
            url, auth = url_of(server, generation, None), auth_of(server, generation, None)
            answers[generation] = await http.post(url + path, json={**body, "payload": big}, auth=auth)
        assert {generation: answer.status_code for generation, answer in answers.items()} == dict.fromkeys(
            answers, 500
        )
        assert answers["v5"].json()["code"] == "INTERNAL_ERROR"
        assert [alarm.name for alarm in await alarms(server)] == ["storage_failure"]
        assert not [record for record in caplog.records if record.exc_info and record.levelno >= logging.ERROR]
        server.store.rows("PRAGMA max_page_count = 1000000")
        await server.broker.journal.saved()
        assert await alarms(server) == []
        path, body = REFUSED["v5"]
        url, auth = url_of(server, "v5", None), auth_of(server, "v5", None)
        assert (await http.post(url + path, json=body, auth=auth)).status_code in (200, 202)
