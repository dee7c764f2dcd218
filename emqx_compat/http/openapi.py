"""OpenAPI 3 of every generation, made from its route table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from emqx_compat.http.generation import Generation
from emqx_compat.http.route import Route, State

_METHODS_WITH_BODY = {"POST", "PUT", "DELETE", "PATCH"}


@cache
def _parameters(path: str) -> tuple[str, ...]:
    return tuple(part.strip("{}") for part in path.split("/") if part.startswith("{"))


def document(generation: Generation, version: str) -> dict[str, object]:
    """The OpenAPI 3.0 document of a generation; `version` is the one it reports.

    Only operations that answer are shown: an absent one has no entry.
    """
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title=generation.title,
        version=version,
        openapi_version="3.0.3",
        plugins=[plugin],
        servers=[{"url": generation.dialect.prefix}],
        info={"description": f"{generation.title}, served by emqx_compat."},
    )
    spec.components.security_scheme("basicAuth", {"type": "http", "scheme": "basic"})
    if generation.name == "v5":
        spec.components.security_scheme("bearerAuth", {"type": "http", "scheme": "bearer"})
    paths: dict[str, dict[str, Any]] = {}
    for route in generation.routes:
        if route.effective_state is not State.ABSENT and route.listed:
            paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, generation, plugin)
    for path, operations in sorted(paths.items()):
        spec.path(path=path, operations=operations)
    return generation.describe(spec.to_dict())


def _operation(route: Route, generation: Generation, plugin: MarshmallowPlugin) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{route.template}",
        "summary": route.summary or route.id.replace("_", " "),
        "tags": [route.tag or route.template.split("/")[1]],
        "responses": {str(route.success): _answer(route)},
        "x-operation": route.id,
    }
    assert plugin.converter is not None
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _parameters(route.template)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query, plugin)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None and route.method in _METHODS_WITH_BODY:
        operation["requestBody"] = {"content": {"application/json": {"schema": route.body}}}
    if not route.public:
        schemes = ["basicAuth", "bearerAuth"] if generation.name == "v5" else ["basicAuth"]
        operation["security"] = [{scheme: []} for scheme in schemes]
    return operation


def _query_parameters(schema: type[Schema], plugin: MarshmallowPlugin) -> list[dict[str, Any]]:
    assert plugin.converter is not None
    rows: list[dict[str, Any]] = []
    for name, field in schema().fields.items():
        rows.append(
            {
                "name": field.data_key or name,
                "in": "query",
                "required": field.required,
                "schema": plugin.converter.field2property(field),
            }
        )
    return rows


def _answer(route: Route) -> dict[str, Any]:
    if route.example is None:
        return {"description": "Success"}
    return {
        "description": "Success",
        "content": {"application/json": {"schema": shape_of(route.example), "example": route.example}},
    }


def shape_of(sample: object) -> dict[str, Any]:
    """The JSON schema of a sample answer: its types, recursively; of a list the first element's."""
    match sample:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case Mapping():
            return {"type": "object", "properties": {str(key): shape_of(value) for key, value in sample.items()}}
        case list() | tuple():
            return {"type": "array", "items": shape_of(sample[0]) if sample else {}}
        case _:
            return {"nullable": True}


def _schema_name(schema: type[Schema] | Schema | str) -> str:
    if isinstance(schema, str):
        return schema
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")
