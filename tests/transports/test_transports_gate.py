"""Who is let in, and how fast: access rules, proxies, limits and rates of a listener."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from broker.rig import TIMEOUT, Raw, Rig, connect_packet, until

from emqx_compat.mqtt import Connack, Pingresp, Puback, Publish, encode
from emqx_compat.transports import AccessRules, ListenerSpec
from emqx_compat.transports.proxy import SIGNATURE, ProxyError, read_header
from emqx_compat.transports.rates import TokenBucket


@pytest.fixture
async def still() -> AsyncIterator[Rig]:
    """A broker whose time stands still."""
    async with Rig() as rig:
        yield rig


async def listen(rig: Rig, kind: str = "tcp", **options: Any) -> int:
    return await rig.listeners.start(ListenerSpec(kind, "mine", "127.0.0.1", 0, **options))  # type: ignore[arg-type]


async def open_to(rig: Rig, port: int) -> Raw:
    rig.port = port
    return await rig.open()


def refused(rig: Rig) -> dict[str, int]:
    return rig.listeners.rows()[-1].refused


# --- access rules


@pytest.mark.parametrize(
    ("rules", "host", "allowed"),
    [
        (["allow all"], "10.0.0.1", True),
        (["deny all"], "10.0.0.1", False),
        (["deny 10.0.0.0/8", "allow all"], "10.1.2.3", False),
        (["deny 10.0.0.0/8", "allow all"], "11.1.2.3", True),
        (["allow 10.1.0.0/16", "deny 10.0.0.0/8"], "10.1.2.3", True),
        (["allow 10.1.0.0/16", "deny 10.0.0.0/8"], "10.2.2.3", False),
        (["allow 192.168.0.1"], "192.168.0.2", True),
        (["deny ::1"], "::1", False),
        (["deny 10.0.0.0/8"], "::ffff:10.0.0.1", False),
        (["deny 10.0.0.0/8"], None, True),
    ],
)
def test_the_first_access_rule_that_fits_decides(rules: list[str], host: str | None, allowed: bool) -> None:
    assert AccessRules.parse(rules).allows(host) is allowed


@pytest.mark.parametrize("line", ["allow", "admit all", "deny 10.0.0.0/99", ""])
def test_what_is_no_access_rule_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="access rule"):
        AccessRules.parse([line])


@pytest.mark.parametrize("kind", ["tcp", "ws"])
async def test_who_is_denied_is_closed_at_once_and_counted(still: Rig, kind: str) -> None:
    port = await listen(still, kind, access_rules=AccessRules.parse(["deny 127.0.0.0/8"]))
    await (await open_to(still, port)).closed()
    assert refused(still) == {"access_rules": 1}


async def test_a_full_listener_counts_whom_it_closes(still: Rig, caplog: pytest.LogCaptureFixture) -> None:
    port = await listen(still, max_connections=1)
    first = await open_to(still, port)
    await first.send(connect_packet("first"))
    await first.expect(Connack)
    for _ in range(3):
        await (await open_to(still, port)).closed()
    assert refused(still) == {"max_connections": 3}
    assert still.broker.limits.counts["max_connections"] == 3
    assert len([line for line in caplog.messages if "max_connections" in line]) == 1
    await first.silence()


# --- proxies

V2 = SIGNATURE + b"\x21\x11"
ADDRESSES = bytes((192, 0, 2, 1, 10, 0, 0, 1)) + struct.pack("!HH", 4321, 1883)
TLV_CN = b"\x22" + struct.pack("!H", 5) + b"dev-1"
TLV_TLS = b"\x20" + struct.pack("!H", 5 + len(TLV_CN)) + b"\x05\0\0\0\0" + TLV_CN


@pytest.mark.parametrize(
    ("data", "host", "port", "cn"),
    [
        (b"PROXY TCP4 192.0.2.1 10.0.0.1 4321 1883\r\n", "192.0.2.1", 4321, None),
        (b"PROXY TCP6 2001:db8::1 ::1 4321 1883\r\n", "2001:db8::1", 4321, None),
        (b"PROXY UNKNOWN\r\n", None, None, None),
        (b"PROXY UNKNOWN whatever it says\r\n", None, None, None),
        (V2 + b"\x00\x0c" + ADDRESSES, "192.0.2.1", 4321, None),
        (V2 + struct.pack("!H", 12 + len(TLV_TLS)) + ADDRESSES + TLV_TLS, "192.0.2.1", 4321, "dev-1"),
        (SIGNATURE + b"\x20\x00\x00\x00", None, None, None),
        (SIGNATURE + b"\x21\x00\x00\x02\0\0", None, None, None),
        (
            SIGNATURE + b"\x21\x21\x00\x24" + bytes(15) + b"\x01" + bytes(16) + struct.pack("!HH", 5, 6),
            "::1",
            5,
            None,
        ),
    ],
)
def test_a_proxy_header_is_read_whole_and_not_before(
    data: bytes, host: str | None, port: int | None, cn: str | None
) -> None:
    for end in range(len(data)):
        assert read_header(data[:end]) is None
    header = read_header(data + b"\x10rest")
    assert header is not None
    assert (header.size, header.host, header.port, header.cn) == (len(data), host, port, cn)


MALFORMED = [
    b"\x10\x0e\x00\x04MQTT",
    b"GET / HTTP/1.1\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 4321\r\n",
    b"PROXY TCP4 2001:db8::1 ::1 4321 1883\r\n",
    b"PROXY TCP4 a b 1 2\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 1 99999\r\n",
    b"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
    b"PROXY " + b"x" * 200,
    SIGNATURE + b"\x11\x11\x00\x0c" + ADDRESSES,
    SIGNATURE + b"\x21\x11\xff\xff" + ADDRESSES,
    V2 + b"\x00\x04" + ADDRESSES[:4],
    V2 + b"\x00\x10" + ADDRESSES + b"\x20\xff\xff\x00",
]


@pytest.mark.parametrize("data", MALFORMED)
def test_what_is_no_proxy_header_is_refused(data: bytes) -> None:
    with pytest.raises(ProxyError):
        read_header(data)


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.1 10.0.0.1 4321 1883\r\n", V2 + b"\x00\x0c" + ADDRESSES])
@pytest.mark.parametrize("at_once", [True, False])
async def test_the_proxys_client_is_the_peer(still: Rig, header: bytes, at_once: bool) -> None:
    client = await open_to(still, await listen(still, proxy_protocol=True))
    data = header + encode(connect_packet("c"), 4)
    for piece in [data] if at_once else [data[index : index + 1] for index in range(len(data))]:
        await client.send(piece)
    await client.expect(Connack)
    row = await still.row("c")
    assert row is not None and (row.peerhost, row.peerport) == ("192.0.2.1", 4321)


async def test_a_connection_without_proxy_header_is_closed(still: Rig) -> None:
    client = await open_to(still, await listen(still, proxy_protocol=True))
    await client.send(connect_packet("c"))
    await client.closed()
    assert refused(still) == {"proxy_protocol": 1}


async def test_a_proxy_that_says_nothing_is_closed_after_its_timeout(still: Rig) -> None:
    client = await open_to(still, await listen(still, proxy_protocol=True))
    await client.send(b"PROXY ")
    await until(lambda: still.listeners.half_open == 1)
    still.manual.advance(2.9)
    assert refused(still) == {}
    still.manual.advance(0.2)
    await client.closed()
    assert refused(still) == {"proxy_protocol_timeout": 1}


# --- rates


def test_a_token_bucket_holds_a_second_and_lends() -> None:
    bucket = TokenBucket(10, now=0.0)
    bucket.take(10, 0.0)
    assert bucket.wait(0.0) == pytest.approx(0.1)
    bucket.take(20, 0.0)
    assert bucket.wait(0.0) == pytest.approx(2.1)
    assert bucket.wait(2.2) == 0.0
    assert bucket.level(1000.0) == 10


async def test_above_its_message_rate_a_client_is_not_read_from(still: Rig) -> None:
    client = await open_to(still, await listen(still, messages_rate=10.0))
    await client.send(connect_packet("c"))
    await client.expect(Connack)
    ids = range(1, 1001)
    await client.send(b"".join(encode(Publish("t", b"x" * 100, 1, packet_id=id_), 4) for id_ in ids))
    got = 0
    for _ in range(3):
        await client.expect(Puback)
        got += 1
    session = still.broker.registry.sessions["c"]
    await until(lambda: session.client.counters.recv_msg > 10)
    held = session.client.counters.recv_msg
    assert held < 40  # a second's worth, and what one slice of the stream holds
    await asyncio.sleep(0)
    assert session.client.counters.recv_msg == held
    assert still.broker.limits.counts["messages_rate"] >= 1
    while got < 1000:
        if got == session.client.counters.recv_msg:
            still.manual.advance(10)
        await client.expect(Puback)
        got += 1
    # 1000 messages at 10 a second.
    assert still.manual.now() - 1_700_000_000 >= 90


async def test_above_its_byte_rate_a_client_is_not_read_from_and_the_others_are(still: Rig) -> None:
    other = await still.connect("other")
    client = await open_to(still, await listen(still, bytes_rate=1000.0))
    await client.send(connect_packet("c"))
    await client.expect(Connack)
    await client.send(encode(Publish("t", b"x" * 3000, 1, packet_id=1), 4))
    await until(lambda: still.broker.limits.counts.get("bytes_rate", 0) == 1)
    counters = still.broker.registry.sessions["c"].client.counters
    assert counters.recv_oct <= 1000
    await other.silence()
    for _ in range(3):
        still.manual.advance(1.0)
        await other.silence()
    await client.expect(Puback)


async def test_above_the_connection_rate_newcomers_wait(still: Rig) -> None:
    port = await listen(still, max_conn_rate=5.0, acceptors=1)
    clients = [await open_to(still, port) for _ in range(20)]
    for client in clients:
        await client.send(connect_packet(""))
    connected = still.broker.registry.sessions
    await until(lambda: "max_conn_rate" in still.broker.limits.counts)
    for client in clients[:3]:
        await client.expect(Connack)
    assert len(connected) < 12
    while len(connected) < 20:
        still.manual.advance(1.0)
        await asyncio.sleep(0)
    for client in clients[3:]:
        await client.expect(Connack)
    assert still.manual.now() - 1_700_000_000 >= 2


async def test_a_burst_does_not_keep_the_others_waiting(still: Rig) -> None:
    """What one connection sends at once is handled in slices, with a turn of the loop for everyone between."""
    hog, other = await still.connect("hog"), await still.connect("other")
    writing = asyncio.create_task(hog.send(b"\xc0\x00" * 100_000))
    await hog.expect(Pingresp)
    loop = asyncio.get_running_loop()
    longest = 0.0
    for _ in range(20):
        start = loop.time()
        await other.silence()
        longest = max(longest, loop.time() - start)
    assert longest < 0.5
    for _ in range(99_999):
        await hog.expect(Pingresp)
    await writing


# --- what a listener says of its clients


async def test_a_mountpoint_is_before_every_topic_and_nobody_sees_it(still: Rig) -> None:
    inside = await still.connect("inside")
    await inside.subscribe("#")
    port = await listen(still, mountpoint="dev/${clientid}/${username}/")
    clients = []
    for name in ("a", "b"):
        client = await open_to(still, port)
        await client.send(connect_packet(name, username="u", will=None))
        await client.expect(Connack)
        clients.append(client)
    a, b = clients
    assert await a.subscribe("t/+", 1) == [1]
    assert await a.subscribe("$share/g/s", 1) == [1]
    await b.publish("t/1", b"of b")
    message = await inside.message()
    assert (message.topic, message.payload) == ("dev/b/u/t/1", b"of b")
    await still.publish("dev/a/u/t/2", b"to a", 1)
    message = await a.message()
    assert (message.topic, message.payload) == ("t/2", b"to a")
    await still.publish("dev/a/u/s", b"shared")
    assert (await a.message()).topic == "s"
    row = await still.row("a")
    assert row is not None and row.mountpoint == "dev/a/u/"
    assert await a.unsubscribe("t/+") == []
    await still.publish("dev/a/u/t/2", b"gone")
    await a.silence()


async def test_zone_and_authentication_flag_are_the_clients(still: Rig) -> None:
    async def nobody(client: Any, password: bytes | None) -> int:
        return 0x86

    still.hooks.client_authenticate.append(nobody)
    client = await open_to(still, await listen(still, zone="edge", enable_authn=False))
    await client.send(connect_packet("c"))
    assert (await client.expect(Connack)).reason_code == 0
    row = await still.row("c")
    assert row is not None and (row.zone, row.enable_authn) == ("edge", False)


async def test_anonymous_clients_can_be_denied_without_asking(still: Rig) -> None:
    asked = []

    async def everybody(client: Any, password: bytes | None) -> int:
        asked.append(client.clientid)
        return 0

    still.hooks.client_authenticate.append(everybody)
    port = await listen(still, enable_authn="quick_deny_anonymous")
    client = await open_to(still, port)
    await client.send(connect_packet("anonymous"))
    assert (await client.expect(Connack)).reason_code != 0
    client = await open_to(still, port)
    await client.send(connect_packet("named", username="u"))
    assert (await client.expect(Connack)).reason_code == 0
    assert asked == ["named"]


async def test_other_options_hold_for_those_who_come(still: Rig) -> None:
    port = await listen(still)
    first = await open_to(still, port)
    await first.send(connect_packet("first"))
    await first.expect(Connack)
    spec = ListenerSpec("tcp", "mine", "127.0.0.1", 0, max_connections=1)
    assert await still.listeners.update(spec) == port
    await (await open_to(still, port)).closed()
    await first.silence()
    await asyncio.wait_for(still.listeners.delete("tcp:mine"), TIMEOUT)
    await first.closed()
    assert [row.id for row in still.listeners.rows()] == ["tcp:default"]
