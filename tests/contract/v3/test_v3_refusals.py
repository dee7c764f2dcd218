"""What every operation refuses alike: tables made from the routes, so that a new operation is in them at once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api_v3 import GENERATION
from emqx_compat.http.route import DASHBOARD, Route
from emqx_compat.testing import Server, SyncServer
from emqx_compat.testing.places import Port

NODE = "emqx@127.0.0.1"
PORTS: tuple[Port, Port] = ("management_legacy", "dashboard")
WORDS = {"plugin": "emqx_coap", "app": "emqx_retainer", "type": "web_hook"}
"""Parameters that must be known; any text does for the others."""

ROUTES = GENERATION.routes
OF_NODES = [route for route in ROUTES if "{node" in route.path]
OF_PLUGINS = [route for route in ROUTES if route.feature is not None]
NOT_OPEN = [route for route in ROUTES if route.path != "/auth"]

UNAUTHORIZED = (401, None, "UNAUTHORIZED")
BAD_REQUEST = (400, "text/plain", "Bad Request")
NOT_FOUND = (404, "text/plain", "Not found.")
CRASHED = (500, "text/plain", "Internal Error")
NO_CONTENT = (204, None, "")


def json_text(text: str) -> tuple[int, str, str]:
    return 200, "application/json", text


DOWN = {
    "list_node_alarms": json_text('{"code":0,"data":{"desc":"nodedown","id":"error"}}'),
    "list_node_alarm_history": json_text('{"code":0,"data":{"desc":"nodedown","id":"error"}}'),
    "get_broker": json_text('{"code":102,"message":"nodedown"}'),
    "get_all_configs": CRASHED,
    "update_node_config": json_text('{"code":102,"message":"nodedown"}'),
    "get_plugin_configs": CRASHED,
    "update_plugin_configs": json_text('{"code":102,"message":"unknown_error"}'),
    "list_node_connections": json_text('{"code":102,"message":"nodedown"}'),
    "lookup_node_connections": NO_CONTENT,
    "lookup_node_connection_via_username": NO_CONTENT,
    "list_node_listeners": json_text('{"code":0,"data":{"error":"nodedown"}}'),
    "list_node_metrics": json_text('{"message":"nodedown"}'),
    "get_node": NO_CONTENT,
    "list_node_plugins": CRASHED,
    "load_plugin": json_text('{"message":"nodedown"}'),
    "unload_plugin": json_text('{"message":"nodedown"}'),
    "reload_plugin": json_text('{"message":"nodedown"}'),
    "list_node_sessions": json_text('{"message":"nodedown"}'),
    "lookup_node_session": CRASHED,
    "clean_node_presisent_session": json_text('{"message":"nodedown"}'),
    "lookup_node_stats": json_text('{"message":"nodedown"}'),
    "list_node_subscriptions": json_text('{"message":"nodedown"}'),
    "lookup_client_subscriptions_with_node": json_text('{"code":0,"data":[]}'),
}
"""What is said of a node that is known, but down, by operation."""


def of_route(route: Route) -> str:
    return f"{route.method} {route.template}"


def path_of(route: Route, **values: str) -> str:
    names = {part[1:-1] for part in route.template.split("/") if part.startswith("{")}
    return route.template.format(**({name: WORDS.get(name, "x") for name in names} | {"node": NODE} | values))


def seen(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Status, content type, text."""
    return answer.status_code, answer.headers.get("content-type"), answer.text


@pytest.fixture(scope="module", autouse=True)
def loaded(api: httpx.Client) -> None:
    """Every operation is there."""
    for kind in ("clientid", "username"):
        assert api.put(f"/nodes/{NODE}/plugins/emqx_auth_{kind}/load").json() == {"code": 0}


@pytest.fixture(scope="module")
def bare() -> Iterator[httpx.Client]:
    """The dashboard port of a server on which no plugin runs that has operations."""
    with (
        Server.in_thread() as server,
        httpx.Client(base_url=server.url("v3", "dashboard"), auth=server.auth("v3", "dashboard")) as client,
    ):
        client.put(f"/nodes/{NODE}/plugins/emqx_rule_engine/unload")
        yield client


# --- how the call is made


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("route", NOT_OPEN, ids=of_route)
def test_without_credentials_it_is_401(
    server: SyncServer, anonymous: httpx.Client, port: Port, route: Route
) -> None:
    url = server.url("v3", port) + path_of(route)
    assert seen(anonymous.request(route.method, url, content=b"{")) == UNAUTHORIZED


