"""Hot configuration: `/configs` and `/nodes/:node/configs`. Changes hold until the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import Arguments, arguments, ok
from api_v3.faults import CRASH, NODE_DOWN_102, NOT_FOUND, NUMBER_1
from api_v3.plugins import APPLICATIONS, PLUGINS, WORDS, feature_of
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hot_settings import HOT_SETTINGS, fits
from emqx_compat.http.call import Call
from emqx_compat.http.conf_values import EXPIRY, INTEGER, SIZE, WORD, Datatype
from emqx_compat.http.minirest import require_node
from emqx_compat.http.route import Route


@dataclass(frozen=True, slots=True)
class Key:
    """A key that can be changed while its plugin runs, and the engine's setting behind it."""

    name: str
    app: str
    setting: str
    type: Datatype


KEYS: tuple[Key, ...] = (
    Key("auth.client.password_hash", "emqx_auth_clientid", "auth_clientid_password_hash", WORD),
    Key("auth.user.password_hash", "emqx_auth_username", "auth_username_password_hash", WORD),
    Key("retainer.expiry_interval", "emqx_retainer", "retained_msg_expiry_interval", EXPIRY),
    Key("retainer.max_payload_size", "emqx_retainer", "retained_max_payload_size", SIZE),
    Key("retainer.max_retained_messages", "emqx_retainer", "retained_max_messages", INTEGER),
)
"""In ascending order, as they are listed."""

# --- schemas


class SettingSchema(Schema):
    """The body of a change."""

    key = fields.String(required=True)
    value = fields.String(required=True)


# --- parse


def parse_text(args: Arguments, name: str) -> str:
    """A value that must be text. Faults: PARAMETER_TYPE."""
    value = args.get(name)
    if not isinstance(value, str):
        raise Fault(F.PARAMETER_TYPE, name=name, value=value)
    return value


def parse_key(engine: Engine, app: str, name: str) -> Key:
    """The key of that name. Faults: FEATURE_UNKNOWN (no such application), SETTING_UNKNOWN."""
    if app not in PLUGINS and app not in APPLICATIONS | WORDS:
        raise Fault(F.FEATURE_UNKNOWN, name=app)
    for key in keys_now(engine):
        if (key.app, key.name) == (app, name):
            return key
    raise Fault(F.SETTING_UNKNOWN, name=name)


def keys_now(engine: Engine) -> list[Key]:
    """The keys of the plugins that run."""
    return [key for key in KEYS if engine.features.active(feature_of(key.app))]


# --- render


def render_keys(engine: Engine) -> list[dict[str, Any]]:
    """All rows of a node; `datatpye` is how the old server spells it."""
    return [
        {
            "key": key.name,
            "value": key.type.show(engine.hot_settings.get(key.setting)),
            "datatpye": key.type.name,
            "app": key.app,
        }
        for key in keys_now(engine)
    ]


# --- handlers


async def change(engine: Engine, key: Key, text: str) -> None:
    """Set it; what does not fit is ignored, as the old server does."""
    try:
        value = key.type.read(text)
    except ValueError:
        return
    if fits(HOT_SETTINGS[key.setting], value):
        await engine.hot_settings.set(key.setting, value)


async def get_all_configs(call: Call) -> Response:
    """The keys by node."""
    return ok([{"config": render_keys(call.engine), "node": call.engine.nodes.local}])


async def get_node_configs(call: Call) -> Response:
    """The keys of a node."""
    require_node(call)
    return ok(render_keys(call.engine))


async def update_config(call: Call) -> Response:
    """Change a key; there is one node, so the cluster's form is the node's."""
    require_node(call)
    args = arguments(call)
    name, text = parse_text(args, "key"), parse_text(args, "value")
    await change(call.engine, parse_key(call.engine, call.params["app"], name), text)
    return ok()


# --- routes

_ROW = {"key": "retainer.expiry_interval", "value": "0", "datatpye": "integer, duration", "app": "emqx_retainer"}
_FAULTS = {F.FEATURE_UNKNOWN: NOT_FOUND, F.SETTING_UNKNOWN: NUMBER_1, F.NODE_DOWN: NODE_DOWN_102}

ROUTES = (
    Route(
        "GET",
        "/configs",
        "get_all_configs",
        get_all_configs,
        "Get all configs",
        registered="/configs/",
        example={"code": 0, "data": [{"config": [_ROW], "node": "emqx@127.0.0.1"}]},
    ),
    Route(
        "GET",
        "/nodes/{node:raw}/configs",
        "get_all_configs",
        get_node_configs,
        "Get all configs of a node",
        registered="/nodes/:node/configs/",
        example={"code": 0, "data": [_ROW]},
        faults={F.NODE_DOWN: CRASH},
    ),
    Route(
        "PUT",
        "/configs/{app:raw}",
        "update_config",
        update_config,
        "Update config of an application in the cluster",
        body=SettingSchema,
        example={"code": 0},
        faults=_FAULTS,
    ),
    Route(
        "PUT",
        "/nodes/{node:raw}/configs/{app:raw}",
        "update_node_config",
        update_config,
        "Update config of an application on a node",
        body=SettingSchema,
        example={"code": 0},
        faults=_FAULTS,
    ),
)
