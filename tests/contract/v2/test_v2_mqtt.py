"""Publish, subscribe and unsubscribe over HTTP, and what the subscriptions and routes show of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from devices import Connect

from emqx_compat.testing import SyncServer

DONE: dict[str, Any] = {"code": 0, "result": []}


def objects(api: httpx.Client, path: str) -> list[dict[str, Any]]:
    return api.get(path).json()["result"]["objects"]


def subscriptions(api: httpx.Client, clientid: str) -> set[tuple[str, object]]:
    return {(row["topic"], row["qos"]) for row in objects(api, f"/subscriptions/{clientid}")}


# --- publish


@pytest.mark.parametrize(
    ("body", "received"),
    [
        ({"payload": "hello"}, (b"hello", 0)),
        ({}, (b"", 0)),
        ({"payload": "x", "qos": 1}, (b"x", 1)),
        ({"payload": "x", "qos": 2}, (b"x", 2)),
        ({"payload": "héllo 中 😀"}, ("héllo 中 😀".encode(), 0)),
        ({"payload": "x", "client_id": "anyone"}, (b"x", 0)),
        ({"payload": "x", "client_id": 5}, (b"x", 0)),
        ({"payload": "x", "client_id": None}, (b"x", 0)),
        ({"payload": "x", "foo": 1}, (b"x", 0)),
    ],
)
def test_a_message_reaches_its_subscribers(
    connect: Connect, api: httpx.Client, name: str, body: dict[str, Any], received: tuple[bytes, int]
) -> None:
    device = connect(name)
    device.subscribe(f"{name}/#", qos=2)
    assert api.post("/mqtt/publish", json={"topic": f"{name}/t", **body}).json() == DONE
    assert device.receive() == (f"{name}/t", *received, False)


def test_nobody_needs_to_listen(api: httpx.Client) -> None:
    assert api.post("/mqtt/publish", json={"topic": "nobody/listens", "payload": "x"}).json() == DONE


def test_the_dashboard_port_publishes_too(connect: Connect, dash: httpx.Client, name: str) -> None:
    device = connect(name)
    device.subscribe(name)
    dash.post("/mqtt/publish", json={"topic": name, "payload": "x"})
    assert device.receive()[1] == b"x"


@pytest.mark.parametrize("topic", ["a,b", "中/é", "/", "a//b", "$SYS/x", "t" * 4096])
def test_a_topic_is_taken_as_it_is(connect: Connect, api: httpx.Client, name: str, topic: str) -> None:
    device = connect(name)
    device.subscribe(topic)
    assert api.post("/mqtt/publish", json={"topic": topic, "payload": name}).json() == DONE
    assert device.receive()[:2] == (topic, name.encode())


def test_bytes_that_are_no_utf8_are_replaced(connect: Connect, api: httpx.Client, name: str) -> None:
    device = connect(name)
    device.subscribe(name)
    api.post("/mqtt/publish", content=b'{"topic":"%s","payload":"\xff\xfe"}' % name.encode())
    assert device.receive()[1] == "\ufffd\ufffd".encode()


def test_a_retained_message_waits_for_subscribers(connect: Connect, api: httpx.Client, name: str) -> None:
    api.post("/mqtt/publish", json={"topic": name, "payload": "kept", "qos": 1, "retain": True})
    device = connect(name)
    device.subscribe(name, qos=1)
    assert device.receive() == (name, b"kept", 1, True)


def test_an_empty_retained_message_removes_the_one_before(connect: Connect, api: httpx.Client, name: str) -> None:
    for payload in ("kept", ""):
        api.post("/mqtt/publish", json={"topic": name, "payload": payload, "retain": True})
    device = connect(name)
    device.subscribe(name)
    api.post("/mqtt/publish", json={"topic": name, "payload": "live"})
    assert device.receive() == (name, b"live", 0, False)


BAD_TOPICS = [
    ("t/+", "t/+"),
    ("t/#", "t/#"),
    ("a#", "a#"),
    ("", ""),
    ("a\0b", "a\0b"),
    ("é/#", "é/#"),
    ("a&b/#", "a${0}b/#"),
    ("a\\1/#", "a/#"),
    ("t" * 4097, "t" * 4097),
]


@pytest.mark.parametrize(("topic", "shown"), BAD_TOPICS)
@pytest.mark.parametrize("operation", ["publish", "subscribe", "unsubscribe"])
def test_a_topic_that_is_none_is_102(api: httpx.Client, operation: str, topic: str, shown: str) -> None:
    answer = api.post(f"/mqtt/{operation}", json={"topic": topic, "payload": "x", "client_id": "nobody"})
    assert answer.json() == {"code": 102, "message": f"validate topic: {shown} fail"}


@pytest.mark.parametrize(
    "odd",
    [{"qos": 3}, {"qos": -1}, {"qos": "1"}, {"qos": 1.0}, {"qos": None}, {"qos": True}]
    + [{"retain": value} for value in ("true", 1, None)],
)
def test_an_odd_qos_or_retain_is_a_404(api: httpx.Client, odd: dict[str, Any]) -> None:
    answer = api.post("/mqtt/publish", json={"topic": "t", "payload": "x", **odd})
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("payload", [5, None, {"a": 1}, ["x"], True])
def test_a_payload_is_text(api: httpx.Client, payload: object) -> None:
    answer = api.post("/mqtt/publish", json={"topic": "t", "payload": payload})
    assert answer.json() == {"code": 108, "message": "params type error"}


def test_the_last_letter_of_publish_is_optional(api: httpx.Client) -> None:
    assert api.post("/mqtt/publis", json={"topic": "t", "payload": "x"}).json() == DONE


# --- subscribe and unsubscribe


def subscribe(api: httpx.Client, clientid: str, topic: str, **more: object) -> dict[str, Any]:
    return api.post("/mqtt/subscribe", json={"topic": topic, "client_id": clientid, **more}).json()


def unsubscribe(api: httpx.Client, clientid: str, topic: str) -> dict[str, Any]:
    return api.post("/mqtt/unsubscribe", json={"topic": topic, "client_id": clientid}).json()


def test_a_subscribed_client_receives(connect: Connect, api: httpx.Client, name: str) -> None:
    device = connect(name)
    assert subscribe(api, name, f"{name}/1", qos=1) == DONE
    connect(name + "-other").publish(f"{name}/1", "x", qos=1)
    assert device.receive() == (f"{name}/1", b"x", 1, False)


def test_retained_messages_follow_a_subscription(connect: Connect, api: httpx.Client, name: str) -> None:
    api.post("/mqtt/publish", json={"topic": name, "payload": "kept", "retain": True})
    device = connect(name)
    subscribe(api, name, name)
    assert device.receive() == (name, b"kept", 0, True)


def test_retained_messages_follow_the_same_subscription_again(
    connect: Connect, api: httpx.Client, name: str
) -> None:
    api.post("/mqtt/publish", json={"topic": name, "payload": "kept", "retain": True})
    device = connect(name)
    for _ in range(2):
        assert subscribe(api, name, name) == DONE
        assert device.receive() == (name, b"kept", 0, True)


def test_a_message_is_no_better_than_its_subscription(connect: Connect, api: httpx.Client, name: str) -> None:
    device = connect(name)
    subscribe(api, name, name, qos=1)
    api.post("/mqtt/publish", json={"topic": name, "payload": "x", "qos": 2})
    assert device.receive() == (name, b"x", 1, False)


def test_another_qos_replaces_the_one_before(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name)
    for qos in (1, 2):
        subscribe(api, name, name, qos=qos)
    assert subscriptions(api, name) == {(name, 2)}


@pytest.mark.parametrize("qos", [5, "1", -1])
def test_a_qos_is_listed_as_it_was_asked_for(connect: Connect, api: httpx.Client, name: str, qos: object) -> None:
    connect(name)
    assert subscribe(api, name, name, qos=qos) == DONE
    assert subscriptions(api, name) == {(name, qos)}


def test_a_session_is_subscribed_while_its_client_is_away(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name, clean=False).disconnect()
    assert subscribe(api, name, name, qos=1) == DONE
    api.post("/mqtt/publish", json={"topic": name, "payload": "queued", "qos": 1})
    assert connect(name, clean=False).receive() == (name, b"queued", 1, False)


def test_an_unsubscribed_client_has_no_subscription(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name).subscribe(name)
    assert unsubscribe(api, name, name) == DONE
    assert subscriptions(api, name) == set()


def test_what_is_not_subscribed_can_be_unsubscribed(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name)
    assert unsubscribe(api, name, "never") == DONE


@pytest.mark.parametrize("topic", ["$share/g1/{}", "$queue/{}", "$local/{}"])
def test_a_filter_is_unsubscribed_by_the_name_that_is_listed(
    connect: Connect, api: httpx.Client, name: str, topic: str
) -> None:
    connect(name).subscribe(topic.format(name))
    assert subscriptions(api, name) == {(name, 0)}
    assert unsubscribe(api, name, name) == DONE
    assert subscriptions(api, name) == set()


def test_a_prefix_that_came_over_http_is_listed(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name)
    subscribe(api, name, f"$share/g/{name}", qos=1)
    assert subscriptions(api, name) == {(f"$share/g/{name}", 1)}
    unsubscribe(api, name, f"$share/g/{name}")
    assert subscriptions(api, name) == set()


@pytest.mark.parametrize(("clientid", "shown"), [("nobody", "nobody"), ("a&b", "a${0}b"), ("", "")])
@pytest.mark.parametrize("operation", ["subscribe", "unsubscribe"])
def test_without_a_session_there_is_nothing_to_do(
    api: httpx.Client, operation: str, clientid: str, shown: str
) -> None:
    answer = api.post(f"/mqtt/{operation}", json={"topic": "t", "client_id": clientid})
    assert answer.json() == {"code": 102, "message": f"Clientid: {shown} not found"}


# --- subscriptions and routes


def test_a_node_and_the_cluster_list_a_clients_subscriptions_alike(
    connect: Connect, api: httpx.Client, name: str
) -> None:
    device = connect(name)
    device.subscribe(f"{name}/1", qos=1)
    device.subscribe(f"{name}/+/x")
    node, cluster = (
        sorted(objects(api, path), key=lambda row: str(row["topic"]))
        for path in (f"/nodes/emq@127.0.0.1/subscriptions/{name}", f"/subscriptions/{name}")
    )
    assert node == cluster
    assert cluster == [
        {"client_id": name, "topic": f"{name}/+/x", "qos": 0},
        {"client_id": name, "topic": f"{name}/1", "qos": 1},
    ]


def test_pages_of_subscriptions_hold_each_once(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    for number in range(5):
        connect(f"c{number}", at=fresh).subscribe(f"t/{number}")
    path = "/nodes/emq@127.0.0.1/subscriptions?page_size=2&curr_page={}"
    pages = [fresh_api.get(path.format(number)).json()["result"] for number in (1, 2, 3)]
    assert [(page["total_num"], page["total_page"]) for page in pages] == [(5, 3)] * 3
    assert {row["topic"] for page in pages for row in page["objects"]} == {f"t/{number}" for number in range(5)}


def test_a_filter_of_many_is_one_route(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    for clientid in ("a", "b"):
        connect(clientid, at=fresh).subscribe("/World")
    result = fresh_api.get("/routes").json()["result"]
    assert (result["total_num"], result["objects"]) == (1, [{"topic": "/World", "node": "emq@127.0.0.1"}])


@pytest.mark.parametrize(
    ("topic", "path"),
    [
        ("/{}", "//{}"),
        ("/{}", "/%2F{}"),
        ("/{}", "//{}/"),
        ("{}/+/x", "/{}/%2B/x"),
        ("{}/tail/", "/{}/tail%2F"),
        ("{}/中", "/{}/%E4%B8%AD"),
        ("{}/sp ace/a&b", "/{}/sp%20ace/a%26b"),
        ("{}/sp ace", "/{}/sp+ace"),
        ("$share/g1/{}", "/{}"),
        ("$queue/{}", "/{}"),
    ],
)
def test_a_route_is_found_by_its_filter(
    connect: Connect, api: httpx.Client, name: str, topic: str, path: str
) -> None:
    connect(name).subscribe(topic.format(name))
    shown = topic.format(name).removeprefix("$share/g1/").removeprefix("$queue/")
    assert objects(api, "/routes" + path.format(name)) == [{"topic": shown, "node": "emq@127.0.0.1"}]


@pytest.mark.parametrize(
    ("topic", "path"),
    [("{}/+/x", "/{}/+/x"), ("{}/+", "/{}/1"), ("{}/tail/", "/{}/tail/"), ("$share/g1/{}", "/$share/g1/{}")],
)
def test_a_route_is_not_matched_but_looked_up(
    connect: Connect, api: httpx.Client, name: str, topic: str, path: str
) -> None:
    connect(name).subscribe(topic.format(name))
    assert objects(api, "/routes" + path.format(name)) == []


def test_a_local_filter_has_a_route_of_its_own(connect: Connect, api: httpx.Client, name: str) -> None:
    connect(name).subscribe(f"$local/{name}")
    assert objects(api, f"/routes/{name}") == [{"topic": f"$local/{name}", "node": "emq@127.0.0.1"}]
    assert objects(api, f"/routes/$local/{name}") == []


def test_a_page_of_routes_counts_local_and_other_ones_alike(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    device = connect("c1", at=fresh)
    for topic in ("$local/a", "a", "b"):
        device.subscribe(topic)
    page = fresh_api.get("/routes?page_size=2").json()["result"]
    assert (page["total_num"], page["total_page"], len(page["objects"])) == (3, 2, 2)
