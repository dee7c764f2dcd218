"""Flapping detection: clients that connect too often in a short time are banned for a while, as EMQX does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from emqx_compat.broker.closing import kick
from emqx_compat.core.bans import Ban
from emqx_compat.core.clients import Client

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker

log = logging.getLogger(__name__)

MAX_TRACKED = 100_000
"""Client ids that are watched at a time; beyond that the one seen longest ago is forgotten."""


class Flapping:
    """How often each client id has come since the beginning of its window. As in EMQX, a window does not slide: it
    begins with the first CONNECT and ends after `flapping_detect_window_time`."""

    __slots__ = ("_broker", "_seen")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._seen: dict[str, tuple[float, int]] = {}
        """Client id → when its window began, and its CONNECTs since; who was seen longest ago comes first."""

    def __len__(self) -> int:
        return len(self._seen)

    def detect(self, client: Client, now: float) -> bool:
        """Count a CONNECT; True: it is one too many, the client is banned and its session gone."""
        broker, seen, clientid = self._broker, self._seen, client.clientid
        settings = broker.settings
        began, count = seen.pop(clientid, (now, 0))
        if now - began >= settings.flapping_detect_window_time:
            began, count = now, 0
        count += 1
        if count >= settings.flapping_detect_max_count:
            self._ban(client, count, now)
            return True
        if count == 1:
            self._make_room(now)
        seen[clientid] = began, count
        return False

    def _make_room(self, now: float) -> None:
        """Forget windows that are over, a few at a time."""
        seen = self._seen
        oldest = now - self._broker.settings.flapping_detect_window_time
        for _ in range(2):
            clientid = next(iter(seen), None)
            if clientid is None or (seen[clientid][0] > oldest and len(seen) < MAX_TRACKED):
                return
            del seen[clientid]

    def _ban(self, client: Client, count: int, now: float) -> None:
        broker = self._broker
        settings = broker.settings
        log.warning(
            "flapping_detected, clientid: %s, peer_host: %s, detect_cnt: %d, wind_time: %gs",
            client.clientid,
            client.peerhost,
            count,
            settings.flapping_detect_window_time,
        )
        ban = Ban(
            "clientid",
            client.clientid,
            by="flapping detector",
            reason="flapping is detected",
            at=int(now),
            until=int(now) + int(settings.flapping_detect_ban_time),
        )
        broker.banned.put(ban)
        broker.spawn(broker.ban_store.put(ban))
        session = broker.registry.get(client.clientid)
        if session is not None:
            kick(broker, session, forget=True)
