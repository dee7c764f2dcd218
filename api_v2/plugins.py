"""Plugins: `/nodes/{node_name}/plugins`. They are the engine's features under the names of 2.x."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields
from starlette.responses import Response

from api_v2.dialect import BodySchema, arguments, asked_node, ok
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

PREFIX = "emq_"

PLUGINS = {
    "emq_auth_clientid": "Authentication with ClientId/Password",
    "emq_auth_http": "Authentication/ACL with HTTP API",
    "emq_auth_jwt": "Authentication with JWT",
    "emq_auth_ldap": "Authentication/ACL with LDAP",
    "emq_auth_mongo": "Authentication/ACL with MongoDB",
    "emq_auth_mysql": "Authentication/ACL with MySQL",
    "emq_auth_pgsql": "Authentication/ACL with PostgreSQL",
    "emq_auth_redis": "Authentication/ACL with Redis",
    "emq_auth_username": "Authentication with Username/Password",
    "emq_coap": "CoAP Gateway",
    "emq_dashboard": "EMQ Web Dashboard",
    "emq_lua_hook": "EMQ Hooks in lua",
    "emq_modules": "EMQ Modules",
    "emq_plugin_template": "EMQ Plugin Template",
    "emq_recon": "Recon Plugin",
    "emq_reloader": "Reloader Plugin",
    "emq_retainer": "EMQ Retainer",
    "emq_sn": "MQTT-SN Gateway",
    "emq_stomp": "Stomp Protocol Plugin",
    "emq_web_hook": "EMQ Webhook Plugin",
}
"""Descriptions by name, in the order of the listing (seed)."""

# fmt: off
APPLICATIONS = frozenset({
    "asn1", "bcrypt", "compiler", "crypto", "ekka", "emqttd", "esockd", "gen_logger", "gen_rpc", "goldrush",
    "gproc", "inets", "jsx", "kernel", "lager", "mnesia", "mochiweb", "os_mon", "pbkdf2", "public_key",
    "runtime_tools", "sasl", "ssl", "stdlib", "syntax_tools",
})
# fmt: on
"""Running applications of the old server that are no plugins: they "run", and refuse to stop."""

# --- schemas


def must_be_boolean(value: object) -> None:
    """Neither 1 nor "true" is one."""
    if not isinstance(value, bool):
        raise ValidationError("Not a boolean.")


class SwitchSchema(BodySchema):
    """The body of `PUT /nodes/{node_name}/plugins/{plugin_name}`."""

    active = fields.Raw(required=True, validate=must_be_boolean, metadata={"type": "boolean"})


SWITCH = SwitchSchema()

# --- parse


def feature_of(name: str) -> str:
    """The feature that a plugin is. Faults: FEATURE_UNKNOWN."""
    if name not in PLUGINS:
        raise Fault(F.FEATURE_UNKNOWN, name=name)
    return name.removeprefix(PREFIX)


# --- render


def render_plugin(name: str, version: str, active: bool) -> dict[str, Any]:
    """A row."""
    return {"name": name, "version": version, "description": PLUGINS[name], "active": active}


# --- handlers


async def list_node_plugins(call: Call) -> Response:
    """All plugins by name."""
    asked_node(call)
    version, features = call.engine.versions["v2"], call.engine.features
    return ok([render_plugin(name, version, features.active(feature_of(name))) for name in PLUGINS])


async def set_node_plugin(call: Call) -> Response:
    """Start or stop a plugin. Whatever does not run is "not started", also what does not exist."""
    active, name = arguments(call, SWITCH)["active"], call.params["plugin_name"]
    asked_node(call)
    if name in APPLICATIONS:
        raise Fault(F.FEATURE_RUNNING if active else F.FEATURE_FAILED, name=name)
    if active:
        await call.engine.features.start(feature_of(name))
    elif name in PLUGINS:
        await call.engine.features.stop(feature_of(name))
    else:
        raise Fault(F.FEATURE_STOPPED, name=name)
    return ok()


# --- routes

_RUNNING = ("emq_dashboard", "emq_modules", "emq_recon", "emq_retainer")

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/plugins",
        "list_node_plugins",
        list_node_plugins,
        "List all plugins of a node",
        "plugins",
        registered="nodes/{node_name}/plugins",
        example={
            "code": 0,
            "result": [render_plugin(name, "2.3.10", name in _RUNNING) for name in PLUGINS],
        },
    ),
    Route(
        "PUT",
        "/nodes/{node_name}/plugins/{plugin_name}",
        "set_node_plugin",
        set_node_plugin,
        "Start or stop a plugin",
        "plugins",
        body=SwitchSchema,
        registered="nodes/{node_name}/plugins/{plugin_name}",
        example={"code": 0, "result": []},
        faults={F.NODE_UNKNOWN: Wire(code=102, message="unknown")},
    ),
)
