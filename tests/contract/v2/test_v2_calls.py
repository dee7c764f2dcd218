"""How v2 is called: credentials, paths, bodies, and what lies outside `/api/v2`."""

from __future__ import annotations

import base64
import json
import socket
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from devices import Connect, Device

from api_v2 import GENERATION
from emqx_compat.core.engine import Engine
from emqx_compat.http.ports import PortApp
from emqx_compat.testing import SyncServer

NODES = "/management/nodes"
REALM = 'Basic Realm="emqx control center"'

NOT_JSON = {"code": 109, "message": "Body not json"}
MISSING = {"code": 107, "message": "params error"}
WRONG_TYPE = {"code": 108, "message": "params type error"}
DONE: dict[str, Any] = {"code": 0, "result": []}


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def is_unauthorized(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 401
        and answer.content == b""
        and answer.headers["www-authenticate"] == REALM
        and "content-type" not in answer.headers
    )


def is_not_found(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.content, answer.headers["content-type"]) == (404, b"", "text/plain")


# --- credentials


def test_without_credentials_nothing_is_told(anonymous: httpx.Client) -> None:
    assert is_unauthorized(anonymous.get(NODES))


@pytest.mark.parametrize("pair", ["admin:wrong", "nobody:public", ":public", "admin:"])
def test_wrong_credentials_are_refused(anonymous: httpx.Client, pair: str) -> None:
    assert is_unauthorized(anonymous.get(NODES, headers=basic(pair)))


@pytest.mark.parametrize(
    "header", ["Bearer abc", "", "basic YWRtaW46cHVibGlj", "Basic ???", "Basic", "Basic YWRtaW4="]
)
def test_what_is_no_basic_header_is_refused(anonymous: httpx.Client, header: str) -> None:
    assert is_unauthorized(anonymous.get(NODES, headers={"Authorization": header}))


@pytest.mark.parametrize(("method", "path"), [("GET", "/no/such"), ("OPTIONS", NODES), ("PUT", "/users/x")])
def test_credentials_are_asked_for_before_the_path(anonymous: httpx.Client, method: str, path: str) -> None:
    assert is_unauthorized(anonymous.request(method, path))


def test_the_dashboard_port_takes_the_same_users(dash: httpx.Client, anonymous_dash: httpx.Client) -> None:
    assert dash.get(NODES).status_code == 200
    assert is_unauthorized(anonymous_dash.get(NODES))


LOGIN = {"username": "admin", "password": "public"}


def test_auth_is_open_whatever_the_header(anonymous: httpx.Client) -> None:
    assert anonymous.post("/auth?x=1", json=LOGIN, headers={"Authorization": "Bearer x"}).json() == DONE


def test_auth_is_open_on_the_dashboard_port_too(anonymous_dash: httpx.Client) -> None:
    assert anonymous_dash.post("/auth", json=LOGIN).json() == DONE


def test_auth_with_a_slash_asks_for_credentials(anonymous: httpx.Client, api: httpx.Client) -> None:
    assert is_unauthorized(anonymous.post("/auth/", json=LOGIN))
    assert api.post("/auth/", json=LOGIN).json() == DONE


def test_the_open_path_is_open_to_every_method(anonymous: httpx.Client) -> None:
    assert is_not_found(anonymous.get("/auth"))


def test_a_refused_call_leaves_its_connection_open(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/users", json={})
    assert (answer.status_code, answer.headers.get("connection")) == (401, None)


# --- paths


def test_the_reason_phrase_is_that_of_http(api: httpx.Client) -> None:
    assert api.get("/no/such").reason_phrase == "Not Found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "//management/nodes"),
        ("GET", "/Management/nodes"),
        ("GET", "/%6Danagement/nodes"),
        ("GET", "/clients/"),
        ("GET", "/routes/"),
        ("GET", "/configs/emqttd"),
        ("GET", "/mqtt/publish"),
        ("GET", "/node/emq@127.0.0.1/sessions"),
        ("GET", "/nodes/emq@127.0.0.1/clients/clients"),
        ("GET", "/nodes/emq@127.0.0.1/sessions/subscriptions"),
        ("GET", "/nodes/emq@127.0.0.1/clients/plugins"),
        ("GET", "/nodes/emq@127.0.0.1/subscriptions/configs/"),
        ("GET", "/nodes/emq@127.0.0.1/clients/x/alarms"),
        ("GET", "/nodes/emq@127.0.0.1/clients/x/sessions/y"),
        ("GET", "/nodes/emq@127.0.0.1/plugins/emq_retainer"),
        ("PUT", "/nodes/plugins/emq_retainer"),
        ("PUT", "/configs"),
        ("DELETE", "/nodes/emq@127.0.0.1/plugin_configs/emq_retainer"),
        ("HEAD", NODES),
        ("PUT", NODES),
        ("POST", "/monitoring/metrics"),
        ("DELETE", NODES),
        ("DELETE", "/users"),
        ("DELETE", "/sessions/c1"),
        ("DELETE", "/nodes/emq@127.0.0.1/clients/c1"),
        ("PUT", "/change_pwd"),
        ("PUT", "/clients/c1/clean_acl_cache/"),
        ("POST", "/mqtt/publish/"),
        ("POST", "/mqtt/subscribe/"),
        ("POST", "/mqtt/unsubscribe/"),
        ("POST", "/mqtt/subscribe_batch"),
        ("PATCH", NODES),
        ("OPTIONS", NODES),
    ],
)
def test_an_unknown_path_or_method_is_an_empty_404(api: httpx.Client, method: str, path: str) -> None:
    body = None if method == "GET" else b"{}"
    assert is_not_found(api.request(method, api.base_url.join("/api/v2" + path), content=body))


