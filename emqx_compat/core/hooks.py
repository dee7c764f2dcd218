"""Hook points: where rules, web hooks, access control and tracing reach the broker without it knowing them.

Each point is a list of plain callables; an empty list costs the broker one truth test. Names are EMQX's hook
points. Callbacks run in the event loop and must not block; what they raise is logged and does not stop others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from emqx_compat.core.clients import Client, Subscription

ClientHook = Callable[[Client], None]
ReasonHook = Callable[[Client, str], None]
SubscriptionHook = Callable[[Client, Subscription], None]
MessageHook = Callable[[Any], None]
"""Called with the broker's message record."""
Authenticator = Callable[[Client, bytes | None], Awaitable[int | None]]
"""Credentials of a CONNECT → None (no opinion), 0 (welcome) or the CONNACK reason code to refuse with."""


@dataclass(slots=True)
class Hooks:
    """The hook points of one engine."""

    client_authenticate: list[Authenticator] = field(default_factory=list)
    client_connected: list[ClientHook] = field(default_factory=list)
    client_disconnected: list[ReasonHook] = field(default_factory=list)
    session_created: list[ClientHook] = field(default_factory=list)
    session_resumed: list[ClientHook] = field(default_factory=list)
    session_terminated: list[ReasonHook] = field(default_factory=list)
    session_subscribed: list[SubscriptionHook] = field(default_factory=list)
    session_unsubscribed: list[SubscriptionHook] = field(default_factory=list)
    message_publish: list[MessageHook] = field(default_factory=list)
    message_dropped: list[MessageHook] = field(default_factory=list)
