"""The last touch on v5's OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from api_v5.validation import Array
from emqx_compat.http.route import Route


def describe_arrays(document: dict[str, object], routes: Iterable[Route]) -> dict[str, object]:
    """Bodies that are arrays are described as schemas with one field, `items`; the array is that field."""
    schemas = cast(dict[str, Any], document.get("components", {})).get("schemas", {})
    for route in routes:
        if route.body is not None and issubclass(route.body, Array):
            name = route.body.__name__.removesuffix("Schema")
            described = schemas.get(name, {})
            schemas[name] = described.get("properties", {}).get("items", described)
    return document
