"""Counters since the start: `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.responses import Response

from api_v5.dialect import ok
from api_v5.fields import Boolean
from api_v5.validation import Query, query
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

_GROUPS: dict[str, str] = {
    "bytes": "received sent",
    "packets": "received sent",
    "packets.connect": "received",
    "packets.connack": "sent error auth_error",
    "packets.publish": "received sent inuse error auth_error dropped",
    "packets.puback": "received sent inuse missed",
    "packets.pubrec": "received sent inuse missed",
    "packets.pubrel": "received sent missed",
    "packets.pubcomp": "received sent inuse missed",
    "packets.subscribe": "received error auth_error",
    "packets.suback": "sent",
    "packets.unsubscribe": "received error",
    "packets.unsuback": "sent",
    "packets.pingreq": "received",
    "packets.pingresp": "sent",
    "packets.disconnect": "received sent",
    "packets.auth": "received sent",
    "messages": "received sent publish dropped forward delayed delivered acked",
    "messages.qos0": "received sent",
    "messages.qos1": "received sent",
    "messages.qos2": "received sent",
    "messages.dropped": "await_pubrel_timeout no_subscribers",
    "delivery": "dropped",
    "delivery.dropped": "no_local too_large qos0_msg queue_full expired",
    "client": "connect connack connected authenticate auth.anonymous authorize subscribe unsubscribe disconnected",
    "session": "created resumed takenover discarded terminated",
    "authorization": "allow deny cache_hit cache_miss superuser nomatch matched.allow matched.deny",
    "authentication": "success success.anonymous failure",
    "overload_protection": "delay.ok delay.timeout hibernation gc new_conn",
}


def _names() -> Iterator[str]:
    for prefix, suffixes in _GROUPS.items():
        yield from (f"{prefix}.{suffix}" for suffix in suffixes.split())


NAMES = tuple(_names())
"""What 5.6.1 tells, which is not quite what its own document lists."""

# --- schemas


class AggregateQuery(Query):
    """Whether the members are summed up."""

    aggregate = Boolean(load_default=False)


# --- render


def render_metrics(counters: Mapping[str, int]) -> dict[str, int]:
    """The counters that this generation knows."""
    return {name: counters.get(name, 0) for name in NAMES}


# --- handlers


async def list_metrics(call: Call) -> Response:
    """The counters of every member."""
    return told_of_nodes(call, render_metrics(call.engine.metrics.counters()))


def told_of_nodes(call: Call, numbers: dict[str, int]) -> Response:
    """One object a member, or one object of sums without a name."""
    return ok(numbers if query(call)["aggregate"] else [{"node": call.engine.nodes.local, **numbers}])


# --- routes

ROUTES = (
    Route(
        "GET",
        "/metrics",
        "list_metrics",
        list_metrics,
        "Get the counters",
        tag="Metrics",
        query=AggregateQuery,
        example=[{"node": "emqx@127.0.0.1", **render_metrics({})}],
    ),
)
