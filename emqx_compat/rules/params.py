"""Parameters of actions and configurations of resources against the specification of their type (3.x, 4.x)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.rules import ParamSpecs
from emqx_compat.core.terms import Atom
from emqx_compat.rules.values import identical, is_number

FORMATS = {
    "url": r"^https?://\w+(.\w+)*(:[0-9]+)?",
    "topic": r"^/?[\w#+]+(/[\w#+]+)*/?$",
    "resource_type": "[a-zA-Z0-9_:-]",
}
_MAX_CHECKED = 4096
"""Characters of a text that its format is compared with."""


def check_params(params: object, specs: ParamSpecs) -> None:
    """What is required is there, and what is there fits; unknown parameters pass.

    Faults: CONFIG_MISSING, CONFIG_ENUM, CONFIG_TYPE, CONFIG_RANGE, ARGUMENTS_INVALID (no object at all).
    """
    if specs and not isinstance(params, Mapping):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badmap"), params))
    for name, spec in specs.items():
        assert isinstance(params, Mapping)
        if name in params:
            _check(params[name], spec)
        elif spec.get("required"):
            raise Fault(F.CONFIG_MISSING, name=name)


def _check(value: object, spec: Mapping[str, Any]) -> None:
    allowed = spec.get("enum")
    if allowed is not None and not any(identical(value, each) for each in allowed):
        raise Fault(F.CONFIG_ENUM, value=value, allowed=list(allowed))
    match spec["type"]:
        case "string":
            _check_text(value, spec.get("format"))
        case "number" | "float":
            _check_number(value, spec.get("range"))
        case "boolean":
            if not isinstance(value, bool):
                raise Fault(F.CONFIG_TYPE, expected="boolean", value=value)
        case "array":
            if not isinstance(value, list):
                raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("bad_generator"), value))
            for item in value:
                _check(item, spec["items"])
        case "object":
            check_params(value, spec.get("schema", {}))


def _check_text(value: object, form: str | None) -> None:
    fits = isinstance(value, str)
    if isinstance(value, str) and form is not None:
        fits = re.search(FORMATS.get(form, form), value[:_MAX_CHECKED], re.A) is not None
    if not fits:
        raise Fault(F.CONFIG_TYPE, expected="string", value=value)


def _check_number(value: object, span: Sequence[float] | None) -> None:
    if is_number(value) and (span is None or span[0] <= value <= span[1]):
        return
    raise Fault(F.CONFIG_RANGE, value=value, allowed=Atom("any") if span is None else list(span))
