"""What the server tells of itself without a resource: `/api/v4`, and `/status` beside it."""

from __future__ import annotations

from typing import Any

from starlette.responses import PlainTextResponse, Response

from api_v4.dialect import ok
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import MANAGEMENT, Route

# --- render


def render_route(route: Route) -> dict[str, Any]:
    """An endpoint as it was registered: some paths begin without a slash, some end with one."""
    path = route.colon_path if route.registered is None else route.registered
    return {"path": path, "name": route.id, "method": route.method, "descr": route.summary}


# --- handlers


async def list_apis(call: Call) -> Response:
    """The endpoints of this port."""
    routes = call.generation.routes_on(call.port)
    return ok([render_route(route) for route in routes if route.listed])


async def status(call: Call) -> Response:
    """The health of the node, as text."""
    text = f"Node {call.engine.nodes.local} is started\nemqx is running"
    return PlainTextResponse(text, headers={"Content-Type": "text/plain"})


async def refuse_status(_call: Call) -> Response:
    """`/status` with a slash behind it."""
    raise Fault(F.METHOD_UNKNOWN)


# --- routes

ROUTES = (
    Route(
        "GET",
        "/",
        "list_apis",
        list_apis,
        "List of endpoints",
        tag="apis",
        example={
            "data": [
                {
                    "path": "/auth_clientid",
                    "name": "list_clientid",
                    "method": "GET",
                    "descr": "List available clientid in the cluster",
                }
            ],
            "code": 0,
        },
        listed=False,
    ),
)

_ONLY_MANAGEMENT = frozenset({MANAGEMENT})

OUTSIDE = (
    Route("GET", "/status", "status", status, "Health", public=True, ports=_ONLY_MANAGEMENT),
    Route("GET", "/status/", "status_slash", refuse_status, public=True, ports=_ONLY_MANAGEMENT, listed=False),
)
