"""Nodes: their facts, their listeners, their counters."""

from __future__ import annotations

import re
from typing import Any

import httpx

from api_v3 import metrics, stats
from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"


def get(api: httpx.Client, path: str) -> Any:
    return api.get(path).json()["data"]


def test_a_broker_of_the_list_is_the_single_one_with_its_name(api: httpx.Client) -> None:
    row, single = get(api, "/brokers")[0], get(api, f"/brokers/{NODE}")
    assert row.pop("node") == NODE
    assert row.keys() == single.keys()
    assert row["node_status"] == "Running"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["datetime"])


def test_memory_is_text_in_the_list_and_bytes_in_the_single_form(api: httpx.Client) -> None:
    row, single = get(api, "/nodes")[0], get(api, f"/nodes/{NODE}")
    for name in ("memory_total", "memory_used"):
        assert re.fullmatch(r"\d+\.\d\d[KMG]", row[name])
        assert isinstance(single[name], int)
    assert (row["node"], row["name"], single["name"], "node" in single) == (NODE, NODE, NODE, False)
    assert re.fullmatch(r"\d+\.\d\d", row["load1"])


def test_listeners_are_named_by_what_they_speak_and_where(server: SyncServer, api: httpx.Client) -> None:
    rows = {row["protocol"]: row for row in get(api, f"/nodes/{NODE}/listeners")}
    assert {"mqtt:tcp", "mqtt:ws", "http:management", "http:dashboard"} <= rows.keys()
    kinds = [row["protocol"] for row in get(api, f"/nodes/{NODE}/listeners")]
    assert kinds.count("http:management") == 2  # that of 3.x and that of 4.x
    assert "mqtt:ssl" not in rows  # switched off
    assert rows["mqtt:tcp"]["listen_on"] == str(server.mqtt[1])  # bound to a port alone
    assert rows["mqtt:ws"]["shutdown_count"] == rows["http:dashboard"]["shutdown_count"] == []


def test_listeners_of_mqtt_over_tcp_come_first_and_websockets_last(api: httpx.Client) -> None:
    kinds = [row["protocol"] for row in get(api, f"/nodes/{NODE}/listeners")]
    assert (kinds[0], kinds[-1]) == ("mqtt:tcp", "mqtt:ws")
    assert get(api, "/listeners")[0]["listeners"][0].keys() == get(api, f"/nodes/{NODE}/listeners")[0].keys()


def test_the_web_hook_adds_its_11_counters(server: SyncServer, api: httpx.Client) -> None:
    before = get(api, f"/nodes/{NODE}/metrics").keys()
    plugin = f"/nodes/{NODE}/plugins/emqx_web_hook"
    assert api.put(f"{plugin}/load").json() == {"code": 0}
    try:
        added = get(api, f"/nodes/{NODE}/metrics").keys() - before
    finally:
        assert api.put(f"{plugin}/unload").json() == {"code": 0}
    assert added == set(metrics.OF_PLUGINS["web_hook"])
    assert len(added) == 11


def test_metrics_carry_the_43_names_of_3_1_and_the_55_of_3_2(api: httpx.Client) -> None:
    names = get(api, "/metrics")[0]["metrics"].keys()
    assert names == get(api, f"/nodes/{NODE}/metrics").keys() == metrics.SAMPLE.keys()
    assert (sum("/" in name for name in names), sum("." in name for name in names)) == (43, 55)


def test_stats_carry_the_18_names_of_3_1_and_the_26_of_3_2(api: httpx.Client) -> None:
    names = get(api, f"/nodes/{NODE}/stats").keys()
    assert names == stats.SAMPLE.keys()
    assert (sum("/" in name for name in names), sum("." in name for name in names)) == (18, 26)
