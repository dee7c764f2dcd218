"""Types of resources: `/resource_types`."""

from __future__ import annotations

from starlette.responses import Response

from api_v3.dialect import ok
from api_v3.faults import ABSENT
from api_v3.resources import ROW, render_resource
from api_v3.rule_catalogue import OLD_ACTIONS, RESOURCE_TYPE_ROWS, RESOURCE_TYPES, WORDS, speaks_3_1
from api_v3.rules import FEATURE
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- parse


def parse_type(call: Call) -> str:
    """The type in the path. Faults: PATH_UNKNOWN (never seen anywhere)."""
    name = call.params["type"]
    if name not in WORDS:
        raise Fault(F.PATH_UNKNOWN)
    return name


# --- handlers


async def list_resource_types(call: Call) -> Response:
    """All types, ordered by their titles."""
    return ok(list(RESOURCE_TYPE_ROWS.values() if speaks_3_1(call) else RESOURCE_TYPES))


async def show_resource_type(call: Call) -> Response:
    """One type."""
    name = parse_type(call)
    if name not in RESOURCE_TYPE_ROWS:
        raise Fault(F.RESOURCE_TYPE_UNKNOWN, type=name)
    return ok(RESOURCE_TYPE_ROWS[name])


async def list_resources_by_type(call: Call) -> Response:
    """The resources of a type."""
    return ok([render_resource(resource) for resource in await call.engine.resources.list(parse_type(call))])


async def list_actions_by_type(call: Call) -> Response:
    """The actions of a type, which only 3.1 knew."""
    name = parse_type(call)
    return ok([row for row in OLD_ACTIONS if row["type"] == name])


# --- routes

ROUTES = (
    Route(
        "GET",
        "/resource_types",
        "list_resource_types",
        list_resource_types,
        "List all resource types",
        registered="/resource_types/",
        feature=FEATURE,
        example={"code": 0, "data": list(RESOURCE_TYPES)},
    ),
    Route(
        "GET",
        "/resource_types/{type:raw}",
        "show_resource_type",
        show_resource_type,
        "Show a resource type",
        registered="/resource_types/:name",
        feature=FEATURE,
        example={"code": 0, "data": RESOURCE_TYPE_ROWS["web_hook"]},
        faults={F.RESOURCE_TYPE_UNKNOWN: ABSENT},
    ),
    Route(
        "GET",
        "/resource_types/{type:raw}/resources",
        "list_resources_by_type",
        list_resources_by_type,
        "List all resources of a resource type",
        feature=FEATURE,
        example={"code": 0, "data": [ROW]},
    ),
)

UNLISTED_ROUTES = (
    Route(
        "GET",
        "/resource_types/{type:raw}/actions",
        "list_actions_by_type",
        list_actions_by_type,
        "List all actions of a resource type",
        feature=FEATURE,
        listed=False,
        example={"code": 0, "data": [row for row in OLD_ACTIONS if row["type"] == "built_in"]},
    ),
)
"""Documented, but not part of the API list."""
