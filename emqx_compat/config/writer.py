"""Plain values written as HOCON, in the layout EMQX uses for `cluster.hocon` and `GET /configs`: keys sorted,
two blanks of indentation, quotes only where they are needed."""

from __future__ import annotations

import json
import re

from emqx_compat.config.nodes import Json, Scalar

# As EMQX prints them: `300s`, `80%` and `1.5` bare, `127.0.0.1:1883` and `emqx@127.0.0.1` quoted.
_BARE = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*|\d+(?:ms|[smhdwf]|[kKmMgG]?[bB]|%))\Z", re.ASCII)
_BARE_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z", re.ASCII)
_RESERVED = frozenset({"true", "false", "null", "include"})
_SHORT = 40


def dump(value: dict[str, Json]) -> str:
    """An object's fields without the outer braces, ending in a newline."""
    return "".join(f"{_field(key, item, 0)}\n" for key, item in sorted(value.items()))


def dump_value(value: Json, depth: int = 0) -> str:
    """One value; `depth` is the indentation level of the line it starts on."""
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, list):
        return _array(value, depth)
    return _scalar(value)


def _field(key: str, value: Json, depth: int) -> str:
    name = key if _BARE_KEY.match(key) and key != "include" else json.dumps(key, ensure_ascii=False)
    sign = " " if isinstance(value, dict) else " = "
    return f"{'  ' * depth}{name}{sign}{dump_value(value, depth)}"


def _object(value: dict[str, Json], depth: int) -> str:
    if len(value) < 3 and all(map(_short, value.values())):
        return "{" + ", ".join(_field(key, item, 0) for key, item in sorted(value.items())) + "}"
    lines = "".join(f"{_field(key, item, depth + 1)}\n" for key, item in sorted(value.items()))
    return f"{{\n{lines}{'  ' * depth}}}"


def _array(value: list[Json], depth: int) -> str:
    if all(map(_short, value)):
        return "[" + ", ".join(dump_value(item, depth) for item in value) + "]"
    inner = "  " * (depth + 1)
    lines = ",\n".join(f"{inner}{dump_value(item, depth + 1)}" for item in value)
    return f"[\n{lines}\n{'  ' * depth}]"


def _short(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT and _BARE.match(value) is not None
    return not isinstance(value, (dict, list))


def _scalar(value: Scalar) -> str:
    if isinstance(value, str):
        if _BARE.match(value) and value not in _RESERVED:
            return value
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
