"""Cached decisions of access control: `/clients/{clientid}/acl_cache`, `/acl-cache`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v4.dialect import ok
from api_v4.faults import NODE_DOWN
from emqx_compat.core.clients import AuthzDecision
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route, Wire

# --- render


def render_decision(decision: AuthzDecision) -> dict[str, Any]:
    """A row; the time is in milliseconds."""
    return {
        "access": decision.action,
        "topic": decision.topic,
        "result": decision.result,
        "updated_time": int(decision.updated_at * 1000),
    }


# --- handlers


async def list_acl_cache(call: Call) -> Response:
    """What is cached for one client; a held session has nothing."""
    clientid = call.params["clientid"]
    decisions = await call.engine.clients.authz_cache(clientid)
    if decisions is None:
        await _require_session(call, clientid)
    return ok([render_decision(decision) for decision in decisions or ()])


async def clean_acl_cache(call: Call) -> Response:
    """Forget what is cached for one client; of a held session there is nothing to forget."""
    clientid = call.params["clientid"]
    if not await call.engine.clients.clean_authz_cache(clientid):
        await _require_session(call, clientid)
    return ok()


async def _require_session(call: Call, clientid: str) -> None:
    """Faults: CLIENT_OFFLINE when there is not even a session."""
    if await call.engine.clients.get(clientid) is None:
        raise Fault(F.CLIENT_OFFLINE, clientid=clientid)


async def clean_acl_cache_all(call: Call) -> Response:
    """Forget what is cached for everybody."""
    require_node(call)
    await call.engine.clients.clean_all_authz_caches()
    return ok()


# --- routes

_DONE = {"code": 0}
_NODE_FAULTS = {F.NODE_DOWN: Wire(code=101, message=NODE_DOWN)}

ROUTES = (
    Route(
        "DELETE",
        "/clients/{clientid}/acl_cache",
        "clean_acl_cache",
        clean_acl_cache,
        "Clear the ACL cache of a specified client in the cluster",
        example=_DONE,
    ),
    Route(
        "GET",
        "/clients/{clientid}/acl_cache",
        "list_acl_cache",
        list_acl_cache,
        "List the ACL cache of a specified client in the cluster",
        example={
            "data": [{"updated_time": 1582180824571, "topic": "test", "result": "allow", "access": "publish"}],
            "code": 0,
        },
    ),
    Route(
        "DELETE",
        "/acl-cache",
        "clean_acl_cache_all",
        clean_acl_cache_all,
        "Clean acl cache on all nodes",
        example=_DONE,
    ),
    Route(
        "DELETE",
        "/nodes/{node:raw}/acl-cache",
        "clean_acl_cache_node",
        clean_acl_cache_all,
        "Clean acl cache on specific node",
        tag="acl-cache",
        registered="nodes/:node/acl-cache",
        example=_DONE,
        faults=_NODE_FAULTS,
    ),
    # The path that 4.x's documents print; the server itself has only the one above.
    Route(
        "DELETE",
        "/node/{node:raw}/acl-cache",
        "clean_acl_cache_node",
        clean_acl_cache_all,
        "Clean acl cache on specific node",
        tag="acl-cache",
        example=_DONE,
        faults=_NODE_FAULTS,
        listed=False,
    ),
)
