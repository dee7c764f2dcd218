"""Every fault in HOCON text names its place, what stood there and what was expected."""

from __future__ import annotations

import pytest

from emqx_compat.config.errors import ConfigError
from emqx_compat.config.hocon import parse_text, parse_value

FAULTS = {
    "no value": ("a = 1\nb =", 2, 4, "the end of the file", "a value"),
    "no sign": ("mqtt {\n  max_inflight 5\n}", 2, 16, "'5'", "'=', ':' or '{'"),
    "open object": ("a {\n  b = 1\n", 3, 1, "the end of the file", "a key or }"),
    "open array": ("a = [1, 2", 1, 10, "the end of the file", "a value or ]"),
    "brace too many": ("a = 1\n}", 2, 1, "'}'", "a key"),
    "brace after a value": ("a = 1 }", 1, 7, "'}'", "a newline, a comma or a closing bracket"),
    "text after the root": ("{ a = 1 }\nb = 2", 2, 1, "'b'", "the end of the file"),
    "two commas": ("a = [1,,2]", 1, 8, "','", "a value"),
    "comma first": ("a = {,b = 1}", 1, 6, "','", "a key"),
    "open string": ('a = "x\nb = 1', 1, 5, "the end of the line", 'a closing "'),
    "open block": ('a = """x\n', 1, 5, "the end of the file", 'closing """'),
    "unknown escape": (r'a = "\q"', 1, 6, r"\q", r"one of \" \\ \/ \b \f \n \r \t \uXXXX"),
    "unquoted sign": ("a = b!c", 1, 6, "'!'", "a quoted string around it"),
    "unquoted address": ("bind = 0.0.0.0:1883", 1, 15, "':'", "a newline, a comma or a closing bracket"),
    "open substitution": ("a = ${b", 1, 5, "the end of the line", "a closing }"),
    "empty substitution": ("a = ${}", 1, 5, "${}", "${a.b.c}"),
    "unset substitution": ("a = 1\nb = ${a.c}", 2, 5, "${a.c}", "a value for a.c, or ${?…}"),
    "circle": ("a = ${b}\nb = ${a}", 2, 5, "${a}", "a value for a, or ${?…}"),
    "mixed kinds": ("a = {b = 1} [2]", 1, 5, "an object an array", "strings, arrays or objects only"),
    "empty key part": ("a..b = 1", 1, 1, "'a..b'", "a.b.c"),
    "include of a list": (
        "include [1]",
        1,
        9,
        "'['",
        'include "file", include file("…") or include required("…")',
    ),
    "too deep": ("a = " + "[" * 101, 1, 105, "'['", "at most 100"),
    "gap in an index": ("a = [1]\na.3 = 2", 2, 7, "index 3", "an index from 1 to 2"),
}


@pytest.mark.parametrize(("text", "line", "column", "found", "expected"), FAULTS.values(), ids=FAULTS)
def test_fault(text: str, line: int, column: int, found: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_text(text, "emqx.conf")
    error = caught.value
    assert (error.file, error.line, error.column, error.found, error.expected) == (
        "emqx.conf",
        line,
        column,
        found,
        expected,
    )


def test_the_message_is_one_line_that_editors_understand() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_text("a = [1, 2", "emqx.conf")
    assert str(caught.value) == (
        "emqx.conf:1:10: unterminated array (found the end of the file, expected a value or ])"
    )


@pytest.mark.parametrize("text", ["", "1, 2", "a = 1", "1\n2 }"])
def test_what_is_not_one_value(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_value(text)