@pytest.mark.parametrize("path", [NODES, "/users", "/monitoring/metrics", "/nodes/emq@127.0.0.1/clients"])
def test_one_trailing_slash_is_accepted(api: httpx.Client, path: str) -> None:
    assert api.get(path + "/").status_code == 200


def test_a_client_called_clients_is_found_where_no_other_path_fits(connect: Connect, api: httpx.Client) -> None:
    connect("clients")
    assert [row["client_id"] for row in api.get("/clients/clients").json()["result"]["objects"]] == ["clients"]


def test_a_longer_path_is_a_longer_id(api: httpx.Client) -> None:
    assert api.get("/clients/c1/clean_acl_cache").json() == {"code": 0, "result": {"objects": []}}


def test_a_longer_path_is_a_longer_plugins_name(api: httpx.Client) -> None:
    answer = api.put("/nodes/emq@127.0.0.1/plugins/emq_retainer/load", json={})
    assert answer.json() == MISSING


@pytest.mark.parametrize("name", ["emq@127.0.0.1", "emq%40127.0.0.1"])
def test_the_node_is_known_by_its_old_name(api: httpx.Client, name: str) -> None:
    assert api.get(f"{NODES}/{name}").json()["result"]["node_status"] == "Running"


@pytest.mark.parametrize(
    "path",
    [
        "/management/nodes/{}",
        "/monitoring/nodes/{}",
        "/monitoring/listeners/{}",
        "/monitoring/metrics/{}",
        "/monitoring/stats/{}",
        "/nodes/{}/clients",
        "/nodes/{}/clients/c1",
        "/nodes/{}/sessions",
        "/nodes/{}/sessions/c1",
        "/nodes/{}/subscriptions",
        "/nodes/{}/subscriptions/c1",
        "/nodes/{}/plugins",
        "/nodes/{}/configs",
        "/nodes/{}/plugin_configs/emq_retainer",
    ],
)
@pytest.mark.parametrize("name", ["emq@10.0.0.9", "nope"])
def test_an_unknown_node_is_an_empty_404(api: httpx.Client, path: str, name: str) -> None:
    assert is_not_found(api.get(path.format(name)))


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/nodes/{}/plugins/emq_retainer", {"active": True}, {"code": 102, "message": "unknown"}),
        ("/nodes/{}/configs/emqttd", {"key": "mqtt.allow_anonymous", "value": "true"}, {"code": 102}),
        ("/nodes/{}/plugin_configs/emq_retainer", {"retainer.storage_type": "ram"}, {"code": 102}),
    ],
)
@pytest.mark.parametrize("name", ["emq@10.0.0.9", "nope"])
def test_a_change_on_an_unknown_node_is_102(
    api: httpx.Client, path: str, body: dict[str, Any], answer: dict[str, Any], name: str
) -> None:
    assert api.put(path.format(name), json=body).json() == answer


@pytest.mark.parametrize("path", ["/clients/zo%C3%AB+1/2", "/clients/zo%C3%AB%201%2F2", "/clients/zo%c3%ab%201/2/"])
def test_an_id_may_be_escaped_or_not(server: SyncServer, api: httpx.Client, path: str) -> None:
    device = Device(server.mqtt, "zoë 1/2")
    try:
        assert [row["client_id"] for row in api.get(path).json()["result"]["objects"]] == ["zoë 1/2"]
    finally:
        device.disconnect()


