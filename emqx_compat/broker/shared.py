"""Shared subscriptions: one message to one member of each group [MQTT-4.8.2]."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING
from zlib import crc32

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.settings import BrokerSettings, SharedStrategy

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.message import Message
    from emqx_compat.broker.session import Delivery, Session

MAX_PICKS = 1024
"""Groups of which one publisher's last pick is remembered; beyond that all are forgotten at once."""


class ShareGroup:
    """The members of one group on one filter, in the order in which they joined."""

    __slots__ = ("_cursor", "_order", "bindings", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.bindings: dict[Session, Binding] = {}
        self._order: list[Binding] | None = None
        self._cursor = 0

    def put(self, binding: Binding) -> None:
        """Add a member, or replace its options."""
        self.bindings[binding.session] = binding
        self._order = None

    def remove(self, session: Session) -> None:
        """Forget a member."""
        del self.bindings[session]
        self._order = None

    def pick(self, strategy: SharedStrategy, message: Message) -> Binding:
        """The member that gets the message: a connected one if there is any [§4.8.2].

        The group must not be empty.
        """
        order = self._order
        if order is None:
            order = self._order = list(self.bindings.values())
        return order[0] if len(order) == 1 else _PICKERS[strategy](self, order, message)

    def take_turn(self, size: int) -> int:
        """Whose turn it is in the group."""
        turn = self._cursor % size
        self._cursor = turn + 1
        return turn

    def set_turn(self, turn: int) -> None:
        """Whose turn is next."""
        self._cursor = turn


def pick(settings: BrokerSettings, group: ShareGroup, message: Message) -> Binding:
    """The member of a group that gets a message, by the strategy that the settings have for it."""
    strategy = settings.shared_subscription_strategy
    if settings.shared_subscription_groups:
        strategy = settings.shared_subscription_groups.get(group.name, strategy)
    return group.pick(strategy, message)


def _connected(order: list[Binding], start: int) -> int:
    """The place of the first connected member from one place on; that place when there is none."""
    size = len(order)
    for step in range(size):
        index = (start + step) % size
        channel = order[index].session.channel
        if channel is not None and channel.is_open:
            return index
    return start


def _random(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    return order[_connected(order, random.randrange(len(order)))]


def _round_robin(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    """Each publisher goes round by itself; a new one begins where the group stands, so that many publishers of
    one message each reach everyone."""
    picks = _picks(message)
    turn = picks.get(group)
    start = turn % len(order) if isinstance(turn, int) else group.take_turn(len(order))
    chosen = _connected(order, start)
    picks[group] = chosen + 1
    return order[chosen]


def _round_robin_per_group(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    chosen = _connected(order, group.take_turn(len(order)))
    group.set_turn(chosen + 1)
    return order[chosen]


def _sticky(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    """The one that the same publisher's last message went to, while it is connected; else any."""
    picks = _picks(message)
    last = picks.get(group)
    if last is not None and not isinstance(last, int):
        binding = group.bindings.get(last)
        if binding is not None and last.channel is not None and last.channel.is_open:
            return binding
    chosen = _random(group, order, message)
    picks[group] = chosen.session
    return chosen


def _hash_clientid(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    return order[_connected(order, crc32(message.origin.clientid.encode("utf-8", "replace")) % len(order))]


def _hash_topic(group: ShareGroup, order: list[Binding], message: Message) -> Binding:
    return order[_connected(order, crc32(message.topic.encode("utf-8", "replace")) % len(order))]


_PICKERS: dict[SharedStrategy, Callable[[ShareGroup, list[Binding], Message], Binding]] = {
    "random": _random,
    "round_robin": _round_robin,
    "round_robin_per_group": _round_robin_per_group,
    "sticky": _sticky,
    "local": _random,  # there is one node
    "hash_clientid": _hash_clientid,
    "hash_topic": _hash_topic,
}


def _picks(message: Message) -> dict[ShareGroup, int | Session]:
    """What is remembered of the publisher: whose turn is next, or who got the last one."""
    picks = message.origin.picks
    if picks is None or len(picks) >= MAX_PICKS:
        picks = message.origin.picks = {}
    return picks


def hand_over(broker: Broker, delivery: Delivery) -> None:
    """Give a message that its member will never get to another one, if its group has any left."""
    binding = delivery.binding
    leaf = broker.router.leaves.get(binding.topic)
    group = leaf.groups.get(binding.group or "") if leaf is not None else None
    if group is None:
        return
    message = delivery.message
    other = pick(broker.settings, group, message)
    qos = max(message.qos, other.qos) if broker.settings.upgrade_qos else min(message.qos, other.qos)
    retain = message.retain and other.retain_as_published
    other.session.deliver(message, other, qos, retain, broker.clock.now())
