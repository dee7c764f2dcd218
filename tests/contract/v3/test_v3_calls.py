"""How a call must be made: credentials, paths, methods, bodies, pages, and what each port serves."""

from __future__ import annotations

import base64
import http.client
from dataclasses import dataclass

import httpx
import pytest

from api_v3 import GENERATION
from emqx_compat.testing import SyncServer
from emqx_compat.testing.places import Port

PORTS: tuple[Port, Port] = ("management_legacy", "dashboard")
UNAUTHORIZED = (401, None, b"UNAUTHORIZED")
CRASHED = (500, "text/plain", b"Internal Error")
NOT_FOUND = (404, "text/plain", b"Not found.")
BAD_REQUEST = (400, "text/plain", b"Bad Request")
REFUSED = (400, "text/plain", b"Not found.")
NOTHING = (404, None, b"")


@dataclass
class Answer:
    seen: tuple[int, str | None, bytes]
    """Status, content type, body."""
    headers: dict[str, str]


def raw(
    server: SyncServer,
    method: str,
    path: str,
    *,
    port: Port = "management_legacy",
    authorization: str | None = "",
    body: bytes | None = None,
) -> Answer:
    """A call whose path goes out byte for byte; `authorization` "" means the right one."""
    url = httpx.URL(server.url("v3", port))
    connection = http.client.HTTPConnection(url.host, url.port, timeout=5)
    try:
        connection.putrequest(method, "/", skip_accept_encoding=True)
        # http.client refuses odd paths; the request line that it has queued is replaced.
        connection._buffer[0] = f"{method} {path} HTTP/1.1".encode()  # type: ignore[attr-defined]
        if authorization == "":
            pair = ":".join(server.auth("v3", port)).encode()
            authorization = "Basic " + base64.b64encode(pair).decode()
        if authorization is not None:
            connection.putheader("Authorization", authorization)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer((answer.status, headers.get("content-type"), content), headers)
    finally:
        connection.close()


# --- credentials


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer abc",
        "Basic " + base64.b64encode(b"nobody:x").decode(),
        "Basic " + base64.b64encode(b":").decode(),
    ],
    ids=["none", "bearer", "unknown", "empty"],
)
def test_missing_and_wrong_credentials_are_401_with_a_challenge(
    server: SyncServer, port: Port, authorization: str | None
) -> None:
    answer = raw(server, "GET", "/api/v3/brokers", port=port, authorization=authorization)
    assert answer.seen == UNAUTHORIZED
    assert answer.headers["www-authenticate"] == 'Basic Realm="minirest-server"'


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("authorization", ["Basic ???", "garbage", "Basic", " ", "Basic b3JhY2xl"])
def test_unreadable_credentials_are_500(server: SyncServer, port: Port, authorization: str) -> None:
    assert raw(server, "GET", "/api/v3/brokers", port=port, authorization=authorization).seen == CRASHED


def test_the_scheme_in_lower_case_is_500(server: SyncServer) -> None:
    good = base64.b64encode(":".join(server.auth("v3")).encode()).decode()
    assert raw(server, "GET", "/api/v3/brokers", authorization=f"basic {good}").seen == CRASHED


@pytest.mark.parametrize("path", ["/api/v3/no/such", "/api/v3/mqtt/publish", "/api/v3/"])
def test_credentials_are_asked_for_before_the_path_is_looked_at(server: SyncServer, path: str) -> None:
    assert raw(server, "POST", path, authorization=None, body=b"{").seen == UNAUTHORIZED


def test_the_default_app_of_v4_is_unknown_to_v3(anonymous: httpx.Client) -> None:
    assert anonymous.get("/brokers", auth=("admin", "public")).status_code == 401


# --- ports


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth"),
        ("GET", "/users"),
        ("POST", "/users"),
        ("PUT", "/users/admin"),
        ("DELETE", "/users/admin"),
        ("PUT", "/change_pwd/admin"),
        ("GET", "/apps"),
        ("POST", "/apps"),
        ("GET", "/apps/x"),
        ("PUT", "/apps/x"),
        ("DELETE", "/apps/x"),
    ],
)
def test_users_and_apps_exist_on_the_dashboard_port_only(server: SyncServer, method: str, path: str) -> None:
    assert raw(server, method, f"/api/v3{path}").seen == NOT_FOUND


def test_the_list_of_the_dashboard_port_has_the_92_operations_of_the_document_and_3_2_8(
    dashboard: httpx.Client,
) -> None:
    rows = dashboard.get("/").json()["data"]
    assert len(rows) == 92
    assert rows[0] == {
        "name": "list_clientid",
        "method": "GET",
        "path": "/auth_clientid",
        "descr": "List available clientid in the cluster",
    }
    assert [row["path"] for row in rows if not row["path"].startswith("/")] == [
        "nodes/:node/connections/",
        "nodes/:node/connections/:clientid",
        "nodes/:node/sessions/",
        "nodes/:node/sessions/:clientid",
        "nodes/:node/sessions/persistent/:clientid",
    ]


