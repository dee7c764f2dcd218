"""Retained messages: the last one of every topic [§3.3.1.3]."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emqx_compat.broker.limits import Limits
from emqx_compat.broker.message import Message
from emqx_compat.broker.settings import BrokerSettings


class _Node:
    __slots__ = ("children", "topic")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.topic: str | None = None


class Retained:
    """Topic name → message, with a trie of levels to answer filters."""

    __slots__ = ("_changed", "_limits", "_root", "_settings", "messages")

    def __init__(self, settings: BrokerSettings, limits: Limits, changed: Callable[[str], None]) -> None:
        self._settings = settings
        self._limits = limits
        self._changed = changed
        """Told the topic of which something else is retained now."""
        self._root = _Node()
        self.messages: dict[str, Message] = {}
        """In the order in which the topics were first retained."""

    def __len__(self) -> int:
        return len(self.messages)

    def store(self, message: Message) -> bool:
        """Keep a message with the retain flag, or clear its topic [MQTT-3.3.1-5, MQTT-3.3.1-6]; False: not kept.

        What is larger than the limit, or one topic too many, is delivered but not kept, as in EMQX; but what was
        kept before is gone, as the standards want it [3.1.1 MQTT-3.3.1-7].
        """
        topic = message.topic
        if not self._settings.retainer_enable:
            return False
        if not message.payload:
            self.remove(topic)
            return False
        settings = self._settings
        if len(message.payload) > settings.retained_max_payload_size:
            self._limits.reached("retainer.max_payload_size", settings.retained_max_payload_size, topic)
            self.remove(topic)
            return False
        if topic not in self.messages:
            if settings.retained_max_messages and len(self.messages) >= settings.retained_max_messages:
                limit = settings.retained_max_messages
                self._limits.reached("retainer.backend.max_retained_messages", limit, topic)
                return False
            self._plant(topic)
        self.messages[topic] = message
        self._changed(topic)
        return True

    def restore(self, message: Message) -> None:
        """Keep a message that was kept before, whatever the limits are now."""
        self._plant(message.topic)
        self.messages[message.topic] = message

    def remove(self, topic: str) -> bool:
        """Forget the message of a topic; False: there was none."""
        if self.messages.pop(topic, None) is None:
            return False
        self._uproot(topic)
        self._changed(topic)
        return True

    def clear(self) -> None:
        """Forget all."""
        for topic in self.messages:
            self._changed(topic)
        self.messages.clear()
        self._root = _Node()

    def get(self, topic: str, now: float) -> Message | None:
        """The message of exactly that topic, unless it has expired."""
        message = self.messages.get(topic)
        if message is not None and self._expired(message, now):
            self.remove(topic)
            return None
        return message

    def matching(self, topic_filter: str, now: float) -> Iterator[Message]:
        """The messages whose topics match a filter; topics may come and go while this is read."""
        if "#" not in topic_filter and "+" not in topic_filter:
            topics = [topic_filter]
        else:
            topics = list(_search(self._root, topic_filter.split("/")))
        for topic in topics:
            if (message := self.get(topic, now)) is not None:
                yield message

    def purge(self, now: float) -> None:
        """Forget what has expired."""
        for topic in [topic for topic, message in self.messages.items() if self._expired(message, now)]:
            self.remove(topic)

    def _expired(self, message: Message, now: float) -> bool:
        limit = self._settings.retained_msg_expiry_interval
        return message.expired(now) or bool(limit and not message.is_sys and now >= message.at + limit)

    def _plant(self, topic: str) -> None:
        node = self._root
        for level in topic.split("/"):
            child = node.children.get(level)
            if child is None:
                child = node.children[level] = _Node()
            node = child
        node.topic = topic

    def _uproot(self, topic: str) -> None:
        levels = topic.split("/")
        way = [self._root]
        for level in levels:
            way.append(way[-1].children[level])
        way[-1].topic = None
        for parent, level in zip(reversed(way[:-1]), reversed(levels), strict=True):
            child = parent.children[level]
            if child.children or child.topic is not None:
                break
            del parent.children[level]


def _search(root: _Node, levels: list[str]) -> Iterator[str]:
    """The topics below `root` that match the levels of a filter."""
    stack = [(root, 0)]
    depth = len(levels)
    while stack:
        node, index = stack.pop()
        if index == depth:
            if node.topic is not None:
                yield node.topic
            continue
        level = levels[index]
        if level == "#":
            if node.topic is not None:
                yield node.topic  # the parent level [§4.7.1.2]
            stack += [(child, index) for name, child in node.children.items() if index or name[:1] != "$"]
        elif level == "+":
            stack += [(child, index + 1) for name, child in node.children.items() if index or name[:1] != "$"]
        elif (child := node.children.get(level)) is not None:
            stack.append((child, index + 1))
