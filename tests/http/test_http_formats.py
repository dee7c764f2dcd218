"""Texts that several generations write the same way."""

from __future__ import annotations

import re

import pytest

from emqx_compat.http.formats import Atom, decimals, erlang_term, local_time, memory_text, rfc3339, uptime_text

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, 0),
        (KIB, KIB),
        (KIB + 512, "1.50K"),
        (MIB, "1024.00K"),
        (124_014_264, "118.27M"),
        (GIB, "1024.00M"),
        (3 * GIB, "3.00G"),
        (5000 * GIB, "5000.00G"),
    ],
)
def test_memory_has_a_unit_once_it_exceeds_it(size: int, text: str | int) -> None:
    assert memory_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (45.9, "45 seconds"),
        (60, "1 minutes, 0 seconds"),
        (212, "3 minutes, 32 seconds"),
        (3661, "1 hours, 1 minutes, 1 seconds"),
        (3600, "1 hours, 0 minutes, 0 seconds"),
        (90061, "1 days,1 hours, 1 minutes, 1 seconds"),
        (86400, "1 days,0 hours, 0 minutes, 0 seconds"),
    ],
)
def test_uptime_names_larger_units_once_reached(seconds: float, text: str) -> None:
    assert uptime_text(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0.00"), (1.005, "1.00"), (1.65, "1.65"), (12, "12.00")])
def test_loads_have_two_decimals(value: float, text: str) -> None:
    assert decimals(value) == text


def test_local_time_has_no_zone() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", local_time(1_530_263_032))


@pytest.mark.parametrize(
    ("timespec", "pattern"),
    [("seconds", ""), ("milliseconds", r"\.250"), ("microseconds", r"\.250000")],
)
def test_rfc3339_has_an_offset(timespec: str, pattern: str) -> None:
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d{pattern}[+-]\d\d:\d\d", rfc3339(1_530_263_032.25, timespec)
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "undefined"),
        (-7, "-7"),
        (1.5, "1.5"),
        ("text", '<<"text">>'),
        ("", "<<>>"),
        ('a"b\\c', '<<"a\\"b\\\\c">>'),
        ("two\nlines\t", '<<"two\\nlines\\t">>'),
        ("é", "<<195,169>>"),
        ("\0", "<<0>>"),
        (Atom("badarg"), "badarg"),
        ((Atom("error"), "x", 1), '{error,<<"x">>,1}'),
        ([1, [2], []], "[1,[2],[]]"),
        ({"a": 1, "b": [True]}, '#{<<"a">> => 1,<<"b">> => [true]}'),
    ],
)
def test_values_print_as_erlang_prints_them(value: object, text: str) -> None:
    assert erlang_term(value) == text
