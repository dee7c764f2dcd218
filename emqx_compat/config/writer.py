"""Plain values written as HOCON, in the layout EMQX uses for `cluster.hocon` and `GET /configs`: keys sorted,
two blanks of indentation, quotes only where they are needed."""

from __future__ import annotations

import json
import re

from emqx_compat.config.nodes import Json, Scalar
from emqx_compat.config.scanner import unindent

# As EMQX prints them: `300s`, `80%` and `round_robin` bare, `127.0.0.1:1883` and `emqx@127.0.0.1` quoted.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_%|]*\Z", re.ASCII)
_MEASURE = re.compile(r"\d+(?:ms|[smhd]|[kmg]?b|%)\Z", re.ASCII | re.IGNORECASE)
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z", re.ASCII)
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
    return _scalar(value, depth)


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
        return len(value) <= _SHORT and _WORD.match(value) is not None and value not in _RESERVED
    return not isinstance(value, (dict, list))


def _scalar(value: Scalar, depth: int) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if (_WORD.match(value) or _MEASURE.match(value)) and value not in _RESERVED:
        return value
    return _block(value, depth) or json.dumps(value, ensure_ascii=False)


def _block(value: str, depth: int) -> str:
    """Text of several lines, or with quotes or backslashes, between triple quotes; empty when it cannot be."""
    if '"""' in value or not any(sign in value for sign in '\n"\\'):
        return ""
    text = value
    if "\n" in value or value[0] == '"' or value[-1] == '"':
        inner, outer = "  " * (depth + 1), "  " * depth
        *lines, last = value.split("\n")
        body = "".join(f"{inner}{line}\n" if line else "\n" for line in lines)
        text = f"~\n{body}{inner if last else outer}{last}~"
    return f'"""{text}"""' if unindent(text) == value else ""