def test_the_list_names_the_switches_of_a_node_as_the_document_does(api: httpx.Client) -> None:
    rows = [row for row in api.get("/").json()["data"] if row["path"].startswith("/nodes/:node/plugins/:plugin/")]
    assert [row["name"] for row in rows] == ["load_plugin", "unload_plugin", "reload_plugin"]


def test_the_list_of_the_management_port_lacks_users_and_apps(api: httpx.Client) -> None:
    paths = {row["path"].split("/")[1] for row in api.get("/").json()["data"]}
    assert paths.isdisjoint({"users", "auth", "change_pwd", "apps"})
    assert len(api.get("/").json()["data"]) == 81


def test_the_list_needs_no_slash_on_the_management_port(server: SyncServer) -> None:
    assert raw(server, "GET", "/api/v3").seen[0] == 200


@pytest.mark.parametrize("authorization", ["", None])
def test_the_bare_prefix_is_refused_on_the_dashboard_port(server: SyncServer, authorization: str | None) -> None:
    assert raw(server, "GET", "/api/v3", port="dashboard", authorization=authorization).seen == REFUSED


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_list_has_no_other_method_than_get(server: SyncServer, method: str) -> None:
    assert raw(server, method, "/api/v3/").seen == BAD_REQUEST


def test_status_is_two_lines_without_credentials(server: SyncServer) -> None:
    text = b"Node emqx@127.0.0.1 is started\nemqx is running"
    assert raw(server, "GET", "/status", authorization=None).seen == (200, "text/plain", text)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/status"), ("DELETE", "/status"), ("OPTIONS", "/status"), ("GET", "/status/")],
)
def test_status_has_one_method_and_one_spelling(server: SyncServer, method: str, path: str) -> None:
    assert raw(server, method, path, authorization=None).seen == REFUSED


@pytest.mark.parametrize("path", ["/api", "/api/v4/nodes", "/nothing"])
def test_paths_outside_the_api_are_empty_404(server: SyncServer, path: str) -> None:
    assert raw(server, "GET", path).seen == NOTHING


# --- paths and methods


@pytest.mark.parametrize("path", ["/api/v3/brokers", "/api/v3/brokers/", "/api/v3//brokers//"])
def test_surplus_slashes_make_no_difference(server: SyncServer, path: str) -> None:
    assert raw(server, "GET", path).seen[0] == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/no/such"),
        ("GET", "/%62rokers"),
        ("GET", "/BROKERS"),
        ("POST", "/brokers"),
        ("PATCH", "/brokers"),
        ("OPTIONS", "/brokers"),
        ("GET", "/connections/../nodes"),
        ("GET", "/connections/a/b"),
        ("GET", "/routes/a/b"),
        ("DELETE", "/connections"),
        ("DELETE", "/sessions/s1"),
        ("GET", "/banned/x"),
        ("GET", "/mqtt/publish"),
        ("GET", "/nodes/emqx%40127.0.0.1"),
    ],
)
def test_an_unknown_path_or_method_is_404_in_text(server: SyncServer, method: str, path: str) -> None:
    assert raw(server, method, f"/api/v3{path}").seen == NOT_FOUND


@pytest.mark.parametrize("authorization", ["", None])
@pytest.mark.parametrize("path", ["/connections/%zz", "/connections/abc%2", "/connections/中"])
def test_a_malformed_path_is_an_empty_400_before_anything_else(
    server: SyncServer, path: str, authorization: str | None
) -> None:
    assert raw(server, "GET", f"/api/v3{path}", authorization=authorization).seen == (400, None, b"")


def test_a_very_long_path_is_an_empty_414(server: SyncServer) -> None:
    assert raw(server, "GET", "/api/v3/connections/" + "x" * 9000, authorization=None).seen == (414, None, b"")


@pytest.mark.parametrize("path", ["%FF", "%00", "a%5Cb"])
def test_odd_bytes_in_an_escape_are_ordinary(server: SyncServer, path: str) -> None:
    assert raw(server, "GET", f"/api/v3/connections/{path}").seen == (
        200,
        "application/json",
        b'{"code":0,"data":[]}',
    )


def test_a_bad_escape_in_the_query_is_400(server: SyncServer) -> None:
    assert raw(server, "GET", "/api/v3/brokers?a=%zz").seen == BAD_REQUEST


# --- bodies


