"""The functions of 3.2's SQL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emqx_compat.core.terms import UNDEFINED, Atom
from emqx_compat.rules.functions import ACCESSORS, FUNCTIONS, call
from emqx_compat.rules.values import EvalError

DATA: dict[str, object] = {"id": "5A", "qos": 1, "topic": "a/b", "payload": "p", "timestamp": 5}


@pytest.mark.parametrize(
    ("name", "args", "value"),
    [
        ("abs", [-3], 3),
        ("ceil", [1.2], 2),
        ("floor", [-1.2], -2),
        ("round", [2.5], 3),
        ("round", [-2.5], -3),
        ("sqrt", [4], 2.0),
        ("power", [2, 3], 8.0),
        ("fmod", [7, 3], 1.0),
        ("log", [1], 0.0),
        ("/", [7, 2], 3.5),
        ("div", [-7, 2], -3),
        ("mod", [-7, 2], -1),
        ("bitnot", [1], -2),
        ("bitand", [6, 3], 2),
        ("bitor", [6, 3], 7),
        ("bitxor", [6, 3], 5),
        ("bitsl", [1, 3], 8),
        ("bitsr", [8, 3], 1),
        ("str", [5], "5"),
        ("str", [2.5], "2.5"),
        ("str", [3.0], "3.0"),
        ("str", [True], "true"),
        ("str", [{"a": [1]}], '{"a":[1]}'),
        ("str", [["a", 98]], "ab"),
        ("bool", ["true"], True),
        ("bool", [0], False),
        ("int", ["5"], 5),
        ("int", ["5.9"], 5),
        ("int", [-1.5], -2),
        ("int", [True], 1),
        ("float", ["5"], 5.0),
        ("map", ['{"a":1}'], {"a": 1}),
        ("is_null", [UNDEFINED], True),
        ("is_null", [None], False),
        ("is_not_null", [0], True),
        ("lower", ["ÄB"], "äb"),
        ("upper", ["ab"], "AB"),
        ("trim", [" a "], "a"),
        ("ltrim", [" a "], "a "),
        ("rtrim", [" a "], " a"),
        ("reverse", ["abc"], "cba"),
        ("strlen", ["äb"], 2),
        ("substr", ["hello", 1], "ello"),
        ("substr", ["hello", 1, 2], "el"),
        ("substr", ["hello", -2], "lo"),
        ("substr", ["hello", 9], ""),
        ("split", [",a,,b,", ","], ["a", "b"]),
        ("split", ["a,b,c", ",", "leading"], ["a", "b,c"]),
        ("split", ["a,b,c", ",", "trailing"], ["a,b", "c"]),
        ("nth", [2, ["a", "b"]], "b"),
        ("map_get", ["a.b", {"a": {"b": 1}}], 1),
        ("map_get", ["x", {}, 7], 7),
        ("map_get", ["x", {}], UNDEFINED),
        ("map_put", ["a.b", 1, {"c": 2}], {"c": 2, "a": {"b": 1}}),
        ("md5", ["x"], "9dd4e461268c8034f5c8564e155c67a6"),
        ("sha", ["x"], "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
        ("sha256", [""], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("base64_encode", ["x"], "eA=="),
        ("base64_decode", ["eA=="], "x"),
        ("json_encode", [{"a": "ä"}], '{"a":"ä"}'),
        ("json_decode", ["[1]"], [1]),
        ("contains_topic", [[{"topic": "a", "qos": 0}], "a"], False),
        ("contains_topic_match", [[{"topic": "a/b", "qos": 0}], "a/+"], True),
        ("contains_topic_match", [[{"topic": "a/b", "qos": 0}], "a/+", 1], False),
        ("msgid", [], "5A"),
        ("qos", [], 1),
        ("topic", [], "a/b"),
        ("topic", [2], "b"),
        ("payload", [], "p"),
        ("clientid", [], UNDEFINED),
        ("headers", [], {}),
    ],
)
def test_a_function_computes(name: str, args: list[object], value: object) -> None:
    found = call(name, args, DATA)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("+", [1, "1"], "function_clause"),
        ("abs", [-1.5], "function_clause"),
        ("/", [1, 0], "badarith"),
        ("mod", [1, 0], "badarith"),
        ("sqrt", [-1], "badarith"),
        ("exp", [10_000], "badarith"),
        ("upper", [5], "function_clause"),
        ("upper", [Atom("a")], "function_clause"),
        ("int", ["x"], "badarg"),
        ("nth", [0, ["a"]], "function_clause"),
        ("topic", [3], "function_clause"),
        ("timestamp", [], "function_clause"),
        ("json_decode", ["{"], "badarg"),
        ("base64_decode", ["?"], "badarg"),
        ("bitsl", [1, 10**9], "system_limit"),
        ("split", ["a", ",", "all"], "function_clause"),
    ],
)
def test_a_function_fails(name: str, args: list[object], reason: str) -> None:
    with pytest.raises(EvalError) as error:
        call(name, args, DATA)
    assert error.value.reason == Atom(reason)


@pytest.mark.parametrize(("name", "args"), [("upper", []), ("upper", ["a", "b"]), ("kernel", [1]), ("now", [])])
def test_a_function_with_other_arguments_is_not_supported(name: str, args: list[object]) -> None:
    with pytest.raises(EvalError) as error:
        call(name, args, DATA)
    assert error.value.reason == ("sql_function_not_supported", name)


@pytest.mark.parametrize(("name", "value"), [("bool", "x"), ("int", None), ("map", 5)])
def test_a_conversion_that_fails_tells_the_value(name: str, value: object) -> None:
    with pytest.raises(EvalError) as error:
        call(name, [value], DATA)
    assert isinstance(error.value.reason, tuple)
    assert error.value.reason[1] == value


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from([UNDEFINED, Atom("ok")]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted({*FUNCTIONS, *ACCESSORS})), values=st.lists(VALUES, min_size=3, max_size=3))
def test_no_value_makes_a_function_fail_in_another_way(key: tuple[str, int], values: list[object]) -> None:
    name, count = key
    try:
        call(name, values[:count], DATA)
    except EvalError as error:
        assert isinstance(error.reason, (Atom, tuple))
