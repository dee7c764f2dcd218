"""The configuration in use: layers merged and checked, read by path, changed at run time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from emqx_compat.config.clusterfile import ClusterFile
from emqx_compat.config.errors import DEFAULT, RUNTIME, ConfigError, Notice, Origin, Problem
from emqx_compat.config.nodes import (
    Json,
    KeyPath,
    Leaf,
    Node,
    Obj,
    drop,
    find,
    leaves,
    merge,
    node_of,
    path_text,
    plain,
    put,
)
from emqx_compat.config.roots import ROOT
from emqx_compat.config.scanner import split_path
from emqx_compat.config.schema import TOMBSTONE, MapOf, Report, Spec, at, check, masked


class Configuration:
    """What holds now, and where each value comes from.

    Lowest first: defaults, `cluster.hocon`, the configuration file, changes made since the start, environment and
    `--set`. As in EMQX, a change is in force at once and written to `cluster.hocon`; after a restart the
    configuration file wins over it again.

    `cluster` is the content of `file`, `base` that content with the configuration file laid on it, `outside`
    environment and `--set`. Without `file` changes are kept in memory only. Raises ConfigError with every fault.
    """

    __slots__ = ("_base", "_cluster", "_file", "_node", "_notices", "_outside", "_value", "warnings")

    def __init__(
        self, base: Obj, outside: Obj, cluster: Obj, file: ClusterFile | None, notices: list[Notice]
    ) -> None:
        self._base = base
        self._outside = outside
        self._cluster = cluster
        self._file = file
        self._notices = tuple(notices)
        self._node, self._value, found = _checked(merge(base, outside))
        self.warnings: tuple[Notice, ...] = (*self._notices, *found)

    # -- reading

    def get(self, path: str) -> object:
        """The typed value at a path: durations in seconds, sizes in bytes, `infinity` and `disabled` as None.

        Raises KeyError for a path that is not in the schema or an entry that does not exist.
        """
        value: object = self._value
        for key in split_path(path):
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdecimal() and 1 <= int(key) <= len(value):
                value = value[int(key) - 1]
            else:
                raise KeyError(path)
        return value

    def raw(self, path: str, mask: bool = False) -> Json:
        """The value at a path as it was written, filled with defaults: `{"idle_timeout": "15s", …}`.

        With `mask`, secrets are `******`. Raises KeyError when there is nothing at the path.
        """
        parts = split_path(path)
        node = find(self._node, parts)
        if node is None:
            raise KeyError(path)
        return _masked(node, parts) if mask else plain(node)

    def default(self, path: str) -> Json:
        """What `raw` would give had nobody configured anything. Raises KeyError when that is nothing."""
        node = find(check(ROOT, None, (), Report()).node, split_path(path))
        if node is None:
            raise KeyError(path)
        return plain(node)

    def origin(self, path: str) -> Origin:
        """Where the value at a path was written; DEFAULT when nowhere."""
        node = find(self._node, split_path(path))
        return DEFAULT if node is None else node.origin

    def effective(self) -> Iterator[tuple[str, Json, Origin]]:
        """Every value with its path and origin, in the order of paths; secrets are masked."""
        for path, node in leaves(self._node):
            yield path_text(path), _masked(node, path), node.origin

    @property
    def data_dir(self) -> Path:
        """The folder of everything that outlives the process."""
        return Path(str(self.get("node.data_dir")))

    # -- changing

    def update(self, path: str, value: Json) -> None:
        """Put a plain value in the place of what is at `path`, in force at once and written to `cluster.hocon`.

        Blocks for one small synced write. Raises ConfigError, and changes nothing, when the schema refuses the
        value, when environment or `--set` hold another one, or when the file cannot be written.
        """
        self.update_many({path: value})

    def update_many(self, changes: Mapping[str, Json]) -> None:
        """Several updates as one: all or none, one write."""
        base, cluster = self._base, self._cluster
        for path, value in changes.items():
            parts = split_path(path)
            node = node_of(value, RUNTIME)
            base, cluster = put(base, parts, node), put(cluster, parts, node)
            self._refuse_pinned(base, parts)
        self._change(base, cluster)

    def remove(self, path: str) -> None:
        """Forget what is at `path`: a value returns to its default, an entry is gone. A default listener, which
        would come back, is marked as deleted, as EMQX does; one of the configuration file is back after a restart.
        """
        parts = split_path(path)
        base, cluster = drop(self._base, parts), drop(self._cluster, parts)
        parent = at(ROOT, parts[:-1])
        if isinstance(parent, MapOf) and parts[-1] in parent.presets:
            tombstone = Leaf(TOMBSTONE, RUNTIME)
            base, cluster = put(base, parts, tombstone), put(cluster, parts, tombstone)
        self._refuse_pinned(base, parts)
        self._change(base, cluster)

    def _refuse_pinned(self, base: Obj, path: KeyPath) -> None:
        pinned = find(self._outside, path)
        for inner, node in leaves(pinned, path) if pinned is not None else ():
            wanted = find(base, inner)
            if wanted is None or plain(wanted) != plain(node):
                raise ConfigError(
                    Problem("cannot be changed, it is set from outside", node.origin, path_text(inner))
                )

    def _change(self, base: Obj, cluster: Obj) -> None:
        node, value, found = _checked(merge(base, self._outside))
        if self._file is not None:
            self._file.write(cluster)
        self._base, self._cluster = base, cluster
        self._node, self._value, self.warnings = node, value, (*self._notices, *found)


def _checked(whole: Node) -> tuple[Obj, dict[str, object], list[Notice]]:
    report = Report()
    checked = check(ROOT, whole, (), report)
    node, value = checked.node, checked.value
    assert isinstance(node, Obj) and isinstance(value, dict)
    node = _settle_listeners(node, value["listeners"], report)
    if report.problems:
        raise ConfigError(*report.problems)
    return node, value, report.notices


def _settle_listeners(root: Obj, listeners: dict[str, dict[str, dict[str, object]]], report: Report) -> Obj:
    """`enable = auto` decided, and a certificate asked for where a TLS listener must start."""
    for kind, named in listeners.items():
        for name, listener in (named or {}).items():
            path = ("listeners", kind, name)
            tls = listener.get("ssl_options")
            certified = not isinstance(tls, dict) or bool(tls["certfile"])
            switch, whole = find(root, (*path, "enable")), find(root, path)
            if switch is None or whole is None:
                continue
            if listener["enable"] == "auto":
                listener["enable"] = certified
                root = put(root, (*path, "enable"), Leaf(certified, switch.origin))
                if not certified and whole.origin != DEFAULT:
                    report.notices.append(
                        Notice(path_text(path), whole.origin, "not started, it has no certificate")
                    )
            elif listener["enable"] and not certified:
                missing = path_text((*path, "ssl_options", "certfile"))
                message = "an enabled listener needs a certificate"
                report.problems.append(Problem(message, switch.origin, missing, "nothing", "a PEM file"))
    return root


def _masked(node: Node, path: KeyPath) -> Json:
    spec: Spec | None = at(ROOT, path)
    if isinstance(node, Leaf):
        return masked(spec, path, node.value)
    if isinstance(node, Obj):
        return {key: _masked(value, (*path, key)) for key, value in node.fields.items()}
    return [_masked(item, (*path, str(index))) for index, item in enumerate(node.items, 1)]
