"""Apps and dashboard users: what is stored, what is shown again, who may call with them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emqx_compat.testing import SyncServer


def crashed(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers["content-type"], answer.text) == (
        500,
        "text/plain",
        "Internal Error",
    )


@pytest.fixture
def knock(anonymous: httpx.Client, server: SyncServer) -> Any:
    """Calls with these credentials; gives the status."""

    def knock(name: str, secret: str, port: str = "management_legacy") -> int:
        base = server.url("v3", "dashboard") if port == "dashboard" else server.url("v3")
        return anonymous.get(f"{base}/brokers", auth=(name, secret)).status_code

    return knock


# --- apps


def test_an_app_opens_the_management_port_until_it_is_deleted(dashboard: httpx.Client, knock: Any) -> None:
    app = {"app_id": "door", "secret": "s:1", "name": "n", "status": True}
    assert dashboard.post("/apps", json=app).json() == {"code": 0, "data": {"secret": "s:1"}}
    assert knock("door", "s:1") == 200
    assert knock("door", "s:1", "dashboard") == 401
    assert dashboard.delete("/apps/door").json() == {"code": 0}
    assert knock("door", "s:1") == 401


@pytest.mark.parametrize("secret", [{}, {"secret": ""}])
def test_a_secret_that_was_not_sent_is_generated(
    dashboard: httpx.Client, knock: Any, secret: dict[str, str]
) -> None:
    name = f"generated{len(secret)}"
    made = dashboard.post("/apps", json={"app_id": name, "status": True, **secret}).json()["data"]["secret"]
    assert (len(made), made.isalnum()) == (47, True)
    assert dashboard.get(f"/apps/{name}").json()["data"]["secret"] == made
    assert knock(name, made) == 200


UNSET = {"name": "undefined", "desc": "undefined", "status": "undefined", "expired": "undefined"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({}, {}),
        ({"name": "N", "desc": "d", "status": False, "expired": 1000}, {}),
        ({"name": "", "desc": 5, "status": "true", "expired": "2030-01-01"}, {}),
        ({"expired": None, "status": None}, {}),
        ({"unknown": 1}, {"unknown": None}),
    ],
)
def test_an_app_shows_what_was_sent(
    dashboard: httpx.Client, request: pytest.FixtureRequest, sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    name = f"shown{request.node.callspec.indices['sent']}"
    dashboard.post("/apps", json={"app_id": name, "secret": "s", **sent})
    row = {"app_id": name, **UNSET, **{key: value for key, value in sent.items() if key not in shown}}
    assert dashboard.get(f"/apps/{name}").json()["data"] == {**row, "secret": "s"}
    assert row in dashboard.get("/apps").json()["data"]


def test_an_update_replaces_everything_but_the_secret(dashboard: httpx.Client) -> None:
    dashboard.post("/apps", json={"app_id": "changed", "secret": "s", "name": "n", "desc": "d", "status": True})
    assert dashboard.put("/apps/changed", json={"name": "other", "secret": "new"}).json() == {"code": 0}
    expected = {"app_id": "changed", "secret": "s", **UNSET, "name": "other"}
    assert dashboard.get("/apps/changed").json()["data"] == expected


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": True}, 200),
        ({"status": True, "expired": 4102444800}, 200),
        ({"status": True, "expired": "2030-01-01"}, 200),
        ({"status": True, "expired": None}, 200),
        ({"status": True, "expired": 1000}, 401),
        ({"status": False}, 401),
        ({}, 500),
        ({"status": "true"}, 500),
    ],
)
def test_status_and_expiry_decide_what_an_app_opens(
    dashboard: httpx.Client,
    knock: Any,
    request: pytest.FixtureRequest,
    fields: dict[str, Any],
    status: int,
) -> None:
    name = f"opens{request.node.callspec.indices['fields']}"
    dashboard.post("/apps", json={"app_id": name, "secret": "s", **fields})
    assert knock(name, "s") == status


def test_a_wrong_secret_opens_nothing(dashboard: httpx.Client, knock: Any) -> None:
    dashboard.post("/apps", json={"app_id": "locked", "secret": "s", "status": True})
    assert knock("locked", "x") == 401


def test_an_app_that_exists_cannot_be_made_again(dashboard: httpx.Client) -> None:
    dashboard.post("/apps", json={"app_id": "once", "status": True})
    assert dashboard.post("/apps", json={"app_id": "once"}).json() == {"code": 102, "message": "alread_existed"}


@pytest.mark.parametrize("body", [{}, {"name": "n"}, {"app_id": 5}, {"app_id": "x", "secret": 5}])
def test_an_app_without_an_id_in_text_is_500(dashboard: httpx.Client, body: dict[str, Any]) -> None:
    assert crashed(dashboard.post("/apps", json=body))


def test_an_unknown_app_has_an_answer_for_every_method(dashboard: httpx.Client) -> None:
    assert dashboard.get("/apps/nobody").json() == {"code": 0, "data": []}
    assert dashboard.put("/apps/nobody", json={}).json() == {"code": 102, "message": "ont_found"}
    assert dashboard.delete("/apps/nobody").json() == {"code": 0}


def test_the_id_in_the_path_is_not_decoded(dashboard: httpx.Client) -> None:
    dashboard.post("/apps", json={"app_id": "a/b", "status": True})
    assert dashboard.get("/apps/a%2Fb").json()["data"] == []


def test_the_default_app_of_v4_is_not_shown(dashboard: httpx.Client) -> None:
    assert "admin" not in {row["app_id"] for row in dashboard.get("/apps").json()["data"]}
    assert dashboard.delete("/apps/admin").json() == {"code": 0}
    assert dashboard.post("/apps", json={"app_id": "admin"}).json() == {"code": 102, "message": "alread_existed"}


# --- users


def test_a_user_opens_the_dashboard_port_until_deleted(dashboard: httpx.Client, knock: Any) -> None:
    assert dashboard.post("/users", json={"username": "bob", "password": "pä:1"}).json() == {"code": 0}
    assert knock("bob", "pä:1", "dashboard") == 200
    assert knock("bob", "pä:1") == 401
    assert dashboard.delete("/users/bob").json() == {"code": 0}
    assert knock("bob", "pä:1", "dashboard") == 401


@pytest.mark.parametrize(
    ("sent", "shown"), [({}, "undefined"), ({"tags": ""}, ""), ({"tags": 7}, 7), ({"tags": "中"}, "中")]
)
def test_tags_are_shown_as_they_were_sent(
    dashboard: httpx.Client, request: pytest.FixtureRequest, sent: dict[str, Any], shown: object
) -> None:
    name = f"tagged{request.node.callspec.indices['sent']}"
    dashboard.post("/users", json={"username": name, "password": "p", **sent})
    assert {"username": name, "tags": shown} in dashboard.get("/users").json()["data"]


def test_an_update_replaces_the_tags_also_by_nothing(dashboard: httpx.Client) -> None:
    dashboard.post("/users", json={"username": "retagged", "password": "p", "tags": "old"})
    assert dashboard.put("/users/retagged", json={}).json() == {"code": 0}
    assert {"username": "retagged", "tags": "undefined"} in dashboard.get("/users").json()["data"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"username": "x"},
        {"password": "x"},
        {"username": "", "password": "p"},
        {"username": "x", "password": ""},
    ],
)
def test_a_user_needs_name_and_password(dashboard: httpx.Client, body: dict[str, str] | None) -> None:
    assert dashboard.post("/users", json=body).json() == {"message": "Username or password undefined"}


@pytest.mark.parametrize("body", [{"username": 1, "password": "p"}, {"username": "x", "password": 1}])
def test_a_name_or_password_that_is_no_text_is_500(dashboard: httpx.Client, body: dict[str, Any]) -> None:
    assert crashed(dashboard.post("/users", json=body))


def test_a_user_that_exists_cannot_be_made_again(dashboard: httpx.Client) -> None:
    body = {"username": "admin", "password": "p"}
    assert dashboard.post("/users", json=body).json() == {"message": "Username Already Exist"}


def test_the_default_user_cannot_be_deleted(dashboard: httpx.Client) -> None:
    assert dashboard.delete("/users/admin").json() == {"message": "Cannot delete admin"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/nobody", {"tags": "x"}),
        ("DELETE", "/users/nobody", None),
        ("PUT", "/users/zo%C3%AB", {"tags": "x"}),
        ("PUT", "/change_pwd/nobody", {"old_pwd": "x", "new_pwd": "y"}),
        ("POST", "/auth", {"username": "nobody", "password": "x"}),
    ],
)
def test_an_unknown_user_is_not_found(
    dashboard: httpx.Client, method: str, path: str, body: dict[str, str] | None
) -> None:
    dashboard.post("/users", json={"username": "zoë", "password": "p"})
    assert dashboard.request(method, path, json=body).json() == {"message": "Username Not Found"}


def test_tags_grant_and_refuse_nothing(dashboard: httpx.Client) -> None:
    dashboard.post("/users", json={"username": "onlooker", "password": "p", "tags": "viewer"})
    body = {"username": "made-by-onlooker", "password": "p"}
    assert dashboard.post("/users", json=body, auth=("onlooker", "p")).json() == {"code": 0}


# --- passwords


def test_a_new_password_counts_at_once(dashboard: httpx.Client, knock: Any) -> None:
    dashboard.post("/users", json={"username": "changer", "password": "old"})
    body = {"old_pwd": "old", "new_pwd": "new"}
    assert dashboard.put("/change_pwd/changer", json=body).json() == {"code": 0}
    assert [knock("changer", password, "dashboard") for password in ("old", "new")] == [401, 200]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"old_pwd": "wrong", "new_pwd": "x"}, "Password Error"),
        ({"new_pwd": "x"}, "Password undefined"),
        ({}, "Password undefined"),
    ],
)
def test_a_new_password_needs_the_old_one(dashboard: httpx.Client, body: dict[str, str], message: str) -> None:
    dashboard.post("/users", json={"username": "keeper", "password": "old"})
    assert dashboard.put("/change_pwd/keeper", json=body).json() == {"message": message}


@pytest.mark.parametrize(
    "body", [{"old_pwd": "old"}, {"old_pwd": "old", "new_pwd": 5}, {"old_pwd": 5, "new_pwd": "x"}]
)
def test_a_password_that_is_no_text_is_500(dashboard: httpx.Client, body: dict[str, Any]) -> None:
    dashboard.post("/users", json={"username": "number", "password": "old"})
    assert crashed(dashboard.put("/change_pwd/number", json=body))


# --- log-in


@pytest.mark.parametrize(
    ("query", "body", "answer"),
    [
        ("", {"username": "admin", "password": "public"}, {"code": 0}),
        ("?username=admin&password=public", None, {"code": 0}),
        ("", {"username": "admin", "password": "wrong"}, {"message": "Password Error"}),
        ("", {"username": "admin"}, {"message": "Password undefined"}),
        ("", {"password": "x"}, {"message": "Username undefined"}),
        ("", None, {"message": "Username undefined"}),
        ("", [], {"message": "Username undefined"}),
    ],
)
def test_logging_in_needs_no_credentials(
    anonymous: httpx.Client, server: SyncServer, query: str, body: object, answer: object
) -> None:
    url = server.url("v3", "dashboard") + "/auth" + query
    assert anonymous.post(url, json=body).json() == answer


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/auth/", 401), ("GET", "/auth", 404), ("POST", "/auth?a=%zz", 400)]
)
def test_only_that_spelling_is_open(
    anonymous: httpx.Client, server: SyncServer, method: str, path: str, status: int
) -> None:
    request = anonymous.build_request(method, server.url("v3", "dashboard"))
    request.url = request.url.copy_with(raw_path=f"/api/v3{path}".encode())
    assert anonymous.send(request).status_code == status


def test_a_log_in_with_a_password_that_is_no_text_is_500(dashboard: httpx.Client) -> None:
    assert crashed(dashboard.post("/auth", json={"username": "admin", "password": 1}))
