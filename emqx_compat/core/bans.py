"""Bans: who may not connect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BanKind = Literal["clientid", "username", "peerhost", "clientid_re", "username_re", "peerhost_net"]

BAN_KINDS: tuple[BanKind, ...] = (
    "clientid",
    "username",
    "peerhost",
    "clientid_re",
    "username_re",
    "peerhost_net",
)


@dataclass(slots=True)
class Ban:
    """Refuses the next CONNECT of whoever it names, while `until` lies ahead. Key: (kind, who)."""

    kind: BanKind
    who: str
    by: str | None = None
    reason: str | None = None
    at: int | None = None
    """Epoch seconds, as `until`."""
    until: int | None = None
    """None = for ever."""
    extra: dict[str, object] = field(default_factory=dict)
    """What only one generation can say of it (v3's `desc`, an `until` that is text), by field name."""
