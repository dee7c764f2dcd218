"""Every operation that is built answers in the shape of its documented sample; every other one says 501."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from shapes import differences
from v3_device import DeviceMaker

from api_v3 import GENERATION, metrics
from api_v3.rule_catalogue import ACTION_TYPES, TYPES
from emqx_compat.core.rules import Resource, Rule, RuleAction
from emqx_compat.http.route import DASHBOARD, Route
from emqx_compat.testing import SyncServer

NODE = "emqx@127.0.0.1"
SQL = 'select * from "message.publish"'
FORWARD = {"name": "data_to_webserver", "params": {"$resource": "resource:1"}}

# Operation → path with its parameters filled in, body.
CALLS: dict[str, tuple[str, Any]] = {
    "list_apis": ("/", None),
    "auth_user": ("/auth", {"username": "admin", "password": "public"}),
    "create_user": ("/users", {"username": "new", "password": "p", "tags": "viewer"}),
    "list_users": ("/users", None),
    "update_user": ("/users/operator", {"tags": "viewer"}),
    "delete_user": ("/users/leaver", None),
    "change_pwd": ("/change_pwd/operator", {"old_pwd": "p", "new_pwd": "q"}),
    "add_app": ("/apps", {"app_id": "new", "name": "new", "status": True}),
    "del_app": ("/apps/leaver", None),
    "list_apps": ("/apps", None),
    "lookup_app": ("/apps/myapp", None),
    "update_app": ("/apps/other", {"name": "n", "status": True}),
    "list_banned": ("/banned", None),
    "create_banned": (
        "/banned",
        {"who": "x", "as": "client_id", "reason": "r", "desc": "d", "by": "b", "until": 4102444800},
    ),
    "delete_banned": ("/banned/leaver?as=client_id", None),
    "list_brokers": ("/brokers", None),
    "get_broker": (f"/brokers/{NODE}", None),
    "list_connections": ("/connections", None),
    "list_node_connections": (f"/nodes/{NODE}/connections", None),
    "lookup_connections": ("/connections/c1", None),
    "lookup_node_connections": (f"/nodes/{NODE}/connections/c1", None),
    "lookup_connection_via_username": ("/connection/username/u1", None),
    "lookup_node_connection_via_username": (f"/nodes/{NODE}/connection/username/u1", None),
    "kickout_connection": ("/connections/leaver", None),
    "list_listeners": ("/listeners", None),
    "list_node_listeners": (f"/nodes/{NODE}/listeners", None),
    "list_all_metrics": ("/metrics", None),
    "list_node_metrics": (f"/nodes/{NODE}/metrics", None),
    "list_nodes": ("/nodes", None),
    "get_node": (f"/nodes/{NODE}", None),
    "mqtt_subscribe": ("/mqtt/subscribe", {"topic": "a", "qos": 1, "client_id": "c1"}),
    "mqtt_publish": ("/mqtt/publish", {"topic": "t", "payload": "hello", "qos": 1, "client_id": "x"}),
    "mqtt_unsubscribe": ("/mqtt/unsubscribe", {"topic": "a", "client_id": "c1"}),
    "mqtt_subscribe_batch": ("/mqtt/subscribe_batch", [{"topic": "a", "client_id": "c1"}]),
    "mqtt_publish_batch": ("/mqtt/publish_batch", [{"topic": "a"}]),
    "mqtt_unsubscribe_batch": ("/mqtt/unsubscribe_batch", [{"topic": "a", "client_id": "c1"}]),
    "list_routes": ("/routes", None),
    "lookup_routes": ("/routes/t", None),
    "list_sessions": ("/sessions", None),
    "list_node_sessions": (f"/nodes/{NODE}/sessions", None),
    "lookup_session": ("/sessions/c1", None),
    "lookup_node_session": (f"/nodes/{NODE}/sessions/c1", None),
    "clean_presisent_session": ("/sessions/persistent/held1", None),
    "clean_node_presisent_session": (f"/nodes/{NODE}/sessions/persistent/held2", None),
    "list_stats": ("/stats", None),
    "lookup_node_stats": (f"/nodes/{NODE}/stats", None),
    "list_subscriptions": ("/subscriptions", None),
    "list_node_subscriptions": (f"/nodes/{NODE}/subscriptions", None),
    "lookup_client_subscriptions": ("/subscriptions/c1", None),
    "lookup_client_subscriptions_with_node": (f"/nodes/{NODE}/subscriptions/c1", None),
    "list_clientid": ("/auth_clientid", None),
    "lookup_clientid": ("/auth_clientid/dev1", None),
    "add_clientid": ("/auth_clientid", {"clientid": "new", "password": "p"}),
    "update_clientid": ("/auth_clientid/dev2", {"password": "q"}),
    "delete_clientid": ("/auth_clientid/leaver-user", None),
    "list_username": ("/auth_username", None),
    "lookup_username": ("/auth_username/dev1", None),
    "add_username": ("/auth_username", {"username": "new", "password": "p"}),
    "update_username": ("/auth_username/dev2", {"password": "q"}),
    "delete_username": ("/auth_username/leaver-user", None),
    "list_all_alarms": ("/alarms/present", None),
    "list_node_alarms": (f"/alarms/present/{NODE}", None),
    "list_all_alarm_history": ("/alarms/history", None),
    "list_node_alarm_history": (f"/alarms/history/{NODE}", None),
    "list_all_plugins": ("/plugins", None),
    "list_node_plugins": (f"/nodes/{NODE}/plugins", None),
    "load_plugin": (f"/nodes/{NODE}/plugins/emqx_lua_hook/load", None),
    "unload_plugin": (f"/nodes/{NODE}/plugins/emqx_recon/unload", None),
    "reload_plugin": (f"/nodes/{NODE}/plugins/emqx_stomp/reload", None),
    "get_all_configs": ("/configs", None),
    "GET /nodes/{node:raw}/configs": (f"/nodes/{NODE}/configs", None),
    "update_config": ("/configs/emqx_retainer", {"key": "retainer.max_retained_messages", "value": "9"}),
    "update_node_config": (
        f"/nodes/{NODE}/configs/emqx_retainer",
        {"key": "retainer.max_payload_size", "value": "2MB"},
    ),
    "get_plugin_configs": (f"/nodes/{NODE}/plugin_configs/emqx_auth_clientid", None),
    "update_plugin_configs": (
        f"/nodes/{NODE}/plugin_configs/emqx_web_hook",
        {"web.hook.api.url": "http://127.0.0.1:1/hook"},
    ),
    "PUT /plugins/{plugin:raw}/unload": ("/plugins/emqx_delayed_publish/unload", None),
    "PUT /plugins/{plugin:raw}/reload": ("/plugins/emqx_sn/reload", None),
    "create_rule": ("/rules", {"rawsql": SQL, "actions": [FORWARD]}),
    "list_rules": ("/rules", None),
    "show_rule": ("/rules/rule:1", None),
    "delete_rule": ("/rules/rule:2", None),
    "list_actions": ("/actions", None),
    "show_action": ("/actions/republish", None),
    "list_resources": ("/resources", None),
    "create_resource": (
        "/resources",
        {"type": "web_hook", "config": {"url": "http://127.0.0.1:9/", "headers": {"X-A": "b"}, "method": "PUT"}},
    ),
    "show_resource": ("/resources/resource:1", None),
    "get_resource_status": ("/resource_status/resource:1", None),
    "start_resource": ("/resources/resource:1", None),
    "delete_resource": ("/resources/resource:2", None),
    "list_resource_types": ("/resource_types", None),
    "show_resource_type": ("/resource_types/web_hook", None),
    "list_resources_by_type": ("/resource_types/web_hook/resources", None),
    "list_actions_by_type": ("/resource_types/built_in/actions", None),
    "list_events": ("/rule_events", None),
}
"""By id, or by method and path where an id names two operations."""
BUILT = [route for route in GENERATION.routes if route.handler is not None]
COUNTERS = metrics.SAMPLE | {
    name: 0 for feature in ("auth_clientid", "auth_username") for name in metrics.OF_PLUGINS[feature]
}
SAMPLES: dict[str, Any] = {
    "create_banned": {"code": 0, "data": CALLS["create_banned"][1]},
    "list_all_metrics": {"code": 0, "data": [{"node": NODE, "metrics": COUNTERS}]},
    "list_node_metrics": {"code": 0, "data": COUNTERS},
}
"""Answers that depend on what was sent, or on the plugins that run."""
FREE = {"shutdown_count", "expired"}
"""`[]` or an object; a number or "undefined"."""


@pytest.fixture(scope="module", autouse=True)
def world(server: SyncServer, api: httpx.Client, dashboard: httpx.Client, long_lived: DeviceMaker) -> None:
    """One of everything, and one of each that a test removes."""
    for name in ("now", "then"):
        server.run(lambda engine, name=name: engine.alarms.activate(name, legacy_description="82.6"))  # type: ignore[misc]
    server.run(lambda engine: engine.alarms.deactivate("then"))
    for kind in ("clientid", "username"):
        assert api.put(f"/nodes/{NODE}/plugins/emqx_auth_{kind}/load").json() == {"code": 0}
        for name in ("dev1", "dev2", "leaver-user"):
            api.post(f"/auth_{kind}", json={kind: name, "password": "p"})
    for number in ("1", "2"):
        config = {"url": str(api.base_url), "headers": {"X-A": "b"}, "method": "POST"}
        hook = Resource("web_hook", config, f"resource:{number}", description="hook")
        server.run(lambda engine, hook=hook: engine.resources.create(hook, TYPES))  # type: ignore[misc]
        action = RuleAction("data_to_webserver", {"$resource": "resource:1"})
        rule = Rule(SQL, "3.2", [action], f"rule:{number}")
        server.run(lambda engine, rule=rule: engine.rules.create(rule, ACTION_TYPES))  # type: ignore[misc]
    long_lived("c1", username="u1").subscribe("t")
    long_lived("leaver")
    for name in ("held1", "held2"):
        held = long_lived(name, clean=False)
        held.subscribe("t")
        held.disconnect()
    for name in ("myapp", "other", "leaver"):
        app = {"app_id": name, "name": "my app", "desc": "d", "status": True, "expired": 4102444800}
        assert dashboard.post("/apps", json=app).json()["code"] == 0
    for name in ("operator", "leaver"):
        assert dashboard.post("/users", json={"username": name, "password": "p", "tags": "t"}).json() == {"code": 0}
    for name in ("bad1", "leaver"):
        ban = {"who": name, "as": "client_id", "reason": "r", "desc": "d", "by": "me", "until": 4102444800}
        assert api.post("/banned", json=ban).json()["code"] == 0


@pytest.mark.parametrize("route", BUILT, ids=lambda route: route.id)
def test_an_operation_answers_in_the_shape_of_its_sample(
    api: httpx.Client, dashboard: httpx.Client, route: Route
) -> None:
    path, body = CALLS.get(f"{route.method} {route.path}") or CALLS[route.id]
    port = dashboard if route.ports == {DASHBOARD} else api
    answer = port.request(route.method, path, json=body)
    sample = SAMPLES.get(route.id, route.example)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert differences(sample, answer.json(), free=FREE) == []


def test_every_built_operation_has_a_sample() -> None:
    assert [route.id for route in BUILT if route.example is None] == []


def test_nothing_is_absent() -> None:
    assert [route.id for route in GENERATION.routes if route.handler is None] == []


def test_all_95_documented_operations_have_a_row() -> None:
    assert len(GENERATION.routes) + len(GENERATION.outside) == 95
