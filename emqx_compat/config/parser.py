"""HOCON tokens read into drafts: objects whose keys still hold every value assigned to them, in order.

The dialect is EMQX's (emqx/hocon 0.42): `@` in unquoted words, no `url()` or `classpath()` includes, no spaces
in unquoted keys; no blanks between the parts of a concatenation; strings, arrays and objects on the following
lines continue it. Two differences: blanks between unquoted words stay (`allow all`), as in HOCON's specification,
and a missing include is an error whether or not it is `required`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from emqx_compat.config.errors import Origin
from emqx_compat.config.nodes import KeyPath, Leaf, Scalar
from emqx_compat.config.scanner import Source, Token, scan, split_path


@dataclass(slots=True)
class Draft:
    """An object. Each key holds the values assigned to it, oldest first."""

    fields: dict[str, list[Value]]
    origin: Origin


@dataclass(slots=True)
class Items:
    """An array."""

    values: list[Value]
    origin: Origin


@dataclass(slots=True)
class Reference:
    """`${path}` or `${?path}`. `scope` is the place its file was included at, where `path` is looked for first."""

    path: KeyPath
    optional: bool
    scope: KeyPath
    origin: Origin


@dataclass(slots=True)
class Earlier:
    """What the same key held before: the left side of `+=`."""

    origin: Origin


@dataclass(slots=True)
class Join:
    """Values that stand side by side; the blanks between two words are kept as strings."""

    parts: list[Value | str]
    origin: Origin


Value = Leaf | Draft | Items | Reference | Earlier | Join
Include = Callable[[str, Origin], tuple[Source, "Include"]]

# Objects and arrays inside each other.
DEPTH = 100

# What is longer is no number anyone meant, and stays text.
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,18})\Z", re.ASCII)
_FLOAT = re.compile(r"-?(?:(?:0|[1-9]\d{0,18})(?:\.\d+)?|\.\d+)(?:[eE]-?\d{1,2})?\Z", re.ASCII)
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_SEPARATORS = frozenset({":", "=", "+=", "{"})
_INCLUDE = re.compile(r"(required\()?(file\()?\Z")


def scalar(word: str, origin: Origin) -> Leaf:
    """An unquoted word: a boolean, null, a number, else text."""
    if word in _CONSTANTS:
        return Leaf(_CONSTANTS[word], origin, word)
    if _INTEGER.match(word):
        return Leaf(int(word), origin, word)
    if _FLOAT.match(word):
        return Leaf(float(word), origin, word)
    return Leaf(word, origin, word)


def assign(draft: Draft, path: KeyPath, value: Value) -> None:
    """`path = value` inside `draft`: objects flow together, a scalar forgets what was there before."""
    for key in path[:-1]:
        values = draft.fields.setdefault(key, [])
        last = values[-1] if values else None
        if not isinstance(last, Draft):
            last = Draft({}, value.origin)
            values.append(last)
        draft = last
    values = draft.fields.setdefault(path[-1], [])
    if isinstance(value, Leaf):
        values[:] = [value]
    elif isinstance(value, Draft) and values and isinstance(values[-1], Draft):
        for key, inner in value.fields.items():
            for each in inner:
                assign(values[-1], (key,), each)
    else:
        values.append(value)


class Parser:
    """Reads one source; `include` finds and opens the sources it names."""

    __slots__ = ("_at", "_depth", "_here", "_include", "_scope", "_source", "_tokens")

    def __init__(self, source: Source, include: Include, scope: KeyPath = ()) -> None:
        self._source = source
        self._include = include
        self._scope = scope
        self._here = scope
        self._tokens = scan(source)
        self._at = 0
        self._depth = 0

    def document(self) -> Draft:
        """A whole file: fields, with or without braces around them."""
        self._newlines()
        draft = Draft({}, self._origin(self._peek))
        if self._take("{"):
            self._fields(draft, "}")
            self._newlines()
        else:
            self._fields(draft, "end")
        if self._peek.kind != "end":
            self._fail("unexpected text after the root object", "the end of the file")
        return draft

    def single(self) -> Value:
        """One value and nothing after it, as in an environment variable."""
        value = self._value(in_object=False)
        self._newlines()
        if self._peek.kind != "end":
            self._fail("unexpected text after the value", "the end of the text")
        return value

    # -- tokens

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self, kind: str) -> bool:
        if self._tokens[self._at].kind == kind:
            self._at += kind != "end"
            return True
        return False

    def _newlines(self) -> None:
        while self._tokens[self._at].kind == "newline":
            self._at += 1

    def _origin(self, token: Token) -> Origin:
        return self._source.origin(token.start)

    def _fail(self, message: str, expected: str) -> NoReturn:
        token = self._peek
        found = {"end": "the end of the file", "newline": "the end of the line"}.get(token.kind)
        raise self._source.error(
            token.start, message, found or repr(self._source.text[token.start : token.stop]), expected
        )

    def _after_newlines(self, at: int) -> Token:
        while self._tokens[at].kind == "newline":
            at += 1
        return self._tokens[at]

    # -- objects

    def _fields(self, draft: Draft, closing: str) -> None:
        self._newlines()
        while not self._take(closing):
            if self._peek.kind == "end":
                self._fail("unterminated object", "a key or }")
            self._field(draft)
            separated = self._peek.kind == "newline"
            self._newlines()
            if self._take(","):
                self._newlines()
            elif not separated and self._peek.kind not in (closing, "end"):
                self._fail("unexpected text after a value", "a newline, a comma or a closing bracket")

    def _field(self, draft: Draft) -> None:
        token = self._peek
        if token.kind == "word" and token.value == "include" and self._includes(draft):
            return
        path = self._key()
        if self._after_newlines(self._at).kind in _SEPARATORS:
            self._newlines()
        sign = self._peek.kind
        if sign not in _SEPARATORS:
            self._fail(f"no value for key {'.'.join(path)}", "'=', ':' or '{'")
        origin = self._origin(token)
        if sign != "{":
            self._at += 1
        outer, self._here = self._here, self._here + path
        value = self._value(in_object=True)
        self._here = outer
        if sign == "+=":
            value = Join([Earlier(origin), Items([value], origin)], origin)
        assign(draft, path, value)

    def _key(self) -> KeyPath:
        start = self._peek
        stop, quoted, parts = start.start, False, [""]
        while (token := self._peek).kind in ("word", "string") and token.start == stop:
            self._at += 1
            stop = token.stop
            if token.kind == "string":
                parts[-1] += token.value
                quoted = True
            else:
                head, *more = token.value.split(".")
                parts[-1] += head
                parts += more
        if stop == start.start:
            self._fail("unexpected text", "a key")
        if "" in parts and not quoted:
            raise self._source.error(
                start.start, "empty part in a key", repr(self._source.text[start.start : stop]), "a.b.c"
            )
        return tuple(parts)

    def _includes(self, draft: Draft) -> bool:
        start = self._at
        self._at += 1
        word = self._peek
        wrapper = ""
        if word.kind == "word" and word.value.endswith("("):
            wrapper = word.value
            self._at += 1
        name = self._peek
        if name.kind != "string":
            if not wrapper and name.kind in _SEPARATORS:
                self._at = start
                return False
            self._fail("unreadable include", 'include "file", include file("…") or include required("…")')
        self._at += 1
        closing = ")" * wrapper.count("(")
        if not _INCLUDE.match(wrapper) or (closing and self._peek.value != closing):
            self._at = start + 1
            self._fail("unreadable include", 'include "file", include file("…") or include required("…")')
        self._at += bool(closing)
        included = Parser(*self._include(name.value, self._origin(name)), self._here).document()
        for key, values in included.fields.items():
            for value in values:
                assign(draft, (key,), value)
        return True

    # -- values

    def _value(self, in_object: bool) -> Value:
        self._newlines()
        first = self._peek
        self._depth += 1
        if self._depth > DEPTH:
            self._fail("too many levels", f"at most {DEPTH}")
        parts: list[Value | str] = []
        stop = first.start
        while True:
            token = self._peek
            if token.kind == "word":
                if parts and self._tokens[self._at - 1].kind == "word":
                    parts.append(self._source.text[stop : token.start])
                self._at += 1
                parts.append(scalar(token.value, self._origin(token)))
            elif token.kind == "string":
                self._at += 1
                parts.append(Leaf(token.value, self._origin(token)))
            elif token.kind == "reference":
                self._at += 1
                parts.append(self._reference(token))
            elif token.kind == "{":
                self._at += 1
                inner = Draft({}, self._origin(token))
                self._fields(inner, "}")
                parts.append(inner)
            elif token.kind == "[":
                self._at += 1
                parts.append(self._array(token))
            elif in_object and token.kind == "newline" and self._continues():
                self._newlines()
                continue
            else:
                break
            stop = self._tokens[self._at - 1].stop
        self._depth -= 1
        if not parts:
            self._fail("no value", "a value")
        if len(parts) == 1 and not isinstance(parts[0], str):
            return parts[0]
        return _joined(parts, self._origin(first))

    def _continues(self) -> bool:
        token = self._after_newlines(self._at)
        if token.kind != "string":
            return token.kind in ("{", "[", "reference")
        at = self._tokens.index(token, self._at) + 1
        dotted = self._tokens[at].kind in ("word", "string") and self._tokens[at].start == token.stop
        return not dotted and self._after_newlines(at).kind not in _SEPARATORS

    def _array(self, opening: Token) -> Items:
        items = Items([], self._origin(opening))
        outer, self._here = self._here, self._scope
        self._newlines()
        while not self._take("]"):
            if self._peek.kind == "end":
                self._fail("unterminated array", "a value or ]")
            items.values.append(self._value(in_object=False))
            separated = self._peek.kind == "newline"
            self._newlines()
            if self._take(","):
                self._newlines()
            elif not separated and self._peek.kind not in ("]", "end"):
                self._fail("unexpected text in an array", "a newline, a comma or ]")
        self._here = outer
        return items

    def _reference(self, token: Token) -> Reference:
        text = token.value[2:-1]
        try:
            path = split_path(text.removeprefix("?"))
        except ValueError:
            raise self._source.error(token.start, "unreadable substitution", token.value, "${a.b.c}") from None
        return Reference(path, text.startswith("?"), self._scope, self._origin(token))


def _joined(parts: list[Value | str], origin: Origin) -> Value:
    first, *others = parts
    if isinstance(first, Draft) and all(isinstance(part, Draft) for part in others):
        for other in others:
            for key, values in other.fields.items() if isinstance(other, Draft) else ():
                for value in values:
                    assign(first, (key,), value)
        return first
    if not all(isinstance(part, (str, Leaf)) for part in parts):
        return Join(parts, origin)
    pieces = [part for part in parts if isinstance(part, (str, Leaf))]
    text = "".join(piece if isinstance(piece, str) else leaf_text(piece) for piece in pieces)
    quoted = any(isinstance(piece, Leaf) and piece.text is None for piece in pieces)
    return Leaf(text, origin, None if quoted else text)


def leaf_text(leaf: Leaf) -> str:
    """A scalar as part of a longer string: as it was written."""
    if leaf.text is not None:
        return leaf.text
    return leaf.value if isinstance(leaf.value, str) else str(leaf.value).lower()
