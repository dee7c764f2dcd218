"""What HOCON text means, in EMQX's dialect."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from emqx_compat.config.errors import ConfigError
from emqx_compat.config.hocon import parse_file, parse_text, parse_value
from emqx_compat.config.nodes import find, plain

LINES = {
    "hash comment": ("a = 1 # one\n# whole line\nb = 2", {"a": 1, "b": 2}),
    "slash comment": ("a = 1 // one\nb = 2", {"a": 1, "b": 2}),
    "colon": ("a : 1", {"a": 1}),
    "braces without sign": ("a { b = 1 }", {"a": {"b": 1}}),
    "sign and brace": ("a = { b : 1 }", {"a": {"b": 1}}),
    "value on the next line": ("a =\n  1", {"a": 1}),
    "brace on the next line": ("a\n{ b = 1 }", {"a": {"b": 1}}),
    "root braces": ("{ a = 1 }", {"a": 1}),
    "nothing": ("", {}),
    "only comments": ("# nothing\n\n", {}),
    "dotted key": ("a.b.c = 1", {"a": {"b": {"c": 1}}}),
    "quoted key": ('"a.b" = 1', {"a.b": 1}),
    "quoted part of a key": ('a."b.c".d = 1', {"a": {"b.c": {"d": 1}}}),
    "number as key": ("authentication.1 = x", {"authentication": {"1": "x"}}),
    "key named include": ("include = 1", {"include": 1}),
    "commas": ("a = 1, b = 2,", {"a": 1, "b": 2}),
    "later wins": ("a = 1\na = 2", {"a": 2}),
    "objects merge": ("a { b = 1 }\na { c = 2 }", {"a": {"b": 1, "c": 2}}),
    "dotted keys merge": ("a.b = 1\na { c = 2 }\na.d = 3", {"a": {"b": 1, "c": 2, "d": 3}}),
    "scalar forgets an object": ("a { b = 1 }\na = x\na { c = 2 }", {"a": {"c": 2}}),
    "carriage returns": ("a = 1\r\nb = x y\r\n", {"a": 1, "b": "x y"}),
    "byte order mark": ("\ufeffa = 1", {"a": 1}),
}

VALUES = {
    "true": True,
    "false": False,
    "null": None,
    "0": 0,
    "-12": -12,
    "1.5": 1.5,
    ".5": 0.5,
    "2e3": 2000.0,
    "007": "007",
    "0.0.0.0": "0.0.0.0",
    "15s": "15s",
    "1h30m": "1h30m",
    "1MB": "1MB",
    "80%": "80%",
    "infinity": "infinity",
    "emqx@127.0.0.1": "emqx@127.0.0.1",
    "/mqtt": "/mqtt",
    "allow all": "allow all",
    "10 seconds": "10 seconds",
    "true story": "true story",
    '""': "",
    '"a # b"': "a # b",
    r'"tab\t quote\" back\\ \u00e9"': 'tab\t quote" back\\ é',
    r'"\ud83d\ude00"': "😀",
    '"""a\\nb "c" """': 'a\\nb "c" ',
    '"""two\nlines"""': "two\nlines",
    '"""~\n    one\n      two\n  """': "one\n  two\n",
    '"""~\n    one\n\n    two~"""': "one\n\ntwo",
    '"""~\n  "quoted"~"""': '"quoted"',
    "[]": [],
    "[1, 2, 3,]": [1, 2, 3],
    "[1\n2\n3]": [1, 2, 3],
    "[a b, 'c]": ["a b", "'c"],
    "[{a = 1}, {a = 2}]": [{"a": 1}, {"a": 2}],
    "[[1], [2, 3]]": [[1], [2, 3]],
    "{}": {},
    "[1, 2] [3]": [1, 2, 3],
    "[1]\n[2]": [1, 2],
    "{a = 1} {b = 2}": {"a": 1, "b": 2},
    "{a = 1}{a = 2}": {"a": 2},
    'pre"fix"': "prefix",
    '"one "\n"string"': "one string",
}

SUBSTITUTIONS = {
    "plain": ("a = 1\nb = ${a}", {"a": 1, "b": 1}),
    "ahead": ("b = ${a}\na = 1", {"a": 1, "b": 1}),
    "path": ("a { b { c = x } }\nd = ${a.b.c}", {"a": {"b": {"c": "x"}}, "d": "x"}),
    "quoted path": ('"a.b" = 1\nc = ${"a.b"}', {"a.b": 1, "c": 1}),
    "last value": ("a = 1\nb = ${a}\na = 2", {"a": 2, "b": 2}),
    "in a string": ('dir = "/data"\nfile = ${dir}"/mnesia"', {"dir": "/data", "file": "/data/mnesia"}),
    "no blanks between parts": ('dir = data\nfile = ${dir} "/log"', {"dir": "data", "file": "data/log"}),
    "number in a string": ("port = 1883\nbind = ${port}0", {"port": 1883, "bind": "18830"}),
    "arrays join": ("a = [1]\nb = ${a} [2]", {"a": [1], "b": [1, 2]}),
    "in an array": ("a = x\nb = [${a}, y]", {"a": "x", "b": ["x", "y"]}),
    "objects join": ("a { x = 1 }\nb = ${a} { y = 2 }", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
    "object overridden": ("a { x = 1 }\nb = ${a}\nb.x = 2", {"a": {"x": 1}, "b": {"x": 2}}),
    "optional unset": ("a = ${?none}", {}),
    "optional keeps what was there": ("a = 1\na = ${?none}", {"a": 1}),
    "optional in a string": ("a = x${?none}y", {"a": "xy"}),
    "optional in an array": ("a = [1, ${?none}]", {"a": [1]}),
    "self": ("path = a\npath = ${path}b", {"path": "ab"}),
    "self optional": ("path = ${?path}b", {"path": "b"}),
    "self array": ("a = [1]\na = ${a} [2]\na = ${a} [3]", {"a": [1, 2, 3]}),
    "sibling": ("bar { foo = 42, baz = ${bar.foo} }", {"bar": {"foo": 42, "baz": 42}}),
    "sibling across a join": ("x = {a = ${x.b}} ${?n} {b = 1}", {"x": {"a": 1, "b": 1}}),
    "plus": ("a = [1]\na += 2\na += 3", {"a": [1, 2, 3]}),
    "plus from nothing": ("a += 1", {"a": [1]}),
    "element of an array": ("a = [{b = 1}, {b = 2}]\nc = ${a.2.b}", {"a": [{"b": 1}, {"b": 2}], "c": 2}),
    "array element by index": ("a = [{b = 1}, {b = 2}]\na.1.b = 5", {"a": [{"b": 5}, {"b": 2}]}),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_lines(text: str, expected: object) -> None:
    assert plain(parse_text(text)) == expected


@pytest.mark.parametrize(("text", "expected"), VALUES.items())
def test_values(text: str, expected: object) -> None:
    found = plain(parse_text(f"k = {text}\nnext = 1"))
    assert found == {"k": expected, "next": 1}


@pytest.mark.parametrize(("text", "expected"), SUBSTITUTIONS.values(), ids=SUBSTITUTIONS)
def test_substitution(text: str, expected: object) -> None:
    assert plain(parse_text(text)) == expected


def test_a_single_value_is_read_without_a_key() -> None:
    assert plain(parse_value('[{mechanism = jwt, use = "x"}]')) == [{"mechanism": "jwt", "use": "x"}]


def test_every_value_knows_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "part.conf").write_text("\ninner = 1\n")
    main = tmp_path / "emqx.conf"
    main.write_text('a {\n  b = 1\n  include "part.conf"\n}\n')
    tree = parse_file(main)
    inner, outer = find(tree, ("a", "inner")), find(tree, ("a", "b"))
    assert inner is not None and outer is not None
    assert (str(inner.origin), str(outer.origin)) == (f"{tmp_path / 'part.conf'}:2", f"{main}:2")


@pytest.mark.parametrize(
    "statement",
    [
        'include "sub/part.conf"',
        'include file("sub/part.conf")',
        'include required("sub/part.conf")',
        'include required(file("sub/part.conf"))',
    ],
)
def test_includes_are_relative_to_the_including_file(tmp_path: Path, statement: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "part.conf").write_text('include "deeper.conf"\nb = 2\n')
    (tmp_path / "sub" / "deeper.conf").write_text("a = 1\n")
    (tmp_path / "emqx.conf").write_text(f"a = 0\n{statement}\nb = 3\n")
    assert plain(parse_file(tmp_path / "emqx.conf")) == {"a": 1, "b": 3}


def test_a_file_included_inside_an_object_is_looked_up_there_first(tmp_path: Path) -> None:
    (tmp_path / "part.conf").write_text("x = ${own} ${outer}\nown = 1\n")
    (tmp_path / "emqx.conf").write_text('outer = 2\nzone { include "part.conf" }\n')
    assert plain(parse_file(tmp_path / "emqx.conf")) == {"outer": 2, "zone": {"own": 1, "x": "12"}}


def test_a_missing_include_is_an_error_at_the_statement(tmp_path: Path) -> None:
    main = tmp_path / "emqx.conf"
    main.write_text('a = 1\n  include "none.conf"\n')
    with pytest.raises(ConfigError, match=rf"{main}:2:11: no such file .*none\.conf"):
        parse_file(main)


def test_files_that_include_each_other_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text('include "b.conf"')
    (tmp_path / "b.conf").write_text('include "a.conf"')
    with pytest.raises(ConfigError, match=r"b\.conf:1:9: a file includes itself"):
        parse_file(tmp_path / "a.conf")


def test_two_hundred_lines_take_milliseconds() -> None:
    block = 'listeners.tcp.x {\n bind = "0.0.0.0:1883"\n max = 1024000 # c\n}\nmqtt {\n a = 15s\n}\n\n'
    started = time.perf_counter()
    parse_text(block * 25)
    assert time.perf_counter() - started < 0.1
