"""Every operation of v2: the answer has the shape of the documented sample, however it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from devices import Device
from shapes import differences

from api_v2 import GENERATION
from api_v2.dialect import STRICT_PATHS
from emqx_compat.http.route import Route, State
from emqx_compat.testing import Server, SyncServer

PARAMS = {
    "node_name": "emq@127.0.0.1",
    "clientid": "mqttjs_722b4d845f",
    "topic": "/World",
    "username": "test_user",
    "plugin_name": "emq_auth_http",
    "app_name": "emqttd",
}

BODIES: dict[str, object] = {
    "clean_acl_cache": {"topic": "test"},
    "publish": {"topic": "/World", "payload": "hello", "qos": 0, "retain": False, "client_id": "mqttjs_722b4d845f"},
    "subscribe": {"topic": "/World", "qos": 0, "client_id": "mqttjs_722b4d845f"},
    "unsubscribe": {"topic": "/World", "client_id": "mqttjs_722b4d845f"},
    "create_user": {"username": "another", "password": "password", "tags": "user"},
    "update_user": {"tags": "admin"},
    "auth_user": {"username": "test_user", "password": "password"},
    "set_node_plugin": {"active": True},
    "set_config": {"key": "mqtt.allow_anonymous", "value": "true"},
    "set_node_config": {"key": "mqtt.allow_anonymous", "value": "true"},
    "set_node_plugin_config": {"auth.http.auth_req.method": "get"},
    "change_password": {"new_pwd": "newpassword", "old_pwd": "password"},
}


USER = {"username": "test_user", "password": "password", "tags": "user"}


def call(api: httpx.Client, route: Route, tail: str = "") -> httpx.Response:
    path = re.sub(r"{(\w+)}", lambda hit: PARAMS[hit[1]], route.template) + tail
    body = BODIES.get(route.id)
    return api.request(route.method, path, content=None if body is None else json.dumps(body))


@pytest.fixture(scope="module")
def own_server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        overflow(running)
        yield running


def overflow(server: SyncServer) -> None:
    """Let a message queue fill up, so that there is an alarm."""
    with httpx.Client(base_url=server.url("v2"), auth=server.auth("v2")) as client:
        client.put("/configs/emqttd", json={"key": "mqtt.mqueue.max_length", "value": "10"})
        away = Device(server.mqtt, "pq", clean=False)
        away.subscribe("aq/#", qos=1)
        away.disconnect()
        for number in range(7):
            client.post("/mqtt/publish", json={"topic": f"aq/{number}", "payload": "x", "qos": 1})


@pytest.fixture
def filled(own_server: SyncServer) -> Iterator[httpx.Client]:
    """A server that has what the samples show, no matter what the test before has done to it."""
    with httpx.Client(base_url=own_server.url("v2"), auth=own_server.auth("v2")) as client:
        for user in ("test_user", "another"):
            client.delete(f"/users/{user}")
        client.post("/users", json=USER)
        client.put("/nodes/emq@127.0.0.1/plugins/emq_auth_http", json={"active": False})
        device = Device(own_server.mqtt, PARAMS["clientid"])
        device.subscribe("/World")
        yield client
        device.disconnect()


@pytest.mark.parametrize("route", GENERATION.routes, ids=lambda route: route.id)
def test_an_answer_has_the_shape_of_its_sample(route: Route, filled: httpx.Client) -> None:
    answer = call(filled, route)
    assert answer.status_code == 200
    assert differences(route.example, answer.json(), free={"shutdown_count"}) == []


@pytest.mark.parametrize("route", GENERATION.routes, ids=lambda route: route.id)
def test_an_answer_is_json_in_the_old_servers_name(route: Route, filled: httpx.Client) -> None:
    headers = call(filled, route).headers
    assert headers["content-type"] == "application/json"
    assert headers["server"] == "MochiWeb/1.0 (Any of you quaids got a smint?)"


def in_order(value: object) -> object:
    """Objects as lists of pairs, so that their order counts; of an array the first element stands for all."""
    if isinstance(value, dict):
        return [(key, in_order(each)) for key, each in value.items() if key != "shutdown_count"]
    return [in_order(value[0])] if isinstance(value, list) and value else type(value)


FREE_ORDER = {"list_metrics", "get_node_metrics", "get_node_plugin_config"}
"""Whose rows differ from the sample's."""


@pytest.mark.parametrize("route", [r for r in GENERATION.routes if r.id not in FREE_ORDER], ids=lambda r: r.id)
def test_keys_have_the_order_of_the_sample(route: Route, filled: httpx.Client) -> None:
    live = in_order(call(filled, route).json())
    assert str(live).replace("<class 'list'>", "") == str(in_order(route.example)).replace("<class 'list'>", "")


@pytest.mark.parametrize("route", GENERATION.routes, ids=lambda route: route.id)
def test_an_answer_is_compact_json(route: Route, filled: httpx.Client) -> None:
    text = call(filled, route).text
    assert text == json.dumps(json.loads(text), separators=(",", ":"))


@pytest.mark.parametrize("route", GENERATION.routes, ids=lambda route: route.id)
def test_one_trailing_slash_makes_no_difference_but_to_five_paths(route: Route, filled: httpx.Client) -> None:
    answer = call(filled, route, tail="/")
    if route.path in STRICT_PATHS:
        assert (answer.status_code, answer.content) == (404, b"")
    else:
        assert answer.json()["code"] == 0


@pytest.mark.parametrize("route", [r for r in GENERATION.routes if r.path in STRICT_PATHS], ids=lambda r: r.id)
def test_the_last_letter_of_five_paths_is_optional(route: Route, filled: httpx.Client) -> None:
    path = re.sub(r"{(\w+)}", lambda hit: PARAMS[hit[1]], route.template)
    body = BODIES.get(route.id)
    answer = filled.request(route.method, path[:-1], content=None if body is None else json.dumps(body))
    assert answer.json()["code"] == 0


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("route", GENERATION.routes, ids=lambda route: route.id)
def test_a_method_that_no_path_has_is_a_404(route: Route, method: str, api: httpx.Client) -> None:
    path = re.sub(r"{(\w+)}", lambda hit: PARAMS[hit[1]], route.template)
    answer = api.request(method, path)
    assert (answer.status_code, answer.content) == (404, b"")


def test_all_42_operations_are_built() -> None:
    assert [route.id for route in GENERATION.routes if route.effective_state is not State.FULL] == []
    assert len(GENERATION.routes) == 42
