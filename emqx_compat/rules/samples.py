"""What rules see of an event, by example: the data of 3.x's test mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emqx_compat.core.rules import EVENT_COLUMNS
from emqx_compat.core.terms import UNDEFINED, Atom
from emqx_compat.rules.functions import NAMES
from emqx_compat.rules.values import EvalError, because, from_json, is_text, number, wrong_type

CLIENT = "c_emqx"
USER = "u_emqx"
PEER = "127.0.0.1:50891"
PAYLOAD = '{"id": 1, "name": "ha"}'
_SUB_OPTS = {"nl": 0, "qos": 1, "rap": 0, "rc": 1, "rh": 0}

Columns = dict[str, object]


def example(event: str, node: str, now: float) -> Columns:
    """The columns of an example of that event; `now` in epoch seconds."""
    columns: Columns = {"client_id": CLIENT, "username": USER, "event": Atom(event), "node": Atom(node)}
    columns |= _EXAMPLES[event]()
    columns.setdefault("timestamp", int(now * 1000))
    if event == "client.connected":
        columns["connected_at"] = columns.pop("timestamp")
    return columns


def fill_in(columns: Columns, context: Mapping[str, object]) -> str | None:
    """Put a caller's values into an example; the name that nobody knows, if there is one.

    Raises EvalError for values that do not fit.
    """
    for name, value in context.items():
        if name not in WORDS:
            return name
        column = _FILLED.get(name)
        columns |= {name: value} if column is None else column(value)
    return None


def _connection() -> Columns:
    return {
        "anonymous": True,
        "auth_result": Atom("success"),
        "mountpoint": UNDEFINED,
        "peername": PEER,
        "sockname": "127.0.0.1:1883",
        "ws_cookie": UNDEFINED,
        "zone": Atom("external"),
    }


def _message() -> Columns:
    return {
        "id": "589A429E9572FB44B0000057C0001",
        "payload": PAYLOAD,
        "peername": PEER,
        "qos": 1,
        "retain": 0,
        "topic": "t1",
    }


def _dropped() -> Columns:
    return _message() | {"id": "589A429EC7C03B44B0000057C0002"}


def _delivered() -> Columns:
    return _connection() | _message()


def _connected() -> Columns:
    return _connection() | {
        "connack": 0,
        "clean_start": True,
        "is_bridge": False,
        "keepalive": 60,
        "proto_ver": 4,
    }


def _disconnected() -> Columns:
    return _connection() | {"reason_code": Atom("closed")}


def _subscribing() -> Columns:
    return _connection() | _filters([("t1", dict(_SUB_OPTS))])


def _unsubscribing() -> Columns:
    return _connection() | _filters([("t1", {})])


def _session() -> Columns:
    return {"topic": "t1", "sub_opts": dict(_SUB_OPTS), "ws_cookie": UNDEFINED}


def _filters(filters: list[tuple[object, dict[str, object]]]) -> Columns:
    """Columns of a list of topic filters: topic and QoS are the first one's."""
    shown = [{"topic": topic, "qos": opts.get("qos", 0), "sub_opts": opts} for topic, opts in filters]
    first: Columns = {"topic": shown[0]["topic"], "qos": shown[0]["qos"]} if shown else {}
    return first | {"topic_filters": shown}


_EXAMPLES: Mapping[str, Callable[[], Columns]] = {
    "message.publish": _message,
    "message.deliver": _delivered,
    "message.acked": _message,
    "message.dropped": _dropped,
    "client.connected": _connected,
    "client.disconnected": _disconnected,
    "client.subscribe": _subscribing,
    "client.unsubscribe": _unsubscribing,
    "session.subscribed": _session,
    "session.unsubscribed": _session,
}


# --- values that a caller gives


def _peername(value: object) -> Columns:
    if not is_text(value):
        raise wrong_type()
    host, colon, port = value.partition(":")
    if not colon:
        raise because("invalid_ip_port", value)
    return {"peername": f"{host}:{number(port)}"}


def _topic_filters(value: object) -> Columns:
    """A JSON text: an array of filters, plain or with a QoS."""
    found = from_json(value) if is_text(value) else None
    if not isinstance(found, list):
        raise EvalError(Atom("badarg"))
    return _filters([_topic_filter(each) for each in found])


def _topic_filter(value: object) -> tuple[object, dict[str, object]]:
    if isinstance(value, dict) and "topic" in value:
        return value["topic"], {"qos": value["qos"]} if "qos" in value else {}
    return value, {}


def _headers(value: object) -> Columns:
    given = value if isinstance(value, dict) else {}
    columns: Columns = {"username": given.get("username", UNDEFINED), "peername": UNDEFINED}
    return columns | (_peername(given["peername"]) if "peername" in given else {})


def _flags(value: object) -> Columns:
    return {"retain": int(isinstance(value, dict) and value.get("retain") is True)}


_FILLED: Mapping[str, Callable[[object], Columns]] = {
    "peername": _peername,
    "topic_filters": _topic_filters,
    "headers": _headers,
    "flags": _flags,
    "from": lambda value: {"client_id": value},
}

_OTHER_WORDS = (
    *("flags", "from", "headers", "retain", "anonymous", "sockname", "zone", "ws_cookie", "sub_opts"),
    *("clientid", "client", "session", "message", "event", "item", "ok", "error", "true", "false", "undefined"),
    *("emqx", "erlang", "kernel", "mnesia", "stdlib"),
)
WORDS = frozenset(
    {*NAMES, *_OTHER_WORDS, *EVENT_COLUMNS, *(c for columns in EVENT_COLUMNS.values() for c in columns)}
)
"""Names that every 3.x broker has seen; it refuses others where it is asked for a function or a column by name."""
