"""Retained messages: the last one of every topic [§3.3.1.3]."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emqx_compat.broker.limits import Limits
from emqx_compat.broker.message import Message
from emqx_compat.broker.settings import BrokerSettings

BREATH = 128
"""Topics looked at before whoever reads `matching` may look at the clock."""


class _Node:
    """A level of topics. Its children stand in a row in the order they came, so that a search may stop anywhere.

    One that is removed loses its parent and keeps `before`: a search that stands on it finds its place again.
    """

    __slots__ = ("after", "before", "children", "first", "last", "name", "number", "parent", "topic")

    def __init__(self, name: str, number: int, parent: _Node | None) -> None:
        self.name = name
        self.number = number
        """Later ones have higher numbers."""
        self.parent = parent
        self.topic: str | None = None
        self.children: dict[str, _Node] | None = None
        self.first: _Node | None = None
        self.last: _Node | None = None
        self.before: _Node | None = None
        self.after: _Node | None = None

    def child(self, name: str) -> _Node | None:
        """The child of that name."""
        return self.children.get(name) if self.children else None

    def add(self, child: _Node) -> None:
        """A new child, behind the others."""
        if self.children is None:
            self.children = {}
        self.children[child.name] = child
        last = child.before = self.last
        if last is None:
            self.first = child
        else:
            last.after = child
        self.last = child

    def remove(self, child: _Node) -> None:
        """A child is gone."""
        assert self.children is not None
        del self.children[child.name]
        before, after = child.before, child.after
        if before is None:
            self.first = after
        else:
            before.after = after
        if after is None:
            self.last = before
        else:
            after.before = before
        child.parent = child.after = None

    def next_of(self, child: _Node | None) -> _Node | None:
        """The child behind one that may be gone meanwhile; the first one behind None."""
        while child is not None and child.parent is None:
            child = child.before
        return self.first if child is None else child.after


class Retained:
    """Topic name → message, with a trie of levels to answer filters."""

    __slots__ = ("_changed", "_limits", "_planted", "_root", "_settings", "messages")

    def __init__(self, settings: BrokerSettings, limits: Limits, changed: Callable[[str], None]) -> None:
        self._settings = settings
        self._limits = limits
        self._changed = changed
        """Told the topic of which something else is retained now."""
        self._planted = 0
        self._root = _Node("", 0, None)
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
        self._root = _Node("", 0, None)

    def get(self, topic: str, now: float) -> Message | None:
        """The message of exactly that topic, unless it has expired."""
        message = self.messages.get(topic)
        if message is not None and self._expired(message, now):
            self.remove(topic)
            return None
        return message

    def matching(self, topic_filter: str, now: Callable[[], float]) -> Iterator[Message | None]:
        """The messages whose topics match a filter, and None wherever it has cost some time without an end.

        Levels go by the order in which they came. Topics may come and go while this is read: each one that was
        there at the beginning is found once, with the message it has then, if it still is there; those that
        came later are not, since whoever has subscribed gets them as they come.
        """
        if "#" not in topic_filter and "+" not in topic_filter:
            if (message := self.get(topic_filter, now())) is not None:
                yield message
            return
        for topic in self._search(topic_filter.split("/"), self._planted):
            if topic is None:
                yield None
            elif (message := self.get(topic, now())) is not None:
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
            child = node.child(level)
            if child is None:
                self._planted += 1
                child = _Node(level, self._planted, node)
                node.add(child)
            node = child
        node.topic = topic

    def _uproot(self, topic: str) -> None:
        node: _Node | None = self._root
        for level in topic.split("/"):
            assert node is not None
            node = node.child(level)
        assert node is not None
        node.topic = None
        while not node.children and node.topic is None and (parent := node.parent) is not None:
            parent.remove(node)
            node = parent

    def _search(self, levels: list[str], newest: int) -> Iterator[str | None]:
        """The topics that match the levels of a filter, of levels up to a number; None every `BREATH` steps."""
        root = self._root
        depth = len(levels)
        steps = 0
        node: _Node | None = root
        index = 0
        stack: list[tuple[_Node, _Node | None, int]] = []
        """Where to go on: among the children of a level, behind one of them, with the rest of the filter."""
        while True:
            while node is not None and index < depth and levels[index] not in ("#", "+"):
                node = node.child(levels[index])
                index += 1
            if node is not None:
                if node.topic is not None and (index == depth or levels[index] == "#"):
                    yield node.topic  # for `#` the parent level, too [§4.7.1.2]
                if node.first is not None and index < depth:
                    stack.append((node, None, index))
            if not stack or root is not self._root:
                return
            parent, last, index = stack[-1]
            node = parent.next_of(last)
            if node is None or node.number > newest:
                stack.pop()
                node = None
                continue
            stack[-1] = (parent, node, index)
            steps += 1
            if steps == BREATH:
                steps = 0
                yield None
            if parent is root and node.name[:1] == "$":
                node = None  # [MQTT-4.7.2-1]
            elif levels[index] == "+":
                index += 1
