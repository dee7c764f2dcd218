"""Retained messages on their way to a new subscription, a batch at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.message import Message

if TYPE_CHECKING:
    from emqx_compat.broker.session import Session

BATCH = 200
"""Messages sent before others get their turn."""


class Replay:
    """Sends as the client takes them, so that a million retained messages need no memory of their own."""

    __slots__ = ("_messages", "_scheduled", "_session", "binding")

    def __init__(self, session: Session, binding: Binding, messages: Iterator[Message]) -> None:
        self._session = session
        self.binding = binding
        self._messages = messages
        self._scheduled = False

    def pump(self) -> None:
        """The next batch; goes on by itself until the client's window or connection is full."""
        session = self._session
        broker = session.broker
        channel = session.channel
        binding = self.binding
        now = broker.clock.now()
        upgrade = broker.settings.upgrade_qos
        muted = session.client.clientid if binding.no_local else None
        for _ in range(BATCH):
            if channel is not None and channel.is_open:
                if channel.paused or session.mqueue:
                    return  # no more than the client can take
            elif session.mqueue and len(session.mqueue) >= session.client.mqueue_max > 0:
                return
            message = next(self._messages, None)
            if message is None:
                self._end()
                return
            if message.origin.clientid == muted:
                continue  # [MQTT-3.8.3-3]
            qos = max(message.qos, binding.qos) if upgrade else min(message.qos, binding.qos)
            session.deliver(message, binding, qos, True, now)
        if not self._scheduled:
            self._scheduled = True
            broker.call_soon(self.go_on)

    def go_on(self) -> None:
        """The next batch, if it is still this one's turn."""
        self._scheduled = False
        if self._session.replays and self._session.replays[0] is self:
            self.pump()

    def _end(self) -> None:
        session = self._session
        if session.replays and session.replays[0] is self:
            session.replays.popleft()
        if session.replays:
            session.broker.call_soon(session.replays[0].go_on)
        else:
            session.replays = None


def forget_replays(session: Session, key: str) -> None:
    """The subscription has ended; one that is merely replaced still gets everything [MQTT-3.8.4-4]."""
    replays = session.replays
    if replays:
        kept = deque(replay for replay in replays if replay.binding.key != key)
        session.replays = kept or None
        if kept and kept[0] is not replays[0]:
            session.broker.call_soon(kept[0].go_on)


def replay_retained(session: Session, binding: Binding) -> None:
    """Send the retained messages that a new subscription asks for [MQTT-3.3.1-9 … -11]."""
    broker = session.broker
    retained = broker.retained
    if not retained.messages or not broker.settings.retainer_enable:
        return
    replay = Replay(session, binding, retained.matching(binding.topic, broker.clock.now()))
    if session.replays:
        session.replays.append(replay)
    else:
        session.replays = deque([replay])
        replay.pump()
