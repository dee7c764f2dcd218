"""The OpenAPI document of every installed generation: valid, whole, and made from its route table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from http_toy import echo, generation
from marshmallow import Schema, fields, validate

from emqx_compat.http.generation import Generation, generations
from emqx_compat.http.openapi import document, shape_of
from emqx_compat.http.route import Route, State, absent

INSTALLED = generations()

Document = dict[str, Any]


def operations(made: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in made["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def resolves(made: Document, reference: str) -> bool:
    node: Any = made
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return reference.startswith("#/")


@pytest.fixture(scope="module", params=INSTALLED, ids=lambda item: item.name)
def installed(request: pytest.FixtureRequest) -> Generation:
    return request.param


@pytest.fixture(scope="module")
def made(installed: Generation) -> Document:
    return json.loads(json.dumps(document(installed, "1.2.3")))


def test_it_says_what_it_is(made: Document, installed: Generation) -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", made["openapi"])
    assert (made["info"]["title"], made["info"]["version"]) == (installed.title, "1.2.3")
    assert made["servers"] == [{"url": installed.dialect.prefix}]


def test_every_operation_that_answers_is_in_it(made: Document, installed: Generation) -> None:
    built = {
        (route.method.lower(), route.template)
        for route in installed.routes
        if route.effective_state is not State.ABSENT and route.listed
    }
    assert {(method, path) for method, path, _ in operations(made)} == built


def test_paths_and_operations_are_well_formed(made: Document) -> None:
    for method, path, operation in operations(made):
        assert path.startswith("/")
        assert method in {"get", "put", "post", "delete", "patch", "head", "options"}
        assert operation["responses"], (method, path)
        assert all(re.fullmatch(r"[1-5]\d\d|default", status) for status in operation["responses"])
        assert all("description" in response for response in operation["responses"].values())
        assert operation["summary"], (method, path)


def test_operation_ids_are_unique(made: Document) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(made)]
    assert len(ids) == len(set(ids))


def test_path_parameters_are_those_of_the_template(made: Document) -> None:
    for method, path, operation in operations(made):
        declared = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"]
        assert sorted(declared) == sorted(re.findall(r"{(\w+)}", path)), (method, path)


def test_parameters_are_well_formed_and_named_once(made: Document) -> None:
    for method, path, operation in operations(made):
        parameters = operation.get("parameters", [])
        places = [(each["in"], each["name"]) for each in parameters]
        assert len(places) == len(set(places)), (method, path)
        assert all(isinstance(each["schema"], dict) for each in parameters)
        assert all(each["required"] for each in parameters if each["in"] == "path")


def test_no_get_has_a_body(made: Document) -> None:
    assert not [
        path for method, path, operation in operations(made) if method == "get" and "requestBody" in operation
    ]


def test_references_lead_somewhere(made: Document) -> None:
    assert not [reference for reference in references(made) if not resolves(made, reference)]


def test_security_schemes_are_declared(made: Document) -> None:
    schemes = made["components"]["securitySchemes"].keys()
    named = {name for *_, operation in operations(made) for each in operation.get("security", ()) for name in each}
    assert named <= schemes


class PageQuery(Schema):
    page = fields.Integer(data_key="_page", load_default=1)


class ThingSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1))
    kind = fields.String(validate=validate.OneOf(["a", "b"]))


TOY = generation(
    Route("GET", "/things", "list_things", echo, "List things", query=PageQuery, example=[{"name": "x", "n": 1}]),
    Route("POST", "/things/{id:raw}", "make", echo, body=ThingSchema, public=True, success=201),
    Route("DELETE", "/things/{id:raw}", "drop", echo, success=204),
    Route("GET", "/hidden", "hidden", echo, listed=False),
    *absent(("GET", "/absent", "absent")),
)


def test_a_row_becomes_an_operation() -> None:
    operation = document(TOY, "1")["paths"]["/things"]["get"]  # type: ignore[index]
    assert operation["summary"] == "List things"
    assert operation["tags"] == ["things"]
    assert operation["security"] == [{"basicAuth": []}]
    assert operation["parameters"] == [
        {"name": "_page", "in": "query", "required": False, "schema": {"type": "integer", "default": 1}}
    ]
    assert operation["responses"]["200"]["content"]["application/json"] == {
        "schema": shape_of([{"name": "x", "n": 1}]),
        "example": [{"name": "x", "n": 1}],
    }


def test_a_body_schema_is_a_component_without_its_suffix() -> None:
    made = json.loads(json.dumps(document(TOY, "1")))
    body = made["paths"]["/things/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Thing"}
    assert made["components"]["schemas"]["Thing"] == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "kind": {"type": "string", "enum": ["a", "b"]},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(("method", "status"), [("post", "201"), ("delete", "204")])
def test_the_answer_is_described_below_its_status(method: str, status: str) -> None:
    assert list(document(TOY, "1")["paths"]["/things/{id}"][method]["responses"]) == [status]  # type: ignore[index]


def test_a_public_operation_asks_for_no_credentials() -> None:
    assert "security" not in document(TOY, "1")["paths"]["/things/{id}"]["post"]  # type: ignore[index]


def test_what_does_not_answer_or_is_not_listed_is_left_out() -> None:
    assert sorted(document(TOY, "1")["paths"]) == ["/things", "/things/{id}"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("sample", "schema"),
    [
        (True, {"type": "boolean"}),
        (1, {"type": "integer"}),
        (1.5, {"type": "number"}),
        ("x", {"type": "string"}),
        (None, {"nullable": True}),
        ([], {"type": "array", "items": {}}),
        ([1], {"type": "array", "items": {"type": "integer"}}),
        ({"a": "x"}, {"type": "object", "properties": {"a": {"type": "string"}}}),
    ],
)
def test_a_sample_has_the_schema_of_its_types(sample: object, schema: object) -> None:
    assert shape_of(sample) == schema
