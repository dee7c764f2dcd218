"""Clients: `/clients`, their listing with its filters, look-up and kick."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from operator import attrgetter
from typing import Any

from starlette.responses import Response

from api_v5.dialect import FOREVER, no_content, ok, page_request, paged
from api_v5.faults import NO_NODE, crash
from api_v5.fields import Boolean, Either, Enum, Epoch, ListOf, Literal, Repeated, Text
from api_v5.validation import Array, PageQuery, body, query
from emqx_compat.core.clients import Client, ClientQuery, Order
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.formats import rfc3339
from emqx_compat.http.route import Route

Rendered = dict[str, Any]

_PLAIN = (
    "node",
    "clientid",
    "username",
    "listener",
    "proto_name",
    "proto_ver",
    "keepalive",
    "clean_start",
    "connected",
    "is_bridge",
    "is_persistent",
    "enable_authn",
    "expiry_interval",
    "mountpoint",
    "subscriptions_cnt",
    "inflight_cnt",
    "inflight_max",
    "mqueue_len",
    "mqueue_max",
    "mqueue_dropped",
    "awaiting_rel_cnt",
    "awaiting_rel_max",
)
"""Fields that are named and spelt as in the hub."""
_COUNTERS = (
    "recv_oct",
    "recv_cnt",
    "recv_pkt",
    "recv_msg",
    "recv_msg.qos0",
    "recv_msg.qos1",
    "recv_msg.qos2",
    "recv_msg.dropped",
    "recv_msg.dropped.await_pubrel_timeout",
    "send_oct",
    "send_cnt",
    "send_pkt",
    "send_msg",
    "send_msg.qos0",
    "send_msg.qos1",
    "send_msg.qos2",
    "send_msg.dropped",
    "send_msg.dropped.expired",
    "send_msg.dropped.queue_full",
    "send_msg.dropped.too_large",
)
"""Fields of `ClientCounters`, there with `_` for each dot."""
_PROCESS = {"mailbox_len": 0, "heap_size": 1598, "reductions": 5000}
"""What an Erlang process tells of itself; nothing here has it."""
_ALWAYS = (
    *_PLAIN,
    *_COUNTERS,
    *_PROCESS,
    "ip_address",
    "port",
    "subscriptions_max",
    "created_at",
    "connected_at",
)
"""Fields that every client has, in the order of `render_client`."""
_NOT_CHOOSABLE = {"listener", "is_persistent", "enable_authn"}
FIELDS = (
    *(name for name in _PLAIN if name not in _NOT_CHOOSABLE),
    *_COUNTERS,
    *_PROCESS,
    "ip_address",
    "port",
    "connected_at",
    "created_at",
    "disconnected_at",
    "subscriptions_max",
)
"""What `fields` may name."""

# --- schemas


class ClientFields(Either):
    """`all`, or a comma-separated list of field names."""

    def __init__(self, **more: Any) -> None:
        super().__init__({"array": ListOf(Enum(*FIELDS)), "all": Literal("all")}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if value == "all":
            return None
        return super()._deserialize(value.split(",") if value else [], attr, data, **more)


class ClientsQuery(PageQuery):
    """Which clients, and which of their fields."""

    node = Text()
    username = Repeated(Text())
    ip_address = Text()
    conn_state = Enum("connected", "idle", "disconnected")
    clean_start = Boolean()
    proto_ver = Text()
    like_clientid = Text()
    like_username = Text()
    gte_created_at = Epoch("millisecond")
    lte_created_at = Epoch("millisecond")
    gte_connected_at = Epoch("millisecond")
    lte_connected_at = Epoch("millisecond")
    clientid = Repeated(Text())
    chosen = ClientFields(data_key="fields", load_default=None)


class KickSchema(Array):
    """Client ids."""

    items = ListOf(Text())


# --- parse


def parse_clients(args: dict[str, Any]) -> ClientQuery:
    """The engine's question. Faults: PARAMETER_TYPE, PARAMETER_INVALID (with `node`), QUERY_MALFORMED."""
    fuzzy = [f"like_{name}" for name in ("clientid", "username") if f"like_{name}" in args and name not in args]
    if not all(args[name] for name in fuzzy):
        raise Fault(F.QUERY_MALFORMED)  # an empty pattern
    question = ClientQuery(
        page=page_request(args),
        order=Order.DESCENDING,
        count_matched=not fuzzy,
        clientids=_tuple(args.get("clientid")),
        usernames=_tuple(args.get("username")),
        like_clientid=args["like_clientid"] if "like_clientid" in fuzzy else None,
        like_username=args["like_username"] if "like_username" in fuzzy else None,
        peerhost=_typed(args, "ip_address", "ip", lambda text: str(ip_address(text))),
        clean_start=args.get("clean_start"),
        proto_ver=_typed(args, "proto_ver", "integer", int),
        created_from=_seconds(args.get("gte_created_at")),
        created_to=_seconds(args.get("lte_created_at")),
        connected_from=_seconds(args.get("gte_connected_at")),
        connected_to=_seconds(args.get("lte_connected_at")),
    )
    match args.get("conn_state"):
        case "idle":  # between the socket's opening and CONNECT: nobody who has a client id
            question.clientids = ()
        case str() as state:
            question.connected = state == "connected"
    return question


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _seconds(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000


def _typed(args: dict[str, Any], name: str, expected: str, read: Callable[[str], Any]) -> Any:
    if name not in args:
        return None
    try:
        return read(args[name])
    except ValueError:
        kind = F.PARAMETER_INVALID if "node" in args else F.PARAMETER_TYPE
        raise Fault(kind, name=name, expected=expected, value=args[name]) from None


# --- render

_plain_values = attrgetter(*_PLAIN)
_counter_values = attrgetter(*(name.replace(".", "_") for name in _COUNTERS))


def render_client(client: Client) -> Rendered:
    """A client with all its fields; which of the last ones there are depends on the client."""
    values = (
        *_plain_values(client),
        *_counter_values(client.counters),
        *_PROCESS.values(),
        client.peerhost,
        client.peerport,
        FOREVER if client.subscriptions_max is None else client.subscriptions_max,
        rfc3339(client.created_at),
        rfc3339(client.connected_at),
    )
    row: Rendered = dict(zip(_ALWAYS, values, strict=True))
    if not client.connected:
        if client.disconnected_at is not None:
            row["disconnected_at"] = rfc3339(client.disconnected_at)
        if client.disconnected_cleanly:
            row["disconn_props"] = {}
    if client.ws_cookie is not None:
        row["ws_cookie"] = client.ws_cookie
    if client.cn is not None:
        row["cn"] = client.cn
    if client.dn is not None:
        row["dn"] = client.dn
    return row


def choose(names: Iterable[str] | None) -> Callable[[Client], Rendered]:
    """A renderer of the named fields only; None means all."""
    if names is None:
        return render_client
    chosen = frozenset(names)
    return lambda client: {name: value for name, value in render_client(client).items() if name in chosen}


# --- handlers


async def list_clients(call: Call) -> Response:
    """One page, by descending client id; a search for a part of a name leaves the count out."""
    args = query(call)
    if "node" in args:
        call.engine.nodes.require(args["node"])
    question = parse_clients(args)
    page = await call.engine.clients.list(question)
    count = page.matched if question.count_matched else None
    return await paged(page, question.page, choose(args["chosen"]), count=count)


async def get_client(call: Call) -> Response:
    """One client, connected or a held session."""
    client = await call.engine.clients.get(call.params["clientid"])
    if client is None:
        raise Fault(F.CLIENT_NOT_FOUND)
    return ok(render_client(client))


async def kick_client(call: Call) -> Response:
    """End the connection and the session."""
    if not await call.engine.clients.kick(call.params["clientid"], discard_session=True):
        raise Fault(F.CLIENT_NOT_FOUND)
    return no_content()


async def kick_clients(call: Call) -> Response:
    """End several; unknown ones are no mistake."""
    for clientid in body(call):
        await call.engine.clients.kick(clientid, discard_session=True)
    return no_content()


# --- routes

_EXAMPLE: Rendered = {
    **dict.fromkeys((*_COUNTERS, *_PROCESS), 0),
    "node": "emqx@127.0.0.1",
    "clientid": "emqx_clientid_xx128cdhfc",
    "username": "user_name",
    "listener": "tcp:default",
    "proto_name": "MQTT",
    "proto_ver": 5,
    "keepalive": 60,
    "clean_start": True,
    "connected": True,
    "is_bridge": False,
    "is_persistent": False,
    "enable_authn": True,
    "expiry_interval": 0,
    "mountpoint": None,
    "subscriptions_cnt": 1,
    "subscriptions_max": "infinity",
    "inflight_cnt": 0,
    "inflight_max": 32,
    "mqueue_len": 0,
    "mqueue_max": 1000,
    "mqueue_dropped": 0,
    "awaiting_rel_cnt": 0,
    "awaiting_rel_max": 100,
    "ip_address": "127.0.0.1",
    "port": 53239,
    "created_at": "2026-01-01T12:00:00.000+00:00",
    "connected_at": "2026-01-01T12:00:00.000+00:00",
}

ROUTES = (
    Route(
        "GET",
        "/clients",
        "list_clients",
        list_clients,
        "List clients",
        tag="Clients",
        query=ClientsQuery,
        example={"data": [_EXAMPLE], "meta": {"page": 1, "limit": 100, "count": 1, "hasnext": False}},
        faults={
            F.NODE_UNKNOWN: NO_NODE,
            F.PARAMETER_INVALID: crash('throw, {{bad_value_type,{{<<"{name}">>,{expected},<<"{value}">>}}}}'),
            F.QUERY_MALFORMED: crash("error, badarg"),
        },
    ),
    Route(
        "POST",
        "/clients/kickout/bulk",
        "kick_clients",
        kick_clients,
        "Kick several clients",
        tag="Clients",
        body=KickSchema,
    ),
    Route(
        "GET",
        "/clients/{clientid}",
        "get_client",
        get_client,
        "Get a client",
        tag="Clients",
        example=_EXAMPLE,
    ),
    Route("DELETE", "/clients/{clientid}", "kick_client", kick_client, "Kick a client", tag="Clients"),
)
