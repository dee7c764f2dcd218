"""Plugins: `/plugins` and `/nodes/:node/plugins`. They are the engine's features under the names of 3.x."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from api_v3.dialect import ok
from api_v3.faults import CRASH, NO_CONTENT, NOT_FOUND
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route, Wire

PREFIX = "emqx_"

PLUGINS: dict[str, tuple[str, str]] = {
    "emqx_auth_clientid": ("EMQ X Authentication with ClientId/Password", "auth"),
    "emqx_auth_http": ("EMQ X Authentication/ACL with HTTP API", "auth"),
    "emqx_auth_jwt": ("EMQ X Authentication with JWT", "auth"),
    "emqx_auth_ldap": ("EMQ X Authentication/ACL with LDAP", "auth"),
    "emqx_auth_mongo": ("EMQ X Authentication/ACL with MongoDB", "auth"),
    "emqx_auth_mysql": ("EMQ X Authentication/ACL with MySQL", "auth"),
    "emqx_auth_pgsql": ("EMQ X Authentication/ACL with PostgreSQL", "auth"),
    "emqx_auth_redis": ("EMQ X Authentication/ACL with Redis", "auth"),
    "emqx_auth_username": ("EMQ X Authentication with Username and Password", "auth"),
    "emqx_coap": ("EMQ X CoAP Gateway", "protocol"),
    "emqx_dashboard": ("EMQ X Web Dashboard", "feature"),
    "emqx_delayed_publish": ("EMQ X Delayed Publish", "feature"),
    "emqx_lua_hook": ("EMQ X Lua Hooks", "feature"),
    "emqx_lwm2m": ("EMQ X LwM2M Gateway", "protocol"),
    "emqx_management": ("EMQ X Management API and CLI", "feature"),
    "emqx_plugin_template": ("EMQ X Plugin Template", "feature"),
    "emqx_psk_file": ("EMQX PSK Plugin from File", "feature"),
    "emqx_recon": ("EMQ X Recon Plugin", "feature"),
    "emqx_reloader": ("EMQ X Reloader Plugin", "feature"),
    "emqx_retainer": ("EMQ X Retainer", "feature"),
    "emqx_rule_engine": ("EMQ X Rule Engine", "feature"),
    "emqx_sn": ("EMQ X MQTT SN Plugin", "protocol"),
    "emqx_statsd": ("Statsd for EMQ X", "feature"),
    "emqx_stomp": ("EMQ X Stomp Protocol Plugin", "protocol"),
    "emqx_web_hook": ("EMQ X Webhook Plugin", "feature"),
}
"""Description (seed) and type (3.2) by name, in the order of the listing."""

_FEATURES = {"emqx_delayed_publish": "delayed"}
"""Plugins whose feature has another name than their own without its prefix."""

APPLICATIONS = frozenset({"emqx", "erlang", "kernel", "mnesia", "sasl", "ssl", "stdlib"})
"""Running applications that are no plugins."""
WORDS = frozenset({"lists", "maps", "string"})
"""Names that every EMQ X has seen, but no applications."""

# --- parse


def feature_of(plugin: str) -> str:
    """The feature that a plugin is. Faults: FEATURE_UNKNOWN."""
    if plugin not in PLUGINS:
        raise Fault(F.FEATURE_UNKNOWN, name=plugin)
    return _FEATURES.get(plugin) or plugin.removeprefix(PREFIX)


# --- render


def render_plugins(engine: Engine) -> list[dict[str, Any]]:
    """The plugins of a node, by name."""
    return [
        {
            "name": name,
            "version": engine.versions["v3"],
            "description": description,
            "active": engine.features.active(feature_of(name)),
            "type": kind,
        }
        for name, (description, kind) in PLUGINS.items()
    ]


# --- handlers


async def list_all_plugins(call: Call) -> Response:
    """The plugins of every node."""
    return ok([{"node": call.engine.nodes.local, "plugins": render_plugins(call.engine)}])


async def list_node_plugins(call: Call) -> Response:
    """The plugins of one node."""
    require_node(call)
    return ok(render_plugins(call.engine))


async def load_plugin(call: Call) -> Response:
    """Start a plugin."""
    require_node(call)
    name = call.params["plugin"]
    if name in APPLICATIONS:
        raise Fault(F.FEATURE_RUNNING, name=name)
    if name in WORDS:
        raise Fault(F.FEATURE_FAILED, name=name)
    await call.engine.features.start(feature_of(name))
    return ok()


async def unload_plugin(call: Call) -> Response:
    """Stop a plugin."""
    require_node(call)
    name = call.params["plugin"]
    if name in APPLICATIONS:
        raise Fault(F.FEATURE_FAILED, name=name)
    if name in WORDS:
        raise Fault(F.FEATURE_STOPPED, name=name)
    await call.engine.features.stop(feature_of(name))
    return ok()


async def reload_plugin(call: Call) -> Response:
    """Stop a plugin if it runs, and start it."""
    require_node(call)
    name = call.params["plugin"]
    if name in APPLICATIONS | WORDS:
        raise Fault(F.FEATURE_FAILED, name=name)
    await call.engine.features.restart(feature_of(name))
    return ok()


# --- routes

_ROW = {
    "name": "emqx_retainer",
    "version": "v3.1.0",
    "description": "EMQ X Retainer",
    "active": True,
    "type": "feature",
}
_NODE = "/nodes/{node:raw}/plugins"
_NO_PLUGIN = {F.FEATURE_UNKNOWN: NOT_FOUND}
_FAULTS = {
    **_NO_PLUGIN,
    F.FEATURE_RUNNING: Wire(code=102, message="already_started"),  # the code is the seed's
    F.FEATURE_STOPPED: Wire(message="not_started"),
    F.FEATURE_FAILED: Wire(message="not_found"),
}
_RELOAD = {**_NO_PLUGIN, F.FEATURE_FAILED: Wire(message="parse_config_file_failed")}
_CLUSTER = {**_NO_PLUGIN, F.FEATURE_STOPPED: NO_CONTENT, F.FEATURE_FAILED: NO_CONTENT}

ROUTES = (
    Route(
        "GET",
        "/plugins",
        "list_all_plugins",
        list_all_plugins,
        "List all plugins in the cluster",
        registered="/plugins/",
        example={"code": 0, "data": [{"node": "emqx@127.0.0.1", "plugins": [_ROW]}]},
    ),
    Route(
        "GET",
        _NODE,
        "list_node_plugins",
        list_node_plugins,
        "List all plugins on a node",
        registered="/nodes/:node/plugins/",
        example={"code": 0, "data": [_ROW]},
        faults={F.NODE_DOWN: CRASH},
    ),
    Route(
        "PUT",
        f"{_NODE}/{{plugin:raw}}/load",
        "load_plugin",
        load_plugin,
        "Load a plugin",
        registered="/nodes/:node/plugins/:plugin/load",
        example={"code": 0},
        faults=_FAULTS,
    ),
    Route(
        "PUT",
        f"{_NODE}/{{plugin:raw}}/unload",
        "unload_plugin",
        unload_plugin,
        "Unload a plugin",
        registered="/nodes/:node/plugins/:plugin/unload",
        example={"code": 0},
        faults=_FAULTS,
    ),
    Route(
        "PUT",
        f"{_NODE}/{{plugin:raw}}/reload",
        "reload_plugin",
        reload_plugin,
        "Reload a plugin",
        registered="/nodes/:node/plugins/:plugin/reload",
        example={"code": 0},
        faults=_RELOAD,
    ),
)

CLUSTER_ROUTES = (
    Route(
        "PUT",
        "/plugins/{plugin:raw}/unload",
        "unload_plugin",
        unload_plugin,
        "Unload a plugin in the cluster",
        registered="/plugins/:plugin/unload",
        example={"code": 0},
        faults=_CLUSTER,
    ),
    Route(
        "PUT",
        "/plugins/{plugin:raw}/reload",
        "reload_plugin",
        reload_plugin,
        "Reload a plugin in the cluster",
        registered="/plugins/:plugin/reload",
        example={"code": 0},
        faults=_CLUSTER,
    ),
)
"""Since 3.2.4; the documented list does not know them."""
