"""What the web hook is told: by root `compat.web_hook`, and by options laid over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast
from urllib.parse import urlsplit

from emqx_compat.core.topics import valid_topic_filter

Generation = Literal["v2", "v3"]

EVENTS: Mapping[str, str] = {
    "client.connected": "client_connected",
    "client.disconnected": "client_disconnected",
    "client.subscribe": "client_subscribe",
    "client.unsubscribe": "client_unsubscribe",
    "session.created": "session_created",
    "session.subscribed": "session_subscribed",
    "session.unsubscribed": "session_unsubscribed",
    "session.terminated": "session_terminated",
    "message.publish": "message_publish",
    "message.delivered": "message_delivered",
    "message.acked": "message_acked",
}
"""Event → the `action` that its posts carry."""

_ALIASES = {"message.deliver": "message.delivered"}
"""3.x's rules name one event otherwise."""


@dataclass(frozen=True, slots=True)
class HookRule:
    """Post this event; with a topic filter, only when its topic matches. Each rule makes a post of its own."""

    event: str
    topic: str | None = None


ALL_EVENTS = tuple(HookRule(event) for event in EVENTS)


@dataclass(frozen=True, slots=True)
class WebHookSettings:
    """Where to post what. Seconds; `retries` come after the first attempt."""

    url: str = ""
    """Empty: nothing is posted."""
    generation: Generation = "v3"
    """Whose JSON it is."""
    headers: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[HookRule, ...] = ALL_EVENTS
    encode_payload: Literal["base64", "base62"] | None = None
    timeout: float = 5.0
    retries: int = 3
    backoff: float = 0.5
    """Before the first retry; doubled before each further one."""
    queue_size: int = 10_000
    """Posts that may wait; what comes then is dropped and counted."""
    concurrency: int = 8
    """Posts on their way at once; those of one client keep their order."""


def overlaid(settings: WebHookSettings, options: Mapping[str, str]) -> WebHookSettings:
    """The settings with the options of `FeatureService.configure` in force. Raises ValueError."""
    rules = []
    headers = dict(settings.headers)
    for name, value in options.items():
        if name == "url":
            settings = replace(settings, url=checked_url(value))
        elif name == "generation":
            if value not in ("v2", "v3"):
                raise ValueError(f"no generation of the web hook is called {value}")
            settings = replace(settings, generation=cast(Generation, value))
        elif name == "encode_payload":
            if value not in ("base64", "base62", "undefined", ""):
                raise ValueError(f"no encoding of payloads is called {value}")
            encoding = cast(Literal["base64", "base62"], value) if value.startswith("base") else None
            settings = replace(settings, encode_payload=encoding)
        elif name.startswith("headers."):
            headers[name.removeprefix("headers.")] = value
        elif name.startswith("rule."):
            rules.append(hook_rule(name.removeprefix("rule.").rpartition(".")[0], value))
    return replace(settings, headers=headers, rules=tuple(rules) or settings.rules)


def hook_rule(event: str, text: str) -> HookRule:
    """A rule of an event written as `{"action": "on_message_publish", "topic": "a/#"}`. Raises ValueError."""
    try:
        written = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the rule of {event} is no JSON") from error
    if not isinstance(written, dict):
        raise ValueError(f"the rule of {event} is no object")
    return rule_of(event, cast(str | None, written.get("topic")))


def rule_of(event: str, topic: str | None) -> HookRule:
    """A rule by event and filter. Raises ValueError."""
    event = _ALIASES.get(event, event)
    if event not in EVENTS:
        raise ValueError(f"no event is called {event}")
    if topic is not None and not (isinstance(topic, str) and valid_topic_filter(topic)):
        raise ValueError(f"the rule of {event} has no topic filter: {topic}")
    return HookRule(event, topic)


def checked_url(url: str) -> str:
    """A URL to post to, or the empty text. Raises ValueError."""
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no URL to post to")
    return url
