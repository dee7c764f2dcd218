"""HOCON is written as EMQX writes it, and read back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emqx_compat.config.hocon import parse_text
from emqx_compat.config.nodes import Json, plain
from emqx_compat.config.writer import dump


def test_the_layout_is_that_of_emqx() -> None:
    written = dump(
        {
            "sys_topics": {
                "sys_msg_interval": "1m",
                "sys_heartbeat_interval": "30s",
                "sys_event_messages": {"client_connected": True, "client_subscribed": False, "x": 1},
            },
            "mqtt": {"response_information": "", "keepalive_multiplier": 1.5},
            "delayed": {"enable": True, "max_delayed_messages": 0},
        }
    )
    assert written == (
        "delayed {enable = true, max_delayed_messages = 0}\n"
        "mqtt {\n"
        "  keepalive_multiplier = 1.5\n"
        '  response_information = ""\n'
        "}\n"
        "sys_topics {\n"
        "  sys_event_messages {\n"
        "    client_connected = true\n"
        "    client_subscribed = false\n"
        "    x = 1\n"
        "  }\n"
        "  sys_heartbeat_interval = 30s\n"
        "  sys_msg_interval = 1m\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("infinity", "infinity"),
        ("80%", "80%"),
        ("1MB", "1MB"),
        ("127.0.0.1:1883", '"127.0.0.1:1883"'),
        ("emqx@127.0.0.1", '"emqx@127.0.0.1"'),
        ("true", '"true"'),
        ("42", '"42"'),
        ("a b", '"a b"'),
        ('say "hi" there', '"""say "hi" there"""'),
        (None, "null"),
        ([], "[]"),
        ({}, "{}"),
        ([1, "a"], "[1, a]"),
    ],
)
def test_quotes_only_where_needed(value: Json, text: str) -> None:
    sign = " " if isinstance(value, dict) else " = "
    assert dump({"k": value}) == f"k{sign}{text}\n"


def test_text_of_several_lines_is_a_block() -> None:
    assert dump({"rule": {"sql": 'SELECT *\nFROM "t/#"\n'}}) == (
        'rule {\n  sql = """~\n    SELECT *\n    FROM "t/#"\n  ~"""\n}\n'
    )


_texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.text(alphabet=' \n"\\~a$#', max_size=8)
_scalars = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | _texts
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3), max_leaves=8
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(_texts, _values, max_size=3))
def test_whatever_is_written_reads_back(value: dict[str, Json]) -> None:
    assert plain(parse_text(dump(value))) == value
