"""Alarms: a message queue that fills up."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from devices import Connect

from emqx_compat.testing import SyncServer

ALARMS = "/nodes/emq@127.0.0.1/alarms"


@pytest.fixture
def overflowing(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> httpx.Client:
    """A server on which seven messages wait in a queue for ten."""
    fresh_api.put("/configs/emqttd", json={"key": "mqtt.mqueue.max_length", "value": "10"})
    away = connect("pq", at=fresh, clean=False)
    away.subscribe("aq/#", qos=1)
    away.disconnect()
    for number in range(7):
        fresh_api.post("/mqtt/publish", json={"topic": f"aq/{number}", "payload": "x", "qos": 1})
    return fresh_api


def alarms(api: httpx.Client, path: str = ALARMS) -> list[dict[str, Any]]:
    return api.get(path).json()["result"]


def test_all_is_well_at_first(fresh_api: httpx.Client) -> None:
    assert fresh_api.get(ALARMS).json() == {"code": 0, "result": []}


@pytest.mark.parametrize("path", [ALARMS, ALARMS + "/", "/nodes/nope/alarms"])
def test_a_queue_beyond_its_watermark_is_an_alarm_whatever_the_node(overflowing: httpx.Client, path: str) -> None:
    (row,) = alarms(overflowing, path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row.pop("occurred_at"))
    assert list(row.items()) == [
        ("id", "queue_high_watermark.pq"),
        ("severity", "warning"),
        ("title", "Queue pq high-water mark"),
        ("summary", "queue len 7 > high_watermark 6"),
    ]


def test_a_queue_that_is_fetched_is_none(overflowing: httpx.Client, fresh: SyncServer, connect: Connect) -> None:
    back = connect("pq", at=fresh, clean=False)
    for _ in range(7):
        back.receive()
    assert alarms(overflowing) == []
