"""Publishing through the API, and what subscribers get."""

from __future__ import annotations

import pytest
from v5_world import Api, connected, refusal

from emqx_compat.testing import Server

NOBODY = {"reason_code": 16, "message": "no_matching_subscribers"}
BAD_TOPIC = {"reason_code": 144, "message": "topic_name_invalid"}
TOO_LARGE = {"reason_code": 151, "message": "packet_too_large"}
LARGE = "x" * 1_100_000


async def test_a_message_reaches_its_subscriber(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t/#", 1)
        answer = await api.post("/publish", {"topic": "t/1", "payload": "hello", "qos": 1})
        assert answer.status_code == 200
        assert len(bytes.fromhex(answer.json()["id"])) == 16
        assert (await client.message())[:2] == ("t/1", b"hello")


async def test_a_base64_payload_is_decoded(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t/1")
        await api.post("/publish", {"topic": "t/1", "payload": "AAH/", "payload_encoding": "base64"})
        assert (await client.message())[1] == b"\x00\x01\xff"


async def test_properties_travel_with_the_message(server: Server, api: Api) -> None:
    properties = {
        "payload_format_indicator": 1,
        "message_expiry_interval": "60",
        "response_topic": "r/1",
        "correlation_data": "cd",
        "user_properties": {"a": "b", "n": 1},
        "content_type": "text/plain",
    }
    async with connected(server, "a") as client:
        await client.subscribe("t/1")
        await api.post("/publish", {"topic": "t/1", "payload": "x", "properties": properties})
        got = (await client.message())[2]
    assert got["payload_format_id"] == [1]
    assert got["response_topic"] == ["r/1"]
    assert got["correlation_data"] == [b"cd"]
    assert got["content_type"] == ["text/plain"]
    assert got["user_property"] == [("a", "b"), ("n", "1")]


async def test_without_subscribers_it_is_202(api: Api) -> None:
    answer = await api.post("/publish", {"topic": "t/1", "payload": "x"})
    assert (answer.status_code, answer.json()) == (202, NOBODY)


async def test_a_retained_message_without_subscribers_is_202_and_kept(server: Server, api: Api) -> None:
    answer = await api.post("/publish", {"topic": "t/1", "payload": "kept", "retain": True})
    assert (answer.status_code, answer.json()) == (202, NOBODY)
    async with connected(server, "a") as client:
        await client.subscribe("t/1")
        assert (await client.message())[1] == b"kept"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"topic": "t/#", "payload": "x"}, BAD_TOPIC),
        ({"topic": "t/+", "payload": "x"}, BAD_TOPIC),
        ({"topic": "", "payload": "x"}, BAD_TOPIC),
        ({"topic": "z" * 65_536, "payload": "x"}, BAD_TOPIC),
        ({"topic": "t", "payload": LARGE}, TOO_LARGE),
        (
            {"topic": "t", "payload": "%%%", "payload_encoding": "base64"},
            {"reason_code": 131, "message": '{decode_base64_payload_failed,<<"%%%">>}'},
        ),
    ],
    ids=["hash", "plus", "empty", "long", "large", "base64"],
)
async def test_a_message_that_cannot_be_published_is_400(
    api: Api, message: dict[str, object], said: dict[str, object]
) -> None:
    for answer in (await api.post("/publish", message), await api.post("/publish/bulk", [message])):
        assert (answer.status_code, answer.json()) == (400, said)


async def test_several_messages_answer_in_order_and_the_worst_decides(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t/#")
        both = [{"topic": "t/1", "payload": "a"}, {"topic": "t/2", "payload": "b"}]
        answer = await api.post("/publish/bulk", both)
        assert (answer.status_code, [set(row) for row in answer.json()]) == (200, [{"id"}, {"id"}])
        answer = await api.post("/publish/bulk", [both[0], {"topic": "z", "payload": "c"}])
        assert (answer.status_code, answer.json()[1]) == (202, NOBODY)
        assert [(await client.message())[1] for _ in range(3)] == [b"a", b"b", b"a"]


async def test_one_invalid_message_stops_all(server: Server, api: Api) -> None:
    async with connected(server, "a") as client:
        await client.subscribe("t/#")
        await api.post("/publish/bulk", [{"topic": "t/1", "payload": "a"}, {"topic": "t/#", "payload": "b"}])
        await api.post("/publish", {"topic": "t/last", "payload": ""})
        assert (await client.message())[0] == "t/last"


async def test_publishing_nothing_crashes(api: Api) -> None:
    assert refusal(await api.post("/publish/bulk", []))[:2] == (500, "INTERNAL_ERROR")


async def test_a_publish_is_counted_as_message_but_not_as_packet(api: Api) -> None:
    before = await api.rows("/metrics?aggregate=true")
    await api.post("/publish", {"topic": "t", "payload": "x", "qos": 1})
    after = await api.rows("/metrics?aggregate=true")
    counted = {name for name in after if after[name] != before[name]}
    assert counted == {
        "messages.publish",
        "messages.received",
        "messages.qos1.received",
        "messages.dropped",
        "messages.dropped.no_subscribers",
    }
