"""What holds for every call of v4: credentials by port, paths, methods, queries, bodies, pages."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from emqx_compat.testing import SyncServer

CHALLENGE = 'Basic Realm="minirest-server"'
ROUTES_ON_8081, ROUTES_ON_18083 = 134, 145


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def text_of(answer: httpx.Response) -> tuple[int, str | None, str]:
    return answer.status_code, answer.headers.get("content-type"), answer.text


NOT_FOUND = (404, "text/plain", "Not found.")
BAD_REQUEST = (400, "text/plain", "Bad Request")
CRASH = (500, "text/plain", "Internal Error")

# --- credentials


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        "Basic",
        "Basic ???",
        "Bearer abc",
        basic("admin"),
        basic("admin:wrong"),
        basic("nobody:public"),
        basic(":public"),
    ],
)
@pytest.mark.parametrize("port", ["management", "dashboard"])
def test_any_failure_of_credentials_is_the_same_401(server: SyncServer, port: Any, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.get(server.url("v4", port) + "/brokers", headers=headers)
    assert text_of(answer) == (401, None, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/no/such"), ("OPTIONS", "/brokers"), ("GET", "/auth"), ("POST", "/auth/")]
)
def test_credentials_come_before_the_path(server: SyncServer, method: str, path: str) -> None:
    assert httpx.request(method, server.url("v4", "dashboard") + path).status_code == 401


def test_the_scheme_is_taken_in_any_case(server: SyncServer) -> None:
    headers = {"Authorization": basic("admin:public").replace("Basic", "basic")}
    assert httpx.get(server.url("v4") + "/brokers", headers=headers).status_code == 200


def test_the_ports_know_different_credentials(server: SyncServer, dash: httpx.Client, name: str) -> None:
    dash.post("/apps", json={"app_id": name, "secret": "s", "status": True})
    assert httpx.get(server.url("v4") + "/brokers", auth=(name, "s")).status_code == 200
    assert httpx.get(server.url("v4", "dashboard") + "/brokers", auth=(name, "s")).status_code == 401


# --- paths and methods


@pytest.mark.parametrize(
    "path", ["/brokers", "/brokers/", "//brokers//", "/brokers?_=1530&x", "/brokers?", "/nodes/emqx@127.0.0.1/"]
)
def test_slashes_and_unknown_queries_do_not_matter(api: httpx.Client, path: str) -> None:
    assert api.get(path).json()["code"] == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/no/such"),
        ("GET", "/Brokers"),
        ("GET", "/%62rokers"),
        ("POST", "/brokers"),
        ("DELETE", "/clients"),
        ("PATCH", "/brokers"),
        ("OPTIONS", "/brokers"),
        ("GET", "/clients/a/b"),
        ("GET", "/users"),
        ("POST", "/apps"),
        ("PUT", "/change_pwd/admin"),
        ("POST", "/auth"),
    ],
)
def test_what_is_not_served_is_not_found(api: httpx.Client, method: str, path: str) -> None:
    assert text_of(api.request(method, path)) == NOT_FOUND


def test_a_head_request_is_not_found(api: httpx.Client) -> None:
    assert api.head("/brokers").status_code == 404


@pytest.mark.parametrize("path", ["/clients/%zz", "/clientsx/%zz", "/clients/abc%2"])
def test_a_broken_escape_is_refused_before_credentials(server: SyncServer, path: str) -> None:
    answer = httpx.get(httpx.URL(server.url("v4"), raw_path=f"/api/v4{path}".encode()))
    assert (answer.status_code, answer.content) == (400, b"")


def test_a_path_that_is_too_long_is_refused(api: httpx.Client) -> None:
    answer = api.get("/clients/" + "x" * 9000)
    assert (answer.status_code, answer.content) == (414, b"")


@pytest.mark.parametrize("clientid", ["%FF", "%00", "a%5Cb", "%E4%B8%AD"])
def test_any_escaped_byte_may_stand_in_a_path(api: httpx.Client, clientid: str) -> None:
    assert api.get("/clients/" + clientid).json() == {"code": 0, "data": []}


# --- the list of endpoints and /status


def test_the_management_port_lists_its_endpoints(api: httpx.Client, server: SyncServer) -> None:
    listed = api.get("/").json()["data"]
    assert len(listed) == ROUTES_ON_8081
    assert httpx.get(server.url("v4"), auth=server.auth("v4")).json()["data"] == listed


def test_the_dashboard_port_lists_users_and_apps_as_well(dash: httpx.Client) -> None:
    assert len(dash.get("/").json()["data"]) == ROUTES_ON_18083


@pytest.mark.parametrize(
    "row",
    [
        {"path": "/banned/:who", "name": "delete_banned", "method": "DELETE", "descr": "Delete banned"},
        {
            "path": "nodes/:node/clients/",
            "name": "list_node_clients",
            "method": "GET",
            "descr": "A list of clients on specified node",
        },
        {"path": "/rules/", "name": "create_rule", "method": "POST", "descr": "Create a rule"},
    ],
)
def test_endpoints_are_listed_as_they_were_registered(api: httpx.Client, row: dict[str, str]) -> None:
    assert row in api.get("/").json()["data"]


def test_the_bare_prefix_is_refused_on_the_dashboard_port(server: SyncServer) -> None:
    assert text_of(httpx.get(server.url("v4", "dashboard"))) == (400, "text/plain", "Not found.")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_list_of_endpoints_knows_only_get(api: httpx.Client, method: str) -> None:
    assert text_of(api.request(method, "/")) == BAD_REQUEST


def outside(server: SyncServer, path: str) -> str:
    return server.url("v4").removesuffix("/api/v4") + path


def test_status_tells_the_state_without_credentials(server: SyncServer) -> None:
    answer = httpx.get(outside(server, "/status"))
    assert text_of(answer) == (200, "text/plain", "Node emqx@127.0.0.1 is started\nemqx is running")


@pytest.mark.parametrize(("method", "path"), [("POST", "/status"), ("PUT", "/status"), ("GET", "/status/")])
def test_status_is_for_get_without_a_slash(server: SyncServer, method: str, path: str) -> None:
    answer = httpx.request(method, outside(server, path))
    assert text_of(answer) == (400, "text/plain", "Not found.")


@pytest.mark.parametrize("path", ["/", "/api", "/api/v2/nodes", "/api/v3/nodes", "/api/v5/nodes"])
def test_the_management_port_serves_nothing_else(server: SyncServer, path: str) -> None:
    answer = httpx.get(outside(server, path), auth=server.auth("v4"))
    assert (answer.status_code, answer.content) == (404, b"")


# --- queries and bodies


def test_a_broken_escape_in_the_query_is_a_bad_request(server: SyncServer) -> None:
    url = httpx.URL(server.url("v4"), raw_path=b"/api/v4/brokers?a=%zz")
    assert text_of(httpx.get(url, auth=server.auth("v4"))) == BAD_REQUEST


@pytest.mark.parametrize("body", ["{", "{not", "username=admin", '{"topic":', "NaN", '"\\ud800"', "[" * 5000])
@pytest.mark.parametrize(("method", "path"), [("GET", "/brokers"), ("POST", "/mqtt/publish")])
def test_a_body_that_is_no_json_is_a_bad_request(api: httpx.Client, method: str, path: str, body: str) -> None:
    assert text_of(api.request(method, path, content=body)) == BAD_REQUEST


def test_a_body_that_is_no_utf8_is_a_bad_request(api: httpx.Client) -> None:
    assert text_of(api.post("/mqtt/publish", content=b'{"topic":"\xff"}')) == BAD_REQUEST


def test_a_body_that_is_too_large_is_a_bad_request(api: httpx.Client) -> None:
    assert text_of(api.post("/mqtt/publish", content=b" " * 8_000_001)) == BAD_REQUEST


@pytest.mark.parametrize("body", ['{"a":1}', "5", "[]", "null"])
def test_a_get_request_may_have_any_json_as_body(api: httpx.Client, body: str) -> None:
    assert api.request("GET", "/brokers", content=body).status_code == 200


def test_fields_of_the_body_may_stand_in_the_query(api: httpx.Client, name: str) -> None:
    answer = api.post("/banned", params={"who": name, "as": "username", "reason": "x"})
    assert answer.json() == {"code": 0, "data": {"who": name, "as": "username", "reason": "x"}}


def test_the_query_goes_before_the_body(api: httpx.Client, name: str) -> None:
    body = {"who": "other", "as": "username", "reason": "x"}
    assert api.post("/banned", params={"who": name}, json=body).json()["data"]["who"] == name


def test_the_first_of_repeated_names_counts(api: httpx.Client, name: str) -> None:
    body = f'{{"who":"{name}","who":"other","as":"username","reason":"x"}}'
    assert api.post("/banned", content=body).json()["data"]["who"] == name


# --- pages


LISTS = ["/clients", "/subscriptions", "/routes", "/banned"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["_page=x", "_page=1.5", "_page=", "_limit=", "_limit=x", "_limit=-1", "_page"])
def test_a_page_that_is_no_number_is_a_crash(api: httpx.Client, path: str, query: str) -> None:
    assert text_of(api.get(f"{path}?{query}")) == CRASH


@pytest.mark.parametrize("path", LISTS)
def test_page_numbers_must_be_text(api: httpx.Client, path: str) -> None:
    assert text_of(api.request("GET", path, json={"_page": 2, "_limit": 2})) == CRASH
    assert api.request("GET", path, json={"_page": "2", "_limit": "2"}).json()["meta"]["page"] == 2


@pytest.mark.parametrize("path", ["/routes", "/banned"])
def test_an_empty_page_is_a_crash_where_nothing_tells_of_the_next(api: httpx.Client, path: str) -> None:
    assert text_of(api.get(path, params={"_limit": 0})) == CRASH


@pytest.mark.parametrize("path", ["/clients", "/subscriptions"])
def test_a_limit_beyond_machine_words_is_a_crash(api: httpx.Client, path: str) -> None:
    assert text_of(api.get(path, params={"_limit": 10**20 - 1})) == CRASH


@pytest.mark.parametrize("path", ["/routes", "/banned"])
@pytest.mark.parametrize("name", ["page", "limit"])
def test_other_lists_take_any_number(api: httpx.Client, path: str, name: str) -> None:
    answer = api.get(path, params={f"_{name}": 10**20 - 1})
    assert answer.json()["meta"][name] == 10**20 - 1


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", [0, -1])
def test_smaller_page_numbers_mean_the_first_and_are_echoed(api: httpx.Client, path: str, page: int) -> None:
    answer = api.get(path, params={"_page": page}).json()
    assert answer["meta"]["page"] == page
    assert answer["data"] == api.get(path).json()["data"]
