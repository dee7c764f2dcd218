"""Sessions, of connected clients and held ones: `/nodes/{node_name}/sessions` and `/sessions`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v2.dialect import PageQuery, asked_node, objects, page_numbers, page_request, paged
from emqx_compat.core.clients import Client, ClientQuery, Order
from emqx_compat.http.call import Call
from emqx_compat.http.formats import local_time
from emqx_compat.http.route import Route

# --- render


def render_session(client: Client) -> dict[str, Any]:
    """A row."""
    return {
        "client_id": client.clientid,
        "clean_sess": client.clean_start,
        "subscriptions": client.subscriptions_cnt,
        "max_inflight": client.inflight_max,
        "inflight_len": client.inflight_cnt,
        "mqueue_len": client.mqueue_len,
        "mqueue_dropped": client.mqueue_dropped,
        "awaiting_rel_len": client.awaiting_rel_cnt,
        "deliver_msg": client.counters.send_msg,
        "enqueue_msg": client.counters.enqueue_msg,
        "created_at": local_time(client.created_at),
    }


# --- handlers


async def list_node_sessions(call: Call) -> Response:
    """One page of all sessions, by client id."""
    asked_node(call)
    request = page_request(call)
    query = ClientQuery(page=request, order=Order.ASCENDING, count_matched=True)
    return await paged(await call.engine.clients.list(query), request, render_session)


async def get_node_session(call: Call) -> Response:
    """The session of that id; the page numbers mean nothing, but must be numbers."""
    asked_node(call)
    page_numbers(call)
    return await get_session(call)


async def get_session(call: Call) -> Response:
    """The session of that id."""
    client = await call.engine.clients.get(call.params["clientid"])
    return await objects([] if client is None else [client], render_session)


# --- routes

_SESSION = {
    "client_id": "mqttjs_722b4d845f",
    "clean_sess": True,
    "subscriptions": 0,
    "max_inflight": 32,
    "inflight_len": 0,
    "mqueue_len": 0,
    "mqueue_dropped": 0,
    "awaiting_rel_len": 0,
    "deliver_msg": 0,
    "enqueue_msg": 0,
    "created_at": "2018-06-29 10:05:13",
}
_ONE = {"code": 0, "result": {"objects": [_SESSION]}}

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/sessions",
        "list_node_sessions",
        list_node_sessions,
        "List all sessions on a node",
        "sessions",
        query=PageQuery,
        registered="nodes/{node_name}/sessions",
        example={
            "code": 0,
            "result": {"current_page": 1, "page_size": 20, "total_num": 1, "total_page": 1, "objects": [_SESSION]},
        },
    ),
    Route(
        "GET",
        "/nodes/{node_name}/sessions/{clientid}",
        "get_node_session",
        get_node_session,
        "Retrieve a session on a node",
        "sessions",
        registered="nodes/{node_name}/sessions/{clientid}",
        example=_ONE,
    ),
    Route(
        "GET",
        "/sessions/{clientid}",
        "get_session",
        get_session,
        "Retrieve a session in the cluster",
        "sessions",
        registered="sessions/{clientid}",
        example=_ONE,
    ),
)