@pytest.mark.parametrize("body", [b"{", b"a=1&b=2", b"{}x", b'{"a":NaN}'])
def test_a_body_that_is_no_json_is_400_whatever_the_method(server: SyncServer, body: bytes) -> None:
    assert raw(server, "POST", "/api/v3/mqtt/publish", body=body).seen == BAD_REQUEST
    assert raw(server, "GET", "/api/v3/brokers", body=body).seen == BAD_REQUEST


def test_a_body_beyond_eight_megabytes_is_400(server: SyncServer) -> None:
    body = b'{"topic":"t","payload":"' + b"x" * 8_000_000 + b'"}'
    assert raw(server, "POST", "/api/v3/mqtt/publish", body=body).seen == BAD_REQUEST


@pytest.mark.parametrize("body", [b"1", b'"text"', b"null", b"true"])
def test_a_scalar_body_is_500_where_it_is_used(server: SyncServer, body: bytes) -> None:
    assert raw(server, "POST", "/api/v3/mqtt/publish", body=body).seen == CRASHED
    assert raw(server, "GET", "/api/v3/brokers", body=body).seen[0] == 200


def test_the_query_goes_before_the_body(api: httpx.Client) -> None:
    ban = {"who": "precedence", "as": "nonsense"}
    assert api.post("/banned?as=client_id", json=ban).json()["data"] == {"as": "client_id", "who": "precedence"}


def test_the_first_of_repeated_names_counts(api: httpx.Client) -> None:
    assert api.get("/connections?_page=2&_page=1").json()["meta"]["page"] == 2
    body = b'{"who":"a","who":"b","as":"client_id"}'
    assert api.post("/banned", content=body).json()["data"] == {"who": "a", "as": "client_id"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_content_type_is_not_looked_at(api: httpx.Client, kind: str) -> None:
    answer = api.post("/mqtt/publish", content=b'{"topic":"t"}', headers={"Content-Type": kind})
    assert answer.content == b'{"code":0}'


# --- envelopes


@pytest.mark.parametrize(
    ("path", "beginning", "end"),
    [
        ("/connections", b'{"code":0,"data":[', b'],"meta":{"page":1,"limit":10000,"count":0}}'),
        ("/connections/nobody", b'{"code":0,"data":[', b"]}"),
        ("/rules/nope", b'{"code":404,"message":"Not Found', b'"}'),
    ],
)
def test_an_envelope_is_compact_and_in_order(api: httpx.Client, path: str, beginning: bytes, end: bytes) -> None:
    content = api.get(path).content
    assert (content[: len(beginning)], content[-len(end) :]) == (beginning, end)


@pytest.mark.parametrize("path", ["/brokers", "/nodes", "/brokers/emqx@127.0.0.1", "/nodes/emqx@127.0.0.1"])
def test_a_map_comes_out_by_its_keys(api: httpx.Client, path: str) -> None:
    data = api.get(path).json()["data"]
    row = data[0] if isinstance(data, list) else data
    assert list(row) == sorted(row)


# --- pages

PAGED = ["/connections", "/sessions", "/subscriptions", "/routes", "/banned"]


@pytest.mark.parametrize("path", PAGED)
def test_a_page_says_what_was_asked_and_how_many_there_are(api: httpx.Client, path: str) -> None:
    assert api.get(path).json()["meta"].keys() == {"page", "limit", "count"}
    asked = {"page": -1, "limit": 100000}
    meta = api.get(f"{path}?_page=-1&_limit=100000").json()["meta"]
    assert meta | asked == meta


@pytest.mark.parametrize("path", PAGED)
def test_a_page_beyond_the_end_is_empty(api: httpx.Client, path: str) -> None:
    answer = api.get(f"{path}?_page=99999999999999999999").json()
    assert (answer["data"], answer["meta"]["page"]) == ([], 99999999999999999999)


def test_a_page_without_a_number_is_500(server: SyncServer) -> None:
    assert raw(server, "GET", "/api/v3/connections?_page").seen == CRASHED


def test_pages_in_the_body_must_be_text(server: SyncServer, api: httpx.Client) -> None:
    body = b'{"_page":"2","_limit":"2"}'
    assert api.request("GET", "/connections", content=body).json()["meta"] == {"page": 2, "limit": 2, "count": 0}
    assert raw(server, "GET", "/api/v3/connections", body=b'{"_page":2}').seen == CRASHED


def test_the_openapi_document_shows_what_is_built(server: SyncServer) -> None:
    url = httpx.URL(server.url("v3", "dashboard")).copy_with(path="/api-docs/v3/swagger.json")
    shown = httpx.get(url).json()["paths"]
    assert "/connections/{clientid}" in shown
    assert len(
        {route.template for route in GENERATION.routes if route.handler is not None and route.listed}
    ) == len(shown)
