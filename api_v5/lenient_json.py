"""JSON as 5.6.1 reads it: also with a byte order mark, invalid UTF-8 and single-quoted strings (observed)."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)


def loads(raw: bytes) -> Any:
    """The value. Raises ValueError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
        try:
            return json.loads(_STRING.sub(_double_quoted, text), parse_constant=_refuse)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _double_quoted(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] == '"':
        return text
    return '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
