"""What a transport tells the engine of a connection, and what the engine asks of a transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol


class Sink(Protocol):
    """The writing half of a connection."""

    @property
    def is_gone(self) -> bool:
        """Whether the socket is closed."""

    def write(self, data: bytes) -> None:
        """Send; what the peer does not take at once is buffered, and `Channel.pause_writing` is called."""

    def close(self) -> None:
        """Send what is buffered, then close. `Channel.connection_lost` follows."""

    def abort(self) -> None:
        """Close at once."""

    def pause_reading(self) -> None:
        """Ask for no more `data_received` until `resume_reading`."""

    def resume_reading(self) -> None:
        """Go on."""


@dataclass(slots=True)
class Endpoint:
    """A listener as its connections see it; they count themselves here."""

    type: str
    name: str
    current_connections: int = 0
    shutdown_count: dict[str, int] = field(default_factory=dict)
    """Reason → connections that ended by it; a clean DISCONNECT is not counted."""
    refused: dict[str, int] = field(default_factory=dict)
    """Reason → who was not let in."""
    mountpoint: str = ""
    zone: str = "default"
    enable_authn: bool | Literal["quick_deny_anonymous"] = True

    @property
    def id(self) -> str:
        """`<type>:<name>`."""
        return f"{self.type}:{self.name}"

    def count_shutdown(self, reason: str) -> None:
        """One more connection ended by `reason`."""
        self.shutdown_count[reason] = self.shutdown_count.get(reason, 0) + 1


@dataclass(slots=True)
class Peer:
    """Who is at the other end."""

    endpoint: Endpoint
    peerhost: str | None = None
    peerport: int | None = None
    sockport: int | None = None
    ws_cookie: str | None = None
    cn: str | None = None
    dn: str | None = None
    certificate: bytes | None = field(default=None, repr=False)
    """The peer's own, as DER."""
