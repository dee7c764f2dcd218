"""Access rules of a listener: `deny 10.0.0.0/8`, `allow all`, read from the first to the last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


@dataclass(slots=True, frozen=True)
class AccessRules:
    """The first rule whose network an address is in decides; an address of no rule is let in, as esockd does."""

    rules: tuple[tuple[bool, Network | None], ...] = ()
    """Whether to let in, and whom; None is everyone."""

    @classmethod
    def parse(cls, lines: Iterable[str]) -> AccessRules:
        """Raises ValueError for a line that is not `allow|deny all|address|network`."""
        rules: list[tuple[bool, Network | None]] = []
        for line in lines:
            verdict, _, who = line.strip().partition(" ")
            who = who.strip()
            if verdict not in ("allow", "deny") or not who:
                raise ValueError(f"access rule {line!r} is not allow or deny with all, an address or a network")
            try:
                rules.append((verdict == "allow", None if who == "all" else ip_network(who, strict=False)))
            except ValueError:
                raise ValueError(f"access rule {line!r} has no address or network") from None
        # What lets everyone in from the start needs not be asked.
        return cls(() if rules and rules[0] == (True, None) else tuple(rules))

    def allows(self, host: str | None) -> bool:
        """Whether a peer may connect."""
        if not self.rules or host is None:
            return True
        try:
            address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
        except ValueError:
            return True
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        for verdict, network in self.rules:
            if network is None or (network.version == address.version and address in network):
                return verdict
        return True
