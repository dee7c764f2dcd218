"""HOCON text cut into tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from emqx_compat.config.errors import ConfigError, Origin, Problem

# What may not stand in an unquoted word. `@` may, as in EMQX's reader (`node.name = emqx@127.0.0.1`).
_WORD = r'(?:[^\s$"{}\[\]:=,+#`^?!*&\\/]+|/(?!/))+'

_TOKEN = re.compile(
    rf"""
      (?P<blank>[^\S\n]+|\ufeff|(?:\#|//)[^\n]*)
    | (?P<newline>\n)
    | (?P<word>{_WORD})
    | (?P<block>\"\"\"[\s\S]*?\"\"\"(?!\"))
    | (?P<string>"(?!\"\")(?:[^"\\\n]|\\.)*")
    | (?P<reference>\$\{{[^}}\n]*\}})
    | (?P<sign>\+=|[{{}}\[\],:=])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(NamedTuple):
    """`kind` is `word`, `string`, `reference`, `newline`, `end`, or the sign itself; `value` is unescaped."""

    kind: str
    value: str
    start: int
    stop: int


class Source:
    """A text with its name, which turns offsets into origins."""

    __slots__ = ("_lines", "name", "text")

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def origin(self, offset: int) -> Origin:
        line = bisect_right(self._lines, offset)
        return Origin(self.name, line, offset - self._lines[line - 1] + 1)

    def error(self, offset: int, message: str, found: str = "", expected: str = "") -> ConfigError:
        return ConfigError(Problem(message, self.origin(offset), found=found, expected=expected))


def scan(source: Source) -> list[Token]:
    """All tokens but blanks and comments, closed by an `end` token. Raises ConfigError for what is no token."""
    text, at, tokens = source.text, 0, []
    match_at = _TOKEN.match
    while at < len(text):
        match = match_at(text, at)
        if match is None:
            raise _no_token(source, at)
        kind, start, at = str(match.lastgroup), at, match.end()
        if kind == "blank":
            continue
        value = match.group()
        if kind == "string":
            value = _unescape(value[1:-1], source, start + 1)
        elif kind == "block":
            kind, value = "string", unindent(value[3:-3])
        elif kind == "sign":
            kind = value
        tokens.append(Token(kind, value, start, at))
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _no_token(source: Source, at: int) -> ConfigError:
    text = source.text
    if text.startswith('"""', at):
        return source.error(at, "unterminated text block", "the end of the file", 'closing """')
    if text[at] == '"':
        return source.error(at, "unterminated string", "the end of the line", 'a closing "')
    if text.startswith("${", at):
        return source.error(at, "unterminated substitution", "the end of the line", "a closing }")
    return source.error(at, "unexpected character", repr(text[at]), "a quoted string around it")


def _unescape(text: str, source: Source, offset: int) -> str:
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        sign = match[1]
        if len(sign) == 5:
            return chr(int(sign[1:], 16))
        if sign not in _ESCAPES:
            raise source.error(
                offset + match.start(), "unknown escape", f"\\{sign}", r"one of \" \\ \/ \b \f \n \r \t \uXXXX"
            )
        return _ESCAPES[sign]

    # JSON writes what lies beyond the basic plane as two surrogates; joining them may fail on a lone one.
    return _ESCAPE.sub(plain, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unindent(block: str) -> str:
    """The text of a triple-quoted block. Nothing is escaped in it; one that opens with `~` and a newline loses the
    indentation its lines share, and a `~` before the closing quotes (EMQX 5.6)."""
    if not block.startswith(("~\n", "~\r\n")):
        return block
    lines = block.split("\n")[1:]
    last = lines[-1].removesuffix("~")
    lines[-1] = last
    measured = lines[:-1] if not last.strip(" ") and len(lines) > 1 else lines
    depths = [len(line) - len(line.lstrip(" ")) for line in measured if line.strip("\r")]
    depth = min(depths, default=0)
    return "\n".join(line[min(depth, len(line) - len(line.lstrip(" "))) :] for line in lines)


_PATH_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."\s]+)')


def split_path(text: str) -> tuple[str, ...]:
    """`a."b.c".d` → `("a", "b.c", "d")`. Raises ValueError for an empty path or part."""
    parts, at, text = [], 0, text.strip()
    while True:
        match = _PATH_PART.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no path")
        parts.append(match[2] if match[1] is None else _ESCAPE.sub(lambda sign: sign[1], match[1]))
        at = match.end()
        if at == len(text):
            return tuple(parts)
        if text[at] != ".":
            raise ValueError(f"{text!r} is no path")
        at += 1
