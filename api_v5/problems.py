"""What is wrong with a value, in 5.6.1's words: what fields raise and the caller reads as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one value."""

    says: Mapping[str, object]
    """Everything but `kind`, `path` and `mismatches`."""
    mismatches: Mapping[str, Any] = field(default_factory=dict)
    """Of a union: member → what marshmallow collected when that member was tried."""

    def at(self, path: str) -> dict[str, object]:
        """The object that the caller reads."""
        told: dict[str, object] = {"kind": "validation_error", "path": path, **self.says}
        if self.mismatches:
            told["mismatches"] = {
                member: one_or_all(list(flat(messages, path))) for member, messages in self.mismatches.items()
            }
        return dict(sorted(told.items(), reverse=True))


REQUIRED = Problem({"reason": "required_field"})


def problem(**says: object) -> ValidationError:
    """An error with one problem."""
    return ValidationError([Problem(says)])


def unexpected(expected: str, value: object) -> ValidationError:
    """The value is not of the named type."""
    return problem(reason={"expected": expected}, value=value)


def flat(messages: Any, path: str) -> Iterator[dict[str, object]]:
    """marshmallow's tree of messages as a list of objects with dotted paths; elements count from 1."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from flat(below, path if key == "_schema" else _join(path, key))
    else:
        for message in messages:
            # The only words of marshmallow's own: a required field is missing.
            yield (message if isinstance(message, Problem) else REQUIRED).at(path)


def _join(path: str, key: str | int) -> str:
    step = str(key + 1) if isinstance(key, int) else key
    return f"{path}.{step}" if path else step


def one_or_all(problems: Sequence[dict[str, object]]) -> object:
    return problems[0] if len(problems) == 1 else problems
