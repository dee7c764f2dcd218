"""TLS listeners: versions, certificates that change, peers that dawdle or talk nonsense."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from broker.rig import Raw, Rig, connect_packet, until

from emqx_compat.mqtt import Connack, Puback, Publish
from emqx_compat.transports import ListenerSpec, TlsFiles

SERVER_SAYS_NO = (ssl.SSLError, ConnectionError, EOFError, asyncio.IncompleteReadError)


@pytest.fixture
async def still(tls_files: TlsFiles) -> AsyncIterator[Rig]:
    """A broker whose time stands still, with a TLS listener."""
    async with Rig() as rig:
        await rig.listeners.start(ListenerSpec("ssl", "mine", "127.0.0.1", 0, tls=tls_files))
        yield rig


def refused(rig: Rig) -> dict[str, int]:
    return rig.listeners.rows()[-1].refused


async def tls_to(rig: Rig, context: ssl.SSLContext, clientid: str = "c", **fields: Any) -> Raw:
    port = rig.listeners.bound_port("ssl:mine")
    client = Raw(rig, *await asyncio.open_connection("127.0.0.1", port, ssl=context), 4)
    rig._clients.append(client)
    await client.send(connect_packet(clientid, **fields))
    client.connack = await client.expect(Connack)
    return client


@pytest.mark.parametrize(
    ("versions", "client", "spoken"),
    [
        (("tlsv1.3", "tlsv1.2"), ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        (("tlsv1.3", "tlsv1.2"), ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        (("tlsv1.2",), ssl.TLSVersion.TLSv1_3, None),
        (("tlsv1.3",), ssl.TLSVersion.TLSv1_2, None),
    ],
)
async def test_only_the_versions_configured_are_spoken(
    still: Rig,
    tls_files: TlsFiles,
    client_context: ssl.SSLContext,
    versions: tuple[str, ...],
    client: ssl.TLSVersion,
    spoken: str | None,
) -> None:
    files = replace(tls_files, versions=versions)
    await still.listeners.update(ListenerSpec("ssl", "mine", "127.0.0.1", 0, tls=files))
    client_context.minimum_version = client_context.maximum_version = client
    if spoken is None:
        with pytest.raises(SERVER_SAYS_NO):
            await tls_to(still, client_context)
        assert refused(still) == {"ssl_handshake": 1}
    else:
        connected = await tls_to(still, client_context)
        assert connected._writer.get_extra_info("ssl_object").version() == spoken


@pytest.mark.parametrize("versions", [(), ("tlsv9",)])
def test_an_unknown_version_is_refused(tls_files: TlsFiles, versions: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="versions"):
        replace(tls_files, versions=versions).context()


async def test_a_certificate_that_changes_holds_for_new_handshakes(
    still: Rig, tls_files: TlsFiles, authority: trustme.CA, client_context: ssl.SSLContext, tmp_path: Path
) -> None:
    mine = replace(tls_files, certfile=str(tmp_path / "cert.pem"), keyfile=str(tmp_path / "key.pem"))
    shutil.copy(tls_files.certfile, mine.certfile)
    shutil.copy(tls_files.keyfile, mine.keyfile)
    await still.listeners.stop("ssl:mine")
    await still.listeners.start(ListenerSpec("ssl", "mine", "127.0.0.1", 0, tls=mine))
    before = await tls_to(still, client_context, "before")
    (tmp_path / "key.pem").write_text("not yet whole")
    still.manual.advance(11)
    same = await tls_to(still, client_context, "same")
    renewed = authority.issue_cert("localhost", "127.0.0.1")
    renewed.private_key_pem.write_to_path(mine.keyfile)
    renewed.cert_chain_pems[0].write_to_path(mine.certfile)
    still.manual.advance(11)
    after = await tls_to(still, client_context, "after")
    serials = [client._writer.get_extra_info("peercert")["serialNumber"] for client in (before, same, after)]
    assert serials[0] == serials[1] != serials[2]
    await before.silence()


async def test_a_handshake_that_does_not_end_is_ended(still: Rig) -> None:
    still.port = still.listeners.bound_port("ssl:mine")
    client = await still.open()
    await client.send(b"\x16\x03\x01")
    await until(lambda: still.listeners.half_open == 1)
    still.manual.advance(14.9)
    assert refused(still) == {}
    still.manual.advance(0.2)
    await client.closed()
    assert refused(still) == {"handshake_timeout": 1}
    assert still.listeners.half_open == 0


async def test_what_is_no_tls_is_closed_and_counted(still: Rig) -> None:
    still.port = still.listeners.bound_port("ssl:mine")
    client = await still.open()
    await client.send(connect_packet("c"))
    await client._reader.read()  # an alert, when OpenSSL finds one that fits
    assert refused(still) == {"ssl_handshake": 1}


async def test_large_messages_go_both_ways(still: Rig, client_context: ssl.SSLContext) -> None:
    client = await tls_to(still, client_context)
    await client.subscribe("t", 1)
    payload = bytes(range(256)) * 3000
    await client.send(Publish("t", payload, 1, packet_id=9))
    packets = [await client.receive(), await client.receive()]
    publish = next(packet for packet in packets if isinstance(packet, Publish))
    assert publish.payload == payload
    assert any(isinstance(packet, Puback) for packet in packets)


@pytest.mark.parametrize(
    ("settings", "clientid", "username"),
    [
        ({"peer_cert_as_username": "cn"}, "said", "device-1"),
        ({"peer_cert_as_clientid": "cn"}, "device-1", "user"),
        ({"use_username_as_clientid": True}, "user", "user"),
        ({"peer_cert_as_username": "cn", "use_username_as_clientid": True}, "device-1", "device-1"),
        ({}, "said", "user"),
    ],
)
async def test_a_certificate_may_say_who_a_client_is(
    still: Rig,
    authority: trustme.CA,
    client_context: ssl.SSLContext,
    settings: dict[str, Any],
    clientid: str,
    username: str,
) -> None:
    for name, value in settings.items():
        setattr(still.settings, name, value)
    authority.issue_cert("device-1", common_name="device-1").configure_cert(client_context)
    await tls_to(still, client_context, "said", username="user")
    row = await still.row(clientid)
    assert row is not None and row.username == username


async def test_a_certificate_may_be_the_username_as_a_whole(
    still: Rig, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    certificate = authority.issue_cert("device-1", common_name="device-1")
    certificate.configure_cert(client_context)
    pem = certificate.cert_chain_pems[0].bytes().decode()
    der = ssl.PEM_cert_to_DER_cert(pem)
    wanted = {"pem": pem, "md5": hashlib.md5(der).hexdigest(), "crt": der.decode("latin-1")}
    for name, username in wanted.items():
        still.settings.peer_cert_as_username = name  # type: ignore[assignment]
        await tls_to(still, client_context, name)
        row = await still.row(name)
        assert row is not None and (row.username or "").strip() == username.strip()


async def test_a_proxy_may_stand_before_tls(
    still: Rig, tls_files: TlsFiles, client_context: ssl.SSLContext
) -> None:
    spec = ListenerSpec("ssl", "proxied", "127.0.0.1", 0, tls=tls_files, proxy_protocol=True)
    port = await still.listeners.start(spec)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PROXY TCP4 192.0.2.1 10.0.0.1 4321 8883\r\n")
    await writer.start_tls(client_context, server_hostname="localhost")
    client = Raw(still, reader, writer, 4)
    await client.send(connect_packet("c"))
    await client.expect(Connack)
    row = await still.row("c")
    assert row is not None and (row.peerhost, row.listener) == ("192.0.2.1", "ssl:proxied")
    await client.abort()
