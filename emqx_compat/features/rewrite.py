"""Topic rewrite: rules that put another topic in the place of the one a client names.

As in EMQX, the last rule is tried first, and the first whose filter matches decides, even when its expression does
not match. Authorization has looked at the topic before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from emqx_compat.core.clients import Client, SubscriptionOptions
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.topics import is_shared, valid_topic_filter, valid_topic_name
from emqx_compat.mqtt import matches

Action = Literal["publish", "subscribe", "all"]

_GROUP = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """A rule of root `rewrite`."""

    action: Action
    source_topic: str
    dest_topic: str
    expression: re.Pattern[str]

    @classmethod
    def read(cls, action: Action, source_topic: str, dest_topic: str, expression: str) -> RewriteRule:
        """Raises ValueError."""
        if not valid_topic_filter(source_topic):
            raise ValueError(f"{source_topic} is no topic filter")
        try:
            return cls(action, source_topic, dest_topic, re.compile(expression))
        except re.error as error:
            raise ValueError(f"{expression} is no regular expression: {error}") from error

    def apply(self, topic: str, clientid: str, username: str | None) -> str:
        """The other topic; the same when the expression does not match."""
        found = self.expression.search(topic)
        if found is None:
            return topic
        groups = found.groups(default="")

        def group(match: re.Match[str]) -> str:
            number = int(match[1])
            return groups[number - 1] if 1 <= number <= len(groups) else match[0]

        result = _GROUP.sub(group, self.dest_topic)
        result = result.replace("${clientid}", clientid).replace("%c", clientid)
        return result if username is None else result.replace("${username}", username).replace("%u", username)


class Rewrite:
    """The effect. `rules` may be replaced at any time."""

    def __init__(self, hooks: Hooks, rules: Sequence[RewriteRule] = ()) -> None:
        self._hooks = hooks
        self.rules = tuple(rules)

    async def start(self, options: Mapping[str, str]) -> None:
        """Rewrite before anyone else looks at a topic."""
        self._hooks.message_publish.insert(0, self._publish)
        self._hooks.client_subscribe.insert(0, self._subscribe)
        self._hooks.client_unsubscribe.insert(0, self._unsubscribe)

    async def stop(self) -> None:
        """Topics are what they are."""
        self._hooks.message_publish.remove(self._publish)
        self._hooks.client_subscribe.remove(self._subscribe)
        self._hooks.client_unsubscribe.remove(self._unsubscribe)

    def _publish(self, message: Any) -> None:
        topic = self._rewritten("publish", message.topic, message.clientid, message.username)
        if topic != message.topic and valid_topic_name(topic):
            message.topic = topic
            message.changed()

    def _subscribe(self, client: Client, wanted: Sequence[SubscriptionOptions]) -> Sequence[SubscriptionOptions]:
        return [replace(each, topic=self._filter(client, each.topic)) for each in wanted]

    def _unsubscribe(self, client: Client, topics: Sequence[str]) -> Sequence[str]:
        return [self._filter(client, topic) for topic in topics]

    def _filter(self, client: Client, topic: str) -> str:
        prefix = ""
        if is_shared(topic):
            parts = topic.split("/", 2 if topic.startswith("$share/") else 1)
            prefix, topic = "/".join(parts[:-1]) + "/", parts[-1]
        return prefix + self._rewritten("subscribe", topic, client.clientid, client.username)

    def _rewritten(self, action: Action, topic: str, clientid: str, username: str | None) -> str:
        for rule in reversed(self.rules):
            if rule.action in (action, "all") and matches(topic, rule.source_topic):
                return rule.apply(topic, clientid, username)
        return topic
