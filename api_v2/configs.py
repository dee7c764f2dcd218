"""Hot configuration: `/configs` and `/nodes/{node_name}/configs`. Changes hold until the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v2.dialect import UNKNOWN, BodySchema, arguments, asked_node, ok, shown_node
from emqx_compat.core.engine import Engine, HotSettingService
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hot_settings import HOT_SETTINGS, fits
from emqx_compat.http.call import Call
from emqx_compat.http.conf_values import (
    ATOM,
    BACKOFF,
    BOOLEAN,
    DURATION,
    EXPIRY,
    FLAG,
    INTEGER,
    INTERVAL,
    LIMIT,
    PERCENT,
    SIZE,
    SWITCH,
    TEXT,
    WHOLE_SECONDS,
    WORD,
    Datatype,
)
from emqx_compat.http.route import Route, Wire

BROKER = "emqttd"
RETAINER = "emq_retainer"
FEATURE_OF = {RETAINER: "retainer"}
"""Applications whose keys are there while a feature runs; those of the broker always are."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that can be changed, and the engine's setting behind it."""

    name: str
    setting: str
    type: Datatype
    app: str = BROKER
    shown: str | None = None
    """What it shows whatever it was set to."""


KEYS: tuple[Key, ...] = (
    Key("log.console.level", "log_level", WORD),
    Key("mqtt.acl_file", "acl_file", TEXT),
    Key("mqtt.acl_nomatch", "authz_no_match", WORD),
    Key("mqtt.allow_anonymous", "allow_anonymous", BOOLEAN),
    Key("mqtt.broker.sys_interval", "sys_msg_interval", INTERVAL),
    Key("mqtt.cache_acl", "authz_cache_enable", BOOLEAN),
    Key("mqtt.client.enable_stats", "client_enable_stats", FLAG, shown=UNKNOWN),
    Key("mqtt.client.idle_timeout", "idle_timeout", DURATION, shown=UNKNOWN),
    Key("mqtt.client.max_publish_rate", "max_publish_rate", INTEGER),
    Key("mqtt.conn.force_gc_count", "force_gc_count", INTEGER),
    Key("mqtt.keepalive_backoff", "keepalive_multiplier", BACKOFF),
    Key("mqtt.max_clientid_len", "max_clientid_len", INTEGER),
    Key("mqtt.max_packet_size", "max_packet_size", SIZE),
    Key("mqtt.mqueue.high_watermark", "mqueue_high_watermark", PERCENT),
    Key("mqtt.mqueue.low_watermark", "mqueue_low_watermark", PERCENT),
    Key("mqtt.mqueue.max_length", "max_mqueue_len", INTEGER),
    Key("mqtt.mqueue.priority", "mqueue_priority", TEXT),
    Key("mqtt.mqueue.store_qos0", "mqueue_store_qos0", BOOLEAN),
    Key("mqtt.mqueue.type", "mqueue_type", ATOM),
    Key("mqtt.session.await_rel_timeout", "await_rel_timeout", DURATION),
    Key("mqtt.session.enable_stats", "session_enable_stats", FLAG),
    Key("mqtt.session.expiry_interval", "session_expiry_interval", WHOLE_SECONDS),
    Key("mqtt.session.ignore_loop_deliver", "ignore_loop_deliver", BOOLEAN),
    Key("mqtt.session.max_awaiting_rel", "max_awaiting_rel", INTEGER),
    Key("mqtt.session.max_inflight", "max_inflight", INTEGER),
    Key("mqtt.session.max_subscriptions", "max_subscriptions", LIMIT),
    Key("mqtt.session.retry_interval", "retry_interval", DURATION),
    Key("mqtt.session.upgrade_qos", "upgrade_qos", FLAG),
    Key("mqtt.websocket_protocol_header", "websocket_protocol_header", SWITCH),
    Key("retainer.expiry_interval", "retained_msg_expiry_interval", EXPIRY, RETAINER),
    Key("retainer.max_message_num", "retained_max_messages", INTEGER, RETAINER),
    Key("retainer.max_payload_size", "retained_max_payload_size", SIZE, RETAINER),
)
"""In ascending order, as they are listed."""

