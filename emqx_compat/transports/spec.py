"""What a listener is asked to be."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal

ListenerType = Literal["tcp", "ssl", "ws", "wss"]


@dataclass(slots=True)
class TlsFiles:
    """Where certificate, key and, for client certificates, the CAs are."""

    certfile: str
    keyfile: str
    cacertfile: str | None = None
    verify_peer: bool = False
    """Ask for a client certificate and check it against `cacertfile`."""
    fail_if_no_peer_cert: bool = False
    password: str | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext:
        """A server context for TLS 1.2 and 1.3. Raises `OSError` or `ssl.SSLError` for files that are no good."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certfile, self.keyfile, self.password)
        if self.cacertfile is not None:
            context.load_verify_locations(self.cacertfile)
        if self.verify_peer:
            context.verify_mode = ssl.CERT_REQUIRED if self.fail_if_no_peer_cert else ssl.CERT_OPTIONAL
        return context


@dataclass(slots=True)
class ListenerSpec:
    """One listener. `host` None means every address; port 0 lets the system choose."""

    type: ListenerType = "tcp"
    name: str = "default"
    host: str | None = None
    port: int = 1883
    max_connections: int | None = None
    """None = no limit; one too many is closed at once."""
    acceptors: int = 16
    tls: TlsFiles | None = None
    """Required for ssl and wss."""
    path: str = "/mqtt"
    """ws and wss: the path clients upgrade on."""
    enable: bool = True
    settings: dict[str, object] = field(default_factory=dict)
    """The configuration as EMQX 5 names it, shown in listings as it is."""

    @property
    def id(self) -> str:
        """`<type>:<name>`."""
        return f"{self.type}:{self.name}"
