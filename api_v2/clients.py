"""Connected clients: `/nodes/{node_name}/clients` and `/clients`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v2.dialect import (
    UNKNOWN,
    BodySchema,
    PageQuery,
    arguments,
    asked_node,
    objects,
    ok,
    page_numbers,
    page_request,
    paged,
)
from emqx_compat.core.clients import Client, ClientQuery, Order
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.route import Route

# --- schemas


class CleanAclCacheSchema(BodySchema):
    """The body of `PUT /clients/{clientid}/clean_acl_cache`."""

    topic = fields.String(required=True)


CLEAN_ACL_CACHE = CleanAclCacheSchema()

# --- render


def render_client(client: Client) -> dict[str, Any]:
    """A row."""
    return {
        "client_id": client.clientid,
        "username": UNKNOWN if client.username is None else client.username,
        "ipaddress": client.peerhost or UNKNOWN,
        "port": client.peerport,
        "clean_sess": client.clean_start,
        "proto_ver": client.proto_ver,
        "keepalive": client.keepalive,
        "connected_at": local_time(client.connected_at),
    }


# --- handlers


async def list_node_clients(call: Call) -> Response:
    """One page of the connected clients, by client id."""
    asked_node(call)
    request = page_request(call)
    query = ClientQuery(page=request, order=Order.ASCENDING, connected=True, count_matched=True)
    return await paged(await call.engine.clients.list(query), request, render_client)


async def get_node_client(call: Call) -> Response:
    """The connected client of that id; the page numbers mean nothing, but must be numbers."""
    asked_node(call)
    page_numbers(call)
    return await get_client(call)


async def get_client(call: Call) -> Response:
    """The connected client of that id."""
    client = await call.engine.clients.get(call.params["clientid"])
    return await objects([client] if client is not None and client.connected else [], render_client)


async def kick_client(call: Call) -> Response:
    """End a connection: its will is published, a persistent session stays."""
    clientid = call.params["clientid"]
    if not await call.engine.clients.kick(clientid, discard_session=False):
        raise Fault(F.CLIENT_OFFLINE, clientid=clientid)
    return ok()


async def clean_acl_cache(call: Call) -> Response:
    """Forget cached decisions of a client; the old server cuts the id at its first slash."""
    arguments(call, CLEAN_ACL_CACHE)
    clientid = call.params["clientid"].partition("/")[0]
    if not await call.engine.clients.clean_authz_cache(clientid):
        raise Fault(F.CLIENT_OFFLINE, clientid=clientid)
    return ok()


# --- routes

_CLIENT = {
    "client_id": "mqttjs_722b4d845f",
    "username": "undefined",
    "ipaddress": "127.0.0.1",
    "port": 58459,
    "clean_sess": True,
    "proto_ver": 4,
    "keepalive": 60,
    "connected_at": "2018-06-29 09:15:25",
}
_ONE = {"code": 0, "result": {"objects": [_CLIENT]}}

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/clients",
        "list_node_clients",
        list_node_clients,
        "List all clients on a node",
        "clients",
        query=PageQuery,
        registered="nodes/{node_name}/clients",
        example={
            "code": 0,
            "result": {"current_page": 1, "page_size": 20, "total_num": 1, "total_page": 1, "objects": [_CLIENT]},
        },
    ),
    Route(
        "GET",
        "/nodes/{node_name}/clients/{clientid}",
        "get_node_client",
        get_node_client,
        "Retrieve a client on a node",
        "clients",
        registered="nodes/{node_name}/clients/{clientid}",
        example=_ONE,
    ),
    Route(
        "GET",
        "/clients/{clientid}",
        "get_client",
        get_client,
        "Retrieve a client in the cluster",
        "clients",
        registered="clients/{clientid}",
        example=_ONE,
    ),
    Route(
        "DELETE",
        "/clients/{clientid}",
        "kick_client",
        kick_client,
        "Disconnect a client",
        "clients",
        example={"code": 0, "result": []},
    ),
    Route(
        "PUT",
        "/clients/{clientid}/clean_acl_cache",
        "clean_acl_cache",
        clean_acl_cache,
        "Clear the ACL cache of a client",
        "clients",
        body=CleanAclCacheSchema,
        registered="clients/{clientid}/clean_acl_cache",
        example={"code": 0, "result": []},
    ),
)
