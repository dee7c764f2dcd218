"""The web hook: what is posted for every event, by which rules, and what becomes of posts that fail."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import respx
from broker.rig import until

from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.core.faults import F
from emqx_compat.features.web_hook.payloads import encoded
from features.feature_rig import FeatureRig, fault_of
from features.http_peer import HttpPeer

AT = 1_700_000_000
URL = "http://hook.test/events"


def rule(*events: str, topic: str | None = None) -> str:
    only = "" if topic is None else f', topic = "{topic}"'
    return "compat.web_hook.rules=[" + ", ".join(f'{{event = "{event}"{only}}}' for event in events) + "]"


def outcomes(rig: FeatureRig) -> dict[str, int]:
    names = ("success", "failure", "retry", "dropped")
    return {name: count for name in names if (count := rig.counter(f"web_hook.{name}"))}


async def test_events_of_clients_and_sessions_have_2_xs_form() -> None:
    rules = rule(
        "client.connected", "client.disconnected", "client.subscribe", "client.unsubscribe",
        "session.created", "session.subscribed", "session.unsubscribed", "session.terminated",
    )  # fmt: skip
    async with (
        HttpPeer() as peer,
        FeatureRig(f'compat.web_hook.url="{peer.url}"', "compat.web_hook.generation=v2", rules) as rig,
    ):
        client = await rig.connect("c", username="u")
        await client.subscribe("t", 1)
        await client.unsubscribe("t")
        await client.disconnect()
        who = {"client_id": "c", "username": "u"}
        opts = {"topic": "t", "opts": {"qos": 1}}
        assert await peer.bodies(8) == [
            {"action": "session_created", **who},
            {"action": "client_connected", **who, "conn_ack": 0},
            {"action": "client_subscribe", **who, **opts},
            {"action": "session_subscribed", **who, **opts},
            {"action": "client_unsubscribe", **who, "topic": "t"},
            {"action": "session_unsubscribed", **who, "topic": "t"},
            {"action": "client_disconnected", **who, "reason": "normal"},
            {"action": "session_terminated", **who, "reason": "normal"},
        ]
        assert peer.headers[0]["content-type"] == "application/json"


async def test_3_x_tells_more_of_a_connection() -> None:
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', rule("client.connected")) as rig:
        await rig.connect("c", 5, keepalive=60)
        assert await peer.body() == {
            "action": "client_connected",
            "client_id": "c",
            "username": "undefined",
            "keepalive": 60,
            "ipaddress": "127.0.0.1",
            "proto_ver": 5,
            "connected_at": AT,
            "conn_ack": 0,
        }


@pytest.mark.parametrize(
    ("generation", "reasons"),
    [("v2", ["kick", "conflict", "closed"]), ("v3", ["kicked", "discard", "closed"])],
)
async def test_a_connection_ends_for_the_generations_reasons(generation: str, reasons: list[str]) -> None:
    async with (
        HttpPeer() as peer,
        FeatureRig(
            f'compat.web_hook.url="{peer.url}"',
            f"compat.web_hook.generation={generation}",
            rule("client.disconnected"),
        ) as rig,
    ):
        await rig.connect("c")
        await rig.broker.clients.kick("c", discard_session=False)
        await rig.connect("c")
        client = await rig.connect("c")
        await client.drop()
        assert [body["reason"] for body in await peer.bodies(3)] == reasons


@pytest.mark.parametrize(("qos", "acked"), [(0, False), (1, True), (2, True)])
async def test_events_of_messages(qos: int, acked: bool) -> None:
    events = rule("message.publish", "message.delivered", "message.acked")
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', events) as rig:
        receiver = await rig.connect("r", username="ru")
        await receiver.subscribe("t", 2)
        sender = await rig.connect("s")
        await sender.publish("t", "grün".encode(), qos, retain=True)
        await receiver.message()
        message = {
            "from_client_id": "s",
            "from_username": "undefined",
            "topic": "t",
            "qos": qos,
            "retain": True,
            "payload": "grün",
            "ts": AT,
        }
        who = {"client_id": "r", "username": "ru"}
        found = {body["action"]: body for body in await peer.bodies(2 + acked)}
        expected: dict[str, Any] = {
            "message_publish": {"action": "message_publish", **message},
            "message_delivered": {"action": "message_delivered", **who, **message},
        }
        if acked:
            expected["message_acked"] = {"action": "message_acked", **who, **message}
        assert found == expected


async def test_the_brokers_own_messages_are_not_posted() -> None:
    events = rule("message.publish", "message.delivered")
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', events) as rig:
        watcher = await rig.connect("watcher")
        await watcher.subscribe("$SYS/#")
        await rig.connect("other")
        await watcher.message()
        await watcher.publish("t", b"x")
        assert (await peer.body())["topic"] == "t"


async def test_a_rule_may_name_topics() -> None:
    events = rule("message.publish", "session.subscribed", "message.acked", topic="a/#")
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', events) as rig:
        client = await rig.connect("c")
        await client.subscribe("b/1")
        await client.subscribe("a/1")
        await client.publish("b/2", b"x")
        await client.publish("a/2", b"x")
        assert [body["topic"] for body in await peer.bodies(2)] == ["a/1", "a/2"]
        assert rig.counter("web_hook.message_publish") == 1


async def test_every_rule_that_matches_makes_a_post() -> None:
    rules = 'compat.web_hook.rules=[{event = "message.publish"}, {event = "message.publish", topic = "t"}]'
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', rules) as rig:
        await (await rig.connect("c")).publish("t", b"x")
        assert len(await peer.bodies(2)) == 2


async def test_without_rules_every_event_is_posted() -> None:
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"') as rig:
        client = await rig.connect("c")
        await client.subscribe("t", 1)
        await client.publish("t", b"x", 0)
        await client.message()
        actions = {body["action"] for body in await peer.bodies(6)}
        assert actions == {
            "client_connected", "session_created", "client_subscribe", "session_subscribed",
            "message_publish", "message_delivered",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "payload", "text"),
    [
        (None, b"\xffa", "\ufffda"),
        ("base64", b"\xffa", "/2E="),
        ("base62", b"\x00\x10\x83", "ABCD"),
        ("base62", b"\xff\xff\xff", "9C9C9C9C"),
        ("base62", b"", ""),
    ],
)
def test_payloads_become_text(encoding: str | None, payload: bytes, text: str) -> None:
    assert encoded(payload, encoding) == text


async def test_headers_and_encoding_are_configured() -> None:
    async with (
        HttpPeer() as peer,
        FeatureRig(
            f'compat.web_hook.url="{peer.url}"',
            'compat.web_hook.headers={"X-Token" = secret}',
            "compat.web_hook.encode_payload=base64",
            rule("message.publish"),
        ) as rig,
    ):
        await (await rig.connect("c")).publish("t", b"\x00")
        assert (await peer.body())["payload"] == "AA=="
        assert peer.headers[0]["x-token"] == "secret"


async def test_nothing_is_posted_while_the_feature_is_off() -> None:
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"') as rig:
        await rig.features.stop("web_hook")
        client = await rig.connect("c")
        await client.subscribe("t", 1)
        await client.publish("t", b"x")
        await client.message()
        await rig.features.start("web_hook")
        await client.disconnect()
        assert (await peer.body())["action"] == "client_disconnected"


async def test_options_lie_over_the_configuration(rig: FeatureRig) -> None:
    async with HttpPeer() as peer:
        await rig.features.start("web_hook")
        options = {
            "url": peer.url,
            "generation": "v2",
            "encode_payload": "undefined",
            "headers.x-by": "options",
            "rule.client.connected.1": '{"action": "on_client_connected"}',
            "rule.message.deliver.1": '{"action": "on_message_deliver", "topic": "a/#"}',
        }
        await rig.features.configure("web_hook", options)
        await rig.connect("c")
        assert await peer.body() == {
            "action": "client_connected", "client_id": "c", "username": "undefined", "conn_ack": 0,
        }  # fmt: skip
        assert peer.headers[0]["x-by"] == "options"
        await rig.features.stop("web_hook")


@pytest.mark.parametrize(
    "options",
    [
        {"url": "nowhere"},
        {"generation": "v9"},
        {"encode_payload": "rot13"},
        {"rule.client.danced.1": "{}"},
        {"rule.client.connected.1": "{"},
        {"rule.client.connected.1": "[]"},
        {"rule.message.publish.1": '{"topic": "a#"}'},
    ],
)
async def test_options_that_are_no_good_are_a_fault(rig: FeatureRig, options: dict[str, str]) -> None:
    await rig.features.configure("web_hook", options)
    assert await fault_of(rig.features.start("web_hook")) is F.FEATURE_FAILED


async def test_the_posts_of_a_client_keep_their_order() -> None:
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"', rule("message.publish")) as rig:
        client = await rig.connect("c")
        for number in range(50):
            await client.publish(f"t/{number}", b"x")
        assert [body["topic"] for body in await peer.bodies(50)] == [f"t/{number}" for number in range(50)]


async def test_the_broker_does_not_wait_for_the_web_server() -> None:
    async with HttpPeer() as peer, FeatureRig(f'compat.web_hook.url="{peer.url}"') as rig:
        peer.hold = asyncio.Event()
        client = await rig.connect("c")
        await client.subscribe("t")
        await client.publish("t", b"x")
        assert (await client.message()).payload == b"x"
        peer.hold.set()


async def test_a_full_queue_drops_and_counts() -> None:
    async with (
        HttpPeer() as peer,
        FeatureRig(
            f'compat.web_hook.url="{peer.url}"', "compat.web_hook.queue_size=2", rule("message.publish")
        ) as rig,
    ):
        peer.hold = asyncio.Event()
        client = await rig.connect("c")
        for _ in range(5):
            await client.publish("t", b"x", 0)
        await client.silence()
        assert outcomes(rig) == {"dropped": 3}
        peer.hold.set()
        await peer.bodies(2)
        await until(lambda: outcomes(rig) == {"dropped": 3, "success": 2})


async def test_a_server_in_trouble_is_asked_again_after_growing_pauses() -> None:
    async with (
        HttpPeer([503, 500, 200]) as peer,
        FeatureRig(f'compat.web_hook.url="{peer.url}"', rule("message.publish")) as rig,
    ):
        await (await rig.connect("c")).publish("t", b"x")
        for retry, pause in ((1, 0.5), (2, 1.0)):
            await peer.body()
            await until(lambda retry=retry: rig.counter("web_hook.retry") == retry)  # type: ignore[misc]
            rig.manual.advance(pause - 0.01)
            assert peer.unread == 0
            rig.manual.advance(0.01)
        await peer.body()
        await until(lambda: outcomes(rig) == {"retry": 2, "success": 1})


async def test_what_a_server_does_not_want_is_not_sent_again() -> None:
    async with (
        HttpPeer([404]) as peer,
        FeatureRig(f'compat.web_hook.url="{peer.url}"', rule("message.publish")) as rig,
    ):
        await (await rig.connect("c")).publish("t", b"x")
        await peer.body()
        await until(lambda: outcomes(rig) == {"failure": 1})


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")]
)
async def test_what_goes_wrong_on_the_way_is_tried_again_and_given_up_in_the_end(failure: Exception) -> None:
    with respx.mock() as router:
        route = router.post(URL).mock(side_effect=failure)
        async with FeatureRig(
            f'compat.web_hook.url="{URL}"', "compat.web_hook.retries=2", rule("message.publish")
        ) as rig:
            await (await rig.connect("c")).publish("t", b"x")
            for retry in (1, 2):
                await until(lambda retry=retry: rig.counter("web_hook.retry") == retry)  # type: ignore[misc]
                rig.manual.advance(1.0)
            await until(lambda: outcomes(rig) == {"retry": 2, "failure": 1})
        assert route.call_count == 3


async def test_a_post_that_fails_does_not_stop_the_next() -> None:
    with respx.mock() as router:
        route = router.post(URL).mock(side_effect=[httpx.ConnectError("refused"), httpx.Response(204)])
        async with FeatureRig(
            f'compat.web_hook.url="{URL}"', "compat.web_hook.retries=0", rule("message.publish")
        ) as rig:
            client = await rig.connect("c")
            await client.publish("t", b"1")
            await client.publish("t", b"2")
            await until(lambda: outcomes(rig) == {"failure": 1, "success": 1})
        assert route.call_count == 2


async def test_stopping_does_not_wait_for_a_server_that_is_gone() -> None:
    with respx.mock() as router:
        router.post(URL).mock(side_effect=httpx.ConnectError("refused"))
        async with FeatureRig(f'compat.web_hook.url="{URL}"', rule("message.publish")) as rig:
            await (await rig.connect("c")).publish("t", b"x")
            await until(lambda: rig.counter("web_hook.retry") == 1)
            async with asyncio.timeout(3):
                await rig.features.stop("web_hook")


async def test_what_the_api_subscribes_is_posted_too() -> None:
    async with (
        HttpPeer() as peer,
        FeatureRig(f'compat.web_hook.url="{peer.url}"', rule("session.subscribed")) as rig,
    ):
        await rig.connect("c")
        await rig.broker.clients.subscribe("c", [SubscriptionOptions("t", 2)])
        assert (await peer.body())["opts"] == {"qos": 2}
