"""Listeners: started, listed, stopped, refused; TLS peers by their certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme
from broker.rig import Raw, Rig, connect_packet, until

from emqx_compat.mqtt import Connack
from emqx_compat.transports import ListenerSpec


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("kind", ["tcp", "ws"])
async def test_a_port_in_use_is_an_os_error(rig: Rig, kind: str) -> None:
    with taken_port() as port, pytest.raises(OSError):
        await rig.listeners.start(ListenerSpec(kind, "other", "127.0.0.1", port))  # type: ignore[arg-type]
    assert len(rig.listeners.rows()) == 4


async def test_tls_without_files_is_refused(rig: Rig) -> None:
    for kind in ("ssl", "wss"):
        with pytest.raises(ValueError, match="certificate"):
            await rig.listeners.start(ListenerSpec(kind, "bare", "127.0.0.1", 0))  # type: ignore[arg-type]


async def test_an_id_runs_once(rig: Rig) -> None:
    with pytest.raises(ValueError, match="tcp:default"):
        await rig.listeners.start(ListenerSpec("tcp", "default", "127.0.0.1", 0))


async def test_a_port_alone_is_open_on_every_address(rig: Rig) -> None:
    for kind in ("tcp", "ws"):
        port = await rig.listeners.start(ListenerSpec(kind, "wide", None, 0))  # type: ignore[arg-type]
        for host in ("127.0.0.1", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.1",):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize("kind", ["tcp", "ssl", "ws", "wss"])
async def test_a_stopped_listener_closes_its_connections_and_leaves_the_others(
    rig: Rig, client_context: ssl.SSLContext, kind: str
) -> None:
    stays = await rig.connect("stays")
    port = await rig.listeners.start(ListenerSpec("tcp", "extra", "127.0.0.1", 0))
    rig.port = port
    goes = await rig.connect("goes")
    await rig.listeners.stop("tcp:extra")
    await goes.closed()
    await stays.silence()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    row = rig.listeners.rows()[-1]
    assert (row.id, row.running, row.current_connections) == ("tcp:extra", False, 0)
    await rig.listeners.stop(f"{kind}:default")
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", rig.listeners.bound_port(f"{kind}:default"))


async def test_a_stopped_listener_starts_again_and_keeps_its_counts(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.drop()
    await rig.listeners.stop("tcp:default")
    await rig.listeners.start(ListenerSpec("tcp", "default", "127.0.0.1", 0))
    assert rig.shutdown_count == {"closed": 1}


async def test_nobody_gets_in_while_the_broker_stops(rig: Rig) -> None:
    await rig.broker.stop()
    client = await rig.open()
    await client.closed()


async def tls_client(rig: Rig, context: ssl.SSLContext) -> Raw:
    port = rig.listeners.bound_port("ssl:default")
    client = Raw(rig, *await asyncio.open_connection("127.0.0.1", port, ssl=context), 4)
    await client.send(connect_packet("c"))
    await client.expect(Connack)
    return client


async def test_a_tls_client_is_listed_with_its_certificate(
    rig: Rig, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    authority.issue_cert("device-1", common_name="device-1").configure_cert(client_context)
    client = await tls_client(rig, client_context)
    row = await rig.row("c")
    assert row is not None and row.cn == "device-1"
    assert row.dn is not None and row.dn.endswith("CN=device-1")
    await client.abort()


async def test_a_tls_client_without_certificate_is_welcome_unless_one_is_required(
    rig: Rig, client_context: ssl.SSLContext
) -> None:
    client = await tls_client(rig, client_context)
    row = await rig.row("c")
    assert row is not None and (row.cn, row.dn) == (None, None)
    await client.abort()
    await until(lambda: not rig.broker.channels)
    seen: list[str] = []
    rig.hooks.client_disconnected.append(lambda client, reason: seen.append(reason))
    client = await tls_client(rig, client_context)
    await client.abort()
    await until(lambda: seen == ["ssl_closed"])


async def test_a_required_certificate_is_required(rig: Rig, tls_files, client_context: ssl.SSLContext) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    strict = replace(tls_files, fail_if_no_peer_cert=True)
    port = await rig.listeners.start(ListenerSpec("ssl", "strict", "127.0.0.1", 0, tls=strict))
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        client = Raw(rig, *await asyncio.open_connection("127.0.0.1", port, ssl=client_context), 4)
        try:
            await client.send(connect_packet("c"))
            await client.expect(Connack)
        finally:
            await client.abort()
