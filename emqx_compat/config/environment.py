"""The layers that lie outside every file: environment variables and `--set`.

`EMQX_LISTENERS__TCP__DEFAULT__BIND=1884` sets `listeners.tcp.default.bind`: the name in lower case, `__` for the
dot, array elements counted from 1. The value is read as HOCON, and as it stands where it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emqx_compat.config.errors import ConfigError, Notice, Origin, Problem
from emqx_compat.config.hocon import parse_value
from emqx_compat.config.nodes import KeyPath, Leaf, Node, Obj, find, merge, moved, put
from emqx_compat.config.scanner import split_path

PREFIX = "EMQX_"

# Names of EMQX 4.x (and of its container image) that mean something here, with what they are called now.
RENAMED = {
    "EMQX_MANAGEMENT__LISTENER__HTTP": "compat.management.bind",
    "EMQX_MANAGEMENT__DEFAULT_APPLICATION__ID": "compat.default_app.app_id",
    "EMQX_MANAGEMENT__DEFAULT_APPLICATION__SECRET": "compat.default_app.secret",
    "EMQX_DASHBOARD__DEFAULT_USER__LOGIN": "dashboard.default_username",
    "EMQX_DASHBOARD__DEFAULT_USER__PASSWORD": "dashboard.default_password",
    "EMQX_DASHBOARD__LISTENER__HTTP": "dashboard.listeners.http.bind",
    "EMQX_LISTENER__TCP__EXTERNAL": "listeners.tcp.default.bind",
    "EMQX_LISTENER__SSL__EXTERNAL": "listeners.ssl.default.bind",
    "EMQX_LISTENER__WS__EXTERNAL": "listeners.ws.default.bind",
    "EMQX_LISTENER__WSS__EXTERNAL": "listeners.wss.default.bind",
    "EMQX_ACL_NOMATCH": "authorization.no_match",
    "EMQX_NODE_NAME": "node.name",
}

# Names that are understood but do nothing.
WITHOUT_EFFECT = {
    "EMQX_ALLOW_ANONYMOUS": "has no effect; anonymous clients may connect while `authentication` is empty",
    "EMQX_LOADED_PLUGINS": "has no effect; nothing needs to be loaded",
    "EMQX_LOADED_MODULES": "has no effect; nothing needs to be loaded",
    "EMQX_DEFAULT_LOG_HANDLER": "has no effect; use EMQX_LOG__CONSOLE__ENABLE and EMQX_LOG__FILE__…",
}


def environment_layer(environ: Mapping[str, str], notices: list[Notice]) -> Obj:
    """What `EMQX_…` variables set; old names come first, so that a new one beside them wins.

    `EMQX_COMPAT__…` is our own root; `EMQX_COMPAT_…` with one underscore belongs to the command line.
    """
    layer = Obj({}, Origin("environment"))
    names = sorted(name for name in environ if name.startswith(PREFIX))
    if "EMQX_NAME" in environ and "EMQX_HOST" in environ:
        origin = Origin("environment EMQX_NAME and EMQX_HOST")
        layer = put(layer, ("node", "name"), Leaf(f"{environ['EMQX_NAME']}@{environ['EMQX_HOST']}", origin))
        names = [name for name in names if name not in ("EMQX_NAME", "EMQX_HOST")]
    for name in names:
        if name in RENAMED:
            path = split_path(RENAMED[name])
            layer = _set(layer, path, value_node(environ[name], Origin(f"environment {name}")))
            now = f"{PREFIX}{'__'.join(path).upper()}"
            notices.append(Notice(name, Origin("environment"), f"old name, use {RENAMED[name]} or {now}"))
        elif name in WITHOUT_EFFECT:
            notices.append(Notice(name, Origin("environment"), WITHOUT_EFFECT[name]))
    for name in names:
        if name in RENAMED or name in WITHOUT_EFFECT:
            continue
        if name.startswith("EMQX_COMPAT_") and not name.startswith("EMQX_COMPAT__"):
            continue
        path = tuple(part for part in name.removeprefix(PREFIX).lower().split("__") if part)
        if path:
            layer = _set(layer, path, value_node(environ[name], Origin(f"environment {name}")))
    return layer


def override_layer(overrides: Iterable[str]) -> Obj:
    """What `--set path.to.key=value` sets; later ones win. Raises ConfigError for one without a path or `=`."""
    layer = Obj({}, Origin("--set"))
    for text in overrides:
        name, sign, value = text.partition("=")
        origin = Origin(f"--set {name.strip()}")
        try:
            path = split_path(name)
        except ValueError:
            path = ()
        if not sign or not path:
            raise ConfigError(Problem("unreadable setting", Origin("--set"), "", repr(text), "path.to.key=value"))
        layer = _set(layer, path, value_node(value, origin))
    return layer


def value_node(text: str, origin: Origin) -> Node:
    """A value from outside a file. Text that is not quoted is kept as it stands (also `#`) for text fields."""
    try:
        node = moved(parse_value(text), origin)
    except ConfigError:
        return Leaf(text, origin, text)
    if isinstance(node, Leaf) and node.text is not None:
        return Leaf(node.value, origin, text.strip())
    return node


def _set(layer: Obj, path: KeyPath, value: Node) -> Obj:
    return put(layer, path, merge(find(layer, path), value, path))