# --- schemas


class SettingSchema(BodySchema):
    """The body of both changes."""

    key = fields.String(required=True)
    value = fields.String(required=True)


SETTING = SettingSchema()

# --- parse


def keys_now(engine: Engine) -> list[Key]:
    """The keys of the applications that run."""
    return [key for key in KEYS if key.app == BROKER or engine.features.active(FEATURE_OF[key.app])]


def parse_key(engine: Engine, app: str, name: str) -> Key:
    """The key of that name. Faults: SETTING_UNKNOWN; PARAMETER_INVALID when it is another application's."""
    now = keys_now(engine)
    found = [key for key in now if key.name == name]
    if not found or all(key.app != app for key in now):
        raise Fault(F.SETTING_UNKNOWN, name=name)
    if found[0].app != app:
        raise Fault(F.PARAMETER_INVALID, name="key", value=name)
    return found[0]


# --- render


def render_key(key: Key, settings: HotSettingService) -> dict[str, Any]:
    """A row; `datatpye` is how the old server spells it."""
    return {
        "key": key.name,
        "value": key.type.show(settings.get(key.setting)) if key.shown is None else key.shown,
        "datatpye": key.type.name,
        "app": key.app,
    }


def render_keys(engine: Engine) -> list[dict[str, Any]]:
    """All rows of a node."""
    return [render_key(key, engine.hot_settings) for key in keys_now(engine)]


# --- handlers


async def change(engine: Engine, key: Key, text: str) -> None:
    """Set it; what does not fit is ignored, as the old server does. Faults: PARAMETER_INVALID (percents)."""
    try:
        value = key.type.read(text)
    except ValueError:
        return
    if fits(HOT_SETTINGS[key.setting], value):
        await engine.hot_settings.set(key.setting, value)


async def list_configs(call: Call) -> Response:
    """The keys by node."""
    return ok({shown_node(call.engine.nodes.local): render_keys(call.engine)})


async def list_node_configs(call: Call) -> Response:
    """The keys of a node."""
    asked_node(call)
    return ok(render_keys(call.engine))


async def set_config(call: Call) -> Response:
    """Change a key on all nodes."""
    args = arguments(call, SETTING)
    await change(call.engine, parse_key(call.engine, call.params["app_name"], args["key"]), args["value"])
    return ok()


async def set_node_config(call: Call) -> Response:
    """Change a key on a node."""
    arguments(call, SETTING)
    asked_node(call)
    return await set_config(call)


# --- routes

_ROW = {"key": "log.console.level", "value": "error", "datatpye": "enum", "app": "emqttd"}
_DONE = {"code": 0, "result": []}

ROUTES = (
    Route(
        "GET",
        "/configs",
        "list_configs",
        list_configs,
        "Get modifiable configuration items of all nodes",
        "configs",
        example={"code": 0, "result": {"emq@127.0.0.1": [_ROW]}},
    ),
    Route(
        "PUT",
        "/configs/{app_name}",
        "set_config",
        set_config,
        "Modify a configuration item of all nodes",
        "configs",
        body=SettingSchema,
        registered="configs/{app}",
        example=_DONE,
    ),
    Route(
        "GET",
        "/nodes/{node_name}/configs",
        "list_node_configs",
        list_node_configs,
        "Get modifiable configuration items of a node",
        "configs",
        example={"code": 0, "result": [_ROW]},
    ),
    Route(
        "PUT",
        "/nodes/{node_name}/configs/{app_name}",
        "set_node_config",
        set_node_config,
        "Modify a configuration item of a node",
        "configs",
        body=SettingSchema,
        registered="nodes/{node_name}/configs/{app}",
        example=_DONE,
        faults={F.NODE_UNKNOWN: Wire(code=102)},
    ),
)
