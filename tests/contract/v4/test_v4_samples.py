"""Every operation of v4: what is answered has the shape of the documented sample; what is not built says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from devices import Device
from shapes import differences

from api_v4 import GENERATION
from emqx_compat.http.route import DASHBOARD, Route, State
from emqx_compat.testing import Server, SyncServer

NODE = "emqx@127.0.0.1"
BUILT = [route for route in GENERATION.routes if route.effective_state is not State.ABSENT]
ABSENT = [route for route in GENERATION.routes if route.effective_state is State.ABSENT]

PARAMS = {
    "node": NODE,
    "clientid": "example",
    "username": "test",
    "topic": "a%2Fb%2Fc",
    "as": "clientid",
    "who": "example",
    "appid": "app1",
    "name": "bob",
}

BODIES: dict[tuple[str, str], object] = {
    ("POST", "/banned"): {"who": "nobody", "as": "username", "reason": "example"},
    ("POST", "/apps"): {"app_id": "app2", "name": "n", "status": True},
    ("PUT", "/apps/{appid}"): {"name": "n", "status": True},
    ("POST", "/auth"): {"username": "admin", "password": "public"},
    ("POST", "/users"): {"username": "eve", "password": "passw0rd", "tags": "viewer"},
    ("PUT", "/users/{name}"): {"tags": "viewer"},
    ("PUT", "/change_pwd/{username}"): {"old_pwd": "passw0rd", "new_pwd": "passw1rd"},
    ("POST", "/mqtt/publish"): {"topic": "a/b/c", "payload": "Hello World", "qos": 1, "clientid": "example"},
    ("POST", "/mqtt/subscribe"): {"topics": "a,b,c", "qos": 1, "clientid": "example"},
    ("POST", "/mqtt/unsubscribe"): {"topic": "a", "clientid": "example"},
    ("POST", "/mqtt/publish_batch"): [{"topic": "a/b/c", "payload": "x", "clientid": "example"}],
    ("POST", "/mqtt/subscribe_batch"): [{"topic": "a", "qos": 1, "clientid": "example"}],
    ("POST", "/mqtt/unsubscribe_batch"): [{"topic": "a", "clientid": "example"}],
}

SENT = {"POST /banned": {"data": {"who": "nobody", "as": "username", "reason": "example"}, "code": 0}}
"""Where the answer echoes the request."""

NOTHING_CACHED = {"GET /clients/{clientid}/acl_cache": {"data": [], "code": 0}}
"""There is no access control yet, hence nothing to cache."""


@dataclass
class World:
    """A server that has one of everything."""

    server: SyncServer
    http: httpx.Client

    def ask(self, route: Route) -> httpx.Response:
        port = "dashboard" if route.ports == {DASHBOARD} else "management"
        path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: value_of(route, match[1]), route.path)
        body = BODIES.get((route.method, route.path))
        url = self.server.url("v4", port) + path
        return self.http.request(route.method, url, json=body, auth=self.server.auth("v4", port))


def value_of(route: Route, parameter: str) -> str:
    """What stands for a path parameter; what is deleted is something that no other operation needs."""
    if route.method == "DELETE" and route.path.endswith("}"):
        return "doomed" if parameter != "as" else "clientid"
    return "bob" if route.path.startswith("/change_pwd") else PARAMS[parameter]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Server.in_thread() as server, httpx.Client() as http:
        device = Device(server.mqtt, "example", username="test")
        device.subscribe("a/b/c", 1)
        url, auth = server.url("v4", "dashboard"), server.auth("v4", "dashboard")
        for path, body in SEED:
            assert http.post(url + path, json=body, auth=auth).json()["code"] == 0
        yield World(server, http)
        device.disconnect()


SEED: tuple[tuple[str, dict[str, object]], ...] = (
    ("/banned", {"who": "example", "as": "username", "reason": "r"}),
    ("/apps", {"app_id": "app1", "name": "App", "status": True}),
    ("/users", {"username": "bob", "password": "passw0rd", "tags": "viewer"}),
    ("/users", {"username": "doomed", "password": "passw0rd", "tags": "viewer"}),
)


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", BUILT, ids=name_of)
def test_the_answer_has_the_shape_of_the_documented_sample(world: World, route: Route) -> None:
    sample = {**SENT, **NOTHING_CACHED}.get(name_of(route), route.example)
    answer = world.ask(route)
    assert answer.status_code == 200
    assert differences(sample, answer.json(), free={"shutdown_count"}) == []


@pytest.mark.parametrize("route", ABSENT, ids=name_of)
def test_what_is_not_built_answers_501_and_says_so(api: httpx.Client, route: Route) -> None:
    answer = api.request(route.method, re.sub(r"\{\w+\}", "x", route.path))
    assert (answer.status_code, answer.json()) == (501, {"code": 501, "message": f"{route.id} is not built"})


@pytest.mark.parametrize("route", BUILT, ids=name_of)
def test_every_operation_is_described(route: Route) -> None:
    assert route.summary
    assert route.example is not None
