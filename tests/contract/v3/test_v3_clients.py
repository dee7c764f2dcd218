"""Connections, sessions, subscriptions and routes: what they show of MQTT clients, and what kicking does."""

from __future__ import annotations

import httpx
import pytest
from v3_device import DeviceMaker

from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"


def rows(api: httpx.Client, path: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = api.get(path).json()["data"]
    return found


# --- connections


@pytest.mark.parametrize("path", ["/connections/{}", f"/nodes/{NODE}/connections/{{}}"])
def test_a_connection_is_found_by_its_client_id(api: httpx.Client, device: DeviceMaker, path: str) -> None:
    device("finder", username="fred")
    row = rows(api, path.format("finder"))[0]
    expected = {
        "client_id": "finder",
        "username": "fred",
        "clean_start": True,
        "conn_mod": "emqx_channel",
        "ipaddress": "127.0.0.1",
        "is_bridge": False,
        "keepalive": 60,
        "node": NODE,
        "peercert": "nossl",
        "proto_name": "MQTT",
        "proto_ver": 4,
        "zone": "external",
    }
    assert row | expected == row
    assert len(row) == 26


def test_mqtt_3_1_has_another_name(api: httpx.Client, device: DeviceMaker) -> None:
    device("old-one", version=3)
    row = rows(api, "/connections/old-one")[0]
    assert (row["proto_name"], row["proto_ver"]) == ("MQIsdp", 3)


@pytest.mark.parametrize(
    "path", ["/connections", "/connections/{}", "/sessions/{}", "/subscriptions/{}", "/routes"]
)
def test_the_rows_of_clients_come_out_by_their_keys(api: httpx.Client, device: DeviceMaker, path: str) -> None:
    device("in-order").subscribe("in/order")
    row = rows(api, path.format("in-order"))[0]
    assert list(row) == sorted(row)


def test_a_websocket_connection_has_no_pending_bytes(api: httpx.Client, device: DeviceMaker) -> None:
    device("over-ws", transport="websockets")
    row = rows(api, "/connections/over-ws")[0]
    assert (row["conn_mod"], row["peercert"], "send_pend" in row) == ("emqx_ws_channel", "undefined", False)


def test_a_user_name_that_was_not_sent_is_undefined_and_an_empty_one_is_empty(
    api: httpx.Client, device: DeviceMaker
) -> None:
    device("unnamed")
    device("empty-named", username="")
    names = [rows(api, f"/connections/{clientid}")[0]["username"] for clientid in ("unnamed", "empty-named")]
    assert names == ["undefined", ""]


@pytest.mark.parametrize("path", ["/connection/username/{}", f"/nodes/{NODE}/connection/username/{{}}"])
def test_all_connections_of_a_user_are_found(api: httpx.Client, device: DeviceMaker, path: str) -> None:
    device("twin1", username="üser/x")
    device("twin2", username="üser/x")
    found = rows(api, path.format("%C3%BCser%2Fx"))
    assert {row["client_id"] for row in found} == {"twin1", "twin2"}


def test_nobody_is_called_undefined(api: httpx.Client, device: DeviceMaker) -> None:
    device("nameless")
    assert rows(api, "/connection/username/undefined") == []


def test_a_client_id_with_a_slash_is_sent_encoded(api: httpx.Client, device: DeviceMaker) -> None:
    device("a/b+c d")
    assert rows(api, "/connections/a%2Fb+c%20d")[0]["client_id"] == "a/b+c d"


@pytest.mark.parametrize("path", ["/connections/nobody", f"/nodes/{NODE}/connections/nobody", "/sessions/nobody"])
def test_an_unknown_client_is_an_empty_list(api: httpx.Client, path: str) -> None:
    assert api.get(path).json() == {"code": 0, "data": []}


def test_the_count_of_connections_leaves_held_sessions_out(api: httpx.Client, device: DeviceMaker) -> None:
    device("gone", clean=False).disconnect()
    device("here")
    connections, sessions = (api.get(path).json() for path in ("/connections", "/sessions"))
    assert connections["meta"]["count"] == len(connections["data"]) == 1
    assert {row["client_id"] for row in sessions["data"]} >= {"gone", "here"}
    assert sessions["meta"]["count"] == len(sessions["data"])


def test_pages_follow_one_another(api: httpx.Client, device: DeviceMaker) -> None:
    for number in range(5):
        device(f"paged{number}")
    pages = [api.get(f"/connections?_page={page}&_limit=2").json() for page in (1, 2, 3)]
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert len({row["client_id"] for page in pages for row in page["data"]}) == 5
    assert pages[0]["meta"] == {"page": 1, "limit": 2, "count": 5}


# --- kicking


def test_a_kicked_client_is_gone_when_the_answer_arrives(api: httpx.Client, device: DeviceMaker) -> None:
    victim = device("victim")
    assert api.delete("/connections/victim").json() == {"code": 0}
    assert rows(api, "/connections/victim") == []
    assert victim.closed.wait(5)


def test_a_kick_publishes_the_will(api: httpx.Client, device: DeviceMaker) -> None:
    watcher = device("watcher")
    watcher.subscribe("wills/#", 1)
    device("dying", will=("wills/dying", "gone"))
    api.delete("/connections/dying")
    assert watcher.next() == ("wills/dying", b"gone", 1, False)


def test_a_kicked_persistent_session_stays(api: httpx.Client, device: DeviceMaker) -> None:
    device("persistent", clean=False).subscribe("kept/#", 1)
    api.delete("/connections/persistent")
    assert rows(api, "/sessions/persistent")[0]["clean_start"] is False
    assert rows(api, "/subscriptions/persistent")[0]["topic"] == "kept/#"
    assert rows(api, "/routes/kept%2F%23") == [{"node": NODE, "topic": "kept/#"}]


def test_a_kick_is_counted_by_its_listener(api: httpx.Client, device: DeviceMaker) -> None:
    device("counted")
    api.delete("/connections/counted")
    listeners = rows(api, f"/nodes/{NODE}/listeners")
    tcp = next(row for row in listeners if row["protocol"] == "mqtt:tcp")
    assert isinstance(tcp["shutdown_count"], dict)
    assert tcp["shutdown_count"]["kicked"] >= 1


@pytest.mark.parametrize("clientid", ["nobody", "offline"])
def test_a_client_without_connection_cannot_be_kicked(
    api: httpx.Client, device: DeviceMaker, clientid: str
) -> None:
    device("offline", clean=False).disconnect()
    assert api.delete(f"/connections/{clientid}").json() == {"code": 112, "message": "not_found"}


def test_a_kick_with_a_malformed_body_is_refused(api: httpx.Client, device: DeviceMaker) -> None:
    device("spared")
    assert api.request("DELETE", "/connections/spared", content="{").status_code == 400
    assert len(rows(api, "/connections/spared")) == 1


# --- sessions


@pytest.mark.parametrize(
    ("clean", "version", "expiry", "shown"), [(True, 4, 0, 0), (False, 4, 0, 7200), (False, 5, 300, 300)]
)
def test_a_session_tells_how_long_it_outlives_its_connection(
    api: httpx.Client, device: DeviceMaker, clean: bool, version: int, expiry: int, shown: int
) -> None:
    device(f"expiring{shown}", clean=clean, version=version, expiry=expiry)
    assert rows(api, f"/sessions/expiring{shown}")[0]["expiry_interval"] == shown


def test_a_held_session_shows_its_limits_and_its_queue(api: httpx.Client, device: DeviceMaker) -> None:
    held = device("holding", clean=False)
    held.subscribe("hold/1", 1)
    held.disconnect()
    api.post("/mqtt/publish", json={"topic": "hold/1", "payload": "x", "qos": 1})
    row = rows(api, "/sessions/holding")[0]
    expected = {
        "binding": "local",
        "max_awaiting_rel": 100,
        "max_inflight": 32,
        "max_mqueue": 1000,
        "max_subscriptions": 0,
        "mqueue_len": 1,
        "subscriptions_count": 1,
    }
    assert row | expected == row
    assert len(row) == 21


def test_the_limit_of_packets_in_flight_holds_for_every_version(api: httpx.Client, device: DeviceMaker) -> None:
    for version in (4, 5):
        device(f"inflight{version}", version=version)
    assert [rows(api, f"/sessions/inflight{version}")[0]["max_inflight"] for version in (4, 5)] == [32, 32]


@pytest.mark.parametrize("path", ["/sessions/persistent/{}", f"/nodes/{NODE}/sessions/persistent/{{}}"])
def test_a_held_session_can_be_removed_once(api: httpx.Client, device: DeviceMaker, path: str) -> None:
    held = device("removed", clean=False)
    held.subscribe("removed/1")
    held.disconnect()
    assert api.delete(path.format("removed")).json() == {"code": 0}
    assert rows(api, "/sessions/removed") == rows(api, "/routes/removed%2F1") == []
    assert api.delete(path.format("removed")).json() == {"message": "not_found"}


def test_a_session_with_a_connection_cannot_be_removed(api: httpx.Client, device: DeviceMaker) -> None:
    device("running", clean=False)
    assert api.delete("/sessions/persistent/running").json() == {"message": "running_session"}


# --- subscriptions and routes


@pytest.mark.parametrize("path", ["/subscriptions/{}", f"/nodes/{NODE}/subscriptions/{{}}"])
@pytest.mark.parametrize("prefix", ["", "$share/g/", "$queue/"])
def test_a_subscription_shows_its_bare_filter(
    api: httpx.Client, device: DeviceMaker, path: str, prefix: str
) -> None:
    device("sharer").subscribe(f"{prefix}shared/+", 2)
    expected = [{"client_id": "sharer", "node": NODE, "qos": 2, "topic": "shared/+"}]
    assert rows(api, path.format("sharer")) == expected


def test_a_route_is_looked_up_exactly(api: httpx.Client, device: DeviceMaker) -> None:
    device("router").subscribe("exact/+/x")
    assert rows(api, "/routes/exact%2F+%2Fx") == [{"node": NODE, "topic": "exact/+/x"}]
    assert rows(api, "/routes/exact%2F1%2Fx") == rows(api, "/routes/none") == []


def test_lists_of_subscriptions_and_routes_count_them(api: httpx.Client, device: DeviceMaker) -> None:
    before = api.get("/subscriptions").json()["meta"]["count"], api.get("/routes").json()["meta"]["count"]
    for name in ("first", "second"):
        device(name).subscribe("both/1")
    after = api.get("/subscriptions").json()["meta"]["count"], api.get("/routes").json()["meta"]["count"]
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)


def test_metrics_and_stats_follow_the_clients(server: SyncServer, api: httpx.Client, device: DeviceMaker) -> None:
    def read(path: str, name: str) -> int:
        answer = api.get(f"/nodes/{NODE}/{path}").json()["data"]
        assert answer[name] == answer[name.replace("/", ".")]
        return int(answer[name])

    publisher = device("publisher")
    received, connections = read("metrics", "messages/received"), read("stats", "connections/count")
    publisher.publish("counted/1", "x")
    device("another")
    assert read("metrics", "messages/received") == received + 1
    assert read("stats", "connections/count") == connections + 1
    assert read("stats", "connections/max") >= connections + 1