def raw(server: SyncServer, target: bytes) -> bytes:
    """An answer to a request line that httpx would not send."""
    url = httpx.URL(server.url("v2"))
    with socket.create_connection((url.host, url.port or 80)) as sock:
        credentials = basic("admin:public")["Authorization"].encode()
        lines = (
            b"GET " + target + b" HTTP/1.1",
            b"Host: x",
            b"Connection: close",
            b"Authorization: " + credentials,
        )
        sock.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("target", ["/api/v2/clients/中文", "/api/v2/clients/%zz", "/api/v2/clients/%ff%fe"])
def test_no_bytes_in_a_path_are_too_odd(server: SyncServer, target: str) -> None:
    answer = raw(server, target.encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"code":0,"result":{"objects":[]}}')


def test_text_beyond_ascii_is_escaped(api: httpx.Client, name: str) -> None:
    api.post("/users", json={"username": name, "password": "p", "tags": "é中😀\x7f/\t"})
    expected = f'{{"code":0,"result":{{"username":"{name}","tags":"\\u00e9\\u4e2d\\ud83d\\ude00\\u007f/\\t"}}}}'
    assert api.get(f"/users/{name}").content == expected.encode()


# --- bodies

NEEDS_A_BODY = [
    ("PUT", "/clients/c1/clean_acl_cache", {"topic": "t"}),
    ("POST", "/mqtt/publish", {"topic": "t"}),
    ("POST", "/mqtt/subscribe", {"topic": "t", "client_id": "nobody"}),
    ("POST", "/mqtt/unsubscribe", {"topic": "t", "client_id": "nobody"}),
    ("POST", "/users", {"username": "u", "password": "p", "tags": "t"}),
    ("PUT", "/users/nobody", {"tags": "t"}),
    ("POST", "/auth", {"username": "u", "password": "p"}),
    ("PUT", "/change_pwd/nobody", {"old_pwd": "a", "new_pwd": "b"}),
    ("PUT", "/configs/emqttd", {"key": "mqtt.mqueue.priority", "value": ""}),
    ("PUT", "/nodes/emq@127.0.0.1/configs/emqttd", {"key": "mqtt.mqueue.priority", "value": ""}),
]


@pytest.mark.parametrize(("method", "path", "body"), NEEDS_A_BODY)
@pytest.mark.parametrize("text", [b"{", b"a=b&c=d", b"{'a':1}", b"[" * 3000, b'{"a":NaN}', b"nope"])
def test_a_body_that_is_no_json_is_109(
    api: httpx.Client, method: str, path: str, body: dict[str, str], text: bytes
) -> None:
    answer = api.request(method, path, content=text)
    assert (answer.status_code, answer.json()) == (200, NOT_JSON)


@pytest.mark.parametrize("path", ["/clients/nobody", "/users/nobody"])
def test_a_body_that_is_not_needed_must_be_json_all_the_same(api: httpx.Client, path: str) -> None:
    assert api.request("DELETE", path, content=b"{not json").json() == NOT_JSON


def test_a_get_has_no_body(api: httpx.Client) -> None:
    assert api.request("GET", NODES, content=b"{not json").status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), NEEDS_A_BODY)
@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'[{"topic":"t"}]'])
def test_nothing_an_empty_object_and_an_array_lack_everything(
    api: httpx.Client, method: str, path: str, body: dict[str, str], text: bytes
) -> None:
    answer = api.request(method, path, content=text)
    assert (answer.status_code, answer.json()) == (200, MISSING)


@pytest.mark.parametrize(("method", "path", "body"), NEEDS_A_BODY)
@pytest.mark.parametrize("text", [b"12", b'"text"', b"true", b"null"])
def test_a_scalar_is_refused_with_107(
    api: httpx.Client, method: str, path: str, body: dict[str, str], text: bytes
) -> None:
    answer = api.request(method, path, content=text)
    assert (answer.status_code, answer.json()) == (400, MISSING)


EACH_FIELD = [(method, path, body, name) for method, path, body in NEEDS_A_BODY for name in body]


@pytest.mark.parametrize(("method", "path", "body", "field"), EACH_FIELD)
def test_every_required_field_is_missed(
    api: httpx.Client, method: str, path: str, body: dict[str, str], field: str
) -> None:
    left = {name: value for name, value in body.items() if name != field}
    assert api.request(method, path, json=left).json() == MISSING


