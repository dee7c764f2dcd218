"""Shared subscriptions: one message to one member of each group [MQTT-4.8.2]."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.settings import SharedStrategy

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.session import Delivery, Session


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

    def pick(self, strategy: SharedStrategy) -> Binding:
        """The member that gets the next message: a connected one if there is any [MQTT-4.8.2-3].

        The group must not be empty.
        """
        order = self._order
        if order is None:
            order = self._order = list(self.bindings.values())
        size = len(order)
        start = random.randrange(size) if strategy == "random" else self._cursor % size
        chosen = start
        for step in range(size):
            index = (start + step) % size
            channel = order[index].session.channel
            if channel is not None and channel.is_open:
                chosen = index
                break
        self._cursor = chosen + 1
        return order[chosen]


def hand_over(broker: Broker, delivery: Delivery) -> None:
    """Give a message that its member will never get to another one, if its group has any left."""
    binding = delivery.binding
    leaf = broker.router.leaves.get(binding.topic)
    group = leaf.groups.get(binding.group or "") if leaf is not None else None
    if group is None:
        return
    other = group.pick(broker.settings.shared_subscription_strategy)
    message = delivery.message
    qos = max(message.qos, other.qos) if broker.settings.upgrade_qos else min(message.qos, other.qos)
    retain = message.retain and other.retain_as_published
    other.session.deliver(message, other, qos, retain, broker.clock.now())
