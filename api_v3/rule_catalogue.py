"""What rules of 3.x are made from: actions, types of resources, events, as 3.2 lists them and as 3.1 did.

3.1, which the documented examples come from, named its actions after their type and wrote descriptions as plain
texts. Both sets can be used and looked up; which of them is listed, `compat.dialect.v3.rule_engine` says ("3.2").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emqx_compat.core.rules import EVENT_COLUMNS, ActionType, ResourceType
from emqx_compat.http.call import Call
from emqx_compat.http.minirest import KNOWN_WORDS

Row = dict[str, Any]

ANY = "$any"
_ENGINE = "emqx_rule_engine"
_WEB_HOOK = "emqx_web_hook"


def _both(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh": chinese}


_WEB_RESOURCE: Row = {
    "description": _both("Bind a resource to this action", "给动作绑定一个资源"),
    "required": True,
    "title": _both("Resource ID", "资源 ID"),
    "type": "string",
}
_REPUBLISH: Row = {
    "target_topic": {
        "default": "repub/to/${client_id}",
        "description": _both("To which topic the message will be republished", "重新发布消息到哪个主题"),
        "order": 1,
        "required": True,
        "title": _both("Target Topic", "目的主题"),
        "type": "string",
    },
    "target_qos": {
        "default": 0,
        "description": _both(
            "The QoS Level to be uses when republishing the message. Set to -1 to use the original QoS",
            "重新发布消息时用的 QoS 级别, 设置为 -1 以使用原消息中的 QoS",
        ),
        "enum": [-1, 0, 1, 2],
        "order": 2,
        "required": True,
        "title": _both("Target QoS", "目的 QoS"),
        "type": "number",
    },
    "payload_tmpl": {
        "default": "${payload}",
        "description": _both("The payload template, variable interpolation is supported", "消息内容模板，支持变量"),
        "input": "textarea",
        "order": 3,
        "required": True,
        "title": _both("Payload Template", "消息内容模板"),
        "type": "string",
    },
}


def _action(name: str, title: Row, description: Row, *, app: str = _ENGINE, **more: Any) -> Row:
    row = {"app": app, "description": description, "for": ANY, "name": name, "params": {}, "title": title}
    return row | {"types": []} | more


ACTIONS: Sequence[Row] = (
    _action(
        "inspect",
        _both("Inspect (debug)", "检查 (调试)"),
        _both("Inspect the details of action params for debug purpose", "检查动作参数 (用以调试)"),
    ),
    _action(
        "republish",
        _both("Republish", "消息重新发布"),
        _both("Republish a MQTT message to another topic", "重新发布消息到另一个主题"),
        params=_REPUBLISH,
    ),
    _action(
        "do_nothing",
        _both("Do Nothing (debug)", "空动作 (调试)"),
        _both(
            "This action does nothing and never fails. It's for debug purpose",
            "此动作什么都不做，并且不会失败 (用以调试)",
        ),
    ),
    _action(
        "data_to_webserver",
        _both("Data to Web Server", "发送数据到 Web 服务"),
        _both("Forward Messages to Web Server", "将数据转发给 Web 服务"),
        app=_WEB_HOOK,
        params={"$resource": _WEB_RESOURCE},
        types=["web_hook"],
    ),
)
"""Of 3.2."""


def _old_action(name: str, hook: str, description: str, params: Row) -> Row:
    type_ = name.partition(":")[0]
    app = _WEB_HOOK if type_ == "web_hook" else _ENGINE
    return {"app": app, "description": description, "for": hook, "name": name, "params": params, "type": type_}


_OLD_RESOURCE: Row = {
    "description": "Bind a resource to this action",
    "required": True,
    "title": "Resource ID",
    "type": "string",
}

OLD_ACTIONS: Sequence[Row] = (
    _old_action(
        "built_in:republish_action",
        "message.publish",
        "Republish a MQTT message to a another topic",
        {
            "target_topic": {
                "description": "Repubilsh the message to which topic",
                "format": "topic",
                "required": True,
                "title": "To Which Topic",
                "type": "string",
            }
        },
    ),
    _old_action(
        "web_hook:event_action",
        "$events",
        "Forward Events to Web Server",
        {
            "$resource": _OLD_RESOURCE,
            "template": {
                "description": "The payload template to be filled with variables before sending messages",
                "required": False,
                "schema": {},
                "title": "Payload Template",
                "type": "object",
            },
        },
    ),
    _old_action(
        "web_hook:publish_action",
        "message.publish",
        "Forward Messages to Web Server",
        {"$resource": _OLD_RESOURCE},
    ),
    _old_action("built_in:inspect_action", ANY, "Inspect the details of action params for debug purpose", {}),
)
"""Of 3.1."""

RESOURCE_TYPES: Sequence[Row] = (
    {
        "description": _both("WebHook", "WebHook"),
        "name": "web_hook",
        "params": {
            "headers": {
                "default": {},
                "description": _both("Request Header", "请求头"),
                "schema": {},
                "title": _both("Request Header", "请求头"),
                "type": "object",
            },
            "method": {
                "default": "POST",
                "description": _both("Request Method", "请求方法"),
                "enum": ["PUT", "POST"],
                "title": _both("Request Method", "请求方法"),
                "type": "string",
            },
            "url": {
                "description": _both("Request URL", "请求 URL"),
                "format": "url",
                "required": True,
                "title": _both("Request URL", "请求 URL"),
                "type": "string",
            },
        },
        "provider": _WEB_HOOK,
        "title": _both("WebHook", "WebHook"),
    },
)
"""Of 3.2."""

OLD_RESOURCE_TYPES: Sequence[Row] = (
    {
        "description": "The built in resource type for debug purpose",
        "name": "built_in",
        "params": {},
        "provider": _ENGINE,
    },
)
"""What 3.1 had besides."""

_MESSAGE = {"client_id": "c_emqx", "username": "u_emqx", "topic": "t/a", "qos": 1, "payload": '{"msg": "hello"}'}
_CLIENT = {"client_id": "c_emqx", "username": "u_emqx"}
_HELLO = "SELECT payload.msg as msg FROM \"{event}\" WHERE topic =~ 't/#' and msg = 'hello'"
_PLAIN = 'SELECT * FROM "{event}"'
_BY_TOPIC = "SELECT * FROM \"{event}\" WHERE topic =~ 't/#'"

# Event → title in both languages, columns of its test, example.
_EVENTS: Mapping[str, tuple[str, str, Row, str]] = {
    "message.publish": ("message publish", "消息发布", _MESSAGE, _HELLO),
    "message.deliver": ("message deliver", "消息投递", _MESSAGE, _HELLO),
    "message.acked": ("message acked", "消息应答", _MESSAGE, _HELLO),
    "message.dropped": ("message dropped", "消息丢弃", _MESSAGE, _HELLO),
    "client.connected": (
        "client connected",
        "连接建立",
        {**_CLIENT, "auth_result": "success", "peername": "127.0.0.1:63412"},
        _PLAIN,
    ),
    "client.disconnected": ("client disconnected", "连接断开", {**_CLIENT, "reason_code": "normal"}, _PLAIN),
    "client.subscribe": (
        "client subscribe",
        "终端订阅",
        {**_CLIENT, "topic_filters": [{"topic": "t/a", "qos": 0}, {"topic": "t/b", "qos": 1}]},
        _BY_TOPIC,
    ),
    "client.unsubscribe": (
        "client unsubscribe",
        "终端取消订阅",
        {**_CLIENT, "topic_filters": ["t/a", "t/b"]},
        _BY_TOPIC,
    ),
    "session.subscribed": ("session subscribed", "会话订阅完成", {**_CLIENT, "topic": "t/a", "qos": 1}, _BY_TOPIC),
    "session.unsubscribed": (
        "session unsubscribed",
        "会话取消订阅完成",
        {**_CLIENT, "topic": "t/a", "qos": 1},
        _BY_TOPIC,
    ),
}

EVENTS: Sequence[Row] = [
    {
        "columns": list(EVENT_COLUMNS[event]),
        "description": _both(english, chinese),
        "event": event,
        "sql_example": example.format(event=event),
        "test_columns": tested,
        "title": _both(english, chinese),
    }
    for event, (english, chinese, tested, example) in _EVENTS.items()
]

# --- the same by name, and as the engine wants it

ACTION_ROWS: Mapping[str, Row] = {row["name"]: row for row in (*ACTIONS, *OLD_ACTIONS)}
RESOURCE_TYPE_ROWS: Mapping[str, Row] = {row["name"]: row for row in (*RESOURCE_TYPES, *OLD_RESOURCE_TYPES)}

ACTION_TYPES: Mapping[str, ActionType] = {
    name: ActionType(name, row["params"]) for name, row in ACTION_ROWS.items()
}
TYPES: Mapping[str, ResourceType] = {
    name: ResourceType(name, row["params"]) for name, row in RESOURCE_TYPE_ROWS.items()
}

WORDS = frozenset({*KNOWN_WORDS, *ACTION_ROWS, *RESOURCE_TYPE_ROWS, *EVENT_COLUMNS})
"""Names that 3.2.8 takes for something that might exist, where it refuses what it has never seen."""


def speaks_3_1(call: Call) -> bool:
    """Whether the older names are the ones to list."""
    dialects = call.engine.options.get("dialect")
    switches = dialects.get("v3") if isinstance(dialects, Mapping) else None
    return isinstance(switches, Mapping) and str(switches.get("rule_engine")) == "3.1"
