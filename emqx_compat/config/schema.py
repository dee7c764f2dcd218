"""What a configuration may contain, declared as a tree, and the check of a tree of nodes against it.

A `Struct` has named entries, a `MapOf` entries of any name (`listeners.tcp.<name>`), a `ListOf` numbered ones; a
`Field` is a value of some kind; an `Open` is accepted as it is. Whatever is marked `used=False` is known to EMQX
but has no effect here: setting it to something other than its default gives a notice, never silence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from emqx_compat.config.errors import DEFAULT, ConfigError, Notice, Origin, Problem
from emqx_compat.config.kinds import Kind
from emqx_compat.config.nodes import (
    Arr,
    Json,
    KeyPath,
    Leaf,
    Node,
    Obj,
    Scalar,
    describe,
    is_index_map,
    listed,
    merge,
    node_of,
    path_text,
    plain,
    value_origin,
)

NOT_USED = "known to EMQX, not used here"

# What EMQX leaves in cluster.hocon for a default entry that was deleted at run time.
TOMBSTONE = "marked_for_deletion"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


@dataclass(slots=True, frozen=True)
class Field:
    """One value. Without `default` it may be absent (typed None) unless it is `required`. `unused_values` are those
    of a used field that have no effect here."""

    kind: Kind
    default: Json = None
    doc: str = ""
    used: bool = True
    secret: bool = False
    required: bool = False
    unused_values: tuple[str | bool, ...] = ()


@dataclass(slots=True, frozen=True)
class Struct:
    """Named entries. `strict` makes an unknown name an error instead of a notice, here and below; `aliases` are
    other names an entry may go by."""

    entries: Mapping[str, Spec]
    doc: str = ""
    used: bool = True
    strict: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class MapOf:
    """Entries of any name; `presets` exist without being configured, with the values given."""

    item: Spec
    presets: Mapping[str, Json] = field(default_factory=dict)
    doc: str = ""
    used: bool = True


@dataclass(slots=True, frozen=True)
class ListOf:
    """Entries in order, empty by default."""

    item: Spec
    doc: str = ""
    used: bool = True


@dataclass(slots=True, frozen=True)
class Open:
    """Anything at all; typed it is what JSON would hold."""

    default: Json = None
    doc: str = ""
    used: bool = True


Spec = Field | Struct | MapOf | ListOf | Open


@dataclass(slots=True)
class Report:
    """What the check of a tree came upon."""

    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Checked:
    """A checked value: its nodes filled with defaults (None: absent), the typed value, and where something other
    than the default was first set."""

    node: Node | None
    value: object
    changed: Origin | None = None


def check(spec: Spec, node: Node | None, path: KeyPath, report: Report, strict: bool = False) -> Checked:
    """`node` read as `spec` says; faults and notices go to `report`, and a faulty value becomes its default."""
    if isinstance(node, Leaf) and node.value is None:
        node = None
    if isinstance(spec, Field):
        return _field(spec, node, path, report)
    if isinstance(spec, Struct):
        return _struct(spec, node, path, report, strict or spec.strict)
    if isinstance(spec, MapOf):
        return _map(spec, node, path, report, strict)
    if isinstance(spec, ListOf):
        return _list(spec, node, path, report, strict)
    if node is None:
        node = None if spec.default is None else node_of(spec.default, DEFAULT)
        return Checked(node, spec.default)
    value = plain(node)
    return _noted(spec, Checked(node, value, None if value == spec.default else value_origin(node)), path, report)


def _field(spec: Field, node: Node | None, path: KeyPath, report: Report) -> Checked:
    default = None if spec.default is None else node_of(spec.default, DEFAULT)
    normal = None if default is None else spec.kind.read(default)
    if node is None:
        return Checked(default, normal)
    try:
        value = spec.kind.read(node)
    except (ValueError, TypeError, AttributeError):
        found = "******" if spec.secret else describe(node)
        report.problems.append(
            Problem("wrong value", value_origin(node), path_text(path), found, spec.kind.expected)
        )
        return Checked(default, normal)
    if value in spec.unused_values:
        shown = str(value).lower() if isinstance(value, bool) else value
        report.notices.append(Notice(path_text(path), node.origin, f"the value {shown} is {NOT_USED}"))
    if not spec.kind.written:
        node = node_of(value, node.origin)
    return _noted(spec, Checked(node, value, None if value == normal else node.origin), path, report)


def _struct(spec: Struct, node: Node | None, path: KeyPath, report: Report, strict: bool) -> Checked:
    if node is not None and not isinstance(node, Obj):
        report.problems.append(_not_an_object(node, path))
        node = None
    given = node.fields if node is not None else {}
    if spec.aliases:
        given = {spec.aliases.get(name, name): value for name, value in given.items()}
    inner = report if spec.used else Report(report.problems)
    nodes: dict[str, Node] = {}
    values: dict[str, object] = {}
    changed: Origin | None = None
    for name, entry in spec.entries.items():
        if isinstance(entry, Field) and entry.required and name not in given:
            where = node.origin if node is not None else DEFAULT
            missing = path_text((*path, name))
            report.problems.append(Problem("missing", where, missing, "nothing", entry.kind.expected))
        checked = check(entry, given.get(name), (*path, name), inner, strict)
        values[name] = checked.value
        if checked.node is not None:
            nodes[name] = checked.node
        changed = changed or checked.changed
    for name in given:
        if name not in spec.entries:
            _unknown(spec, name, given[name], path, report, strict)
            changed = changed or value_origin(given[name])
    return _noted(spec, Checked(Obj(nodes, node.origin if node else DEFAULT), values, changed), path, report)


def _map(spec: MapOf, node: Node | None, path: KeyPath, report: Report, strict: bool) -> Checked:
    if node is not None and not isinstance(node, Obj):
        report.problems.append(_not_an_object(node, path))
        node = None
    given = node.fields if node is not None else {}
    inner = report if spec.used else Report(report.problems)
    nodes: dict[str, Node] = {}
    values: dict[str, object] = {}
    changed: Origin | None = None
    for name in sorted({*spec.presets, *given}):
        item = given.get(name)
        if isinstance(item, Leaf) and item.value in (TOMBSTONE, None):
            changed = changed or item.origin
            continue
        if _NAME.match(name) is None:
            report.problems.append(
                Problem(
                    "unusable name",
                    value_origin(given[name]),
                    path_text(path),
                    repr(name),
                    "letters, digits, '-', '_'",
                )
            )
            continue
        if name in spec.presets:
            preset = node_of(spec.presets[name], DEFAULT)
            item = preset if item is None else merge(preset, item)
        checked = check(spec.item, item, (*path, name), inner, strict)
        values[name] = checked.value
        if checked.node is not None:
            nodes[name] = checked.node
        changed = changed or checked.changed or (value_origin(given[name]) if name not in spec.presets else None)
    return _noted(spec, Checked(Obj(nodes, node.origin if node else DEFAULT), values, changed), path, report)


def _list(spec: ListOf, node: Node | None, path: KeyPath, report: Report, strict: bool) -> Checked:
    if isinstance(node, Obj) and (is_index_map(node) or not node.fields):
        try:
            node = listed(node, path)
        except ConfigError as error:
            report.problems.extend(error.problems)
            node = None
    if node is not None and not isinstance(node, Arr):
        report.problems.append(
            Problem("wrong value", value_origin(node), path_text(path), describe(node), "an array")
        )
        node = None
    inner = report if spec.used else Report(report.problems)
    items = node.items if node is not None else ()
    checks = [check(spec.item, item, (*path, str(at)), inner, strict) for at, item in enumerate(items, 1)]
    nodes = tuple(checked.node for checked in checks if checked.node is not None)
    origin = node.origin if node is not None else DEFAULT
    checked = Checked(Arr(nodes, origin), [checked.value for checked in checks], origin if checks else None)
    return _noted(spec, checked, path, report)


def _noted(spec: Spec, checked: Checked, path: KeyPath, report: Report) -> Checked:
    if not spec.used and checked.changed is not None:
        report.notices.append(Notice(path_text(path), checked.changed, NOT_USED))
    return checked


def _unknown(spec: Struct, name: str, node: Node, path: KeyPath, report: Report, strict: bool) -> None:
    near = difflib.get_close_matches(name, spec.entries, 1, 0.7)
    if strict:
        expected = f"{near[0]}" if near else ", ".join(spec.entries)
        report.problems.append(Problem("unknown key", value_origin(node), path_text((*path, name)), name, expected))
    else:
        hint = f"; did you mean {near[0]}?" if near else ""
        report.notices.append(Notice(path_text((*path, name)), value_origin(node), f"unknown key, ignored{hint}"))


def _not_an_object(node: Node, path: KeyPath) -> Problem:
    return Problem("wrong value", node.origin, path_text(path), describe(node), "an object")


def at(spec: Spec, path: KeyPath) -> Spec | None:
    """What the schema says of a path; None when it knows nothing of it."""
    for key in path:
        if isinstance(spec, Struct):
            if key not in spec.entries:
                return None
            spec = spec.entries[key]
        elif isinstance(spec, (MapOf, ListOf)):
            spec = spec.item
        else:
            return spec if isinstance(spec, Open) else None
    return spec


_SECRET_NAMES = frozenset({"password", "secret", "api_secret", "token", "cookie"})


def masked(spec: Spec | None, path: KeyPath, value: Scalar | Json) -> Json:
    """`******` in the place of a secret that is set, as EMQX answers it; else the value."""
    if isinstance(spec, Field):
        hidden = spec.secret
    else:
        hidden = bool(path) and path[-1] in _SECRET_NAMES and not isinstance(value, (dict, list))
    return "******" if hidden and value not in ("", None) else value


def unused(kind: Kind, default: Json = None, doc: str = "") -> Field:
    """A field EMQX knows and nothing here reads."""
    return Field(kind, default, doc, used=False)


def ignored(names: str) -> dict[str, Spec]:
    """Entries, separated by blanks, that EMQX knows and nothing here reads, of whatever shape."""
    return {name: Open(used=False) for name in names.split()}
