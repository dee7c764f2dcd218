"""TLS between a transport and what reads from it, without I/O, and the watch over its files."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emqx_compat.transports.spec import TlsFiles

log = logging.getLogger(__name__)

_READ = 65_536
RELOAD_INTERVAL = 10.0
"""Seconds between two looks at the files of a certificate."""


class Tls:
    """The server's end of one TLS connection. `pending` is to be sent after every call."""

    __slots__ = ("_incoming", "_outgoing", "_ssl", "ended", "ready")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.ready = False
        """The handshake is over."""
        self.ended = False
        """The peer has said that nothing will follow."""

    def feed(self, data: bytes) -> bytes:
        """What was said in these bytes. Raises `ssl.SSLError`; the alert is pending then."""
        self._incoming.write(data)
        parts: list[bytes] = []
        try:
            if not self.ready:
                self._ssl.do_handshake()
                self.ready = True
            while part := self._ssl.read(_READ):
                parts.append(part)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def wrap(self, data: bytes) -> bytes:
        """Data as it is to be sent."""
        view = memoryview(data)
        while view:
            view = view[self._ssl.write(view) :]
        return self._outgoing.read()

    def pending(self) -> bytes:
        """What the handshake, or an alert, has to send."""
        return self._outgoing.read()

    def farewell(self) -> bytes:
        """The last thing to send: close_notify."""
        with contextlib.suppress(ssl.SSLError):  # the peer's own has not come, or the handshake is not over
            self._ssl.unwrap()
        return self._outgoing.read()

    def certificate(self) -> bytes | None:
        """The peer's, as DER; None without one."""
        return self._ssl.getpeercert(binary_form=True)

    def subject(self) -> tuple[str | None, str | None]:
        """Common name and distinguished name (`C=…,O=…,CN=…`) of the peer's certificate; None without one."""
        certificate: Mapping[str, Any] = self._ssl.getpeercert() or {}
        pairs = [pair for group in certificate.get("subject", ()) for pair in group]
        if not pairs:
            return None, None
        names = dict(pairs)
        return names.get("commonName"), ",".join(f"{_SHORT.get(name, name)}={value}" for name, value in pairs)


_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


class Certificates:
    """The context for new handshakes, made anew when one of its files has changed."""

    __slots__ = ("_files", "_seen", "context")

    def __init__(self, files: TlsFiles) -> None:
        """Raises `OSError`, `ssl.SSLError` or `ValueError` for files that are no good."""
        self._files = files
        self._seen = self._stamps()
        self.context = files.context()

    def reload(self, listener_id: str) -> bool:
        """Look at the files; True when others are in use now. Files that are no good leave the old ones in use."""
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        self._seen = stamps
        try:
            self.context = self._files.context()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            log.error("certificate_not_reloaded, listener: %s, reason: %s", listener_id, error)
            return False
        log.info("certificate_reloaded, listener: %s", listener_id)
        return True

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._files.files)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
