"""Every operation of v2: the answer has the shape of the documented sample; what is not built says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from devices import Device
from shapes import differences

from api_v2 import GENERATION
from emqx_compat.http.route import Route, State
from emqx_compat.testing import Server, SyncServer

BUILT = [route for route in GENERATION.routes if route.effective_state is not State.ABSENT]
ABSENT = [route for route in GENERATION.routes if route.effective_state is State.ABSENT]

PARAMS = {"node_name": "emq@127.0.0.1", "clientid": "mqttjs_722b4d845f", "topic": "/World", "username": "test_user"}

BODIES: dict[str, object] = {
    "clean_acl_cache": {"topic": "test"},
    "publish": {"topic": "/World", "payload": "hello", "qos": 0, "retain": False, "client_id": "mqttjs_722b4d845f"},
    "subscribe": {"topic": "/World", "qos": 0, "client_id": "mqttjs_722b4d845f"},
    "unsubscribe": {"topic": "/World", "client_id": "mqttjs_722b4d845f"},
    "create_user": {"username": "another", "password": "password", "tags": "user"},
    "update_user": {"tags": "admin"},
    "auth_user": {"username": "test_user", "password": "password"},
    "change_password": {"new_pwd": "newpassword", "old_pwd": "password"},
}


USER = {"username": "test_user", "password": "password", "tags": "user"}


def call(api: httpx.Client, route: Route) -> httpx.Response:
    path = re.sub(r"{(\w+)}", lambda hit: PARAMS.get(hit[1], "any"), route.template)
    body = BODIES.get(route.id)
    return api.request(route.method, path, content=None if body is None else json.dumps(body))


@pytest.fixture(scope="module")
def own_server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        yield running


@pytest.fixture
def api(own_server: SyncServer) -> Iterator[httpx.Client]:
    """A server that has what the samples show, no matter what the test before has done to it."""
    with httpx.Client(base_url=own_server.url("v2"), auth=own_server.auth("v2")) as client:
        for user in ("test_user", "another"):
            client.delete(f"/users/{user}")
        client.post("/users", json=USER)
        device = Device(own_server.mqtt, PARAMS["clientid"])
        device.subscribe("/World")
        yield client
        device.disconnect()


@pytest.mark.parametrize("route", BUILT, ids=lambda route: route.id)
def test_an_answer_has_the_shape_of_its_sample(route: Route, api: httpx.Client) -> None:
    answer = call(api, route)
    assert answer.status_code == 200
    assert differences(route.example, answer.json(), free={"shutdown_count"}) == []


@pytest.mark.parametrize("route", BUILT, ids=lambda route: route.id)
def test_an_answer_is_json_in_the_old_servers_name(route: Route, api: httpx.Client) -> None:
    headers = call(api, route).headers
    assert headers["content-type"] == "application/json"
    assert headers["server"] == "MochiWeb/1.0 (Any of you quaids got a smint?)"


@pytest.mark.parametrize("route", ABSENT, ids=lambda route: route.id)
def test_what_is_not_built_says_so(route: Route, api: httpx.Client) -> None:
    answer = call(api, route)
    assert (answer.status_code, answer.json()) == (501, {"code": 501, "message": f"{route.id} is not built"})
