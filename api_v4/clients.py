"""Clients: `/clients`, `/nodes/{node}/clients` and look-ups by client id and user name."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from marshmallow import fields, validate
from starlette.responses import Response

from api_v4.dialect import EVERYTHING, UNKNOWN, Arguments, PageQuery, arguments, decimal, ok, page_request, paged
from api_v4.faults import CRASH, NODE_DOWN
from emqx_compat.core.clients import Client, ClientQuery
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page
from emqx_compat.http.call import Call
from emqx_compat.http.formats import erlang_term, local_time
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route, Wire

ZONE = "external"
"""What 4.x calls the zone that later versions call `default`."""

# --- schemas


class ClientsQuery(PageQuery):
    """The filters of the listings: equality, substring (`_like_`) and inclusive bounds, combined with AND."""

    clientid = fields.String()
    username = fields.String()
    zone = fields.String()
    ip_address = fields.String()
    conn_state = fields.String(validate=validate.OneOf(["connected", "idle", "disconnected"]))
    clean_start = fields.Boolean()
    proto_name = fields.String()
    proto_ver = fields.Integer()
    like_clientid = fields.String(data_key="_like_clientid")
    like_username = fields.String(data_key="_like_username")
    gte_created_at = fields.Integer(data_key="_gte_created_at")
    lte_created_at = fields.Integer(data_key="_lte_created_at")
    gte_connected_at = fields.Integer(data_key="_gte_connected_at")
    lte_connected_at = fields.Integer(data_key="_lte_connected_at")
    gte_mqueue_len = fields.Integer(data_key="_gte_mqueue_len")
    lte_mqueue_len = fields.Integer(data_key="_lte_mqueue_len")
    gte_mqueue_dropped = fields.Integer(data_key="_gte_mqueue_dropped")
    lte_mqueue_dropped = fields.Integer(data_key="_lte_mqueue_dropped")


# --- parse


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...] | None:
    return (value,) if isinstance(value, str) else None


def _part(value: object) -> str | None:
    """A substring; an empty one crashes 4.4.19."""
    if value == "":
        raise Fault(F.PARAMETER_INVALID, name="_like", value=value)
    return _text(value)


def _integer(kind: str) -> Callable[[object], int]:
    def convert(value: object) -> int:
        number = decimal(value)
        if number is None:
            raise _unconvertible(value, kind)
        return number

    return convert


def _address(value: object) -> str:
    try:
        return str(IPv4Address(value if isinstance(value, str) else ""))
    except ValueError:
        raise _unconvertible(value, "ip") from None


def _unconvertible(value: object, kind: str) -> Fault:
    return Fault(F.PARAMETER_TYPE, value=erlang_term(value), type=kind)


def _zone(value: object) -> str | None:
    return "default" if value == ZONE else _text(value)


def _one_of(values: dict[str, bool]) -> Callable[[object], bool | None]:
    return lambda value: values.get(value) if isinstance(value, str) else None


_seconds = _integer("timestamp")
_number = _integer("integer")

_FILTERS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "clientid": ("clientids", _texts),
    "username": ("usernames", _texts),
    "zone": ("zone", _zone),
    "ip_address": ("peerhost", _address),
    "conn_state": ("connected", _one_of({"connected": True, "disconnected": False})),
    "clean_start": ("clean_start", _one_of({"true": True, "false": False})),
    "proto_name": ("proto_name", _text),
    "proto_ver": ("proto_ver", _number),
    "_like_clientid": ("like_clientid", _part),
    "_like_username": ("like_username", _part),
    "_gte_created_at": ("created_from", _seconds),
    "_lte_created_at": ("created_to", _seconds),
    "_gte_connected_at": ("connected_from", _seconds),
    "_lte_connected_at": ("connected_to", _seconds),
    "_gte_mqueue_len": ("mqueue_len_from", _number),
    "_lte_mqueue_len": ("mqueue_len_to", _number),
    "_gte_mqueue_dropped": ("mqueue_dropped_from", _number),
    "_lte_mqueue_dropped": ("mqueue_dropped_to", _number),
}
"""Argument → field of the query, and how its value is read (None: no client can have it)."""


def parse_filters(args: Arguments) -> dict[str, Any] | None:
    """The fields of a `ClientQuery` that the filters make; None when no client can match.

    An exact filter overrides the substring filter of the same name. Faults: PARAMETER_TYPE, PARAMETER_INVALID.
    """
    filters = {
        field: convert(args[name])
        for name, (field, convert) in _FILTERS.items()
        if name in args and (not name.startswith("_like_") or name.removeprefix("_like_") not in args)
    }
    return None if None in filters.values() else filters


# --- render


def render_client(client: Client) -> dict[str, Any]:
    """A row; counters of the socket are told only while there is one, its end only after that."""
    counters = client.counters
    row: dict[str, Any] = {
        "clientid": client.clientid,
        "username": UNKNOWN if client.username is None else client.username,
        "node": client.node,
        "ip_address": client.peerhost or UNKNOWN,
        "port": client.peerport or 0,
        "proto_name": client.proto_name,
        "proto_ver": client.proto_ver,
        "keepalive": client.keepalive,
        "clean_start": client.clean_start,
        "is_bridge": client.is_bridge,
        "zone": ZONE if client.zone == "default" else client.zone,
        "mountpoint": UNKNOWN if client.mountpoint is None else client.mountpoint,
        "expiry_interval": client.expiry_interval,
        "connected": client.connected,
        "created_at": local_time(client.created_at),
        "connected_at": local_time(client.connected_at),
        "subscriptions_cnt": client.subscriptions_cnt,
        "max_subscriptions": client.subscriptions_max or 0,
        "inflight": client.inflight_cnt,
        "max_inflight": client.inflight_max,
        "mqueue_len": client.mqueue_len,
        "max_mqueue": client.mqueue_max,
        "mqueue_dropped": client.mqueue_dropped,
        "awaiting_rel": client.awaiting_rel_cnt,
        "max_awaiting_rel": client.awaiting_rel_max,
        "heap_size": _HEAP_SIZE,
        "mailbox_len": 0,
        "reductions": _REDUCTIONS * (1 + counters.recv_pkt + counters.send_pkt),
        "recv_pkt": counters.recv_pkt,
        "recv_msg": counters.recv_msg,
        "recv_msg.qos0": counters.recv_msg_qos0,
        "recv_msg.qos1": counters.recv_msg_qos1,
        "recv_msg.qos2": counters.recv_msg_qos2,
        "recv_msg.dropped": counters.recv_msg_dropped,
        "send_pkt": counters.send_pkt,
        "send_msg": counters.send_msg,
        "send_msg.qos0": counters.send_msg_qos0,
        "send_msg.qos1": counters.send_msg_qos1,
        "send_msg.qos2": counters.send_msg_qos2,
        "send_msg.dropped": counters.send_msg_dropped,
        "send_msg.dropped.expired": counters.send_msg_dropped_expired,
        "send_msg.dropped.queue_full": counters.send_msg_dropped_queue_full,
        "send_msg.dropped.too_large": counters.send_msg_dropped_too_large,
    }
    if client.connected:
        row["recv_cnt"] = counters.recv_cnt
        row["recv_oct"] = counters.recv_oct
        row["send_cnt"] = counters.send_cnt
        row["send_oct"] = counters.send_oct
    elif client.disconnected_at is not None:
        row["disconnected_at"] = local_time(client.disconnected_at)
    return row


_HEAP_SIZE = 1598
_REDUCTIONS = 500
"""There are no Erlang processes here: a plausible heap, and reductions that grow with the traffic."""

# --- handlers


async def list_clients(call: Call) -> Response:
    """One page of clients, held sessions included; a filter makes the count -1."""
    require_node(call)
    args = arguments(call)
    request, meta = page_request(args)
    filters = parse_filters(args)
    page: Page[Client] = Page([], 0, hasnext=False)
    if filters is not None:
        page = await call.engine.clients.list(ClientQuery(page=request, **filters))
    count = -1 if _FILTERS.keys() & args.keys() else page.total
    return await paged(page, meta, render_client, hasnext=page.hasnext, count=count)


async def lookup_client(call: Call) -> Response:
    """The client of an id, as an array of one or none."""
    require_node(call)
    client = await call.engine.clients.get(call.params["clientid"])
    return ok([] if client is None else [render_client(client)])


async def lookup_client_via_username(call: Call) -> Response:
    """All clients of a user name."""
    require_node(call)
    query = ClientQuery(page=EVERYTHING, usernames=(call.params["username"],))
    page = await call.engine.clients.list(query)
    return ok([render_client(client) for client in page.rows])


async def kickout_client(call: Call) -> Response:
    """End connection and session; nobody of that id is no mistake (4.3.10 and later)."""
    await call.engine.clients.kick(call.params["clientid"], discard_session=True)
    return ok()


# --- routes

_ROW = {
    "clientid": "example",
    "username": "test",
    "node": "emqx@127.0.0.1",
    "ip_address": "127.0.0.1",
    "port": 64491,
    "proto_name": "MQTT",
    "proto_ver": 4,
    "keepalive": 60,
    "clean_start": True,
    "is_bridge": False,
    "zone": ZONE,
    "mountpoint": UNKNOWN,
    "expiry_interval": 0,
    "connected": True,
    "created_at": "2020-02-19 17:01:26",
    "connected_at": "2020-02-19 17:01:26",
    "subscriptions_cnt": 0,
    "max_subscriptions": 0,
    "inflight": 0,
    "max_inflight": 32,
    "mqueue_len": 0,
    "max_mqueue": 1000,
    "mqueue_dropped": 0,
    "awaiting_rel": 0,
    "max_awaiting_rel": 100,
    "heap_size": 2586,
    "mailbox_len": 1,
    "reductions": 3997,
    "recv_pkt": 1,
    "recv_msg": 0,
    "recv_msg.qos0": 0,
    "recv_msg.qos1": 0,
    "recv_msg.qos2": 0,
    "recv_msg.dropped": 0,
    "recv_cnt": 2,
    "recv_oct": 29,
    "send_pkt": 0,
    "send_msg": 0,
    "send_msg.qos0": 0,
    "send_msg.qos1": 0,
    "send_msg.qos2": 0,
    "send_msg.dropped": 0,
    "send_msg.dropped.expired": 0,
    "send_msg.dropped.queue_full": 0,
    "send_msg.dropped.too_large": 0,
    "send_cnt": 0,
    "send_oct": 0,
}
_PAGE = {"meta": {"page": 1, "limit": 10, "hasnext": False, "count": 1}, "data": [_ROW], "code": 0}
_ONE = {"data": [_ROW], "code": 0}

_LIST_FAULTS = {
    F.NODE_DOWN: Wire(code=101, message=NODE_DOWN),
    F.PARAMETER_TYPE: Wire(code=108, message="Can't convert {value} to {type} type"),
    F.PARAMETER_INVALID: CRASH,
}
_LOOKUP_FAULTS = {F.NODE_DOWN: Wire(204, empty=True)}

ROUTES = (
    Route(
        "GET",
        "/clients",
        "list_clients",
        list_clients,
        "A list of clients on current node",
        registered="/clients/",
        query=ClientsQuery,
        example=_PAGE,
        faults=_LIST_FAULTS,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/clients",
        "list_node_clients",
        list_clients,
        "A list of clients on specified node",
        tag="clients",
        registered="nodes/:node/clients/",
        query=ClientsQuery,
        example=_PAGE,
        faults=_LIST_FAULTS,
    ),
    Route(
        "GET",
        "/clients/{clientid}",
        "lookup_client",
        lookup_client,
        "Lookup a client in the cluster",
        example=_ONE,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/clients/{clientid}",
        "lookup_node_client",
        lookup_client,
        "Lookup a client on the node",
        tag="clients",
        registered="nodes/:node/clients/:clientid",
        example=_ONE,
        faults=_LOOKUP_FAULTS,
    ),
    Route(
        "GET",
        "/clients/username/{username}",
        "lookup_client_via_username",
        lookup_client_via_username,
        "Lookup a client via username in the cluster",
        example=_ONE,
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/clients/username/{username}",
        "lookup_node_client_via_username",
        lookup_client_via_username,
        "Lookup a client via username on the node ",
        tag="clients",
        example=_ONE,
        faults=_LOOKUP_FAULTS,
    ),
    Route(
        "DELETE",
        "/clients/{clientid}",
        "kickout_client",
        kickout_client,
        "Kick out the client in the cluster",
        example={"code": 0},
    ),
)
