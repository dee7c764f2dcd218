"""Who may publish and subscribe where: asked at the hook point, remembered per connection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from emqx_compat.broker.delayed import PREFIX as DELAYED
from emqx_compat.core.clients import AuthzDecision, Client

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker

log = logging.getLogger(__name__)

Action = Literal["publish", "subscribe"]


class Authorization:
    """What one connection may do. Answers hold for `authz_cache_ttl` seconds; the oldest makes room for a new one.

    Allowed operations are counted where packets are (`Broker.count_authorized`), as found in the cache; here is
    corrected what was otherwise.
    """

    __slots__ = ("_broker", "_client", "_known")

    def __init__(self, broker: Broker, client: Client) -> None:
        self._broker = broker
        self._client = client
        self._known: dict[tuple[str, str, int, bool], tuple[bool, float]] = {}
        """Action, topic, QoS, retain → allowed, and when that was found out."""

    def allows(self, action: Action, topic: str, qos: int, retain: bool, now: float) -> bool:
        """Whether the client may; `topic` is a filter without its share prefix when it subscribes."""
        known = self._known.get((action, topic, qos, retain))
        if known is not None and now < known[1] + self._broker.settings.authz_cache_ttl:
            allowed = known[0]
        else:
            allowed = self._ask(action, topic, qos, retain, now)
        if not allowed:
            counters = self._broker.counters
            counters["authorization.allow"] -= 1
            counters["authorization.deny"] += 1
        return allowed

    def decisions(self, now: float) -> list[AuthzDecision]:
        """What is remembered, oldest first."""
        oldest = now - self._broker.settings.authz_cache_ttl
        return [
            AuthzDecision(action, topic, "allow" if allowed else "deny", qos, retain, at)
            for (action, topic, qos, retain), (allowed, at) in self._known.items()
            if at > oldest
        ]

    def forget(self) -> None:
        """Ask again from now on."""
        self._known.clear()

    def _ask(self, action: Action, topic: str, qos: int, retain: bool, now: float) -> bool:
        broker = self._broker
        counters = broker.counters
        if self._client.is_superuser:
            counters["authorization.superuser"] += 1
            allowed = True
        elif (verdict := self._verdict(action, topic, qos, retain)) is None:
            counters["authorization.nomatch"] += 1
            allowed = broker.settings.authz_no_match == "allow"
        else:
            counters["authorization.matched.allow" if verdict else "authorization.matched.deny"] += 1
            allowed = verdict
        if broker.settings.authz_cache_enable:
            counters["authorization.cache_hit"] -= 1
            counters["authorization.cache_miss"] += 1
            known = self._known
            key = (action, topic, qos, retain)
            known.pop(key, None)
            while len(known) >= broker.settings.authz_cache_max_size:
                del known[next(iter(known))]
            known[key] = (allowed, now)
        return allowed

    def _verdict(self, action: Action, topic: str, qos: int, retain: bool) -> bool | None:
        """The first opinion; one that fails is a no. `$delayed/<n>/<topic>` is asked as `<topic>`."""
        if topic.startswith(DELAYED):
            topic = topic[len(DELAYED) :].partition("/")[2]
        for authorizer in tuple(self._broker.hooks.client_authorize):
            try:
                verdict = authorizer(self._client, action, topic, qos, retain)
            except Exception:  # whoever cannot be judged may not: a defect must not open a door
                log.exception("an authorizer failed for %s", self._client.clientid)
                return False
            if verdict is not None:
                return verdict
        return None
