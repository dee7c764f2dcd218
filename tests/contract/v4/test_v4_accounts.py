"""Applications and dashboard users of v4: who may call, how secrets and passwords are made and refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emqx_compat.testing import SyncServer

CRASH = (500, "Internal Error")
NAME_RULE = {"message": "required: ^[A-Za-z0-9]+[A-Za-z0-9-_]*$"}
WRONG = {"message": "Username/Password error"}
UNDEFINED = {"message": "Username or password undefined"}
DONE = {"code": 0}


def may_call(server: SyncServer, port: Any, name: str, secret: str) -> bool:
    return httpx.get(server.url("v4", port) + "/brokers", auth=(name, secret)).status_code == 200


# --- applications


def app_of(dash: httpx.Client, name: str) -> dict[str, Any]:
    return dash.get(f"/apps/{name}").json()["data"]  # type: ignore[no-any-return]


def test_the_default_app_is_there(dash: httpx.Client) -> None:
    default = {
        "app_id": "admin",
        "name": "Default",
        "desc": "Application user",
        "status": True,
        "expired": "undefined",
    }
    assert default in dash.get("/apps").json()["data"]


def test_a_secret_is_made_when_none_is_given(server: SyncServer, dash: httpx.Client, name: str) -> None:
    for given in ({}, {"secret": ""}):
        dash.delete(f"/apps/{name}")
        answer = dash.post("/apps", json={"app_id": name, "status": True, **given}).json()
        assert may_call(server, "management", name, answer["data"]["secret"])


@pytest.mark.parametrize(
    ("fields", "opens"),
    [
        ({"status": True}, True),
        ({"status": True, "expired": 4102444800}, True),
        ({"status": True, "expired": None}, True),
        ({"status": True, "expired": "2030"}, True),
        ({"status": True, "expired": 1000}, False),
        ({"status": False}, False),
        ({"status": "true"}, False),
        ({}, False),
    ],
)
def test_an_app_opens_when_it_is_enabled_and_has_not_expired(
    server: SyncServer, dash: httpx.Client, name: str, fields: dict[str, Any], opens: bool
) -> None:
    dash.post("/apps", json={"app_id": name, "secret": "s", **fields})
    assert may_call(server, "management", name, "s") is opens


def test_fields_are_not_checked_and_shown_as_they_came(dash: httpx.Client, name: str) -> None:
    fields = {"name": 5, "desc": None, "status": "true", "expired": "2030"}
    assert dash.post("/apps", json={"app_id": name, "secret": "s", **fields}).json() == {
        "code": 0,
        "data": {"secret": "s"},
    }
    assert app_of(dash, name) == {"app_id": name, "secret": "s", **fields}


def test_an_update_overwrites_all_but_the_secret(dash: httpx.Client, name: str) -> None:
    dash.post("/apps", json={"app_id": name, "secret": "s", "name": "n", "desc": "d", "status": True})
    assert dash.put(f"/apps/{name}", json={"name": "m", "secret": "new"}).json() == DONE
    undefined = dict.fromkeys(("desc", "status", "expired"), "undefined")
    assert app_of(dash, name) == {"app_id": name, "secret": "s", "name": "m", **undefined}


def test_a_deleted_app_opens_nothing(server: SyncServer, dash: httpx.Client, name: str) -> None:
    dash.post("/apps", json={"app_id": name, "secret": "s", "status": True})
    assert dash.delete(f"/apps/{name}").json() == DONE
    assert not may_call(server, "management", name, "s")
    assert app_of(dash, name) == {}


def test_deleting_an_unknown_app_is_no_mistake(dash: httpx.Client) -> None:
    assert dash.delete("/apps/nobody").json() == DONE


@pytest.mark.parametrize(
    ("app_id", "message"),
    [
        ("admin", "already_existed"),
        ("", "0 < Length =< 256"),
        ("x" * 257, "0 < Length =< 256"),
        ("_x", NAME_RULE["message"]),
        ("a b", NAME_RULE["message"]),
    ],
)
def test_a_bad_app_is_told_without_code(dash: httpx.Client, app_id: str, message: str) -> None:
    assert dash.post("/apps", json={"app_id": app_id, "status": True}).json() == {"message": message}


@pytest.mark.parametrize("body", [None, {"name": "n"}, {"app_id": 5}])
def test_an_app_without_id_is_a_crash(dash: httpx.Client, body: object) -> None:
    answer = dash.post("/apps", json=body) if body is not None else dash.post("/apps")
    assert (answer.status_code, answer.text) == CRASH


def test_updating_an_unknown_app_is_told(dash: httpx.Client) -> None:
    assert dash.put("/apps/nobody", json={"name": "x"}).json() == {"message": "not_found"}


# --- users


def tags_of(dash: httpx.Client, name: str) -> object:
    return {row["username"]: row["tags"] for row in dash.get("/users").json()["data"]}.get(name)


def make(dash: httpx.Client, name: str, **more: object) -> None:
    assert dash.post("/users", json={"username": name, "password": "passw0rd", **more}).json() == DONE


def test_the_default_user_is_there(dash: httpx.Client) -> None:
    assert {"username": "admin", "tags": "administrator"} in dash.get("/users").json()["data"]


@pytest.mark.parametrize(("given", "shown"), [({"tags": "viewer"}, "viewer"), ({}, "undefined"), ({"tags": 7}, 7)])
def test_a_user_is_made_and_may_call(
    server: SyncServer, dash: httpx.Client, name: str, given: dict[str, Any], shown: object
) -> None:
    make(dash, name, **given)
    assert tags_of(dash, name) == shown
    assert may_call(server, "dashboard", name, "passw0rd")
    assert not may_call(server, "management", name, "passw0rd")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"username": None}, UNDEFINED),
        ({"username": ""}, UNDEFINED),
        ({"password": ""}, UNDEFINED),
        ({"username": "admin"}, {"message": "Username Already Exist"}),
        ({"username": "zoë"}, NAME_RULE),
        ({"username": "_x"}, NAME_RULE),
        ({"password": "a1"}, {"message": "The password length: 8-64"}),
        ({"password": "a1" * 33}, {"message": "The password length: 8-64"}),
        ({"password": "pässw0rd1"}, {"message": "only ascii characters are allowed in the password"}),
    ],
)
def test_a_bad_user_is_told_without_code(
    dash: httpx.Client, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    body = {"username": "x", "password": "passw0rd", **fields}
    assert dash.post("/users", json=body).json() == expected


@pytest.mark.parametrize("password", ["abcdefghij", "1234567890", "!!!!!!!!!!"])
def test_a_password_of_one_kind_is_refused(dash: httpx.Client, password: str) -> None:
    answer = dash.post("/users", json={"username": "x", "password": password}).json()
    assert answer["message"].startswith("The password must contain at least two different kind of characters")


def test_a_password_that_is_a_number_is_a_crash(dash: httpx.Client) -> None:
    answer = dash.post("/users", json={"username": "x", "password": 1})
    assert (answer.status_code, answer.text) == CRASH


def test_an_update_without_tags_makes_them_undefined(dash: httpx.Client, name: str) -> None:
    make(dash, name, tags="viewer")
    assert dash.put(f"/users/{name}", json={"tags": "editor"}).json() == DONE
    assert tags_of(dash, name) == "editor"
    assert dash.put(f"/users/{name}", json={}).json() == DONE
    assert tags_of(dash, name) == "undefined"


@pytest.mark.parametrize(("method", "body"), [("PUT", {"tags": "x"}), ("DELETE", None)])
def test_an_unknown_user_is_told(dash: httpx.Client, method: str, body: object) -> None:
    assert dash.request(method, "/users/nobody", json=body).json() == {"message": "Username Not Found"}


def test_the_default_user_cannot_be_deleted(dash: httpx.Client) -> None:
    assert dash.delete("/users/admin").json() == {"message": "Cannot delete admin"}


def test_a_deleted_user_may_not_call(server: SyncServer, dash: httpx.Client, name: str) -> None:
    make(dash, name)
    assert dash.delete(f"/users/{name}").json() == DONE
    assert not may_call(server, "dashboard", name, "passw0rd")


# --- passwords


def test_a_new_password_takes_the_place_of_the_old(server: SyncServer, dash: httpx.Client, name: str) -> None:
    make(dash, name)
    body = {"old_pwd": "passw0rd", "new_pwd": "p:assw0rd"}
    assert dash.put(f"/change_pwd/{name}", json=body).json() == DONE
    assert may_call(server, "dashboard", name, "p:assw0rd")
    assert not may_call(server, "dashboard", name, "passw0rd")


@pytest.mark.parametrize(
    ("username", "body", "expected"),
    [
        ("admin", {}, {"message": "Password undefined"}),
        ("admin", {"old_pwd": "x", "new_pwd": "short"}, WRONG),
        ("nobody", {"old_pwd": "x", "new_pwd": "newpass0"}, WRONG),
        ("admin", {"old_pwd": "public", "new_pwd": "short"}, {"message": "The password length: 8-64"}),
    ],
)
def test_a_bad_change_is_told_without_code(
    dash: httpx.Client, username: str, body: dict[str, str], expected: dict[str, str]
) -> None:
    assert dash.put(f"/change_pwd/{username}", json=body).json() == expected


def test_a_new_password_that_is_a_number_is_a_crash(dash: httpx.Client) -> None:
    answer = dash.put("/change_pwd/admin", json={"old_pwd": "public", "new_pwd": 5})
    assert (answer.status_code, answer.text) == CRASH


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"username": "admin", "password": "public"}, DONE),
        ({"username": "admin", "password": "x"}, WRONG),
        ({"username": "nobody", "password": "x"}, WRONG),
        ({"password": "x"}, {"message": "Username undefined"}),
        ({"username": "admin"}, {"message": "Password undefined"}),
        ({}, {"message": "Username undefined"}),
        ([], {"message": "Username undefined"}),
    ],
)
def test_a_login_needs_no_credentials_and_gives_no_token(
    server: SyncServer, body: object, expected: dict[str, Any]
) -> None:
    answer = httpx.post(server.url("v4", "dashboard") + "/auth", json=body)
    assert (answer.status_code, answer.json()) == (200, expected)


def test_a_login_may_stand_in_the_query(server: SyncServer) -> None:
    query = {"username": "admin", "password": "public"}
    assert httpx.post(server.url("v4", "dashboard") + "/auth", params=query).json() == DONE


def test_a_login_with_a_number_is_a_crash(server: SyncServer) -> None:
    answer = httpx.post(server.url("v4", "dashboard") + "/auth", json={"username": "admin", "password": 1})
    assert (answer.status_code, answer.text) == CRASH
