"""What a listener is asked to be."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal

from emqx_compat.transports.access import AccessRules

ListenerType = Literal["tcp", "ssl", "ws", "wss"]

_VERSIONS = {
    "tlsv1": (ssl.TLSVersion.TLSv1, ssl.OP_NO_TLSv1),
    "tlsv1.1": (ssl.TLSVersion.TLSv1_1, ssl.OP_NO_TLSv1_1),
    "tlsv1.2": (ssl.TLSVersion.TLSv1_2, ssl.OP_NO_TLSv1_2),
    "tlsv1.3": (ssl.TLSVersion.TLSv1_3, ssl.OP_NO_TLSv1_3),
}
"""EMQX's names, in order."""


@dataclass(slots=True)
class TlsFiles:
    """Where certificate, key and, for client certificates, the CAs are, and how handshakes go."""

    certfile: str
    keyfile: str
    cacertfile: str | None = None
    verify_peer: bool = False
    """Ask for a client certificate and check it against `cacertfile`."""
    fail_if_no_peer_cert: bool = False
    password: str | None = field(default=None, repr=False)
    versions: tuple[str, ...] = ("tlsv1.3", "tlsv1.2")
    handshake_timeout: float = 15.0
    """Seconds from the first byte, or the end of a proxy's header, to the end of the handshake."""

    @property
    def files(self) -> tuple[str, ...]:
        """What to watch for changes."""
        return tuple(path for path in (self.certfile, self.keyfile, self.cacertfile) if path)

    def context(self) -> ssl.SSLContext:
        """A server context. Raises `OSError`, `ssl.SSLError` or `ValueError` for what is no good."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        unknown = set(self.versions) - set(_VERSIONS)
        if unknown or not self.versions:
            raise ValueError(f"TLS versions must be some of {', '.join(_VERSIONS)}")
        wanted = [version for version in _VERSIONS if version in self.versions]
        context.minimum_version = _VERSIONS[wanted[0]][0]
        context.maximum_version = _VERSIONS[wanted[-1]][0]
        for version in list(_VERSIONS)[list(_VERSIONS).index(wanted[0]) : list(_VERSIONS).index(wanted[-1])]:
            if version not in wanted:
                context.options |= _VERSIONS[version][1]
        # The key's password must never be asked for on the terminal.
        context.load_cert_chain(self.certfile, self.keyfile, self.password or "")
        if self.cacertfile is not None:
            context.load_verify_locations(self.cacertfile)
        if self.verify_peer:
            context.verify_mode = ssl.CERT_REQUIRED if self.fail_if_no_peer_cert else ssl.CERT_OPTIONAL
        return context


@dataclass(slots=True)
class WebSocketOptions:
    """The upgrade and the frames of ws and wss, as EMQX names them."""

    mqtt_path: str = "/mqtt"
    max_frame_size: int | None = None
    """Bytes; None = as much as the largest packet allowed needs, and never less than a megabyte."""
    idle_timeout: float | None = 7200.0
    """Seconds without a byte from the client after which it is gone."""
    fail_if_no_subprotocol: bool = True
    supported_subprotocols: tuple[str, ...] = ("mqtt", "mqtt-v3", "mqtt-v3.1.1", "mqtt-v5")
    """The best first: who offers `mqtt`, as all must, gets it [MQTT-6.0.0-3, -4]."""
    check_origins: tuple[str, ...] | None = None
    """The origins that are let in; None = all."""
    allow_origin_absence: bool = True


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
    """How many connections are accepted in one turn of the event loop."""
    backlog: int = 1024
    """How many may wait to be accepted."""
    access_rules: AccessRules = field(default_factory=AccessRules)
    proxy_protocol: bool = False
    """Each connection begins with a header of the PROXY protocol, version 1 or 2, that names the real peer."""
    proxy_protocol_timeout: float = 3.0
    max_conn_rate: float | None = None
    """Connections a second, over all; what comes above waits in the backlog. None = no limit."""
    messages_rate: float | None = None
    """PUBLISH packets a second from each client; who is above is not read from for a while."""
    bytes_rate: float | None = None
    """Bytes a second from each client."""
    mountpoint: str = ""
    zone: str = "default"
    enable_authn: bool | Literal["quick_deny_anonymous"] = True
    tls: TlsFiles | None = None
    """Required for ssl and wss."""
    websocket: WebSocketOptions = field(default_factory=WebSocketOptions)
    enable: bool = True
    settings: dict[str, object] = field(default_factory=dict)
    """The configuration as EMQX 5 names it, shown in listings as it is."""

    @property
    def id(self) -> str:
        """`<type>:<name>`."""
        return f"{self.type}:{self.name}"
