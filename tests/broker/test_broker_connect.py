"""CONNECT and CONNACK: who is let in, what they are told, how connections end."""

from __future__ import annotations

import asyncio

import pytest

from broker.rig import Rig, connect_packet, until
from emqx_compat.core.bans import Ban
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import Auth, Connack, Disconnect, Pingreq, Publish, Will, encode


@pytest.mark.parametrize("version", [3, 4, 5])
async def test_a_client_of_every_version_connects_and_is_listed(rig: Rig, version: int) -> None:
    await rig.connect("c", version, username="u", keepalive=30, clean_start=True)
    row = await rig.row("c")
    assert row is not None
    assert (row.clientid, row.username, row.connected) == ("c", "u", True)
    assert (row.proto_ver, row.proto_name) == (version, "MQIsdp" if version == 3 else "MQTT")
    assert (row.keepalive, row.clean_start, row.expiry_interval) == (30, True, 0)
    assert (row.peerhost, row.sockport, row.listener) == ("127.0.0.1", rig.port, "tcp:default")


async def test_pingreq_is_answered(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.send(encode(Pingreq(), 4))
    assert await client.receive_bytes(2) == b"\xd0\x00"


async def test_packets_that_come_with_the_connect_are_handled_in_order(rig: Rig) -> None:
    client = await rig.open()
    await client.send(connect_packet("c"), Publish("t", b"", 1, packet_id=9), Pingreq())
    assert await client.receive_bytes(10) == b"\x20\x02\x00\x00\x40\x02\x00\x09\xd0\x00"


async def test_a_connect_may_come_byte_by_byte(rig: Rig) -> None:
    client = await rig.open()
    for byte in encode(connect_packet("c"), 4):
        await client.send(bytes((byte,)))
    assert (await client.expect(Connack)).reason_code == 0


async def test_an_mqtt_5_client_is_told_the_limits(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"receive_maximum": 7})
    assert client.connack.properties == {
        "retain_available": 1,
        "maximum_packet_size": 1_048_576,
        "topic_alias_maximum": 65_535,
        "wildcard_subscription_available": 1,
        "subscription_identifier_available": 1,
        "shared_subscription_available": 1,
        "receive_maximum": 7,
    }


async def test_restricted_features_are_told() -> None:
    async with Rig(max_qos_allowed=1, retain_available=False, shared_subscription=False) as rig:
        told = (await rig.connect("c", 5)).connack.properties or {}
    assert (told["maximum_qos"], told["retain_available"], told["shared_subscription_available"]) == (1, 0, 0)


async def test_response_information_is_given_to_those_who_ask() -> None:
    async with Rig(response_information="answers/") as rig:
        asked = await rig.connect("a", 5, properties={"request_response_information": 1})
        silent = await rig.connect("b", 5)
    assert (asked.connack.properties or {})["response_information"] == "answers/"
    assert "response_information" not in (silent.connack.properties or {})


async def test_a_client_without_an_id_is_given_one(rig: Rig) -> None:
    first = await rig.connect("", 5)
    second = await rig.connect("", 5)
    given = [(each.connack.properties or {})["assigned_client_identifier"] for each in (first, second)]
    assert len(set(given)) == 2
    assert await rig.row(given[0]) is not None


async def test_a_3_1_1_client_without_an_id_is_welcome_with_a_clean_session_only(rig: Rig) -> None:
    await rig.connect("", 4, clean_start=True)
    assert (await rig.refused(connect_packet("", 4, clean_start=False))).reason_code == 2


async def test_a_3_1_client_without_an_id_is_refused(rig: Rig) -> None:
    assert (await rig.refused(connect_packet("", 3), 3)).reason_code == 2


@pytest.mark.parametrize(("version", "code"), [(4, 2), (5, 0x85)])
async def test_a_client_id_over_the_limit_is_refused(version: int, code: int) -> None:
    async with Rig(max_clientid_len=5) as rig:
        await rig.connect("12345", version)
        assert (await rig.refused(connect_packet("123456", version), version)).reason_code == code


async def test_a_newer_protocol_level_is_answered_in_the_form_of_mqtt_5(rig: Rig) -> None:
    client = await rig.open(5)
    await client.send(b"\x10\x0c\x00\x04MQTT\x06\x02\x00\x00\x00\x00")
    assert await client.receive_bytes(5) == b"\x20\x03\x00\x84\x00"
    await client.closed()
    assert rig.shutdown_count == {"unacceptable_protocol_version": 1}


