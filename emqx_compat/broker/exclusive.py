"""Exclusive subscriptions, EMQX's own: `$exclusive/<filter>` is granted to one session at a time.

Everywhere else the filter goes without its prefix, as in EMQX: in listings, at hook points, in the topic tree.
Others may subscribe to it without the prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.mqtt import ReasonCode, SubscriptionRequest, split_share

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.session import Session

PREFIX = "$exclusive/"
MARK = "is_exclusive"
"""In `Binding.extra`, which is stored with the subscription."""

EXTRA = {MARK: True}


def plain(topic_filter: str) -> str:
    """A filter without the prefix; the same when nothing would be left."""
    return topic_filter.removeprefix(PREFIX) or topic_filter


def without_prefix(requests: Sequence[SubscriptionRequest]) -> tuple[list[SubscriptionRequest], frozenset[int]]:
    """The filters of a SUBSCRIBE without the prefix, and the places of those that had it."""
    exclusive = frozenset(
        index for index, request in enumerate(requests) if request.topic_filter.startswith(PREFIX)
    )
    if not exclusive:
        return list(requests), exclusive
    return [
        replace(request, topic_filter=plain(request.topic_filter)) if index in exclusive else request
        for index, request in enumerate(requests)
    ], exclusive


def refusal(broker: Broker, session: Session, topic_filter: str, key: str) -> ReasonCode | None:
    """Why the session may not have the filter for itself, if so; as in EMQX, but for a share inside. `key` is the
    filter with its mountpoint."""
    if not broker.settings.exclusive_subscription or topic_filter == PREFIX:
        return ReasonCode.TOPIC_FILTER_INVALID
    if split_share(topic_filter)[0] is not None:
        return ReasonCode.TOPIC_FILTER_INVALID
    if broker.exclusive.get(key, session) is not session:
        return ReasonCode.QUOTA_EXCEEDED
    return None


def hold(broker: Broker, binding: Binding) -> None:
    """To be called with a new subscription: it is exclusive now, or not any more."""
    if binding.extra is not None and MARK in binding.extra:
        broker.exclusive[binding.key] = binding.session
    elif broker.exclusive:
        release(broker, binding)


def release(broker: Broker, binding: Binding) -> None:
    """To be called when a subscription has ended: others may have its filter."""
    if broker.exclusive.get(binding.key) is binding.session:
        del broker.exclusive[binding.key]