@pytest.mark.parametrize("route", ROUTES, ids=of_route)
def test_a_body_that_is_no_json_is_400(dashboard: httpx.Client, route: Route) -> None:
    assert seen(dashboard.request(route.method, path_of(route), content=b"{")) == BAD_REQUEST


@pytest.mark.parametrize("route", [route for route in ROUTES if route.path != "/"], ids=of_route)
def test_another_method_is_an_unknown_path(dashboard: httpx.Client, route: Route) -> None:
    for method in ("PATCH", "OPTIONS"):
        assert seen(dashboard.request(method, path_of(route))) == NOT_FOUND
    head = dashboard.head(path_of(route))
    assert (head.status_code, head.headers["content-type"]) == (404, "text/plain")


def test_no_answer_speaks_of_other_origins(api: httpx.Client) -> None:
    answer = api.get("/brokers", headers={"Origin": "http://example.org"})
    assert [name for name in answer.headers if name.startswith("access-control")] == []


# --- what it is about


@pytest.mark.parametrize("node", ["nope@10.0.0.9", "emqx%40127.0.0.1"])
@pytest.mark.parametrize("route", OF_NODES, ids=of_route)
def test_a_node_that_nobody_has_seen_is_an_unknown_path(dashboard: httpx.Client, node: str, route: Route) -> None:
    body = {"key": "k", "value": "v"} if route.method == "PUT" else None
    assert seen(dashboard.request(route.method, path_of(route, node=node), json=body)) == NOT_FOUND


@pytest.mark.parametrize("route", OF_NODES, ids=of_route)
def test_a_word_that_is_known_is_a_node_that_is_down(dashboard: httpx.Client, route: Route) -> None:
    body = {"key": "retainer.expiry_interval", "value": "0"} if route.method == "PUT" else None
    assert seen(dashboard.request(route.method, path_of(route, node="kernel"), json=body)) == DOWN[route.id]


@pytest.mark.parametrize("route", OF_PLUGINS, ids=of_route)
def test_without_its_plugin_an_operation_is_an_unknown_path(bare: httpx.Client, route: Route) -> None:
    assert seen(bare.request(route.method, path_of(route), json={})) == NOT_FOUND


@pytest.mark.parametrize("route", [route for route in OF_PLUGINS if route.listed], ids=of_route)
def test_without_its_plugin_an_operation_is_still_listed(bare: httpx.Client, route: Route) -> None:
    rows = [(row["method"], row["name"]) for row in bare.get("/").json()["data"]]
    assert (route.method, route.id) in rows


# --- pages

PAGED = [route for route in ROUTES if route.query is not None and "page" in route.query().fields]
WHOLE = [
    route
    for route in ROUTES
    if route.method == "GET" and route not in PAGED and route.path != "/" and "{" not in path_of(route)
]


def test_eight_lists_have_pages() -> None:
    assert [route.template for route in PAGED] == [
        "/banned",
        "/connections",
        "/nodes/{node}/connections",
        "/routes",
        "/sessions",
        "/nodes/{node}/sessions",
        "/subscriptions",
        "/nodes/{node}/subscriptions",
    ]


@pytest.mark.parametrize("query", ["_page=x", "_page=", "_page=1.5", "_limit=0", "_limit=-1", "_limit="])
@pytest.mark.parametrize("route", PAGED, ids=of_route)
def test_an_invalid_page_is_500(dashboard: httpx.Client, route: Route, query: str) -> None:
    assert seen(dashboard.get(f"{path_of(route)}?{query}")) == CRASHED


@pytest.mark.parametrize("route", WHOLE, ids=of_route)
def test_other_lists_know_no_pages(dashboard: httpx.Client, route: Route) -> None:
    answer = dashboard.get(f"{path_of(route)}?_page=x&_limit=0")
    assert seen(answer)[:2] == seen(dashboard.get(path_of(route)))[:2]
    assert answer.status_code != 200 or "meta" not in answer.json()


def test_apps_and_users_are_the_only_ones_of_one_port() -> None:
    paths = {route.template.split("/")[1] for route in ROUTES if route.ports == {DASHBOARD}}
    assert paths == {"apps", "users", "auth", "change_pwd"}
