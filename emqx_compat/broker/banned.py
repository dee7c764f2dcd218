"""Bans: checked at every CONNECT, kept by a store, purged once a minute."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.faults import F, Fault

PURGE_INTERVAL = 60.0

Key = tuple[BanKind, str]


class BanStore(Protocol):
    """Where bans outlive the process."""

    def load(self) -> Iterable[Ban]:
        """All bans, in the order they were made."""

    async def put(self, ban: Ban) -> None:
        """Store or replace."""

    async def remove(self, kind: BanKind, who: str) -> None:
        """Forget one; harmless when there is none."""

    def purge(self, kind: BanKind, who: str) -> None:
        """Forget one that has expired, without waiting."""

    async def clear(self) -> None:
        """Forget all."""


class NoBanStore:
    """Keeps nothing: bans live as long as the process."""

    def load(self) -> Iterable[Ban]:
        """Nothing."""
        return ()

    async def put(self, ban: Ban) -> None:
        """Nothing happens."""

    async def remove(self, kind: BanKind, who: str) -> None:
        """Nothing happens."""

    def purge(self, kind: BanKind, who: str) -> None:
        """Nothing happens."""

    async def clear(self) -> None:
        """Nothing happens."""


class Banned:
    """The table, with what its expressions and networks compile to."""

    __slots__ = ("_networks", "_patterns", "bans")

    def __init__(self) -> None:
        self.bans: dict[Key, Ban] = {}
        self._patterns: dict[Key, re.Pattern[str]] = {}
        self._networks: dict[Key, IPv4Network | IPv6Network] = {}

    def put(self, ban: Ban) -> Key:
        """Add or replace; the key under which it stands, addresses in their normal form.

        Faults: BAN_INVALID for an address, network or expression that is none.
        """
        try:
            if ban.kind == "peerhost":
                ban.who = str(ip_address(ban.who))
            key = (ban.kind, ban.who)
            if ban.kind == "peerhost_net":
                self._networks[key] = ip_network(ban.who, strict=False)
            elif ban.kind in ("clientid_re", "username_re"):
                self._patterns[key] = re.compile(ban.who)
        except (ValueError, re.error) as error:
            raise Fault(F.BAN_INVALID, reason=f"bad {ban.kind.removesuffix('_re')}") from error
        self.bans[key] = ban
        return key

    def remove(self, kind: BanKind, who: str) -> bool:
        """False: there was none."""
        key = (kind, who)
        self._patterns.pop(key, None)
        self._networks.pop(key, None)
        return self.bans.pop(key, None) is not None

    def clear(self) -> None:
        """Remove all."""
        self.bans.clear()
        self._patterns.clear()
        self._networks.clear()

    def check(self, clientid: str, username: str | None, peerhost: str | None, now: float) -> Ban | None:
        """The ban that refuses this client now, if any; exact ones first."""
        bans = self.bans
        if not bans:
            return None
        who: tuple[tuple[BanKind, str | None], ...] = (
            ("clientid", clientid),
            ("username", username),
            ("peerhost", peerhost),
        )
        for kind, name in who:
            if name is not None and (ban := bans.get((kind, name))) is not None and _holds(ban, now):
                return ban
        for key, pattern in self._patterns.items():
            name = clientid if key[0] == "clientid_re" else username
            if name is not None and pattern.search(name) and _holds(bans[key], now):
                return bans[key]
        if self._networks and peerhost is not None:
            try:
                address = ip_address(peerhost)
            except ValueError:
                return None
            for key, network in self._networks.items():
                if address in network and _holds(bans[key], now):
                    return bans[key]
        return None

    def expired(self, now: float) -> list[Key]:
        """Those whose time is over."""
        return [key for key, ban in self.bans.items() if ban.until is not None and ban.until <= now]


def _holds(ban: Ban, now: float) -> bool:
    return ban.until is None or ban.until > now
