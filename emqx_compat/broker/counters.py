"""Counters: how packets are counted under the names of `core.metrics`, and the older names kept in step."""

from __future__ import annotations

from emqx_compat.core.metrics import COUNTERS
from emqx_compat.mqtt import PacketType

Counters = dict[str, int]

ALIASES: dict[str, tuple[str, ...]] = {
    "client.check_acl": ("client.authorize",),
    "client.acl.allow": ("authorization.allow",),
    "client.acl.deny": ("authorization.deny",),
    "client.acl.cache_hit": ("authorization.cache_hit",),
    "auth.mqtt.anonymous": ("authentication.success.anonymous",),
    "client.auth.success": ("authentication.success",),
    "client.auth.success.anonymous": ("authentication.success.anonymous",),
    "client.auth.failure": ("authentication.failure",),
    "messages.qos2.dropped": ("packets.publish.dropped", "messages.dropped.await_pubrel_timeout"),
    "messages.qos2.expired": ("messages.dropped.await_pubrel_timeout",),
    "messages.expired": ("delivery.dropped.expired",),
    "messages.dropped.expired": ("delivery.dropped.expired",),
}
"""Older name → the names whose sum it is; filled in when the counters are read."""

RECEIVED: dict[PacketType, str] = {
    kind: f"packets.{kind.name.lower()}.received"
    for kind in PacketType
    if f"packets.{kind.name.lower()}.received" in COUNTERS
}
"""Packet type → its counter of received packets."""


def _sent_names(first: int) -> tuple[str, ...]:
    """The counters that a sent packet with this first byte moves, `packets.sent` aside."""
    kind = first >> 4
    if kind == 0:
        return ()
    names: list[str] = [f"packets.{PacketType(kind).name.lower()}.sent"]
    if kind == PacketType.PUBLISH:
        names += ["messages.sent", f"messages.qos{first >> 1 & 3}.sent", "messages.delivered"]
    return tuple(name for name in names if name in COUNTERS)


SENT: tuple[tuple[str, ...], ...] = tuple(_sent_names(first) for first in range(256))
"""First byte of a packet → the counters that sending it moves."""

SYS_UNCOUNTED: tuple[tuple[str, ...], ...] = tuple(
    ("packets.sent", "packets.publish.sent", "messages.sent", f"messages.qos{qos}.sent") for qos in range(3)
)
"""QoS → what a delivery under `$SYS/` is not counted in."""


def new_counters() -> Counters:
    """Every counter at 0."""
    return dict.fromkeys(COUNTERS, 0)


def with_aliases(counters: Counters) -> Counters:
    """A copy in which the older names agree with the newer ones."""
    result = dict(counters)
    for name, parts in ALIASES.items():
        result[name] += sum(counters[part] for part in parts)
    return result
