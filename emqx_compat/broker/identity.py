"""Who a client is: what CONNECT says, its user name, or its certificate [EMQX `use_username_as_clientid`,
`peer_cert_as_username`, `peer_cert_as_clientid`]."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from typing import TYPE_CHECKING

from emqx_compat.mqtt import Connect

if TYPE_CHECKING:
    from emqx_compat.broker.peer import Peer
    from emqx_compat.broker.settings import BrokerSettings, CertificateField


def identity(packet: Connect, peer: Peer, settings: BrokerSettings) -> tuple[str, str | None]:
    """Client id (empty: one is to be made up) and user name."""
    username = packet.username
    clientid = packet.clientid
    if settings.peer_cert_as_username != "disabled":
        username = _field(peer, settings.peer_cert_as_username) or username
    if settings.peer_cert_as_clientid != "disabled":
        clientid = _field(peer, settings.peer_cert_as_clientid) or clientid
    if settings.use_username_as_clientid and username:
        clientid = username
    return clientid, username


def _field(peer: Peer, name: CertificateField) -> str | None:
    if name == "cn":
        return peer.cn
    if name == "dn":
        return peer.dn
    certificate = peer.certificate
    if certificate is None:
        return None
    if name == "md5":
        return hashlib.md5(certificate, usedforsecurity=False).hexdigest()
    if name == "pem":
        body = "\n".join(textwrap.wrap(base64.b64encode(certificate).decode(), 64))
        return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return certificate.decode("latin-1")
