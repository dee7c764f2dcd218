"""Publish, subscribe and unsubscribe through the API, and what MQTT clients see of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from v3_device import DeviceMaker

NO_SESSION = {"code": 112, "message": "session_not_found"}


def crashed(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers["content-type"], answer.text) == (
        500,
        "text/plain",
        "Internal Error",
    )


def subscriptions(api: httpx.Client, clientid: str) -> set[tuple[str, int]]:
    return {(row["topic"], row["qos"]) for row in api.get(f"/subscriptions/{clientid}").json()["data"]}


# --- publish


@pytest.mark.parametrize(
    ("fields", "received"),
    [
        ({"payload": "hello", "qos": 1, "client_id": "web"}, (b"hello", 1, False)),
        ({}, (b"", 0, False)),
        ({"payload": "x", "qos": 2}, (b"x", 1, False)),
        ({"payload": "x", "qos": 1.0}, (b"x", 1, False)),
        ({"payload": "x", "retain": "true"}, (b"x", 0, False)),
        ({"payload": "x", "retain": 1}, (b"x", 0, False)),
        ({"payload": "héllo 中 😀"}, ("héllo 中 😀".encode(), 0, False)),
        ({"payload": {"a": [1, None]}}, (b'{"a":[1,null]}', 0, False)),
        ({"payload": "x", "unknown": 1, "encoding": "base64"}, (b"x", 0, False)),
    ],
)
def test_a_published_message_arrives(
    api: httpx.Client, device: DeviceMaker, fields: dict[str, Any], received: tuple[bytes, int, bool]
) -> None:
    reader = device("reader")
    reader.subscribe("t/#", 1)
    assert api.post("/mqtt/publish", json={"topic": "t/1", **fields}).json() == {"code": 0}
    assert reader.next() == ("t/1", *received)


@pytest.mark.parametrize(
    "fields",
    [{"topic": "t/1,t/2"}, {"topics": "t/1,t/2"}, {"topic": "t/1,t/2", "topics": "t/3"}],
)
def test_several_topics_are_separated_by_commas(
    api: httpx.Client, device: DeviceMaker, fields: dict[str, str]
) -> None:
    reader = device("comma-reader")
    reader.subscribe("t/#")
    assert api.post("/mqtt/publish", json=fields).json() == {"code": 0}
    assert [reader.next()[0], reader.next()[0]] == ["t/1", "t/2"]


def test_bytes_that_are_no_utf8_are_replaced(api: httpx.Client, device: DeviceMaker) -> None:
    reader = device("bytes-reader")
    reader.subscribe("t/#")
    api.post("/mqtt/publish", content=b'{"topic":"t/1","payload":"\xff\xff"}')
    assert reader.next()[1] == "\ufffd\ufffd".encode()


def test_a_retained_message_waits_for_subscribers(api: httpx.Client, device: DeviceMaker) -> None:
    api.post("/mqtt/publish", json={"topic": "r/1", "payload": "kept", "retain": True})
    reader = device("late-reader")
    reader.subscribe("r/1")
    assert reader.next() == ("r/1", b"kept", 0, True)


def test_publishing_needs_nobody_to_listen(api: httpx.Client) -> None:
    assert api.post("/mqtt/publish", json={"topic": "nobody/listens"}).json() == {"code": 0}


BAD_NAMES = ["", "t/#", "t/+", "t/a+b", "t/1,,t/2", "t\0", "t/" + "x" * 4095, None, 5, ["t/1"]]


@pytest.mark.parametrize("topic", BAD_NAMES)
def test_a_bad_topic_name_is_500(api: httpx.Client, topic: object) -> None:
    assert crashed(api.post("/mqtt/publish", json={"topic": topic, "payload": "x"}))


def test_a_topic_of_4096_bytes_is_the_longest(api: httpx.Client) -> None:
    assert api.post("/mqtt/publish", json={"topic": "x" * 4096}).json() == {"code": 0}


@pytest.mark.parametrize("body", [{}, {"payload": "x"}, []])
def test_publishing_without_topic_is_500(api: httpx.Client, body: object) -> None:
    assert crashed(api.post("/mqtt/publish", json=body))


@pytest.mark.parametrize("qos", [-1, 3, "1", None, True, 0.5])
def test_publishing_with_a_qos_that_does_not_exist_is_500(api: httpx.Client, qos: object) -> None:
    assert crashed(api.post("/mqtt/publish", json={"topic": "t/1", "qos": qos}))


def test_a_publisher_that_is_a_number_is_500(api: httpx.Client) -> None:
    assert crashed(api.post("/mqtt/publish", json={"topic": "t/1", "client_id": 5}))


# --- subscribe


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"topic": "s/1", "qos": 1}, {("s/1", 1)}),
        ({"topic": "s/1"}, {("s/1", 0)}),
        ({"topic": "s/1,s/2", "qos": 2}, {("s/1", 2), ("s/2", 2)}),
        ({"topics": "s/1,s/2"}, {("s/1", 0), ("s/2", 0)}),
        ({"topic": "s/#"}, {("s/#", 0)}),
        ({"topic": "$share/g/s/1"}, {("s/1", 0)}),
        ({"topic": "$queue/s/1"}, {("s/1", 0)}),
    ],
)
def test_a_subscription_is_made_for_the_client(
    api: httpx.Client, device: DeviceMaker, fields: dict[str, Any], made: set[tuple[str, int]]
) -> None:
    device("subscriber")
    assert api.post("/mqtt/subscribe", json={"client_id": "subscriber", **fields}).json() == {"code": 0}
    assert subscriptions(api, "subscriber") == made


def test_a_client_receives_what_was_subscribed_for_it(api: httpx.Client, device: DeviceMaker) -> None:
    receiver = device("receiver")
    api.post("/mqtt/subscribe", json={"client_id": "receiver", "topic": "api/1", "qos": 1})
    api.post("/mqtt/publish", json={"topic": "api/1", "payload": "x", "qos": 2})
    assert receiver.next() == ("api/1", b"x", 1, False)


def test_a_held_session_can_be_subscribed(api: httpx.Client, device: DeviceMaker) -> None:
    device("held", clean=False).disconnect()
    assert api.post("/mqtt/subscribe", json={"client_id": "held", "topic": "held/1"}).json() == {"code": 0}
    assert subscriptions(api, "held") == {("held/1", 0)}


@pytest.mark.parametrize("qos", [3, -1, "1"])
def test_a_qos_that_does_not_exist_subscribes_nothing(api: httpx.Client, device: DeviceMaker, qos: object) -> None:
    device("odd-qos")
    answer = api.post("/mqtt/subscribe", json={"client_id": "odd-qos", "topic": "a", "qos": qos})
    assert answer.json() == {"code": 0}
    assert subscriptions(api, "odd-qos") == set()


@pytest.mark.parametrize("call", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("fields", [{"client_id": "nobody"}, {"client_id": 1}, {}])
def test_a_client_without_session_is_112(api: httpx.Client, call: str, fields: dict[str, object]) -> None:
    assert api.post(f"/mqtt/{call}", json={"topic": "a", **fields}).json() == NO_SESSION


BAD_FILTERS = ["", "a/#/b", "a+", "$share/g", "$share//a", "$queue/", "x" * 4097, None, 5]


@pytest.mark.parametrize("call", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("topic", BAD_FILTERS)
def test_a_bad_filter_is_500(api: httpx.Client, call: str, topic: object) -> None:
    assert crashed(api.post(f"/mqtt/{call}", json={"topic": topic, "client_id": "nobody"}))


@pytest.mark.parametrize("call", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("body", [{"client_id": "nobody"}, {}])
def test_a_missing_filter_is_500(api: httpx.Client, call: str, body: dict[str, str]) -> None:
    assert crashed(api.post(f"/mqtt/{call}", json=body))


# --- unsubscribe


def test_an_unsubscribed_client_receives_no_more(api: httpx.Client, device: DeviceMaker) -> None:
    receiver = device("leaving")
    receiver.subscribe("leave/1")
    receiver.subscribe("fence")
    assert api.post("/mqtt/unsubscribe", json={"topic": "leave/1", "client_id": "leaving"}).json() == {"code": 0}
    api.post("/mqtt/publish", json={"topic": "leave/1"})
    assert receiver.quiet(lambda: api.post("/mqtt/publish", json={"topic": "fence"}))


def test_unsubscribing_what_was_not_subscribed_is_no_mistake(api: httpx.Client, device: DeviceMaker) -> None:
    device("never")
    assert api.post("/mqtt/unsubscribe", json={"topic": "never", "client_id": "never"}).json() == {"code": 0}


def test_unsubscribing_takes_one_filter_and_no_commas(api: httpx.Client, device: DeviceMaker) -> None:
    device("several").subscribe("u/1")
    api.post("/mqtt/unsubscribe", json={"topic": "u/1,u/2", "client_id": "several"})
    assert subscriptions(api, "several") == {("u/1", 0)}
    assert crashed(api.post("/mqtt/unsubscribe", json={"topics": "u/1", "client_id": "several"}))


@pytest.mark.parametrize("prefix", ["$share/g/", "$queue/"])
def test_unsubscribing_a_shared_filter_is_500(api: httpx.Client, device: DeviceMaker, prefix: str) -> None:
    device("sharing").subscribe(f"{prefix}s/1")
    body = {"topic": f"{prefix}s/1", "client_id": "sharing"}
    assert crashed(api.post("/mqtt/unsubscribe", json=body))
    assert subscriptions(api, "sharing") == {("s/1", 0)}


# --- batches


def test_a_batch_of_publishes_answers_each(api: httpx.Client, device: DeviceMaker) -> None:
    reader = device("batch-reader")
    reader.subscribe("b/#")
    body = [{"topic": "b/1"}, {"topics": "b/2,b/3"}]
    expected = [{"topic": "b/1", "code": 0}, {"topics": "b/2,b/3", "code": 0}]
    assert api.post("/mqtt/publish_batch", json=body).json() == {"code": 0, "data": expected}
    assert [reader.next()[0] for _ in range(3)] == ["b/1", "b/2", "b/3"]


@pytest.mark.parametrize("call", ["subscribe", "unsubscribe"])
def test_a_batch_of_subscriptions_answers_each(api: httpx.Client, device: DeviceMaker, call: str) -> None:
    device("batched")
    body = [{"topic": "a", "client_id": "batched"}, {"topic": "b", "client_id": "nobody"}, {"topic": "c"}]
    expected = [
        {"client_id": "batched", "topic": "a", "code": 0},
        {"client_id": "nobody", "topic": "b", "code": 112},
        {"client_id": "undefined", "topic": "c", "code": 112},
    ]
    assert api.post(f"/mqtt/{call}_batch", json=body).json() == {"code": 0, "data": expected}


BATCHES = ["publish_batch", "subscribe_batch", "unsubscribe_batch"]


@pytest.mark.parametrize("call", BATCHES)
@pytest.mark.parametrize("body", [b"", b"[]"])
def test_an_empty_batch_is_an_empty_list(api: httpx.Client, call: str, body: bytes) -> None:
    assert api.post(f"/mqtt/{call}", content=body).json() == {"code": 0, "data": []}


@pytest.mark.parametrize("call", BATCHES)
@pytest.mark.parametrize("body", [{}, {"topic": "a", "client_id": "x"}, 1, [5], [[]], [{}], [{"topic": "a/#/b"}]])
def test_a_malformed_batch_is_500(api: httpx.Client, call: str, body: object) -> None:
    assert crashed(api.post(f"/mqtt/{call}", json=body))


def test_what_comes_before_a_malformed_element_is_done(api: httpx.Client, device: DeviceMaker) -> None:
    reader = device("half-reader")
    reader.subscribe("half/#")
    assert crashed(api.post("/mqtt/publish_batch", json=[{"topic": "half/1"}, {"payload": "x"}]))
    assert reader.next()[0] == "half/1"
