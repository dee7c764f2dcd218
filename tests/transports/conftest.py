"""Fixtures of the transports' tests: a broker on the machine's clock with one listener of each kind."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from broker.rig import Rig

from emqx_compat.core.clock import SystemClock
from emqx_compat.transports import ListenerSpec, TlsFiles


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Issues the certificates of server and clients."""
    return trustme.CA()


@pytest.fixture(scope="session")
def tls_files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """Certificate, key and CA of the server."""
    folder: Path = tmp_path_factory.mktemp("tls")
    server = authority.issue_cert("localhost", "127.0.0.1")
    server.private_key_pem.write_to_path(folder / "key.pem")
    server.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return TlsFiles(str(folder / "cert.pem"), str(folder / "key.pem"), str(folder / "ca.pem"), verify_peer=True)


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """What a client without a certificate needs."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def rig(tls_files: TlsFiles) -> AsyncIterator[Rig]:
    """TCP, TLS, WebSocket and secure WebSocket on free ports."""
    async with Rig(clock=SystemClock()) as rig:
        for kind in ("ssl", "ws", "wss"):
            spec = ListenerSpec(kind, "default", "127.0.0.1", 0)  # type: ignore[arg-type]
            spec.tls = tls_files if kind != "ws" else None
            await rig.listeners.start(spec)
        yield rig