@pytest.mark.parametrize(("method", "path", "body", "field"), EACH_FIELD)
@pytest.mark.parametrize("value", [1, None, ["a"], {"a": 1}, True])
def test_every_required_field_is_text(
    api: httpx.Client, method: str, path: str, body: dict[str, str], field: str, value: object
) -> None:
    assert api.request(method, path, json={**body, field: value}).json() == WRONG_TYPE


def test_what_is_missing_goes_before_what_is_wrong(api: httpx.Client) -> None:
    assert api.post("/auth", json={"password": 1}).json() == MISSING


def test_the_first_of_repeated_keys_counts(api: httpx.Client) -> None:
    body = b'{"username":"admin","password":"public","password":"x"}'
    assert api.post("/auth", content=body).json() == DONE


def test_unknown_keys_and_the_query_are_ignored(api: httpx.Client) -> None:
    assert api.post("/auth?password=x", json={**LOGIN, "more": [1]}).json() == DONE


def test_the_content_type_does_not_matter(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert api.post("/auth", content=json.dumps(LOGIN), headers=headers).json() == DONE


@pytest.mark.parametrize(("size", "status"), [(1 << 20, 200), ((1 << 20) + 1, 404)])
def test_a_body_has_at_most_one_mebibyte(api: httpx.Client, size: int, status: int) -> None:
    head, tail = b'{"topic":"large","payload":"', b'"}'
    body = head + b"x" * (size - len(head) - len(tail)) + tail
    assert api.post("/mqtt/publish", content=body).status_code == status


# --- outside /api/v2


def outside(client: httpx.Client, method: str, path: str) -> httpx.Response:
    return client.request(method, client.base_url.join(path))


def test_the_root_lists_the_paths(anonymous: httpx.Client) -> None:
    answer = outside(anonymous, "GET", "/")
    paths = answer.json()["paths"]
    assert answer.headers["content-type"] == "application/json"
    assert (len(paths), len(set(paths))) == (29, 29)
    assert paths[:2] == ["api/v2/management/nodes", "api/v2/management/nodes/{node_name}"]
    assert paths[6] == "api/v2/monitoring/metrics/"
    assert paths[-1] == "api/v2/nodes/{node_name}/configs/{app}"


def test_the_root_has_a_head(anonymous: httpx.Client) -> None:
    answer = outside(anonymous, "HEAD", "/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_nothing_can_be_posted_to_the_root(anonymous: httpx.Client) -> None:
    assert outside(anonymous, "POST", "/").status_code == 404


def test_the_status_needs_no_credentials(anonymous: httpx.Client) -> None:
    answer = outside(anonymous, "GET", "/status")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert "is started" in answer.text


def test_logout_is_a_401_of_the_dashboard(anonymous_dash: httpx.Client, dash: httpx.Client) -> None:
    for client in (anonymous_dash, dash):
        answer = outside(client, "GET", "/api/logout")
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"] == 'Basic Realm="emq dashboard"'


def test_the_management_port_has_no_logout(anonymous: httpx.Client, api: httpx.Client) -> None:
    assert is_unauthorized(outside(anonymous, "GET", "/api/logout"))
    assert is_not_found(outside(api, "GET", "/api/logout"))


def test_the_bare_prefix_is_told_by_the_dashboards_web_server(anonymous_dash: httpx.Client) -> None:
    answer = outside(anonymous_dash, "GET", "/api/v2")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (404, "Not found.", "text/plain")


# --- where no newer generation shares the port


def alone(port: str) -> httpx.AsyncClient:
    engine = cast(Engine, SimpleNamespace(nodes=SimpleNamespace(local="emqx@127.0.0.1"), versions={}))
    app = PortApp(port, [GENERATION], engine, api_docs=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def test_alone_it_tells_its_own_status() -> None:
    async with alone("management_legacy") as client:
        answer = await client.get("/status")
    assert (answer.headers["content-type"], answer.text) == (
        "text/plain",
        "Node emq@127.0.0.1 is started\nemqttd is running",
    )


async def test_a_defect_is_told_with_a_status_of_its_own() -> None:
    async with alone("management_legacy") as client:  # whose engine has no users
        answer = await client.post("/api/v2/auth", json=LOGIN)
    assert (answer.status_code, answer.json()) == (500, {"code": 102, "message": "unknown"})


async def test_alone_what_was_there_in_2_2_is_unknown() -> None:
    async with alone("management_legacy") as client:
        answer = await client.post("/mqtt/publish", data={"topic": "t"})
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("path", ["/status", "/api/clients", "/api/v2"])
async def test_alone_the_dashboard_refuses_in_its_own_words(path: str) -> None:
    async with alone("dashboard") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.text) == (404, "Not found.")
