"""Parameters against the specification of their type."""

from __future__ import annotations

from typing import Any

import pytest

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.terms import Atom
from emqx_compat.rules.params import check_params


def spec(type_: str, **more: Any) -> dict[str, dict[str, Any]]:
    return {"p": {"type": type_, **more}}


def fault(params: object, specs: dict[str, dict[str, Any]]) -> tuple[F, dict[str, object]]:
    with pytest.raises(Fault) as raised:
        check_params(params, specs)
    return raised.value.kind, raised.value.params


@pytest.mark.parametrize(
    ("value", "specs"),
    [
        ("any", spec("string")),
        ("http://host:1/x", spec("string", format="url")),
        ("https://a.b", spec("string", format="url")),
        ("a/+/#", spec("string", format="topic")),
        ("abc", spec("string", format="^a")),
        (1, spec("number")),
        (1.5, spec("number", range=[1, 2])),
        (0, spec("number", enum=[0, 1])),
        (False, spec("boolean")),
        ([1, 2], spec("array", items={"type": "number"})),
        ({"q": 1}, spec("object", schema=spec("string"))),
        ("anything", spec("object", schema={})),
    ],
)
def test_what_fits_passes(value: object, specs: dict[str, dict[str, Any]]) -> None:
    check_params({"p": value}, specs)


@pytest.mark.parametrize(
    ("value", "specs", "kind", "params"),
    [
        (5, spec("string"), F.CONFIG_TYPE, {"expected": "string", "value": 5}),
        ("ftp://x", spec("string", format="url"), F.CONFIG_TYPE, {"expected": "string", "value": "ftp://x"}),
        (5, spec("number", enum=[0, 1]), F.CONFIG_ENUM, {"value": 5, "allowed": [0, 1]}),
        (True, spec("number", enum=[0, 1]), F.CONFIG_ENUM, {"value": True, "allowed": [0, 1]}),
        ("5", spec("number"), F.CONFIG_RANGE, {"value": "5", "allowed": "any"}),
        (3, spec("number", range=[1, 2]), F.CONFIG_RANGE, {"value": 3, "allowed": [1, 2]}),
        ("true", spec("boolean"), F.CONFIG_TYPE, {"expected": "boolean", "value": "true"}),
        ("x", spec("array", items={"type": "number"}), F.ARGUMENTS_INVALID, {"reason": ("bad_generator", "x")}),
        (
            ["x"],
            spec("array", items={"type": "string", "enum": ["y"]}),
            F.CONFIG_ENUM,
            {"value": "x", "allowed": ["y"]},
        ),
        ({}, spec("object", schema=spec("string", required=True)), F.CONFIG_MISSING, {"name": "p"}),
        ("x", spec("object", schema=spec("string")), F.ARGUMENTS_INVALID, {"reason": ("badmap", "x")}),
    ],
)
def test_what_does_not_fit_says_why(
    value: object, specs: dict[str, dict[str, Any]], kind: F, params: dict[str, object]
) -> None:
    assert fault({"p": value}, specs) == (kind, params)


def test_only_what_is_required_must_be_there() -> None:
    check_params({}, spec("string"))
    assert fault({}, spec("string", required=True)) == (F.CONFIG_MISSING, {"name": "p"})


def test_unknown_parameters_pass() -> None:
    check_params({"q": 1}, spec("string"))


def test_what_is_no_object_is_refused_when_something_is_specified() -> None:
    check_params(5, {})
    assert fault(5, spec("string")) == (F.ARGUMENTS_INVALID, {"reason": (Atom("badmap"), 5)})
