"""The topic tree: filters → who subscribed them, and a topic name → everyone it concerns.

Filters without wildcards are one dictionary look-up; those with wildcards stand in a trie of levels [§4.7]. What
a topic name matched is remembered until a subscription that could change it comes or goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.shared import ShareGroup

if TYPE_CHECKING:
    from emqx_compat.broker.session import Session

MEMO_LIMIT = 16_384
"""Topic names whose matches are remembered; beyond that all are forgotten at once."""


class Leaf:
    """One filter, with its ordinary subscribers and its share groups."""

    __slots__ = ("bindings", "groups", "topic")

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.bindings: dict[Session, Binding] = {}
        self.groups: dict[str, ShareGroup] = {}


class Match:
    """Everyone a topic name concerns: one delivery for each binding, one for each group."""

    __slots__ = ("bindings", "groups")

    def __init__(self, bindings: tuple[Binding, ...], groups: tuple[ShareGroup, ...]) -> None:
        self.bindings = bindings
        self.groups = groups


class _Node:
    __slots__ = ("children", "leaf")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.leaf: Leaf | None = None


NOBODY = Match((), ())


class Router:
    """All subscriptions of the node."""

    __slots__ = ("_memo", "_root", "leaves", "routes", "shared", "subscriptions")

    def __init__(self) -> None:
        self.leaves: dict[str, Leaf] = {}
        """Filter without its share prefix → its leaf, in the order in which they appeared."""
        self.subscriptions = 0
        self.shared = 0
        """How many of the subscriptions are shared."""
        self.routes = 0
        """Rows of the routing table: (filter, share group or none)."""
        self._root = _Node()
        self._memo: dict[str, Match] = {}

    def add(self, binding: Binding) -> bool:
        """Add a subscription, or replace the one that its session has on that filter; False if replaced."""
        topic = binding.topic
        leaf = self.leaves.get(topic)
        if leaf is None:
            leaf = self.leaves[topic] = Leaf(topic)
            if _is_wildcard(topic):
                self._plant(leaf)
        self._forget(topic)
        if binding.group is None:
            fresh = binding.session not in leaf.bindings
            self.routes += not leaf.bindings
            leaf.bindings[binding.session] = binding
        else:
            group = leaf.groups.get(binding.group)
            if group is None:
                group = leaf.groups[binding.group] = ShareGroup(binding.group)
                self.routes += 1
            fresh = binding.session not in group.bindings
            group.put(binding)
            self.shared += fresh
        self.subscriptions += fresh
        return fresh

    def remove(self, binding: Binding) -> None:
        """Remove a subscription; harmless when another one of its session has replaced it."""
        topic = binding.topic
        leaf = self.leaves.get(topic)
        if leaf is None:
            return
        if binding.group is None:
            if leaf.bindings.get(binding.session) is not binding:
                return
            self._forget(topic)
            del leaf.bindings[binding.session]
            self.routes -= not leaf.bindings
        else:
            group = leaf.groups.get(binding.group)
            if group is None or group.bindings.get(binding.session) is not binding:
                return
            self._forget(topic)
            group.remove(binding.session)
            self.shared -= 1
            if not group.bindings:
                del leaf.groups[binding.group]
                self.routes -= 1
        self.subscriptions -= 1
        if not leaf.bindings and not leaf.groups:
            del self.leaves[topic]
            if _is_wildcard(topic):
                self._uproot(topic)

    def match(self, topic: str) -> Match:
        """Everyone whose filter matches the topic name."""
        match = self._memo.get(topic)
        if match is None:
            match = self.find(topic)
            if len(self._memo) >= MEMO_LIMIT:
                self._memo.clear()
            self._memo[topic] = match
        return match

    def rows(self) -> Iterator[tuple[str, str | None]]:
        """The routing table: filter and share group, None for ordinary subscriptions."""
        for leaf in self.leaves.values():
            if leaf.bindings:
                yield leaf.topic, None
            for group in leaf.groups:
                yield leaf.topic, group

    def find(self, topic: str) -> Match:
        """As `match`, for a name that is not worth remembering."""
        leaves: list[Leaf] = []
        exact = self.leaves.get(topic)
        if exact is not None:
            leaves.append(exact)
        if self._root.children:
            leaves += self._wild(topic)
        if not leaves:
            return NOBODY
        bindings = tuple(binding for leaf in leaves for binding in leaf.bindings.values())
        groups = tuple(group for leaf in leaves for group in leaf.groups.values())
        return Match(bindings, groups)

    def _wild(self, topic: str) -> Iterator[Leaf]:
        """The leaves of matching filters with wildcards, one level of the topic after the other."""
        levels = topic.split("/")
        nodes = [self._root]
        # Wildcards at the first level do not match names that begin with $ [MQTT-4.7.2-1].
        wild = not topic.startswith("$")
        for level in levels:
            deeper: list[_Node] = []
            for node in nodes:
                children = node.children
                if wild:
                    if (rest := children.get("#")) is not None and rest.leaf is not None:
                        yield rest.leaf
                    if (any_level := children.get("+")) is not None:
                        deeper.append(any_level)
                if (child := children.get(level)) is not None:
                    deeper.append(child)
            if not deeper:
                return
            nodes = deeper
            wild = True
        for node in nodes:
            if node.leaf is not None:
                yield node.leaf
            # `a/#` matches `a` too [§4.7.1.2].
            if (rest := node.children.get("#")) is not None and rest.leaf is not None:
                yield rest.leaf

    def _plant(self, leaf: Leaf) -> None:
        node = self._root
        for level in leaf.topic.split("/"):
            child = node.children.get(level)
            if child is None:
                child = node.children[level] = _Node()
            node = child
        node.leaf = leaf

    def _uproot(self, topic: str) -> None:
        levels = topic.split("/")
        way = [self._root]
        for level in levels:
            way.append(way[-1].children[level])
        way[-1].leaf = None
        for parent, level in zip(reversed(way[:-1]), reversed(levels), strict=True):
            child = parent.children[level]
            if child.children or child.leaf is not None:
                break
            del parent.children[level]

    def _forget(self, topic: str) -> None:
        """Forget what the memo says about the names that a filter matches."""
        if _is_wildcard(topic):
            self._memo.clear()
        else:
            self._memo.pop(topic, None)


def _is_wildcard(topic: str) -> bool:
    return "#" in topic or "+" in topic