async def test_an_older_protocol_level_is_answered_with_return_code_1(rig: Rig) -> None:
    client = await rig.open()
    await client.send(b"\x10\x0c\x00\x04MQTT\x02\x02\x00\x00\x00\x00")
    assert await client.receive_bytes(4) == b"\x20\x02\x00\x01"
    await client.closed()


async def test_another_protocol_is_not_answered(rig: Rig) -> None:
    client = await rig.open()
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    await client.closed()


async def test_a_first_packet_that_is_no_connect_ends_the_connection(rig: Rig) -> None:
    client = await rig.open()
    await client.send(Pingreq())
    await client.closed()
    assert await rig.row("") is None


async def test_a_second_connect_is_a_protocol_error(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(connect_packet("c", 5))
    await client.disconnected(0x82)


async def test_a_malformed_packet_is_answered_with_its_reason(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(b"\x36\x05\x00\x01t\x00\x00")  # QoS 3
    packet = await client.disconnected(0x81)
    assert "MQTT-3.3.1-4" in (packet.properties or {})["reason_string"]


async def test_without_problem_information_no_reason_string_is_sent(rig: Rig) -> None:
    client = await rig.connect("c", 5, properties={"request_problem_information": 0})
    await client.send(b"\x36\x05\x00\x01t\x00\x00")
    assert (await client.disconnected(0x81)).properties is None


async def test_a_malformed_packet_of_a_3_1_1_client_closes_without_a_packet(rig: Rig) -> None:
    client = await rig.connect("c", 4)
    await client.send(b"\x36\x05\x00\x01t\x00\x00")
    await client.closed()
    assert rig.shutdown_count == {"frame_error": 1}


async def test_a_connection_without_connect_is_closed_after_the_idle_timeout(rig: Rig) -> None:
    client = await rig.open()
    await until(lambda: bool(rig.broker.channels))
    rig.manual.advance(14.9)
    assert len(rig.broker.channels) == 1
    rig.manual.advance(0.2)
    await client.closed()
    assert rig.shutdown_count == {"idle_timeout": 1}


async def test_silence_for_one_and_a_half_keepalives_ends_the_connection(rig: Rig) -> None:
    client = await rig.connect("c", 5, keepalive=10)
    rig.manual.advance(14)
    await client.silence()  # a packet begins a new period
    rig.manual.advance(14)
    await client.silence()
    rig.manual.advance(15)
    await client.disconnected(0x8D)
    assert rig.shutdown_count == {"keepalive_timeout": 1}


async def test_keepalive_0_never_ends_the_connection(rig: Rig) -> None:
    client = await rig.connect("c", keepalive=0)
    rig.manual.advance(100_000)
    await client.silence()


async def test_the_server_keepalive_overrules_the_clients() -> None:
    async with Rig(server_keepalive=20) as rig:
        client = await rig.connect("c", 5, keepalive=1000)
        assert (client.connack.properties or {})["server_keep_alive"] == 20
        row = await rig.row("c")
        assert row is not None and row.keepalive == 20
        rig.manual.advance(31)
        await client.disconnected(0x8D)


async def test_an_incoming_packet_over_the_limit_is_answered_with_0x95() -> None:
    async with Rig(max_packet_size=100) as rig:
        client = await rig.connect("c", 5)
        await client.publish("t", b"x" * 90, 1)
        await client.send(Publish("t", b"x" * 100, 1, packet_id=2))
        await client.disconnected(0x95)
        assert rig.shutdown_count == {"frame_too_large": 1}


async def test_enhanced_authentication_is_refused_while_nobody_does_it(rig: Rig) -> None:
    packet = connect_packet("c", 5, properties={"authentication_method": "SCRAM-SHA-1"})
    assert (await rig.refused(packet, 5)).reason_code == 0x8C


async def test_an_auth_packet_out_of_nowhere_is_a_protocol_error(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(Auth(0x19, {"authentication_method": "x"}))
    await client.disconnected(0x82)


@pytest.mark.parametrize(("version", "code"), [(4, 5), (5, 0x8A)])
@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("clientid", "bad"),
        ("username", "eve"),
        ("peerhost", "127.0.0.1"),
        ("clientid_re", "^b.d$"),
        ("username_re", "^e"),
        ("peerhost_net", "127.0.0.0/8"),
    ],
)
async def test_a_banned_client_is_refused(rig: Rig, version: int, code: int, kind: str, who: str) -> None:
    await rig.broker.bans.put(Ban(kind, who))  # type: ignore[arg-type]
    refused = await rig.refused(connect_packet("bad", version, username="eve"), version)
    assert refused.reason_code == code


async def test_a_ban_ends_with_its_time(rig: Rig) -> None:
    await rig.broker.bans.put(Ban("clientid", "bad", until=int(rig.manual.now()) + 30))
    assert (await rig.refused(connect_packet("bad"))).reason_code == 5
    rig.manual.advance(31)
    await rig.connect("bad")


async def test_a_ban_does_not_hit_others(rig: Rig) -> None:
    await rig.broker.bans.put(Ban("clientid", "bad"))
    await rig.connect("good")


@pytest.mark.parametrize(("version", "code"), [(4, 4), (5, 0x86)])
async def test_an_authenticator_refuses_with_its_code(rig: Rig, version: int, code: int) -> None:
    async def check(client: Client, password: bytes | None) -> int | None:
        await asyncio.sleep(0)
        return 0 if password == b"right" else 0x86

    rig.hooks.client_authenticate.append(check)
    packet = connect_packet("c", version, username="u", password=b"wrong")
    assert (await rig.refused(packet, version)).reason_code == code
    await rig.connect("c", version, username="u", password=b"right")
    assert rig.counter("authentication.failure") == rig.counter("client.auth.failure") == 1
    assert rig.counter("packets.connack.auth_error") == rig.counter("packets.connack.error") == 1


async def test_authenticators_are_asked_until_one_has_an_opinion(rig: Rig) -> None:
    asked: list[str] = []

    def authenticator(name: str, verdict: int | None):  # type: ignore[no-untyped-def]
        async def check(client: Client, password: bytes | None) -> int | None:
            asked.append(name)
            return verdict

        return check

    rig.hooks.client_authenticate += [authenticator("a", None), authenticator("b", 0), authenticator("c", 0x87)]
    await rig.connect("c")
    assert asked == ["a", "b"]


async def test_an_authenticator_that_fails_lets_nobody_in(rig: Rig) -> None:
    async def broken(client: Client, password: bytes | None) -> int | None:
        raise RuntimeError

    rig.hooks.client_authenticate.append(broken)
    assert (await rig.refused(connect_packet("c", 5), 5)).reason_code == 0x87


async def test_what_is_sent_before_the_connack_is_handled_after_it(rig: Rig) -> None:
    gate = asyncio.Event()

    async def slow(client: Client, password: bytes | None) -> int | None:
        await gate.wait()
        return 0

    rig.hooks.client_authenticate.append(slow)
    client = await rig.open()
    await client.send(connect_packet("c"), Publish("t", b"", 1, packet_id=9))
    await client.send(Pingreq())
    gate.set()
    assert await client.receive_bytes(10) == b"\x20\x02\x00\x00\x40\x02\x00\x09\xd0\x00"


async def test_a_connection_that_ends_while_it_authenticates_leaves_nothing(rig: Rig) -> None:
    gate = asyncio.Event()

    async def slow(client: Client, password: bytes | None) -> int | None:
        await gate.wait()
        return 0

    rig.hooks.client_authenticate.append(slow)
    client = await rig.open()
    await client.send(connect_packet("c"))
    await until(lambda: rig.counter("client.authenticate") == 1)
    rig.broker.hooks.client_authenticate.clear()
    await rig.listeners.stop()
    gate.set()
    await client.closed()
    assert await rig.row("c") is None


async def test_a_will_that_the_settings_forbid_is_refused() -> None:
    async with Rig(max_qos_allowed=1, retain_available=False) as rig:
        for will, code in ((Will("w", b"", 2), 0x9B), (Will("w", b"", 0, True), 0x9A)):
            assert (await rig.refused(connect_packet("c", 5, will=will), 5)).reason_code == code


async def test_a_clean_disconnect_is_not_counted_as_a_shutdown(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.disconnect()
    other = await rig.connect("d")
    await other.drop()
    assert rig.shutdown_count == {"closed": 1}


async def test_stopping_says_goodbye_to_everyone() -> None:
    async with Rig() as rig:
        five, four = await rig.connect("five", 5), await rig.connect("four", 4)
        await rig.broker.stop()
        await five.disconnected(0x8B)
        await four.closed()


async def test_a_connection_over_the_listeners_limit_is_closed(rig: Rig) -> None:
    from emqx_compat.transports import ListenerSpec

    rig.port = await rig.listeners.start(ListenerSpec("tcp", "small", "127.0.0.1", 0, max_connections=1))
    await rig.connect("one")
    other = await rig.open()
    await other.closed()
    assert rig.listeners.rows()[1].current_connections == 1


async def test_the_disconnect_of_the_client_closes_the_connection(rig: Rig) -> None:
    client = await rig.connect("c", 5)
    await client.send(Disconnect(), Pingreq())
    await client.closed()
    assert await rig.row("c") is None
