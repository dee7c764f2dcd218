"""Hook points: where rules, web hooks, access control and tracing reach the broker without it knowing them.

Each point is a list of plain callables; an empty list costs the broker one truth test. Names are EMQX's hook
points. Callbacks run in the event loop and must not block; what they raise is logged and does not stop others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emqx_compat.core.clients import Client, Subscription, SubscriptionOptions

ClientHook = Callable[[Client], None]
ReasonHook = Callable[[Client, str], None]
SubscriptionHook = Callable[[Client, Subscription], None]
MessageHook = Callable[[Any], None]
"""Called with the broker's message record."""
Authenticator = Callable[[Client, bytes | None], Awaitable[int | None]]
"""Credentials of a CONNECT → None (no opinion), 0 (welcome) or the CONNACK reason code to refuse with."""
AuthExchange = Callable[[bytes | None], Awaitable["AuthStep"]]
"""One run of an enhanced authentication: the client's Authentication Data → what comes next."""
AuthMethod = Callable[[Client], AuthExchange]
"""Begins a run for a client, whose user name it may set."""
Authorizer = Callable[[Client, str, str, int, bool], bool | None]
"""Client, `publish` or `subscribe`, topic (a filter without its share prefix), QoS, retain → allowed, or None."""
SubscribeHook = Callable[[Client, Sequence[SubscriptionOptions]], Sequence[SubscriptionOptions] | None]
"""Client and the filters of a SUBSCRIBE → as many others in their place, or None."""
UnsubscribeHook = Callable[[Client, Sequence[str]], Sequence[str] | None]
"""The same for the filters of an UNSUBSCRIBE."""
DeliveryHook = Callable[[Client, Any], None]
"""Receiver, and the broker's message record."""
CompletionHook = Callable[[Client, Any, float, float], None]
"""Receiver, the broker's message record, when it was first sent to the receiver, and now; epoch seconds."""
QueueHook = Callable[[Client, int], None]
"""Whose message queue, and how long it is."""

WELCOME = 0
BAD_USER_NAME_OR_PASSWORD = 0x86
NOT_AUTHORIZED = 0x87
"""CONNACK reason codes for authenticators; the broker translates them for older clients [§3.2.2.2]."""


CONTINUE = 0x18
"""What an authentication method says that wants to hear more."""


@dataclass(slots=True)
class AuthStep:
    """What an authentication method answers: `WELCOME`, `CONTINUE`, or the reason code to refuse with."""

    code: int = WELCOME
    data: bytes | None = None
    """Authentication Data for the client."""


@dataclass(slots=True)
class Hooks:
    """The hook points of one engine."""

    client_authenticate: list[Authenticator] = field(default_factory=list)
    enhanced_authenticate: dict[str, AuthMethod] = field(default_factory=dict)
    """Authentication Method of MQTT 5 → who knows it; those who name another one are refused."""
    client_authorize: list[Authorizer] = field(default_factory=list)
    """The first opinion counts; nobody's means what the settings say. To be changed with `Broker.hook_authorizer`:
    without anyone here nobody is asked."""
    client_subscribe: list[SubscribeHook] = field(default_factory=list)
    """Before a SUBSCRIBE takes effect, after it was authorized."""
    client_unsubscribe: list[UnsubscribeHook] = field(default_factory=list)
    client_connected: list[ClientHook] = field(default_factory=list)
    client_disconnected: list[ReasonHook] = field(default_factory=list)
    session_created: list[ClientHook] = field(default_factory=list)
    session_resumed: list[ClientHook] = field(default_factory=list)
    session_terminated: list[ReasonHook] = field(default_factory=list)
    session_subscribed: list[SubscriptionHook] = field(default_factory=list)
    session_unsubscribed: list[SubscriptionHook] = field(default_factory=list)
    message_publish: list[MessageHook] = field(default_factory=list)
    message_dropped: list[MessageHook] = field(default_factory=list)
    message_delivered: list[DeliveryHook] = field(default_factory=list)
    """A message is being sent to a client. To be changed with `Broker.hook_deliveries` alone: without anyone here
    deliveries take a shorter way."""
    message_acked: list[DeliveryHook] = field(default_factory=list)
    delivery_completed: list[CompletionHook] = field(default_factory=list)
    """QoS 1 and 2 when the client has acknowledged a message to the end, QoS 0 that had to wait when it is sent."""
    mqueue_high: list[QueueHook] = field(default_factory=list)
    """A message queue has passed its high watermark."""
    mqueue_low: list[QueueHook] = field(default_factory=list)
    """A queue that had passed its high watermark is below its low one, or gone."""
