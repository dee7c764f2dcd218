"""Publishing through v4: what subscribers get, and what is refused how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from devices import PATIENCE, Device

from emqx_compat.testing import SyncServer

CRASH = (500, "Internal Error")
BAD_PARAMS = {"code": 108, "message": "bad_params"}
BAD_TOPIC = {"code": 115, "message": "bad_topic"}
BAD_CLIENTID = {"code": 108, "message": "bad clientid: must be string"}

Publish = Callable[[dict[str, Any]], dict[str, Any]]


class Listener(Device):
    """An MQTT 5 client that keeps whole messages."""

    def __init__(self, address: tuple[str, int], clientid: str) -> None:
        super().__init__(address, clientid, version=5)
        self.whole: list[Any] = []
        keep = self._client.on_message

        def both(client: Any, data: Any, message: Any) -> None:
            self.whole.append(message)
            keep(client, data, message)  # type: ignore[misc]

        self._client.on_message = both


@pytest.fixture
def topic(name: str) -> str:
    return f"t/{name}"


@pytest.fixture
def listener(server: SyncServer, name: str, topic: str) -> Iterator[Listener]:
    device = Listener(server.mqtt, f"listener-{name}")
    device.subscribe(f"{topic}/#", 2)
    yield device
    device.disconnect()


def last_of(listener: Listener, publish: httpx.Response) -> Any:
    """The message that a successful publish came to."""
    assert publish.json()["code"] == 0
    listener.receive()
    return listener.whole[-1]


# --- what arrives


def test_a_message_arrives_with_its_qos(api: httpx.Client, listener: Listener, topic: str) -> None:
    answer = api.post("/mqtt/publish", json={"topic": topic, "payload": "hello", "qos": 2, "clientid": "web"})
    assert answer.json() == {"code": 0}
    assert listener.receive() == (topic, b"hello", 2, False)


@pytest.mark.parametrize(
    ("payload", "bytes_"),
    [
        ("héllo 中 😀", "héllo 中 😀".encode()),
        (5, b"5"),
        (None, b"null"),
        ({"a": [1, 2.5, None, True]}, b'{"a":[1,2.5,null,true]}'),
    ],
)
def test_a_payload_is_text_or_the_text_of_its_json(
    api: httpx.Client, listener: Listener, topic: str, payload: object, bytes_: bytes
) -> None:
    assert last_of(listener, api.post("/mqtt/publish", json={"topic": topic, "payload": payload})).payload == bytes_


@pytest.mark.parametrize(
    ("encoding", "bytes_"), [("base64", b"hello"), ("plain", b"aGVsbG8="), ("hex", b"aGVsbG8=")]
)
def test_only_base64_is_decoded(
    api: httpx.Client, listener: Listener, topic: str, encoding: str, bytes_: bytes
) -> None:
    body = {"topic": topic, "payload": "aGVsbG8=", "encoding": encoding}
    assert last_of(listener, api.post("/mqtt/publish", json=body)).payload == bytes_


def test_a_message_needs_only_a_topic(api: httpx.Client, listener: Listener, topic: str) -> None:
    api.post("/mqtt/publish", json={"topic": topic})
    assert listener.receive() == (topic, b"", 0, False)


@pytest.mark.parametrize(
    ("fields", "arrive"),
    [
        ({"topics": "{t}/1,{t}/2"}, ["/1", "/2"]),
        ({"topic": "{t}/1,{t}/2"}, ["/1", "/2"]),
        ({"topic": "{t}/1", "topics": "{t}/2,{t}/3"}, ["/1"]),
        ({"topic": "{t}/1,{t}/#"}, ["/1"]),
        ({"topic": "{t}/a b"}, ["/a b"]),
    ],
)
def test_topics_are_split_on_commas_and_bad_ones_dropped(
    api: httpx.Client, listener: Listener, topic: str, fields: dict[str, str], arrive: list[str]
) -> None:
    body = {key: value.replace("{t}", topic) for key, value in fields.items()}
    assert api.post("/mqtt/publish", json={**body, "payload": "x"}).json() == {"code": 0}
    assert [listener.receive()[0] for _ in arrive] == [topic + end for end in arrive]


def test_topic_and_payload_may_stand_in_the_query(api: httpx.Client, listener: Listener, topic: str) -> None:
    api.post("/mqtt/publish", params={"topic": topic, "payload": "fromquery"})
    assert listener.receive() == (topic, b"fromquery", 0, False)


@pytest.mark.parametrize(("retain", "kept"), [(True, True), (False, False), ("true", False)])
def test_only_true_retains(
    api: httpx.Client, connect: Callable[..., Device], topic: str, name: str, retain: object, kept: bool
) -> None:
    api.post("/mqtt/publish", json={"topic": f"r/{topic}", "payload": "keep", "retain": retain})
    device = connect(f"late-{name}")
    device.subscribe(f"r/{topic}")
    api.post("/mqtt/publish", json={"topic": f"r/{topic}", "payload": "now"})
    assert device.receive()[1] == (b"keep" if kept else b"now")


# --- properties


def test_properties_travel_with_the_message(api: httpx.Client, listener: Listener, topic: str) -> None:
    properties = {
        "user_properties": {"k": "in"},
        "content_type": "text/plain",
        "response_topic": "r/t",
        "correlation_data": "cd",
        "message_expiry_interval": 60,
        "payload_format_indicator": 1,
    }
    body = {"topic": topic, "payload": "p", "properties": properties, "user_properties": {"k": "top"}}
    got = last_of(listener, api.post("/mqtt/publish", json=body)).properties
    assert got.UserProperty == [("k", "top"), ("k", "in")]
    assert (got.ContentType, got.ResponseTopic, got.CorrelationData) == ("text/plain", "r/t", b"cd")
    assert (got.MessageExpiryInterval, got.PayloadFormatIndicator) == (60, 1)


def test_user_properties_become_text(api: httpx.Client, listener: Listener, topic: str) -> None:
    given = {"id": 10010, "name": "emqx", "f": 1.5, "g": 2.0, "b": True}
    body = {"topic": topic, "payload": "p", "user_properties": given}
    got = last_of(listener, api.post("/mqtt/publish", json=body)).properties
    assert got.UserProperty == [("id", "10010"), ("name", "emqx"), ("f", "1.5"), ("g", "2.0"), ("b", "true")]


# --- what is refused


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"topic": 1}, BAD_PARAMS),
        ({"topic": None}, BAD_PARAMS),
        ({"topics": ["a", "b"]}, BAD_PARAMS),
        ({"topic": "a", "payload": "???", "encoding": "base64"}, BAD_PARAMS),
        ({"topic": "a", "properties": {"zzz": 1}}, BAD_PARAMS),
        ({"topic": "a", "properties": 5}, BAD_PARAMS),
        ({"topic": "a", "properties": {"message_expiry_interval": "soon"}}, BAD_PARAMS),
        ({"topic": "a", "user_properties": {"a": None}}, BAD_PARAMS),
        ({"topic": "a", "user_properties": {"a": [1]}}, BAD_PARAMS),
        ({"topic": "a", "user_properties": {"a": {}}}, BAD_PARAMS),
        ({"topic": "a", "clientid": 5}, BAD_CLIENTID),
        ({"topic": "", "clientid": 5}, BAD_CLIENTID),
        ({"topic": 1, "clientid": 5}, BAD_PARAMS),
        ({}, BAD_TOPIC),
        ({"topic": ""}, BAD_TOPIC),
        ({"topic": "t/#"}, BAD_TOPIC),
        ({"topic": "t/a+b"}, BAD_TOPIC),
        ({"topic": "t/" + "x" * 65_534}, BAD_TOPIC),
        ({"topic": "t/#", "qos": 7}, BAD_TOPIC),
        ([], BAD_TOPIC),
        ([1], BAD_PARAMS),
        (1, BAD_PARAMS),
    ],
)
def test_a_bad_publish_is_told_in_the_order_of_the_checks(
    api: httpx.Client, body: object, expected: dict[str, Any]
) -> None:
    answer = api.post("/mqtt/publish", json=body)
    assert (answer.status_code, answer.json()) == (200, expected)


@pytest.mark.parametrize("qos", [3, -1, "1", None, 1.0, True])
def test_a_qos_that_is_none_is_a_crash(api: httpx.Client, qos: object) -> None:
    answer = api.post("/mqtt/publish", json={"topic": "a", "qos": qos})
    assert (answer.status_code, answer.text) == CRASH


# --- message ids


def test_ids_are_told_to_those_who_ask(api: httpx.Client) -> None:
    data = api.post("/mqtt/publish", json={"topic": "a", "return": True}).json()["data"]
    assert len(bytes.fromhex(data["msgid"])) == 16
    assert data["msgid"].isupper() or data["msgid"].isdigit()


def test_of_several_topics_all_ids_are_told(api: httpx.Client) -> None:
    data = api.post("/mqtt/publish", json={"topics": "a,b", "return": True}).json()["data"]
    assert len(set(data["msgids"])) == 2


# --- batches


@pytest.mark.parametrize(
    ("item", "row"),
    [
        ({"topic": "a", "payload": "x"}, {"topic": "a", "code": 0}),
        ({"topics": "a,b", "payload": "x"}, {"topic": "a,b", "code": 0}),
        ({"topic": "t/#"}, {"topic": "t/#", "code": 115}),
        ({"payload": "x"}, {"topic": "", "code": 115}),
        ({"topic": "a", "clientid": 5}, {"topic": "a", "code": 108}),
        ({"topic": 1}, BAD_PARAMS),
        (5, BAD_PARAMS),
    ],
)
def test_a_batch_tells_each_item_its_code_and_goes_on(api: httpx.Client, item: object, row: dict[str, Any]) -> None:
    answer = api.post("/mqtt/publish_batch", json=[item, {"topic": "last"}])
    assert answer.json() == {"code": 0, "data": [row, {"topic": "last", "code": 0}]}


def test_a_crash_ends_a_batch_behind_what_was_published(api: httpx.Client, listener: Listener, topic: str) -> None:
    answer = api.post("/mqtt/publish_batch", json=[{"topic": topic, "payload": "1"}, {"topic": topic, "qos": 7}])
    assert (answer.status_code, answer.text) == CRASH
    assert listener.receive()[1] == b"1"


def test_an_object_is_a_batch_of_bad_items(api: httpx.Client) -> None:
    answer = api.post("/mqtt/publish_batch", json={"topic": "a", "payload": "x"})
    assert answer.json() == {"code": 0, "data": [BAD_PARAMS, BAD_PARAMS]}


@pytest.mark.parametrize("content", [b"", b"[]"])
def test_a_batch_of_nothing_answers_nothing(api: httpx.Client, content: bytes) -> None:
    assert api.post("/mqtt/publish_batch", content=content).json() == {"code": 0, "data": []}


def test_a_message_to_a_disconnected_session_waits_there(
    api: httpx.Client, connect: Callable[..., Device], name: str
) -> None:
    device = connect(name, clean=False)
    device.subscribe(f"off/{name}", 1)
    device.disconnect()
    assert device.closed.wait(PATIENCE)
    api.post("/mqtt/publish", json={"topic": f"off/{name}", "payload": "q", "qos": 1})
    assert api.get(f"/clients/{name}").json()["data"][0]["mqueue_len"] == 1
