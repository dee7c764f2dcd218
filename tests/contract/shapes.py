"""Compares a live answer with a documented sample: the same keys and the same JSON types, at every depth."""

from __future__ import annotations

from collections.abc import Collection, Iterator


def kind(value: object) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case dict():
            return "object"
        case _:
            return "array"


def differences(sample: object, live: object, *, free: Collection[str] = (), path: str = "$") -> list[str]:
    """What is not of the sample's shape, a line each; empty when nothing is.

    Every element of an array must have the shape of one of the sample's elements; an array that is filled in the
    sample must be filled. Below the keys in `free` anything goes.
    """
    return list(_differences(sample, live, free, path))


def _differences(sample: object, live: object, free: Collection[str], path: str) -> Iterator[str]:
    if kind(sample) != kind(live):
        yield f"{path}: {kind(sample)} in the sample, {kind(live)} live ({live!r})"
    elif isinstance(sample, dict) and isinstance(live, dict):
        yield from (f"{path}.{key}: missing" for key in sample.keys() - live.keys())
        yield from (f"{path}.{key}: not in the sample" for key in live.keys() - sample.keys())
        for key in sample.keys() & live.keys():
            if key not in free:
                yield from _differences(sample[key], live[key], free, f"{path}.{key}")
    elif isinstance(sample, list) and isinstance(live, list) and sample:
        if not live:
            yield f"{path}: empty, but not in the sample"
        for index, element in enumerate(live):
            tries = [list(_differences(model, element, free, f"{path}[{index}]")) for model in sample]
            yield from min(tries, key=len)
