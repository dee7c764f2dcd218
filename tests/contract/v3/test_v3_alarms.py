"""Alarms: what is wrong now, and what was."""

from __future__ import annotations

import httpx
import pytest

from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"


def raise_alarm(server: SyncServer, name: str, description: object = "82.6") -> None:
    server.run(lambda engine: engine.alarms.activate(name, legacy_description=description))


def test_a_present_alarm_tells_id_and_description(server: SyncServer, api: httpx.Client) -> None:
    raise_alarm(server, "cpu_high_watermark")
    row = {"id": "cpu_high_watermark", "desc": "82.6"}
    assert row in api.get(f"/alarms/present/{NODE}").json()["data"]


def test_a_structured_description_is_an_object(server: SyncServer, api: httpx.Client) -> None:
    description = {"severity": "warning", "title": "t", "summary": "s", "timestamp": "2019-07-10 16:54:35"}
    raise_alarm(server, "structured", description)
    assert {"id": "structured", "desc": description} in api.get(f"/alarms/present/{NODE}").json()["data"]


def test_an_alarm_that_is_over_moves_to_the_history(server: SyncServer, api: httpx.Client) -> None:
    raise_alarm(server, "gone")
    server.run(lambda engine: engine.alarms.deactivate("gone"))
    assert "gone" not in [row["id"] for row in api.get(f"/alarms/present/{NODE}").json()["data"]]
    (row,) = [row for row in api.get(f"/alarms/history/{NODE}").json()["data"] if row["id"] == "gone"]
    assert row.keys() == {"id", "desc", "clear_at"}


def test_the_history_holds_an_id_once(server: SyncServer, api: httpx.Client) -> None:
    for _ in range(2):
        raise_alarm(server, "again")
        server.run(lambda engine: engine.alarms.deactivate("again"))
    ids = [row["id"] for row in api.get(f"/alarms/history/{NODE}").json()["data"]]
    assert ids.count("again") == 1


@pytest.mark.parametrize("table", ["present", "history"])
def test_the_cluster_lists_the_alarms_of_its_node(api: httpx.Client, table: str) -> None:
    (row,) = api.get(f"/alarms/{table}").json()["data"]
    assert row == {"node": NODE, "alarms": api.get(f"/alarms/{table}/{NODE}").json()["data"]}
