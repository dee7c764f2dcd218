"""Users: made, changed, removed, and let in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

DONE: dict[str, Any] = {"code": 0, "result": []}
NOT_FOUND = {"code": 105, "message": "User not found"}


def may_call(anonymous: httpx.Client, username: str, password: str) -> bool:
    return anonymous.get("/users", auth=(username, password)).status_code == 200


@pytest.fixture
def user(api: httpx.Client, name: str) -> str:
    api.post("/users", json={"username": name, "password": "pw:1", "tags": "viewer"})
    return name


def test_the_default_user_is_there(fresh_api: httpx.Client) -> None:
    answer = fresh_api.get("/users").json()
    assert answer == {"code": 0, "result": [{"username": "admin", "tags": "administrator"}]}


def test_a_user_is_listed_and_found(api: httpx.Client, user: str) -> None:
    row = {"username": user, "tags": "viewer"}
    assert row in api.get("/users/").json()["result"]
    assert api.get(f"/users/{user}").json() == {"code": 0, "result": row}


def test_an_unknown_user_is_an_empty_array(api: httpx.Client) -> None:
    assert api.get("/users/nobody").json() == DONE


def test_a_new_user_may_call_and_log_in(anonymous: httpx.Client, user: str) -> None:
    assert may_call(anonymous, user, "pw:1")
    assert anonymous.post("/auth", json={"username": user, "password": "pw:1"}).json() == DONE


@pytest.mark.parametrize(
    "odd", [{"password": ""}, {"tags": ""}, {"username": "zoë 中"}, {"username": "a/b"}, {"username": ""}]
)
def test_names_passwords_and_tags_have_no_rules(
    api: httpx.Client, anonymous: httpx.Client, name: str, odd: dict[str, str]
) -> None:
    body = {"username": name, "password": "p", "tags": "t", **odd}
    assert api.post("/users", json=body).json() == DONE
    assert anonymous.post("/auth", json={key: body[key] for key in ("username", "password")}).json() == DONE


def test_a_name_is_given_once(api: httpx.Client, user: str) -> None:
    answer = api.post("/users", json={"username": user, "password": "x", "tags": "x"})
    assert answer.json() == {"code": 113, "message": "User already exist"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_tags_are_changed_and_nothing_else(
    api: httpx.Client, anonymous: httpx.Client, user: str, slash: str
) -> None:
    answer = api.put(f"/users/{user}{slash}", json={"tags": "t2", "password": "x", "username": "y"})
    assert answer.json() == DONE
    assert api.get(f"/users/{user}").json()["result"] == {"username": user, "tags": "t2"}
    assert may_call(anonymous, user, "pw:1")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_removed_user_may_not_call(api: httpx.Client, anonymous: httpx.Client, user: str, slash: str) -> None:
    assert api.delete(f"/users/{user}{slash}").json() == DONE
    assert not may_call(anonymous, user, "pw:1")


def test_a_user_may_remove_itself(anonymous: httpx.Client, user: str) -> None:
    assert anonymous.delete(f"/users/{user}", auth=(user, "pw:1")).json() == DONE
    assert not may_call(anonymous, user, "pw:1")


@pytest.mark.parametrize("path", ["/users/admin", "/users/%61dmin"])
def test_the_default_user_cannot_be_removed(api: httpx.Client, path: str) -> None:
    assert api.delete(path).json() == {"code": 106, "message": "admin cannot be deleted"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/nobody", {"tags": "t"}),
        ("DELETE", "/users/nobody", None),
        ("PUT", "/change_pwd/nobody", {"old_pwd": "a", "new_pwd": "b"}),
    ],
)
def test_an_unknown_user_is_105(api: httpx.Client, method: str, path: str, body: object) -> None:
    assert api.request(method, path, json=body).json() == NOT_FOUND


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_changed_password_counts_at_once(
    api: httpx.Client, anonymous: httpx.Client, user: str, slash: str
) -> None:
    answer = api.put(f"/change_pwd/{user}{slash}", json={"old_pwd": "pw:1", "new_pwd": "p:w2"})
    assert answer.json() == DONE
    assert not may_call(anonymous, user, "pw:1")
    assert may_call(anonymous, user, "p:w2")


def test_the_old_password_must_be_right(api: httpx.Client, user: str) -> None:
    answer = api.put(f"/change_pwd/{user}", json={"old_pwd": "wrong", "new_pwd": "x"})
    assert answer.json() == {"code": 114, "message": "OldPassword error"}


@pytest.mark.parametrize(
    ("username", "password", "message"),
    [("admin", "nope", "Password error"), ("nobody", "public", "User not found"), ("", "", "User not found")],
)
def test_a_login_that_fails_is_103(fresh_api: httpx.Client, username: str, password: str, message: str) -> None:
    answer = fresh_api.post("/auth", json={"username": username, "password": password})
    assert answer.json() == {"code": 103, "message": message}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(username=st.text(min_size=1), password=st.text(), tags=st.text())
def test_any_text_is_read_as_it_was_written(api: httpx.Client, username: str, password: str, tags: str) -> None:
    path = "/users/" + quote(username, safe="")
    api.delete(path)
    body = {"username": username, "password": password, "tags": tags}
    assume(api.post("/users", json=body).json() == DONE)  # there is one user that cannot be removed
    assert api.get(path).json()["result"] == {"username": username, "tags": tags}
    assert api.post("/auth", json={"username": username, "password": password}).json() == DONE
    assert api.put(path, json={"tags": tags + "!"}).json() == DONE
    assert api.get(path).json()["result"] == {"username": username, "tags": tags + "!"}
