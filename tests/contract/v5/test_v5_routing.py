"""How a path and a method find their operation, and what the others are told."""

from __future__ import annotations

import httpx
import pytest
from v5_world import NODE, raw, refusal

from api_v5 import GENERATION
from api_v5.absent import HIDDEN, PUBLIC, ROUTES
from emqx_compat.http.route import Route
from emqx_compat.testing import Server, SyncServer

PAGE = "<html><head><title>404 - NOT FOUND</title></head><body><h1>404 - NOT FOUND</h1></body></html>"
NOT_FOUND_BY_ACCEPT = [
    ("application/json", "application/json", '{"code":"NOT_FOUND","message":"Request Path Not Found"}'),
    ("application/json, text/plain", "application/json", '{"code":"NOT_FOUND","message":"Request Path Not Found"}'),
    ("text/plain", "text/plain", "404 - NOT FOUND"),
    ("text/html", "text/html", PAGE),
    ("*/*", "text/html", PAGE),
    ("", "text/html", PAGE),
]


def target(template: str) -> str:
    """A path of a template."""
    return template.replace("{", "").replace("}", "")


@pytest.mark.parametrize(
    "path", ["/api/v5/nope", "/api/v5", "/api/v5/", "/api/v5/Nodes", "/api/v5//nodes", "/nope"]
)
@pytest.mark.parametrize(("accept", "kind", "body"), NOT_FOUND_BY_ACCEPT)
def test_an_unknown_path_is_answered_in_the_kind_that_is_asked_for(
    stranger: httpx.Client, path: str, accept: str, kind: str, body: str
) -> None:
    answer = stranger.get(httpx.URL(stranger.base_url).join(path), headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (404, kind, body)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/nodes", "GET"),
        ("DELETE", "/nodes", "GET"),
        ("HEAD", "/nodes", "GET"),
        ("OPTIONS", "/nodes", "GET"),
        ("POST", "/status", "GET"),
        ("GET", "/users/dev1", "DELETE, PUT"),
        ("POST", "/clients/abc", "DELETE, GET"),
        ("HEAD", "/listeners/tcp:nope", "DELETE, GET, POST, PUT"),
        ("GET", "/authentication/order", "PUT"),
        ("PUT", "/plugins/p/move", "POST"),
        ("GET", "/clients/kickout/bulk", "POST"),
    ],
)
def test_a_wrong_method_is_405_without_credentials(
    stranger: httpx.Client, method: str, path: str, allow: str
) -> None:
    answer = stranger.request(method, path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, allow, b"")


def test_a_word_that_is_no_method_is_an_empty_500(stranger: httpx.Client) -> None:
    answer = stranger.request("FOO", "/nodes")
    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    "path",
    ["/api/v5/error_codes/", "/api/v5/x/../error_codes", "/api/v5/./error_codes", "/api/v5/%2E%2E/error_codes"],
)
async def test_a_trailing_slash_and_dot_segments_are_ignored(server: Server, path: str) -> None:
    status, body = await raw(server, f"GET {path} HTTP/1.1")
    assert (status, body[:9]) == (200, '[{"code":')


async def test_a_broken_escape_is_an_empty_400(server: Server) -> None:
    assert await raw(server, "GET /api/v5/clients/%zz HTTP/1.1") == (400, "")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_an_absent_operation_says_so(refused: httpx.Client, route: Route) -> None:
    answer = refused.request(route.method, target(route.path))
    assert refusal(answer) == (501, "NOT_IMPLEMENTED", f"{route.id} is not built")


def test_credentials_come_before_an_absent_operation(stranger: httpx.Client) -> None:
    told = {route.id: stranger.request(route.method, target(route.path)).status_code for route in ROUTES}
    assert told == {route.id: 501 if route.id in PUBLIC else 401 for route in ROUTES}


def test_all_314_operations_and_the_two_hidden_ones_are_routed() -> None:
    listed = [route for route in GENERATION.routes if route.listed]
    assert (len(listed), len({route.path for route in listed})) == (314, 207)
    assert {route.id for route in GENERATION.routes if not route.listed} == HIDDEN


def test_operation_ids_are_unique() -> None:
    assert len({route.id for route in GENERATION.routes}) == len(GENERATION.routes)


@pytest.mark.parametrize("place", ["/status", "/api/v5/status"])
def test_status_is_public_text(stranger: httpx.Client, place: str) -> None:
    answer = stranger.get(httpx.URL(stranger.base_url).join(place), headers={"Accept": "application/json"})
    assert answer.text == f"Node {NODE} is started\nemqx is running"
    assert (answer.headers["content-type"], answer.headers["retry-after"]) == ("text/plain", "15")


def test_status_as_json_has_a_misspelt_type(stranger: httpx.Client) -> None:
    answer = stranger.get("/status?format=json")
    assert answer.json() == {
        "node_name": NODE,
        "rel_vsn": "e5.6.1",
        "broker_status": "started",
        "app_status": "running",
    }
    assert answer.headers["content-type"] == "applicatin/json"


def test_the_documents_describe_arrays_as_arrays(unchanging: SyncServer) -> None:
    address = httpx.URL(unchanging.url("v5")).join("/api-docs/swagger.json")
    document = httpx.get(address, verify=False).json()
    schemas = document["components"]["schemas"]
    assert schemas["Kick"] == {"type": "array", "items": {"type": "string"}}
    assert schemas["Messages"] == {"type": "array", "items": {"$ref": "#/components/schemas/Message"}}
