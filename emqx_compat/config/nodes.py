"""The tree every reader makes and every layer is merged in: objects, arrays and leaves with their origin.

Nodes are never changed after they are made; `merge`, `put` and `drop` build new ones and share the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emqx_compat.config.errors import ConfigError, Origin, Problem

Scalar = str | int | float | bool | None
Json = Scalar | list["Json"] | dict[str, "Json"]
KeyPath = tuple[str, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_@%|/-]+\Z")


@dataclass(slots=True, frozen=True)
class Leaf:
    """A scalar. `text` is how it was written when it was not quoted, so that a text field gets `007` as written."""

    value: Scalar
    origin: Origin
    text: str | None = None


@dataclass(slots=True, frozen=True)
class Arr:
    items: tuple[Node, ...]
    origin: Origin


@dataclass(slots=True, frozen=True)
class Obj:
    fields: dict[str, Node]
    origin: Origin


Node = Leaf | Arr | Obj


def plain(node: Node) -> Json:
    """The value without its origins, as JSON would hold it."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Arr):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.fields.items()}


def node_of(value: object, origin: Origin) -> Node:
    """A tree from plain values, all with the same origin. Raises TypeError for what HOCON cannot hold."""
    if isinstance(value, dict):
        return Obj({str(key): node_of(item, origin) for key, item in value.items()}, origin)
    if isinstance(value, (list, tuple)):
        return Arr(tuple(node_of(item, origin) for item in value), origin)
    if value is None or isinstance(value, (str, bool, int, float)):
        return Leaf(value, origin)
    raise TypeError(f"{type(value).__name__} has no place in a configuration")


def moved(node: Node, origin: Origin) -> Node:
    """The same tree with one origin throughout."""
    if isinstance(node, Leaf):
        return Leaf(node.value, origin, node.text)
    if isinstance(node, Arr):
        return Arr(tuple(moved(item, origin) for item in node.items), origin)
    return Obj({key: moved(value, origin) for key, value in node.fields.items()}, origin)


def describe(node: Node) -> str:
    """What stands there, for an error message."""
    if isinstance(node, Leaf):
        if node.text is not None:
            return node.text
        return f'"{node.value}"' if isinstance(node.value, str) else str(node.value).lower()
    return "an array" if isinstance(node, Arr) else "an object"


def path_text(path: Sequence[str]) -> str:
    """`a.b."c.d"`: the path as it is written in HOCON."""
    return ".".join(key if _PLAIN_KEY.match(key) else f'"{key}"' for key in path)


def is_index_map(node: Node) -> bool:
    """Whether an object stands for array elements: `{"1": …, "2": …}`, as `authentication.1.enable` makes it."""
    return isinstance(node, Obj) and bool(node.fields) and all(key.isdecimal() for key in node.fields)


def merge(base: Node | None, over: Node, path: KeyPath = ()) -> Node:
    """`over` laid on `base`: objects merge key by key, an index map changes elements of an array (from 1), anything
    else replaces. Raises ConfigError when an index leaves a gap."""
    if isinstance(base, Obj) and isinstance(over, Obj):
        fields = dict(base.fields)
        for key, value in over.fields.items():
            fields[key] = merge(fields.get(key), value, (*path, key))
        return Obj(fields, over.origin)
    if isinstance(base, Arr) and isinstance(over, Obj) and is_index_map(over):
        return Arr(_overlay(list(base.items), over, path), over.origin)
    return over


def listed(node: Obj, path: KeyPath) -> Arr:
    """The array an index map stands for. Raises ConfigError when an index is missing."""
    return Arr(_overlay([], node, path), node.origin)


def _overlay(items: list[Node], over: Obj, path: KeyPath) -> tuple[Node, ...]:
    for key, value in sorted(over.fields.items(), key=lambda entry: int(entry[0])):
        index = int(key)
        if not 1 <= index <= len(items) + 1:
            raise ConfigError(
                Problem(
                    "no such array element",
                    value_origin(value),
                    path_text((*path, key)),
                    found=f"index {key}",
                    expected=f"an index from 1 to {len(items) + 1}",
                )
            )
        if index > len(items):
            items.append(value)
        else:
            items[index - 1] = merge(items[index - 1], value, (*path, key))
    return tuple(items)


def value_origin(node: Node) -> Origin:
    """The origin of a node, or of its first leaf when it is an object."""
    if isinstance(node, Obj) and node.fields:
        return value_origin(next(iter(node.fields.values())))
    return node.origin


def find(node: Node | None, path: KeyPath) -> Node | None:
    """The node at a path; array elements are counted from 1. None when there is none."""
    for key in path:
        if isinstance(node, Obj):
            node = node.fields.get(key)
        elif isinstance(node, Arr) and key.isdecimal() and 1 <= int(key) <= len(node.items):
            node = node.items[int(key) - 1]
        else:
            return None
    return node


def put(root: Obj, path: KeyPath, value: Node) -> Obj:
    """`root` with `value` in the place of what was at `path`."""
    key, rest = path[0], path[1:]
    if rest:
        child = root.fields.get(key)
        if isinstance(child, Arr):
            child = Obj({str(at): item for at, item in enumerate(child.items, 1)}, child.origin)
            return Obj({**root.fields, key: listed(put(child, rest, value), path)}, root.origin)
        value = put(child if isinstance(child, Obj) else Obj({}, value.origin), rest, value)
    return Obj({**root.fields, key: value}, root.origin)


def drop(root: Obj, path: KeyPath) -> Obj:
    """`root` without what was at `path`; objects that become empty by it go too."""
    key, rest = path[0], path[1:]
    child = root.fields.get(key)
    others = {name: value for name, value in root.fields.items() if name != key}
    if rest and isinstance(child, Obj):
        left = drop(child, rest)
        return Obj({**root.fields, key: left} if left.fields else others, root.origin)
    return root if rest or child is None else Obj(others, root.origin)


def leaves(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    """Every leaf with its path; an array of scalars and an empty object count as one leaf."""
    if isinstance(node, Obj) and node.fields:
        for key, value in sorted(node.fields.items()):
            yield from leaves(value, (*path, key))
    elif isinstance(node, Arr) and any(not isinstance(item, Leaf) for item in node.items):
        for index, item in enumerate(node.items, 1):
            yield from leaves(item, (*path, str(index)))
    else:
        yield path, node
