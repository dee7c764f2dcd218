"""What a plugin is told: `/nodes/{node_name}/plugin_configs/{plugin_name}`. It is kept, and replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api_v2.configs import BROKER, KEYS, change
from api_v2.dialect import asked_node, ok
from api_v2.plugin_keys import PLUGIN_KEYS, UNSEEN
from api_v2.plugins import feature_of
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call, Missing
from emqx_compat.http.conf_keys import PluginKeys, add_users, set_switches
from emqx_compat.http.route import Route, Wire

# --- parse


def keys_of(plugin: str) -> PluginKeys:
    """The keys that a plugin has."""
    return PLUGIN_KEYS.get(plugin, UNSEEN)


def parse_set(body: object, keys: PluginKeys) -> dict[str, str]:
    """The new set; no body and an empty array are the empty one. Faults: PARAMETER_INVALID."""
    given = {} if isinstance(body, Missing) or body == [] else body
    if body == {} or not isinstance(given, dict) or not keys.accepts(given):
        raise Fault(F.PARAMETER_INVALID, name="body", value=body)
    return given


# --- render


def render_rows(keys: PluginKeys, options: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """What is not set, by the schema, then what is, in the order in which it was set."""
    given = keys.from_options(options)
    rows = [(key, "", False) for key in keys.schema if key not in given]
    rows += [(key, text, True) for key, text in given.items()]
    return [{"key": key, "value": value, "desc": "", "required": is_set} for key, value, is_set in rows]


# --- handlers


async def get_node_plugin_config(call: Call) -> Response:
    """All keys of a plugin; the broker, which is none, has none here."""
    asked_node(call)
    plugin = call.params["plugin_name"]
    if plugin == BROKER:
        return ok()
    return ok(render_rows(keys_of(plugin), call.engine.features.options(feature_of(plugin))))


async def set_node_plugin_config(call: Call) -> Response:
    """Replace what a plugin is told; one that runs is started anew."""
    asked_node(call)
    plugin, features = call.params["plugin_name"], call.engine.features
    feature, keys = feature_of(plugin), keys_of(plugin)
    given = parse_set(call.body, keys)
    await features.configure(feature, keys.to_options(given))
    await set_hot_keys(call.engine, given)
    if features.active(feature):
        await set_switches(call.engine, keys, given)
    await add_users(call.engine, keys, feature, given)
    return ok()


async def set_hot_keys(engine: Engine, given: Mapping[str, str]) -> None:
    """Those among the keys that are hot ones too take effect."""
    for key in KEYS:
        if key.name in given:
            await change(engine, key, given[key.name])


# --- routes

_REFUSED = Wire(code=102)

ROUTES = (
    Route(
        "GET",
        "/nodes/{node_name}/plugin_configs/{plugin_name}",
        "get_node_plugin_config",
        get_node_plugin_config,
        "Get configuration items of a plugin on a node",
        "configs",
        example={"code": 0, "result": render_rows(PLUGIN_KEYS["emq_auth_http"], None)},
        faults={F.FEATURE_UNKNOWN: Wire(404, empty=True, headers={"Content-Type": "text/plain"})},
    ),
    Route(
        "PUT",
        "/nodes/{node_name}/plugin_configs/{plugin_name}",
        "set_node_plugin_config",
        set_node_plugin_config,
        "Modify configuration items of a plugin on a node",
        "configs",
        example={"code": 0, "result": []},
        faults=dict.fromkeys((F.NODE_UNKNOWN, F.FEATURE_UNKNOWN, F.FEATURE_FAILED, F.PARAMETER_INVALID), _REFUSED),
    ),
)
