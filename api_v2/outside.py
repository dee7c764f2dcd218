"""What is not below `/api/v2`: the self-listing `/`, the health check `/status`, the dashboard's `/api/logout`."""

from __future__ import annotations

from starlette.responses import Response

from api_v2.dialect import authenticate, json_answer, shown_node
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD, MANAGEMENT_LEGACY, Route

# --- render


def render_paths(routes: tuple[Route, ...]) -> list[str]:
    """Every path that the self-listing names, once, in the order of the route table."""
    return list(dict.fromkeys(f"api/v2/{route.registered}" for route in routes if route.registered))


# --- handlers


async def root(call: Call) -> Response:
    """The self-listing."""
    return json_answer({"paths": render_paths(call.generation.routes)})


async def status(call: Call) -> Response:
    """Two lines that say the server runs."""
    text = f"Node {shown_node(call.engine.nodes.local)} is started\nemqttd is running"
    return Response(text, headers={"Content-Type": "text/plain"})


async def logout(call: Call) -> Response:
    """Makes a browser forget the credentials of the dashboard; the management port has no such thing."""
    if call.port == DASHBOARD:
        return Response(None, 401, {"WWW-Authenticate": 'Basic Realm="emq dashboard"'})
    call.principal = await authenticate(call)
    raise Fault(F.PATH_UNKNOWN)


# --- routes

_LEGACY = frozenset({MANAGEMENT_LEGACY})

ROUTES = (
    *(Route(method, "/", "root", root, "List the paths", public=True, ports=_LEGACY) for method in ("GET", "HEAD")),
    *(
        Route(method, "/status", "status", status, "Tell whether it runs", public=True, ports=_LEGACY)
        for method in ("GET", "HEAD")
    ),
    Route("GET", "/api/logout", "logout", logout, "Forget credentials", public=True),
)
