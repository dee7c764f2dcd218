"""Nodes, listeners, metrics and stats: what the numbers count."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from devices import Connect

from emqx_compat.testing import Server, SyncServer

NODE = "emq@127.0.0.1"


def result(api: httpx.Client, path: str) -> Any:
    return api.get(path).json()["result"]


# --- nodes


def test_a_node_tells_version_and_times_as_text(api: httpx.Client) -> None:
    (row,) = result(api, "/management/nodes")
    assert (row["name"], row["version"], row["sysdescr"]) == (NODE, "2.3.11", "Erlang MQTT Broker")
    assert re.fullmatch(r"(\d+ days,)?(\d+ hours, )?(\d+ minutes, )?\d+ seconds", row["uptime"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["datetime"])
    assert list(row) == ["name", "version", "sysdescr", "uptime", "datetime", "otp_release", "node_status"]


def test_memory_and_loads_are_text(api: httpx.Client) -> None:
    row = result(api, f"/monitoring/nodes/{NODE}")
    assert re.fullmatch(r"\d+\.\d\d[KMG]", row["memory_total"])
    assert all(re.fullmatch(r"\d+\.\d\d", row[key]) for key in ("load1", "load5", "load15"))


def test_a_node_counts_connected_clients(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    connect("here", at=fresh)
    connect("away", at=fresh, clean=False).disconnect()
    fresh_api.delete("/clients/away")
    assert result(fresh_api, f"/monitoring/nodes/{NODE}")["clients"] == 1


# --- listeners


def test_a_nodes_listeners_are_listed_newest_first(api: httpx.Client) -> None:
    oldest_first = [row["listen"] for row in result(api, "/monitoring/listeners")[NODE]]
    assert [row["listen"] for row in result(api, f"/monitoring/listeners/{NODE}")] == oldest_first[::-1]


def test_a_listener_is_shown_with_its_old_name_and_its_port(server: SyncServer, api: httpx.Client) -> None:
    ports = {
        row["protocol"]: int(row["listen"].rpartition(":")[2])
        for row in result(api, f"/monitoring/listeners/{NODE}")
    }
    assert ports["mqtt:tcp"] == server.mqtt[1]
    assert ports["mqtt:ws"] == httpx.URL(server.ws).port
    assert ports["mqtt:api"] == httpx.URL(server.url("v2")).port
    assert ports["dashboard:http"] == httpx.URL(server.url("v2", "dashboard")).port


def tcp_listener(api: httpx.Client) -> dict[str, Any]:
    (row,) = [row for row in result(api, f"/monitoring/listeners/{NODE}") if row["protocol"] == "mqtt:tcp"]
    return row


def test_a_listener_counts_its_connections(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    connect("c1", at=fresh)
    connect("c2", at=fresh)
    assert tcp_listener(fresh_api)["current_clients"] == 2


def test_a_listener_counts_why_connections_ended(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    assert tcp_listener(fresh_api)["shutdown_count"] == []
    connect("c1", at=fresh)
    fresh_api.delete("/clients/c1")
    connect("c1", at=fresh)
    connect("c1", at=fresh)
    assert tcp_listener(fresh_api)["shutdown_count"] == {"kick": 1, "conflict": 1}


def test_a_goodbye_is_not_counted(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    connect("c1", at=fresh).disconnect()
    connect("c1", at=fresh)  # its answer comes after the goodbye has been read
    assert tcp_listener(fresh_api)["shutdown_count"] == []


def test_a_listener_that_was_given_an_address_shows_it() -> None:
    bound = ['listeners.tcp.default.bind="127.0.0.1:0"']
    with Server.in_thread(bound) as server, httpx.Client(base_url=server.url("v2"), auth=server.auth("v2")) as api:
        assert tcp_listener(api)["listen"] == f"127.0.0.1:{server.mqtt[1]}"


def test_a_listener_that_was_given_a_port_shows_the_port(server: SyncServer, api: httpx.Client) -> None:
    assert tcp_listener(api)["listen"] == str(server.mqtt[1])


def test_listeners_are_those_that_there_are(api: httpx.Client) -> None:
    rows = result(api, f"/monitoring/listeners/{NODE}")
    assert {row["protocol"]: (row["acceptors"], row["max_clients"]) for row in rows} == {
        "mqtt:api": (4, 64),
        "dashboard:http": (4, 512),
        "mqtt:ws": (16, 102400),
        "mqtt:tcp": (16, 102400),
    }


# --- metrics and stats


@pytest.mark.parametrize("path", ["/monitoring/metrics/", "/monitoring/metrics", f"/monitoring/metrics/{NODE}"])
def test_the_38_metrics_are_always_there(api: httpx.Client, path: str) -> None:
    metrics = result(api, path)
    assert len(metrics) == 38
    assert all(type(value) is int for value in metrics.values())


def test_what_a_client_does_is_counted(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    before = result(fresh_api, f"/monitoring/metrics/{NODE}")
    device = connect("c1", at=fresh)
    device.subscribe("t", qos=1)
    device.publish("t", "x", qos=1)
    device.receive()
    after = result(fresh_api, f"/monitoring/metrics/{NODE}")
    grown = {name: after[name] - before[name] for name in after}
    once = (
        "packets/connect",
        "packets/connack",
        "packets/subscribe",
        "packets/suback",
        "packets/publish/received",
        "packets/publish/sent",
        "packets/puback/sent",
        "messages/received",
        "messages/sent",
        "messages/qos1/received",
        "messages/qos1/sent",
    )
    assert {name: grown[name] for name in once} == dict.fromkeys(once, 1)
    assert grown["bytes/received"] > 0 < grown["bytes/sent"]


def test_a_message_that_nobody_wants_is_counted_as_dropped(fresh_api: httpx.Client) -> None:
    before = result(fresh_api, f"/monitoring/metrics/{NODE}")
    fresh_api.post("/mqtt/publish", json={"topic": "nobody", "payload": "x"})
    after = result(fresh_api, f"/monitoring/metrics/{NODE}")
    assert after["messages/dropped"] - before["messages/dropped"] == 1
    assert after["packets/publish/received"] == before["packets/publish/received"]


def test_retained_messages_are_among_metrics_and_stats(fresh_api: httpx.Client) -> None:
    before = result(fresh_api, f"/monitoring/stats/{NODE}")["retained/count"]
    fresh_api.post("/mqtt/publish", json={"topic": "kept", "payload": "x", "retain": True})
    assert result(fresh_api, f"/monitoring/metrics/{NODE}")["messages/retained"] == before + 1
    assert result(fresh_api, f"/monitoring/stats/{NODE}")["retained/count"] == before + 1
    fresh_api.post("/mqtt/publish", json={"topic": "kept", "payload": "", "retain": True})
    assert result(fresh_api, f"/monitoring/metrics/{NODE}")["messages/retained"] == before


def test_stats_count_what_is_there_and_the_most_there_was(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    for number in range(3):
        connect(f"c{number}", at=fresh).subscribe(f"t/{number}")
    fresh_api.delete("/clients/c0")
    stats = result(fresh_api, f"/monitoring/stats/{NODE}")
    assert {name: stats[name] for name in stats if not name.startswith("retained")} == {
        f"{name}/{part}": 2 if part == "count" else 3
        for name in ("clients", "routes", "sessions", "subscribers", "subscriptions", "topics")
        for part in ("count", "max")
    }


def test_deliveries_on_sys_topics_are_counted_in_bytes_alone(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    watcher = connect("watcher", at=fresh)
    watcher.subscribe("$SYS/brokers/+/clients/seen/connected")
    before = result(fresh_api, f"/monitoring/metrics/{NODE}")
    connect("seen", at=fresh)
    watcher.receive()
    after = result(fresh_api, f"/monitoring/metrics/{NODE}")
    assert after["bytes/sent"] > before["bytes/sent"]
    assert {name: after[name] - before[name] for name in ("packets/publish/sent", "messages/sent")} == {
        "packets/publish/sent": 0,
        "messages/sent": 0,
    }


def test_the_14_stats_ascend(api: httpx.Client) -> None:
    names = list(result(api, f"/monitoring/stats/{NODE}"))
    assert (names, len(names)) == (sorted(names), 14)


def test_the_stats_of_all_nodes_are_an_array_of_one(api: httpx.Client) -> None:
    (by_node,) = result(api, "/monitoring/stats")
    assert list(by_node) == [NODE]
    assert len(by_node[NODE]) == 14
