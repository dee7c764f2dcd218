"""Sessions, connected or held: `/sessions`, `/nodes/:node/sessions`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import PageQuery, arguments, ok, or_unknown, page_request, paged
from api_v3.faults import CRASH
from emqx_compat.core.clients import Client, ClientQuery
from emqx_compat.core.faults import F
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

HEAP_SIZE = 376
"""Words of a session process of 3.2.8; like the next one it tells of a process that is not there."""
REDUCTIONS_A_MESSAGE = 200

# --- render


def render_session(client: Client) -> dict[str, Any]:
    """A row; `binding` stays `local` when the client has gone (observed)."""
    counters = client.counters
    return {
        "awaiting_rel_len": client.awaiting_rel_cnt,
        "binding": "local",
        "clean_start": client.clean_start,
        "client_id": client.clientid,
        "created_at": local_time(client.created_at),
        "deliver_msg": counters.send_msg,
        "enqueue_msg": counters.enqueue_msg,
        "expiry_interval": client.expiry_interval,
        "heap_size": HEAP_SIZE,
        "inflight_len": client.inflight_cnt,
        "mailbox_len": 0,
        "max_awaiting_rel": client.awaiting_rel_max,
        "max_inflight": client.inflight_max,
        "max_mqueue": client.mqueue_max,
        "max_subscriptions": client.subscriptions_max or 0,
        "mqueue_dropped": client.mqueue_dropped,
        "mqueue_len": client.mqueue_len,
        "node": client.node,
        "reductions": REDUCTIONS_A_MESSAGE * (1 + counters.recv_msg + counters.send_msg),
        "subscriptions_count": client.subscriptions_cnt,
        "username": or_unknown(client.username),
    }


# --- handlers


async def list_sessions(call: Call) -> Response:
    """One page of all sessions."""
    require_node(call)
    request, meta = page_request(arguments(call))
    page = await call.engine.clients.list(ClientQuery(request))
    return await paged(page.rows, page.total, meta, render_session)


async def lookup_session(call: Call) -> Response:
    """The session of a client id, as a list of none or one."""
    require_node(call)
    client = await call.engine.clients.get(call.params["clientid"])
    return ok([] if client is None else [render_session(client)])


async def clean_persistent_session(call: Call) -> Response:
    """Remove a session that has no connection, with its subscriptions."""
    require_node(call)
    await call.engine.clients.drop_session(call.params["clientid"])
    return ok()


# --- routes

TAG = "sessions"
ROW = {
    "awaiting_rel_len": 0,
    "binding": "local",
    "clean_start": True,
    "client_id": "mosquitto_mqtt",
    "created_at": "2019-04-29 11:28:28",
    "deliver_msg": 0,
    "enqueue_msg": 0,
    "expiry_interval": 0,
    "heap_size": 376,
    "inflight_len": 0,
    "mailbox_len": 0,
    "max_awaiting_rel": 100,
    "max_inflight": 32,
    "max_mqueue": 1000,
    "max_subscriptions": 0,
    "mqueue_dropped": 0,
    "mqueue_len": 0,
    "node": "emqx@127.0.0.1",
    "reductions": 202,
    "subscriptions_count": 0,
    "username": "undefined",
}
LIST = {"code": 0, "data": [ROW], "meta": {"page": 1, "limit": 10000, "count": 1}}
LOOKUP = {"code": 0, "data": [ROW]}

ROUTES = (
    Route(
        "GET",
        "/sessions",
        "list_sessions",
        list_sessions,
        "A list of sessions in the cluster",
        tag=TAG,
        registered="/sessions/",
        query=PageQuery,
        example=LIST,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/sessions",
        "list_node_sessions",
        list_sessions,
        "A list of sessions on a node",
        tag=TAG,
        registered="nodes/:node/sessions/",
        query=PageQuery,
        example=LIST,
    ),
    Route(
        "GET",
        "/sessions/{clientid}",
        "lookup_session",
        lookup_session,
        "Lookup a session in the cluster",
        tag=TAG,
        example=LOOKUP,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/sessions/{clientid}",
        "lookup_node_session",
        lookup_session,
        "Lookup a session on the node",
        tag=TAG,
        registered="nodes/:node/sessions/:clientid",
        example=LOOKUP,
        faults={F.NODE_DOWN: CRASH},
    ),
    Route(
        "DELETE",
        "/sessions/persistent/{clientid}",
        "clean_presisent_session",
        clean_persistent_session,
        "Clean a persistent session in the cluster",
        tag=TAG,
        example={"code": 0},
    ),
    Route(
        "DELETE",
        "/nodes/{node:raw}/sessions/persistent/{clientid}",
        "clean_node_presisent_session",
        clean_persistent_session,
        "Clean a persistent session on the node",
        tag=TAG,
        registered="nodes/:node/sessions/persistent/:clientid",
        example={"code": 0},
    ),
)
