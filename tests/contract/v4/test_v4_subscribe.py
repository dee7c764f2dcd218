"""Subscribing a client through v4: what its session then has, and what is refused how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from devices import Device

CRASH = (500, "Internal Error")
BAD_CLIENTID = {"code": 108, "message": "bad clientid: must be string"}
BAD_TOPIC = {"code": 115, "message": "bad_topic"}
BAD_QOS = {"code": 116, "message": "bad_qos"}
NO_CHANNEL = {"code": 112, "message": "channel_not_found"}

Connect = Callable[..., Device]


def held(api: httpx.Client, clientid: str) -> dict[str, int]:
    """The filters of a client, each with its QoS."""
    return {row["topic"]: row["qos"] for row in api.get(f"/subscriptions/{clientid}").json()["data"]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"topic": "a", "qos": 1}, {"a": 1}),
        ({"topic": "a"}, {"a": 0}),
        ({"topics": "a,b", "qos": 2}, {"a": 2, "b": 2}),
        ({"topic": "a,b"}, {"a": 0, "b": 0}),
        ({"topic": "a", "topics": "b,c"}, {"a": 0}),
        ({"topic": "w/#"}, {"w/#": 0}),
        ({"topic": "a/#/b,good"}, {"good": 0}),
        ({"topic": "$share/g/s"}, {"$share/g/s": 0}),
        ({"topic": "$queue/s"}, {"$share/$queue/s": 0}),
        ({"topic": "$exclusive/e"}, {"e": 0}),
    ],
)
def test_a_client_is_subscribed(
    api: httpx.Client, connect: Connect, name: str, fields: dict[str, Any], expected: dict[str, int]
) -> None:
    connect(name)
    assert api.post("/mqtt/subscribe", json={**fields, "clientid": name}).json() == {"code": 0}
    assert held(api, name) == expected


def test_a_subscribed_client_receives(api: httpx.Client, connect: Connect, name: str) -> None:
    device = connect(name)
    api.post("/mqtt/subscribe", json={"topic": f"x/{name}", "qos": 1, "clientid": name})
    api.post("/mqtt/publish", json={"topic": f"x/{name}", "payload": "p", "qos": 2})
    assert device.receive() == (f"x/{name}", b"p", 1, False)


def test_subscribing_again_changes_the_qos(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name)
    for qos in (1, 2):
        api.post("/mqtt/subscribe", json={"topic": "a", "qos": qos, "clientid": name})
    assert held(api, name) == {"a": 2}


def test_a_disconnected_session_is_subscribed_too(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name, clean=False).disconnect()
    assert api.post("/mqtt/subscribe", json={"topic": "a", "clientid": name}).json() == {"code": 0}
    assert held(api, name) == {"a": 0}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"topic": "a"}, BAD_CLIENTID),
        ({"clientid": 5}, BAD_CLIENTID),
        ({"clientid": "nobody"}, BAD_TOPIC),
        ({"clientid": "nobody", "topic": ""}, BAD_TOPIC),
        ({"clientid": "nobody", "topic": "a/#/b", "qos": 7}, BAD_TOPIC),
        ({"clientid": "nobody", "topic": "a", "qos": 7}, BAD_QOS),
        ({"clientid": "nobody", "topic": "a", "qos": "1"}, BAD_QOS),
        ({"clientid": "nobody", "topic": "a", "qos": None}, BAD_QOS),
        ({"clientid": "nobody", "topic": "a", "qos": -1}, BAD_QOS),
        ({"clientid": "nobody", "topic": "a"}, NO_CHANNEL),
    ],
)
def test_a_bad_subscribe_is_told_in_the_order_of_the_checks(
    api: httpx.Client, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = api.post("/mqtt/subscribe", json=body)
    assert (answer.status_code, answer.json()) == (200, expected)


@pytest.mark.parametrize("fields", [{"topic": "$share/g"}, {"topic": None}, {"topics": ["a"]}])
def test_what_crashes_subscribe_is_a_crash(api: httpx.Client, fields: dict[str, Any]) -> None:
    answer = api.post("/mqtt/subscribe", json={"clientid": "nobody", **fields})
    assert (answer.status_code, answer.text) == CRASH


# --- unsubscribe


def test_a_client_is_unsubscribed(api: httpx.Client, connect: Connect, name: str) -> None:
    device = connect(name)
    device.subscribe("a", 1)
    device.subscribe("b", 1)
    assert api.post("/mqtt/unsubscribe", json={"topic": "a", "clientid": name}).json() == {"code": 0}
    assert held(api, name) == {"b": 1}


def test_unsubscribe_does_not_split_on_commas(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name).subscribe("a", 1)
    assert api.post("/mqtt/unsubscribe", json={"topic": "a,b", "clientid": name}).json() == {"code": 0}
    assert held(api, name) == {"a": 1}


def test_not_being_subscribed_is_no_mistake(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name)
    assert api.post("/mqtt/unsubscribe", json={"topic": "a", "clientid": name}).json() == {"code": 0}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"topic": "a"}, BAD_CLIENTID),
        ({"clientid": 5, "topic": "a"}, BAD_CLIENTID),
        ({"clientid": "nobody"}, BAD_TOPIC),
        ({"clientid": "nobody", "topics": "a"}, BAD_TOPIC),
        ({"clientid": "nobody", "topic": "a/#/b"}, BAD_TOPIC),
        ({"clientid": "nobody", "topic": "a"}, NO_CHANNEL),
    ],
)
def test_a_bad_unsubscribe_is_told_in_the_order_of_the_checks(
    api: httpx.Client, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = api.post("/mqtt/unsubscribe", json=body)
    assert (answer.status_code, answer.json()) == (200, expected)


# --- batches


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"topic": "a", "qos": 1}, {"topic": "a", "code": 0}),
        ({"topics": "a,b"}, {"topic": "a,b", "code": 0}),
        ({}, {"topic": "", "code": 115}),
        ({"topic": "a/#/b"}, {"topic": "a/#/b", "code": 115}),
        ({"topic": "a", "qos": 7}, {"topic": "a", "code": 116}),
        ({"topic": "a", "clientid": "nobody"}, {"topic": "a", "code": 112, "clientid": "nobody"}),
        ({"topic": "a", "clientid": 5}, {"topic": "a", "code": 108, "clientid": 5}),
    ],
)
def test_a_subscribe_batch_tells_each_item_its_code_and_goes_on(
    api: httpx.Client, connect: Connect, name: str, fields: dict[str, Any], row: dict[str, Any]
) -> None:
    connect(name)
    items = [{"clientid": name, **fields}, {"clientid": name, "topic": "last"}]
    answer = api.post("/mqtt/subscribe_batch", json=items).json()
    assert answer == {
        "code": 0,
        "data": [{"clientid": name, **row}, {"clientid": name, "topic": "last", "code": 0}],
    }
    assert "last" in held(api, name)


def test_an_unsubscribe_batch_tells_each_item_its_code(api: httpx.Client, connect: Connect, name: str) -> None:
    connect(name).subscribe("a")
    items = [
        {"topic": "a", "clientid": name},
        {"topics": "a,b", "clientid": name},
        {"topic": "a", "clientid": "nobody"},
        {"topic": "a", "clientid": 5},
        {"clientid": name},
    ]
    answer = api.post("/mqtt/unsubscribe_batch", json=items).json()
    assert [(row["topic"], row["code"]) for row in answer["data"]] == [
        ("a", 0),
        ("a,b", 115),
        ("a", 112),
        ("a", 108),
        ("", 115),
    ]
    assert held(api, name) == {}


@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("body", [[5], {"topic": "a", "clientid": "nobody"}, 5])
def test_what_is_no_list_of_objects_crashes_a_batch(api: httpx.Client, verb: str, body: object) -> None:
    answer = api.post(f"/mqtt/{verb}_batch", json=body)
    assert (answer.status_code, answer.text) == CRASH


@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("content", [b"", b"[]"])
def test_a_batch_of_nothing_answers_nothing(api: httpx.Client, verb: str, content: bytes) -> None:
    assert api.post(f"/mqtt/{verb}_batch", content=content).json() == {"code": 0, "data": []}
