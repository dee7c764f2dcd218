"""What actions need: `/resources`, `/resource_status`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import UNKNOWN, Arguments, arguments, by_key, ok
from api_v3.faults import ABSENT, UNREADABLE
from api_v3.rule_catalogue import OLD_RESOURCE_TYPES, TYPES, speaks_3_1
from api_v3.rules import FEATURE, TestQuery, is_test
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.rules import Resource
from emqx_compat.core.terms import Atom
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

ONLY_3_1 = frozenset(row["name"] for row in OLD_RESOURCE_TYPES)

# --- schemas


class ResourceSchema(Schema):
    """The body of `POST /resources`."""

    type = fields.String(required=True)
    config = fields.Dict()
    description = fields.String()
    name = fields.String()
    test = fields.Boolean()


# --- parse


def parse_resource(args: Arguments, *, old: bool) -> Resource:
    """Faults: PARAMETER_MISSING, PARAMETER_TYPE (type), ARGUMENTS_INVALID."""
    type_ = args.get("type")
    if "type" not in args:
        raise Fault(F.PARAMETER_MISSING, name="type")
    if not isinstance(type_, str):
        raise Fault(F.PARAMETER_TYPE, name="type", value=type_)
    config, description = args.get("config", {}), args.get("description", "")
    if not isinstance(config, dict):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badmap"), config))
    if not isinstance(description, str):
        raise Fault(F.ARGUMENTS_INVALID, reason=Atom("badarg"))
    resource = Resource(type_, config, description=description)
    if old or type_ in ONLY_3_1:
        resource.name = parse_name(args)
        resource.id = f"{type_}:{resource.name}"
    return resource


def parse_name(args: Arguments) -> str:
    """The name that is part of the id in 3.1. Faults: PARAMETER_MISSING."""
    name = args.get("name")
    if not isinstance(name, str) or not name:
        raise Fault(F.PARAMETER_MISSING, name="name")
    return name


# --- render


def render_resource(resource: Resource) -> dict[str, Any]:
    """A row of the list; one of 3.1 has a name."""
    row = {
        "config": resource.config,
        "description": resource.description,
        "id": resource.id,
        "type": resource.type,
    }
    return by_key(row | {"attrs": UNKNOWN, "name": resource.name}) if resource.name else row


# --- handlers


async def list_resources(call: Call) -> Response:
    """All resources."""
    return ok([render_resource(resource) for resource in await call.engine.resources.list()])


async def create_resource(call: Call) -> Response:
    """Create a resource, also one that cannot be started; or try whether it can."""
    args = arguments(call)
    resource = parse_resource(args, old=speaks_3_1(call))
    if is_test(args):
        await call.engine.resources.test(resource, TYPES)
        return ok()
    return ok(render_resource(await call.engine.resources.create(resource, TYPES)))


async def show_resource(call: Call) -> Response:
    """One resource, and whether it answers."""
    resource_id = call.params["id"]
    resource = await call.engine.resources.get(resource_id)
    if resource is None:
        raise Fault(F.RESOURCE_NOT_FOUND, id=resource_id)
    alive = await call.engine.resources.alive(resource_id)
    status = [{"is_alive": alive, "node": call.engine.nodes.local}]
    return ok(by_key(render_resource(resource) | {"status": status}))


async def get_resource_status(call: Call) -> Response:
    """Whether a resource answers."""
    return ok({"is_alive": await call.engine.resources.alive(call.params["id"])})


async def start_resource(call: Call) -> Response:
    """Start a resource again."""
    await call.engine.resources.start(call.params["id"])
    return ok()


async def delete_resource(call: Call) -> Response:
    """Delete a resource; one that was never there is no mistake."""
    await call.engine.resources.delete(call.params["id"])
    return ok()


# --- routes

ROW = {
    "config": {"headers": {"X-A": "b"}, "method": "POST", "url": "http://127.0.0.1:9901/ok"},
    "description": "hook",
    "id": "resource:9282af91",
    "type": "web_hook",
}

ROUTES = (
    Route(
        "GET",
        "/resources",
        "list_resources",
        list_resources,
        "A list of all resources",
        registered="/resources/",
        feature=FEATURE,
        example={"code": 0, "data": [ROW]},
    ),
    Route(
        "POST",
        "/resources",
        "create_resource",
        create_resource,
        "Create a resource",
        registered="/resources/",
        feature=FEATURE,
        query=TestQuery,
        body=ResourceSchema,
        example={"code": 0, "data": ROW},
        faults={F.PARAMETER_MISSING: UNREADABLE},
    ),
    Route(
        "GET",
        "/resources/{id:raw}",
        "show_resource",
        show_resource,
        "Show a resource",
        feature=FEATURE,
        example={"code": 0, "data": {**ROW, "status": [{"is_alive": True, "node": "emqx@127.0.0.1"}]}},
        faults={F.RESOURCE_NOT_FOUND: ABSENT},
    ),
    Route(
        "GET",
        "/resource_status/{id:raw}",
        "get_resource_status",
        get_resource_status,
        "Get status of a resource",
        feature=FEATURE,
        example={"code": 0, "data": {"is_alive": True}},
    ),
    Route(
        "POST",
        "/resources/{id:raw}",
        "start_resource",
        start_resource,
        "Start a resource",
        feature=FEATURE,
        example={"code": 0},
    ),
    Route(
        "DELETE",
        "/resources/{id:raw}",
        "delete_resource",
        delete_resource,
        "Delete a resource",
        feature=FEATURE,
        example={"code": 0},
    ),
)
