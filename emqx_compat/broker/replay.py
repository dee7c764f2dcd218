"""Retained messages on their way to new subscriptions, in slices of a turn of the loop."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.message import Message

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.session import Session

log = logging.getLogger(__name__)

BATCH = 200
"""Messages sent to one session before others get their turn."""
BATCH_BYTES = 262_144
"""Bytes of payload, likewise: what is sent in one turn waits in memory for its end."""
ENCODED = 10_000
"""With more retained messages than that, what is encoded for a replay is not kept for the next one."""
SLICE = 0.004
"""Seconds of a turn of the loop that all replays together take before everything else gets its turn."""


class Replay:
    """Sends as the client takes them, so that a million retained messages need no memory of their own."""

    __slots__ = ("binding", "messages", "session")

    def __init__(self, session: Session, binding: Binding, messages: Iterator[Message | None]) -> None:
        self.session = session
        self.binding = binding
        self.messages = messages
        """None: see `Retained.matching`."""

    def pump(self) -> None:
        """The next slice of what the session gets; goes on by itself until its window or connection is full."""
        turns = self.session.broker.replays
        if turns.busy or _slice(self.session, perf_counter() + SLICE):
            turns.wait(self.session)


class ReplayTurns:
    """The sessions whose replays go on: all of them share `SLICE` of a turn of the loop."""

    __slots__ = ("_broker", "_waiting")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: dict[Session, None] = {}
        """In the order of their turns."""

    @property
    def busy(self) -> bool:
        """Somebody waits for his turn."""
        return bool(self._waiting)

    def wait(self, session: Session) -> None:
        """A session has more to get, and can take it."""
        if not self._waiting:
            self._broker.call_soon(self._turn)
        self._waiting[session] = None

    def _turn(self) -> None:
        waiting = self._waiting
        until = perf_counter() + SLICE
        for session in tuple(waiting):
            del waiting[session]
            try:
                more = _slice(session, until)
            except Exception:  # the other sessions' replays go on
                log.exception("a retained message was not sent to %s", session.client.clientid)
                more = True
            if more:
                waiting[session] = None
            if perf_counter() >= until:
                break
        if waiting:
            self._broker.call_soon(self._turn)


def _slice(session: Session, until: float) -> bool:
    """Send some of what the session's replays have; whether there is more that it can take now."""
    broker = session.broker
    now = broker.clock.now()
    upgrade = broker.settings.upgrade_qos
    forget = len(broker.retained) > ENCODED
    count = size = 0
    while replays := session.replays:
        replay = replays[0]
        binding = replay.binding
        channel = session.channel
        muted = session.client.clientid if binding.no_local else None
        while True:
            if channel is not None and channel.is_open:
                if channel.paused or session.mqueue:
                    return False  # no more than the client can take
            elif session.mqueue and len(session.mqueue) >= session.client.mqueue_max > 0:
                return False
            try:
                message = next(replay.messages)
            except StopIteration:
                break
            if message is None:
                if perf_counter() >= until:
                    return True
                continue
            if message.origin.clientid == muted:
                continue  # [MQTT-3.8.3-3]
            qos = max(message.qos, binding.qos) if upgrade else min(message.qos, binding.qos)
            session.deliver(message, binding, qos, True, now)
            if forget:
                message.changed()
            count += 1
            size += len(message.payload)
            if count >= BATCH or size >= BATCH_BYTES:
                return True
        if session.replays is replays and replays and replays[0] is replay:
            replays.popleft()
        if perf_counter() >= until:
            break
    if not session.replays:
        session.replays = None
    return session.replays is not None


def forget_replays(session: Session, key: str) -> None:
    """The subscription has ended; one that is merely replaced still gets everything [MQTT-3.8.4-4]."""
    replays = session.replays
    if replays:
        kept = deque(replay for replay in replays if replay.binding.key != key)
        session.replays = kept or None
        if kept and kept[0] is not replays[0]:
            session.broker.replays.wait(session)


def replay_retained(session: Session, binding: Binding) -> None:
    """Send the retained messages that a new subscription asks for [MQTT-3.3.1-9 … -11]."""
    broker = session.broker
    retained = broker.retained
    if not retained.messages or not broker.settings.retainer_enable:
        return
    replay = Replay(session, binding, retained.matching(binding.topic, broker.clock.now))
    if session.replays:
        session.replays.append(replay)
    else:
        session.replays = deque([replay])
        replay.pump()
