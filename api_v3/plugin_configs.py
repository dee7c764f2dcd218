"""What a plugin is told: `/nodes/:node/plugin_configs/:plugin`. It is kept, and replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v3.configs import KEYS, change
from api_v3.dialect import ok
from api_v3.faults import CRASH, NOT_FOUND
from api_v3.plugin_keys import PLUGIN_KEYS, UNSEEN
from api_v3.plugins import APPLICATIONS, WORDS, feature_of
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call, Missing
from emqx_compat.http.conf_keys import PluginKeys, add_users, set_switches
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route, Wire

# --- parse


def keys_of(plugin: str) -> PluginKeys:
    """The keys that a plugin has."""
    return PLUGIN_KEYS.get(plugin, UNSEEN)


def parse_set(body: object, keys: PluginKeys) -> dict[str, str]:
    """The new set: no body unsets every key; else all that the plugin ships must be there and fit.

    Faults: PARAMETER_INVALID.
    """
    if isinstance(body, Missing):
        return {}
    if not isinstance(body, dict) or not body or not keys.accepts(body) or not keys.shipped.keys() <= body.keys():
        raise Fault(F.PARAMETER_INVALID, name="body", value=body)
    return body


# --- render


def render_rows(keys: PluginKeys, options: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """What is set, in the order in which it was set, then the rest of the schema."""
    given = keys.from_options(options)
    rows = [(key, text, True) for key, text in given.items()]
    rows += [(key, "", False) for key in keys.schema if key not in given]
    return [{"key": key, "value": value, "desc": "", "required": is_set} for key, value, is_set in rows]


# --- handlers


async def get_plugin_configs(call: Call) -> Response:
    """All keys of a plugin; what is no plugin has none."""
    require_node(call)
    plugin = call.params["plugin"]
    if plugin in APPLICATIONS | WORDS:
        return ok([])
    return ok(render_rows(keys_of(plugin), call.engine.features.options(feature_of(plugin))))


async def update_plugin_configs(call: Call) -> Response:
    """Replace what a plugin is told; one that runs is started anew."""
    require_node(call)
    plugin, engine = call.params["plugin"], call.engine
    if plugin in APPLICATIONS | WORDS:
        raise Fault(F.PARAMETER_INVALID, name="plugin", value=plugin)
    feature, keys = feature_of(plugin), keys_of(plugin)
    given = parse_set(call.body, keys)
    await engine.features.configure(feature, keys.to_options(given))
    for key in KEYS:
        if key.name in given:
            await change(engine, key, given[key.name])
    if engine.features.active(feature):
        await set_switches(engine, keys, given)
    await add_users(engine, keys, feature, given)
    return ok()


# --- routes

_PATH = "/nodes/{node:raw}/plugin_configs/{plugin:raw}"
_REFUSED = Wire(code=102, message="unknown_error")

ROUTES = (
    Route(
        "GET",
        _PATH,
        "get_plugin_configs",
        get_plugin_configs,
        "Get configurations of a plugin on the node",
        example={"code": 0, "data": render_rows(PLUGIN_KEYS["emqx_auth_clientid"], None)},
        faults={F.FEATURE_UNKNOWN: NOT_FOUND, F.NODE_DOWN: CRASH},
    ),
    Route(
        "PUT",
        _PATH,
        "update_plugin_configs",
        update_plugin_configs,
        "Update configurations of a plugin on the node",
        example={"code": 0},
        faults={
            F.FEATURE_UNKNOWN: NOT_FOUND,
            **dict.fromkeys((F.NODE_DOWN, F.FEATURE_FAILED, F.PARAMETER_INVALID), _REFUSED),
        },
    ),
)
