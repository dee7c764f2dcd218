"""Nodes of v4 and what is asked of one: known, unknown and down; brokers, metrics, stats, listeners."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"
SCOPED = [
    ("GET", "/brokers/{node}"),
    ("GET", "/nodes/{node}"),
    ("GET", "/nodes/{node}/clients"),
    ("GET", "/nodes/{node}/clients/c1"),
    ("GET", "/nodes/{node}/clients/username/u"),
    ("GET", "/nodes/{node}/subscriptions"),
    ("GET", "/nodes/{node}/subscriptions/c1"),
    ("GET", "/nodes/{node}/metrics"),
    ("GET", "/nodes/{node}/stats"),
    ("GET", "/nodes/{node}/listeners"),
    ("DELETE", "/nodes/{node}/acl-cache"),
    ("DELETE", "/node/{node}/acl-cache"),
]


@pytest.mark.parametrize("node", ["nope@10.0.0.9", "emqx%40127.0.0.1", "zzz"])
@pytest.mark.parametrize(("method", "path"), SCOPED)
def test_a_node_that_was_never_seen_is_an_unknown_path(
    api: httpx.Client, method: str, path: str, node: str
) -> None:
    answer = api.request(method, path.format(node=node))
    assert (answer.status_code, answer.text) == (404, "Not found.")


DOWN: dict[str, Any] = {
    "/brokers/{node}": {"code": 102, "message": "nodedown"},
    "/nodes/{node}": {"code": 0, "data": {"node": "kernel", "error": "nodedown"}},
    "/nodes/{node}/clients": {"code": 101, "message": "nodedown"},
    "/nodes/{node}/clients/c1": None,
    "/nodes/{node}/clients/username/u": None,
    "/nodes/{node}/subscriptions": {"message": "nodedown"},
    "/nodes/{node}/subscriptions/c1": None,
    "/nodes/{node}/metrics": {"message": "nodedown"},
    "/nodes/{node}/stats": {"message": "nodedown"},
    "/nodes/{node}/listeners": {"code": 0, "data": {"error": "nodedown"}},
    "/nodes/{node}/acl-cache": {"code": 101, "message": "nodedown"},
    "/node/{node}/acl-cache": {"code": 101, "message": "nodedown"},
}


@pytest.mark.parametrize(("method", "path"), SCOPED)
def test_a_node_that_is_down_is_told_by_each_call_in_its_way(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path.format(node="kernel"))
    expected = DOWN[path]
    if expected is None:
        assert (answer.status_code, answer.content) == (204, b"")
    else:
        assert (answer.status_code, answer.json()) == (200, expected)


@pytest.mark.parametrize("view", ["brokers", "nodes"])
def test_one_node_is_an_object_and_all_are_an_array(api: httpx.Client, view: str) -> None:
    one = api.get(f"/{view}/{NODE}").json()["data"]
    (row,) = api.get(f"/{view}").json()["data"]
    assert row.keys() == one.keys()
    assert (row["node"], row["node_status"], row["version"]) == (NODE, "Running", "4.4.19")


def test_times_memory_and_load_are_texts(api: httpx.Client) -> None:
    node = api.get(f"/nodes/{NODE}").json()["data"]
    broker = api.get(f"/brokers/{NODE}").json()["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", broker["datetime"])
    assert re.search(r"\d+ seconds$", node["uptime"])
    assert all(re.fullmatch(r"\d+\.\d\d[KMG]", node[name]) for name in ("memory_used", "memory_total"))
    assert all(re.fullmatch(r"\d+\.\d\d", node[name]) for name in ("load1", "load5", "load15"))


def test_metrics_are_the_union_of_the_documents_and_the_server(api: httpx.Client) -> None:
    metrics = api.get(f"/nodes/{NODE}/metrics").json()["data"]
    assert len(metrics) == 86
    assert {"client.auth.anonymous", "messages.dropped.expired", "session.takeovered"} <= metrics.keys()


def test_a_publish_counts(fresh_api: httpx.Client) -> None:
    fresh_api.post("/mqtt/publish", json={"topic": "a", "payload": "x", "qos": 1})
    metrics = fresh_api.get(f"/nodes/{NODE}/metrics").json()["data"]
    names = ("messages.received", "messages.qos1.received", "messages.publish", "messages.dropped.no_subscribers")
    assert [metrics[name] for name in names] == [1, 1, 1, 1]


def test_every_gauge_has_its_high_water_mark(api: httpx.Client) -> None:
    stats = api.get("/stats").json()["data"][0]["stats"]
    names = {key.removesuffix(".count") for key in stats if key.endswith(".count")}
    assert stats.keys() == {f"{name}.{kind}" for name in names for kind in ("count", "max")}
    assert {"connections", "live_connections", "subscriptions.shared", "retained"} <= names


def test_listeners_are_those_that_4_has(api: httpx.Client, server: SyncServer) -> None:
    rows = {row["protocol"].split(":8")[0]: row for row in api.get(f"/nodes/{NODE}/listeners").json()["data"]}
    mqtt = rows["mqtt:tcp"]
    assert mqtt["listen_on"].split(":")[-1] == str(server.mqtt[1])
    assert mqtt["identifier"] == "mqtt:tcp:external"
    assert {"http:management", "http:dashboard"} <= rows.keys()
    assert "http:management_legacy" not in rows
    assert "identifier" not in rows["http:management"]


def test_listeners_of_websocket_name_their_port(api: httpx.Client, server: SyncServer) -> None:
    port = httpx.URL(server.ws).port
    assert f"mqtt:ws:{port}" in {row["protocol"] for row in api.get(f"/nodes/{NODE}/listeners").json()["data"]}
