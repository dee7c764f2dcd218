"""Counters: `/metrics`, `/nodes/:node/metrics`.

Two families of names are sent in one object: those of 3.1 with slashes (the seed) and those of 3.2 with dots (its
dashboard reads only these).
"""

from __future__ import annotations

from starlette.responses import Response

from api_v3.dialect import ok
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route

BOTH: tuple[str, ...] = (
    "bytes.received",
    "bytes.sent",
    "packets.received",
    "packets.sent",
    "packets.publish.received",
    "packets.publish.sent",
    "packets.puback.received",
    "packets.puback.sent",
    "packets.puback.missed",
    "packets.pubrec.received",
    "packets.pubrec.sent",
    "packets.pubrec.missed",
    "packets.pubrel.received",
    "packets.pubrel.sent",
    "packets.pubrel.missed",
    "packets.pubcomp.received",
    "packets.pubcomp.sent",
    "packets.pubcomp.missed",
    "packets.disconnect.received",
    "packets.disconnect.sent",
    "messages.received",
    "messages.sent",
    "messages.qos0.received",
    "messages.qos0.sent",
    "messages.qos1.received",
    "messages.qos1.sent",
    "messages.qos2.received",
    "messages.qos2.sent",
    "messages.qos2.expired",
    "messages.qos2.dropped",
    "messages.dropped",
    "messages.expired",
    "messages.forward",
)
"""3.1 spells these with `/` for `.`."""

OF_3_1 = {
    "packets/connect": "packets.connect.received",
    "packets/connack": "packets.connack.sent",
    "packets/subscribe": "packets.subscribe.received",
    "packets/suback": "packets.suback.sent",
    "packets/unsubscribe": "packets.unsubscribe.received",
    "packets/unsuback": "packets.unsuback.sent",
    "packets/pingreq": "packets.pingreq.received",
    "packets/pingresp": "packets.pingresp.sent",
    "packets/auth": "packets.auth.received",
}
OF_3_2: tuple[str, ...] = (
    "packets.connect.received",
    "packets.connack.sent",
    "packets.connack.error",
    "packets.connack.auth_error",
    "packets.publish.error",
    "packets.publish.auth_error",
    "packets.subscribe.received",
    "packets.subscribe.error",
    "packets.subscribe.auth_error",
    "packets.suback.sent",
    "packets.unsubscribe.received",
    "packets.unsubscribe.error",
    "packets.unsuback.sent",
    "packets.pingreq.received",
    "packets.pingresp.sent",
    "packets.auth.received",
    "packets.auth.sent",
    "rules.matched",
    "actions.success",
    "actions.failure",
)

NAMES: dict[str, str] = {
    **{name.replace(".", "/"): name for name in BOTH},
    **OF_3_1,
    **{name: name for name in (*BOTH, *OF_3_2)},
    "auth.mqtt.anonymous": "client.auth.anonymous",
}
"""Name here → counter of the hub."""

OF_PLUGINS: dict[str, tuple[str, ...]] = {
    **{
        f"auth_{kind}": tuple(f"auth.{kind}.{result}" for result in ("success", "failure", "ignore"))
        for kind in ("clientid", "username")
    },
    "web_hook": (
        "web_hook.client_connected",
        "web_hook.client_disconnected",
        "web_hook.client_subscribe",
        "web_hook.client_unsubscribe",
        "web_hook.message_acked",
        "web_hook.message_deliver",
        "web_hook.message_publish",
        "web_hook.session_created",
        "web_hook.session_subscribed",
        "web_hook.session_terminated",
        "web_hook.session_unsubscribed",
    ),
}
"""What plugins add while they run, and leave behind when they have counted something (observed), by feature."""

# --- render


def render_metrics(call: Call) -> dict[str, int]:
    """Every counter under every name, those of plugins included; `messages.retained` is a gauge."""
    counters, features = call.engine.metrics.counters(), call.engine.features
    retained, _ = call.engine.metrics.gauges()["retained"]
    row = {name: counters[source] for name, source in NAMES.items()}
    for feature, names in OF_PLUGINS.items():
        added = {name: counters[name] for name in names}
        if features.active(feature) or any(added.values()):
            row |= added
    return row | {"messages/retained": retained, "messages.retained": retained}


# --- handlers


async def list_all_metrics(call: Call) -> Response:
    """The counters of every node."""
    return ok([{"node": call.engine.nodes.local, "metrics": render_metrics(call)}])


async def list_node_metrics(call: Call) -> Response:
    """The counters of one node."""
    require_node(call)
    return ok(render_metrics(call))


# --- routes

SAMPLE = dict.fromkeys((*NAMES, "messages/retained", "messages.retained"), 0)

ROUTES = (
    Route(
        "GET",
        "/metrics",
        "list_all_metrics",
        list_all_metrics,
        "A list of metrics of all nodes in the cluster",
        registered="/metrics/",
        example={"code": 0, "data": [{"node": "emqx@127.0.0.1", "metrics": SAMPLE}]},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/metrics",
        "list_node_metrics",
        list_node_metrics,
        "A list of metrics of a node",
        tag="metrics",
        registered="/nodes/:node/metrics/",
        example={"code": 0, "data": SAMPLE},
    ),
)
