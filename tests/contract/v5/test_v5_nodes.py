"""Nodes, counters, gauges, listeners, error codes."""

from __future__ import annotations

import httpx
import pytest
from v5_world import NODE, Api, connected, refusal

from emqx_compat.testing import Server


@pytest.mark.parametrize("path", ["", "/metrics", "/stats"])
def test_an_unknown_node_is_404(refused: httpx.Client, path: str) -> None:
    answer = refused.get(f"/nodes/nope@x{path}")
    assert refusal(answer) == (404, "NOT_FOUND", "Node not found: nope@x")


def test_memory_is_text_and_uptime_milliseconds(refused: httpx.Client) -> None:
    node = refused.get(f"/nodes/{NODE}").json()
    assert node["memory_total"][-1] in "KMG"
    assert isinstance(node["uptime"], int)
    assert (node["version"], node["edition"], node["role"]) == ("5.6.1", "Enterprise", "core")


def test_a_node_is_found_by_its_encoded_name(refused: httpx.Client) -> None:
    assert refused.get("/nodes/emqx%40127.0.0.1").json()["node"] == NODE


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_a_listing_names_the_node_and_a_sum_does_not(refused: httpx.Client, path: str) -> None:
    (row,) = refused.get(path).json()
    assert row.pop("node") == NODE
    assert refused.get(f"{path}?aggregate=true").json().keys() == row.keys()
    assert refused.get(f"/nodes/{NODE}{path}").json().keys() == row.keys()
    assert isinstance(refused.get(f"{path}?aggregate=false").json(), list)


async def test_gauges_follow_the_clients(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t")
        stats = await api.rows("/stats?aggregate=true")
    names = ("connections", "live_connections", "sessions", "subscriptions", "topics")
    assert [stats[f"{name}.count"] for name in names] == [1, 1, 1, 1, 1]
    assert stats["connections.max"] == 1


async def test_counters_follow_the_packets(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t")
        metrics = await api.rows("/metrics?aggregate=true")
    names = ("packets.connect.received", "packets.connack.sent", "packets.subscribe.received", "session.created")
    assert [metrics[name] for name in names] == [1, 1, 1, 1]


async def test_listeners_are_those_of_mqtt(server: Server, api: Api) -> None:
    async with connected(server, "a"):
        rows = {row["id"]: row for row in await api.rows("/listeners")}
    assert {"tcp:default", "ws:default"} <= rows.keys()
    assert not any(row["type"] == "http" for row in rows.values())
    status = {"running": True, "max_connections": "infinity", "current_connections": 1}
    assert rows["tcp:default"]["status"] == status
    assert rows["tcp:default"]["node_status"] == [{"node": NODE, "status": status}]
    assert rows["ws:default"]["status"]["running"] is False


def test_listeners_are_filtered_by_type(refused: httpx.Client) -> None:
    assert [row["id"] for row in refused.get("/listeners?type=tcp").json()] == ["tcp:default"]


@pytest.mark.parametrize("id_", ["tcp:default", "tcp%3Adefault"])
def test_the_colon_of_a_listener_may_be_encoded(refused: httpx.Client, id_: str) -> None:
    assert refused.get(f"/listeners/{id_}").json()["id"] == "tcp:default"


@pytest.mark.parametrize("id_", ["tcp:nope", "quic:default", "tcp:"])
def test_an_unknown_listener_is_404(refused: httpx.Client, id_: str) -> None:
    assert refusal(refused.get(f"/listeners/{id_}")) == (404, "BAD_LISTENER_ID", "Listener id not found")


def test_error_codes_need_no_credentials_and_come_in_order(stranger: httpx.Client) -> None:
    codes = stranger.get("/error_codes").json()
    assert (len(codes), codes[0]["code"], codes[-1]["code"]) == (30, "BAD_USERNAME_OR_PWD", "CLIENT_NOT_RESPONSE")


def test_one_error_code_is_an_object(stranger: httpx.Client) -> None:
    description = "Resource was not found or does not exist"
    assert stranger.get("/error_codes/NOT_FOUND").json() == {"code": "NOT_FOUND", "description": description}
