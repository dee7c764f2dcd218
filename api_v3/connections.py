"""Connections: live MQTT clients, `/connections`, `/nodes/:node/connections`, `/connection/username/:username`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import EVERYTHING, PageQuery, arguments, ok, or_unknown, page_request, paged
from api_v3.faults import NO_CONTENT, NODE_DOWN_102
from emqx_compat.core.clients import Client, ClientQuery
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.minirest import require_node
from emqx_compat.http.respond import json_rows
from emqx_compat.http.route import Route

HEAP_SIZE = 2586
"""Words of a fresh connection process of 3.2.8; like the next one it tells of a process that is not there."""
REDUCTIONS_A_PACKET = 1000
ZONES = {"default": "external"}

# --- render


def render_connection(client: Client) -> dict[str, Any]:
    """A row; counters are there from the start, where 3.2.8 sends them after its first statistics tick."""
    websocket = client.listener.partition(":")[0] in ("ws", "wss")
    counters = client.counters
    row = {
        "clean_start": client.clean_start,
        "client_id": client.clientid,
        "conn_mod": "emqx_ws_channel" if websocket else "emqx_channel",
        "connected_at": local_time(client.connected_at),
        "heap_size": HEAP_SIZE,
        "ipaddress": or_unknown(client.peerhost),
        "is_bridge": client.is_bridge,
        "keepalive": client.keepalive,
        "mailbox_len": 0,
        "node": client.node,
        "peercert": "undefined" if websocket else "nossl",
        "port": or_unknown(client.peerport),
        "proto_name": client.proto_name,
        "proto_ver": client.proto_ver,
        "recv_cnt": counters.recv_cnt,
        "recv_msg": counters.recv_msg,
        "recv_oct": counters.recv_oct,
        "recv_pkt": counters.recv_pkt,
        "reductions": REDUCTIONS_A_PACKET * (counters.recv_pkt + counters.send_pkt),
        "send_cnt": counters.send_cnt,
        "send_msg": counters.send_msg,
        "send_oct": counters.send_oct,
        "send_pend": 0,
        "send_pkt": counters.send_pkt,
        "username": or_unknown(client.username),
        "zone": ZONES.get(client.zone, client.zone),
    }
    if websocket:
        del row["send_pend"]
    return row


# --- handlers


async def list_connections(call: Call) -> Response:
    """One page of the connected clients; the count is that of all of them."""
    require_node(call)
    request, meta = page_request(arguments(call))
    page = await call.engine.clients.list(ClientQuery(request, connected=True))
    count, _ = call.engine.metrics.gauges()["live_connections"]
    return await paged(page.rows, count, meta, render_connection)


async def lookup_connections(call: Call) -> Response:
    """The connection of a client id, as a list of none or one."""
    require_node(call)
    client = await call.engine.clients.get(call.params["clientid"])
    return ok([render_connection(client)] if client is not None and client.connected else [])


async def lookup_connection_via_username(call: Call) -> Response:
    """All connections of a user, without pages."""
    require_node(call)
    query = ClientQuery(EVERYTHING, usernames=(call.params["username"],), connected=True)
    page = await call.engine.clients.list(query)
    return ok(await json_rows(page.rows, render_connection))


async def kickout_connection(call: Call) -> Response:
    """End a connection; a persistent session stays."""
    clientid = call.params["clientid"]
    if not await call.engine.clients.kick(clientid, discard_session=False):
        raise Fault(F.CLIENT_OFFLINE, clientid=clientid)
    return ok()


# --- routes

TAG = "connections"
ROW = {
    "clean_start": True,
    "client_id": "mosquitto_mqtt",
    "conn_mod": "emqx_connection",
    "connected_at": "2019-04-29 11:05:01",
    "heap_size": 2586,
    "ipaddress": "127.0.0.1",
    "is_bridge": False,
    "keepalive": 60,
    "mailbox_len": 0,
    "node": "emqx@127.0.0.1",
    "peercert": "nossl",
    "port": 64899,
    "proto_name": "MQIsdp",
    "proto_ver": 3,
    "recv_cnt": 2,
    "recv_msg": 0,
    "recv_oct": 47,
    "recv_pkt": 2,
    "reductions": 3588,
    "send_cnt": 2,
    "send_msg": 0,
    "send_oct": 9,
    "send_pend": 0,
    "send_pkt": 2,
    "username": "undefined",
    "zone": "external",
}
LIST = {"code": 0, "data": [ROW], "meta": {"page": 1, "limit": 10000, "count": 1}}
LOOKUP = {"code": 0, "data": [ROW]}

ROUTES = (
    Route(
        "GET",
        "/connections",
        "list_connections",
        list_connections,
        "A list of connections in the cluster",
        tag=TAG,
        registered="/connections/",
        query=PageQuery,
        example=LIST,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/connections",
        "list_node_connections",
        list_connections,
        "A list of connections on a node",
        tag=TAG,
        registered="nodes/:node/connections/",
        query=PageQuery,
        example=LIST,
        faults={F.NODE_DOWN: NODE_DOWN_102},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/connections/{clientid}",
        "lookup_node_connections",
        lookup_connections,
        "Lookup a connection on node",
        tag=TAG,
        registered="nodes/:node/connections/:clientid",
        example=LOOKUP,
        faults={F.NODE_DOWN: NO_CONTENT},
    ),
    Route(
        "GET",
        "/connections/{clientid}",
        "lookup_connections",
        lookup_connections,
        "Lookup a connection in the cluster",
        tag=TAG,
        example=LOOKUP,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/connection/username/{username}",
        "lookup_node_connection_via_username",
        lookup_connection_via_username,
        "Lookup a connection via username in the cluster ",
        tag=TAG,
        example=LOOKUP,
        faults={F.NODE_DOWN: NO_CONTENT},
    ),
    Route(
        "GET",
        "/connection/username/{username}",
        "lookup_connection_via_username",
        lookup_connection_via_username,
        "Lookup a connection via username on a node ",
        tag=TAG,
        example=LOOKUP,
    ),
    Route(
        "DELETE",
        "/connections/{clientid}",
        "kickout_connection",
        kickout_connection,
        "Kick out a connection",
        tag=TAG,
        example={"code": 0},
    ),
)
