"""What there is: the API list `/` and the liveness text `/status`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import ok
from emqx_compat.http.call import Call
from emqx_compat.http.route import MANAGEMENT_LEGACY, Route

# --- render


def render_route(route: Route) -> dict[str, Any]:
    """A row of the list."""
    return {
        "name": route.id,
        "method": route.method,
        "path": route.registered or route.colon_path,
        "descr": route.summary,
    }


# --- handlers


async def list_apis(call: Call) -> Response:
    """Every operation of this port, in the order of registration; those that are not built are among them."""
    routes = call.generation.routes_on(call.port)
    return ok([render_route(route) for route in routes if route.listed and route.handler is not list_apis])


async def status(call: Call) -> Response:
    """Two lines of text for probes."""
    text = f"Node {call.engine.nodes.local} is started\nemqx is running"
    return Response(text, headers={"Content-Type": "text/plain"})


# --- routes

ROUTES = (
    Route(
        "GET",
        "/",
        "list_apis",
        list_apis,
        "List the operations",
        tag="apis",
        example={
            "code": 0,
            "data": [
                {
                    "name": "list_clientid",
                    "method": "GET",
                    "path": "/auth_clientid",
                    "descr": "List available clientid in the cluster",
                }
            ],
        },
    ),
)

OUTSIDE = (
    Route(
        "GET",
        "/status",
        "status",
        status,
        "Tell that the node runs",
        tag="status",
        public=True,
        ports=frozenset({MANAGEMENT_LEGACY}),
    ),
)
