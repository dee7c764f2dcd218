"""HOCON in EMQX's dialect: text or file in, a tree of nodes with origins out.

    parse_file(Path("emqx.conf"))            an object
    parse_text("a.b = 1", "example")         the same from a string
    parse_value("[1, 2]", "EMQX_X")          one value

All raise ConfigError with file, line and column. `${path}` refers to the document itself, not to the process
environment (as in EMQX), and a file included inside an object is looked up there first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from emqx_compat.config.errors import ConfigError, Origin, Problem
from emqx_compat.config.nodes import Arr, KeyPath, Leaf, Node, Obj, describe, find, merge, path_text
from emqx_compat.config.parser import Draft, Earlier, Include, Items, Join, Parser, Reference, Value, leaf_text
from emqx_compat.config.scanner import Source


def parse_text(text: str, source: str = "text", folder: Path | None = None) -> Obj:
    """An object from text; includes are looked for in `folder`."""
    return _resolved(Parser(Source(text, source), _includer(folder or Path(), ())))


def parse_file(path: Path) -> Obj:
    """An object from a file in UTF-8; includes are relative to the file that names them."""
    source = _open(path, Origin(str(path)))
    return _resolved(Parser(source, _includer(path.parent, (path.resolve(),))))


def parse_value(text: str, source: str = "text") -> Node:
    """One value. An unset `${?path}` is null."""
    value = Parser(Source(text, source), _includer(Path(), ())).single()
    return _Resolver(Draft({}, value.origin)).value(value, None) or Leaf(None, value.origin)


def _resolved(parser: Parser) -> Obj:
    draft = parser.document()
    return _Resolver(draft).object(draft)


def _open(path: Path, origin: Origin) -> Source:
    try:
        return Source(path.read_bytes().decode("utf-8"), str(path))
    except FileNotFoundError:
        raise ConfigError(Problem("no such file", origin, found=str(path))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(f"unreadable file {path}: {error}", origin)) from None


def _includer(folder: Path, opened: tuple[Path, ...]) -> Include:
    """How a file opens what it includes; `opened` are the files on the way to it, to notice a circle."""

    def include(name: str, origin: Origin) -> tuple[Source, Include]:
        path = folder / name
        real = path.resolve()
        if real in opened:
            raise ConfigError(Problem("a file includes itself", origin, found=str(path)))
        return _open(path, origin), _includer(path.parent, (*opened, real))

    return include


class _Resolver:
    """Turns drafts into nodes, following references through the root draft."""

    __slots__ = ("_busy", "_root")

    def __init__(self, root: Draft) -> None:
        self._root = root
        # The keys being worked out, by the identity of their list of values, with what they held before.
        self._busy: dict[int, Node | None] = {}

    def object(self, draft: Draft) -> Obj:
        fields = {}
        for key, values in draft.fields.items():
            node = self._latest(values)
            if node is not None:
                fields[key] = node
        return Obj(fields, draft.origin)

    def value(self, value: Value, before: Node | None) -> Node | None:
        """The node for a draft value; None for an unset optional reference."""
        if isinstance(value, Leaf):
            return value
        if isinstance(value, Draft):
            return self.object(value)
        if isinstance(value, Items):
            found = (self.value(item, None) for item in value.values)
            return Arr(tuple(node for node in found if node is not None), value.origin)
        if isinstance(value, Reference):
            return self._refer(value)
        if isinstance(value, Earlier):
            return before
        return self._join(value, before)

    def _latest(self, values: list[Value]) -> Node | None:
        """What a key holds after all its assignments; while it is being worked out, what it held so far."""
        if len(values) == 1 and isinstance(values[0], Leaf):
            return values[0]
        mark = id(values)
        if mark in self._busy:
            return self._busy[mark]
        node: Node | None = None
        for value in values:
            self._busy[mark] = node
            found = self.value(value, node)
            if found is not None:
                node = merge(node, found)
        del self._busy[mark]
        return node

    def _refer(self, reference: Reference) -> Node | None:
        node = self._find(reference.scope + reference.path) if reference.scope else None
        if node is None:
            node = self._find(reference.path)
        if node is None and not reference.optional:
            raise ConfigError(
                Problem(
                    "substitution without a value, or one that refers to itself",
                    reference.origin,
                    found=f"${{{path_text(reference.path)}}}",
                    expected=f"a value for {path_text(reference.path)}, or ${{?…}}",
                )
            )
        return node

    def _find(self, path: KeyPath) -> Node | None:
        values = self._root.fields.get(path[0])
        return self._inside(values, path[1:]) if values else None

    def _inside(self, values: Sequence[Value | str], path: KeyPath) -> Node | None:
        """What the values hold together at a path below them, working out no more of them than that."""
        if not path:
            return self._latest(cast(list[Value], values))
        node: Node | None = None
        for value in values:
            if isinstance(value, Draft):
                inner = value.fields.get(path[0])
                found = self._inside(inner, path[1:]) if inner else None
            elif isinstance(value, Join):
                found = self._inside(value.parts, path)
            elif isinstance(value, (Reference, Items)):
                found = find(self.value(value, None), path)
            elif isinstance(value, Leaf):
                node = found = None
            else:
                found = None
            node = node if found is None else merge(node, found)
        return node

    def _join(self, join: Join, before: Node | None) -> Node | None:
        nodes: list[Node] = []
        texts: list[str] = []
        for part in join.parts:
            node = None if isinstance(part, str) else self.value(part, before)
            if isinstance(part, str):
                texts.append(part)
            elif node is not None:
                nodes.append(node)
                if isinstance(node, Leaf):
                    texts.append(leaf_text(node))
        if len(nodes) == 1 and not isinstance(nodes[0], Leaf):
            return nodes[0]
        if all(isinstance(node, Leaf) for node in nodes):
            return Leaf("".join(texts), join.origin) if nodes else None
        if all(isinstance(node, Arr) for node in nodes):
            return Arr(tuple(item for node in nodes if isinstance(node, Arr) for item in node.items), join.origin)
        if all(isinstance(node, Obj) for node in nodes):
            whole = nodes[0]
            for node in nodes[1:]:
                whole = merge(whole, node)
            return whole
        raise ConfigError(
            Problem(
                "values of different kinds side by side",
                join.origin,
                found=" ".join(map(describe, nodes)),
                expected="strings, arrays or objects only",
            )
        )
