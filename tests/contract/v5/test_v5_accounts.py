"""Dashboard users, their passwords and tokens, and API keys."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest
from v5_world import PASSWORD, Api, calling, login, refusal

from emqx_compat.testing import Server

UNKNOWN_USER = (404, "USER_NOT_FOUND", "username_not_found")
UNKNOWN_KEY = (404, "NOT_FOUND", "Name NOT FOUND")
USER = {"username": "dev1", "password": PASSWORD, "description": "d", "role": "viewer"}
SHOWN = {"username": "dev1", "description": "d", "role": "viewer", "backend": "local"}


async def test_login_tells_a_token_role_and_version(nobody: Api) -> None:
    answer = await nobody.post("/login", {"username": "admin", "password": "public", "x": 1})
    told = answer.json()
    assert len(told.pop("token").split(".")) == 3
    assert told == {"role": "administrator", "version": "5.6.1", "license": {"edition": "ee"}}


@pytest.mark.parametrize("pair", [("admin", "wrong"), ("nobody", "public")])
async def test_a_wrong_user_or_password_is_the_same_401(nobody: Api, pair: tuple[str, str]) -> None:
    answer = await nobody.post("/login", {"username": pair[0], "password": pair[1]})
    assert refusal(answer) == (401, "BAD_USERNAME_OR_PWD", "Auth failed")


async def test_logout_forgets_this_token_and_no_other(server: Server, admin: Api) -> None:
    token = await login(server, "admin", "public")
    async with calling(server, f"Bearer {token}") as caller:
        assert (await caller.post("/logout", {"username": "admin"})).status_code == 204
        assert refusal(await caller.get("/nodes"))[1] == "BAD_TOKEN"
    assert (await admin.get("/nodes")).status_code == 200


@pytest.mark.parametrize(("scheme", "username"), [("Bearer", "other"), ("bearer", "admin")])
async def test_logout_wants_the_owner_and_the_usual_spelling(server: Server, scheme: str, username: str) -> None:
    token = await login(server, "admin", "public")
    async with calling(server, f"{scheme} {token}") as caller:
        answer = await caller.post("/logout", {"username": username})
        assert refusal(answer) == (401, "WRONG_TOKEN_OR_USERNAME", "Ensure your token & username")


async def test_the_default_user_is_there(admin: Api) -> None:
    default = {"username": "admin", "description": "administrator", "role": "administrator", "backend": "local"}
    assert await admin.rows("/users") == [default]


async def test_a_new_user_is_listed_without_password(admin: Api) -> None:
    answer = await admin.post("/users", USER | {"zz": 1})
    assert (answer.status_code, answer.json()) == (200, SHOWN)
    assert (await admin.rows("/users"))[1:] == [SHOWN]


BAD_NAME = "Bad Username. Only upper and lower case letters, numbers and underscores are supported"
TOO_PLAIN = (
    "Bad password. At least two different kind of characters from groups of letters, numbers, and special "
    "characters. For example, if password is composed from letters, it must contain at least one number or a "
    "special character."
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"username": ""}, "Username or password undefined"),
        ({"password": ""}, "Username or password undefined"),
        ({"username": "dev 5!"}, BAD_NAME),
        ({"username": "dev-5"}, BAD_NAME),
        ({"password": "a1"}, "The range of password length is 8~64"),
        ({"password": "a1" * 33}, "The range of password length is 8~64"),
        ({"password": "abcdefghij"}, TOO_PLAIN),
        ({"password": "abcdefgh密1"}, "Only ascii characters are allowed in the password"),
        ({"role": "boss"}, "Role does not exist"),
        ({"role": "publisher"}, "Role does not exist"),
        ({"username": "admin"}, "username_already_exist"),
    ],
)
async def test_a_user_that_breaks_a_rule_is_refused(admin: Api, changes: dict[str, str], message: str) -> None:
    assert refusal(await admin.post("/users", USER | changes)) == (400, "BAD_REQUEST", message)


async def test_without_role_a_user_becomes_an_administrator(admin: Api) -> None:
    await admin.post("/users", USER)
    answer = await admin.put("/users/dev1", {"description": "other"})
    assert answer.json() == SHOWN | {"description": "other", "role": "administrator"}


@pytest.mark.parametrize("path", ["/users/nobody", "/users/admin?backend=ldap"])
async def test_an_unknown_user_cannot_be_updated_or_deleted(admin: Api, path: str) -> None:
    assert refusal(await admin.put(path, {"description": ""})) == UNKNOWN_USER
    assert refusal(await admin.delete("/users/nobody")) == UNKNOWN_USER


async def test_an_unknown_role_is_refused_on_update(admin: Api) -> None:
    answer = await admin.put("/users/admin", {"description": "", "role": "boss"})
    assert refusal(answer) == (400, "BAD_REQUEST", "Role does not exist")


async def test_a_deleted_user_is_gone_with_its_tokens(server: Server, admin: Api) -> None:
    await admin.post("/users", USER)
    token = await login(server, "dev1", PASSWORD)
    assert (await admin.delete("/users/dev1")).status_code == 204
    async with calling(server, f"Bearer {token}") as caller:
        assert refusal(await caller.get("/nodes"))[1] == "BAD_TOKEN"


async def test_neither_the_default_user_nor_oneself_can_be_deleted(server: Server, admin: Api) -> None:
    await admin.post("/users", USER | {"role": "administrator"})
    async with calling(server, f"Bearer {await login(server, 'dev1', PASSWORD)}") as caller:
        assert refusal(await caller.delete("/users/dev1")) == (400, "NOT_ALLOWED", "Cannot delete self")
        message = 'Cannot delete user <<"admin">>'
        assert refusal(await caller.delete("/users/admin")) == (400, "NOT_ALLOWED", message)


async def test_a_new_password_revokes_the_users_tokens(server: Server, admin: Api) -> None:
    await admin.post("/users", USER)
    token = await login(server, "dev1", PASSWORD)
    answer = await admin.post("/users/dev1/change_pwd", {"old_pwd": PASSWORD, "new_pwd": "0therWord"})
    assert answer.status_code == 204
    async with calling(server, f"Bearer {token}") as caller:
        assert refusal(await caller.get("/nodes"))[1] == "BAD_TOKEN"
    assert await login(server, "dev1", "0therWord")


@pytest.mark.parametrize(
    ("username", "old", "new", "said"),
    [
        ("admin", "wrong", "0therWord", (400, "ERROR_PWD_NOT_MATCH", "Old password not match")),
        ("admin", "", "0therWord", (400, "BAD_REQUEST", "Old password or new password undefined")),
        ("admin", "public", "", (400, "BAD_REQUEST", "Old password or new password undefined")),
        ("admin", "public", "short", (400, "BAD_REQUEST", "The range of password length is 8~64")),
        ("nobody", "public", "0therWord", (404, "USER_NOT_FOUND", "User not found")),
    ],
)
async def test_a_password_change_that_breaks_a_rule_is_refused(
    admin: Api, username: str, old: str, new: str, said: tuple[int, str, str]
) -> None:
    answer = await admin.post(f"/users/{username}/change_pwd", {"old_pwd": old, "new_pwd": new})
    assert refusal(answer) == said


async def create_key(admin: Api, **fields: Any) -> dict[str, Any]:
    answer = await admin.post("/api_key", {"name": "k", "enable": True, "desc": "d", **fields})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_the_secret_of_a_key_is_told_once(admin: Api) -> None:
    made = await create_key(admin)
    assert len(made.pop("api_secret")) >= 43
    assert (await admin.get("/api_key/k")).json() == made
    assert made in await admin.rows("/api_key")


async def test_a_key_follows_from_its_name(admin: Api) -> None:
    made = await create_key(admin)
    assert made["api_key"] == hashlib.sha512(b"k").hexdigest()[:16]


async def test_a_key_never_expires_unless_told(admin: Api) -> None:
    made = await create_key(admin)
    assert (made["expired_at"], made["expired"], made["role"]) == ("infinity", False, "administrator")


@pytest.mark.parametrize(
    ("given", "shown", "expired"),
    [
        ("2020-01-01T00:00:00Z", 1577836800, True),
        (1577836800, 1577836800, True),
        ("2050-01-01T00:00:00+08:00", 2524579200, False),
    ],
)
async def test_the_end_of_a_key_is_a_time_of_any_spelling(
    admin: Api, given: object, shown: int, expired: bool
) -> None:
    made = await create_key(admin, expired_at=given)
    assert (datetime.fromisoformat(made["expired_at"]).timestamp(), made["expired"]) == (shown, expired)


async def test_a_name_is_taken_once(admin: Api) -> None:
    await create_key(admin)
    answer = await admin.post("/api_key", {"name": "k", "enable": True, "desc": "d"})
    assert refusal(answer) == (400, "BAD_REQUEST", "name_already_existed")


@pytest.mark.parametrize("missing", ["enable", "desc"])
async def test_without_enable_or_desc_the_handler_crashes(admin: Api, missing: str) -> None:
    body = {"name": "k", "enable": True, "desc": "d"}
    del body[missing]
    assert refusal(await admin.post("/api_key", body))[:2] == (500, "INTERNAL_ERROR")


async def test_a_hundred_keys_are_enough(server: Server, admin: Api) -> None:
    for number in range(100):
        answer = await admin.post("/api_key", {"name": f"k{number}", "enable": True, "desc": ""})
        if answer.status_code != 200:
            break
    answer = await admin.post("/api_key", {"name": "more", "enable": True, "desc": ""})
    assert refusal(answer) == (400, "BAD_REQUEST", '"Maximum number of ApiKeys reached."')


async def test_an_update_keeps_desc_and_enable_and_resets_end_and_role(admin: Api) -> None:
    made = await create_key(admin, role="viewer", expired_at="2050-01-01T00:00:00Z", enable=False)
    del made["api_secret"]
    answer = await admin.put("/api_key/k", {"name": "other"})
    assert answer.json() == made | {"role": "administrator", "expired_at": "infinity"}


async def test_an_unknown_key_is_404(admin: Api) -> None:
    assert refusal(await admin.get("/api_key/nope")) == UNKNOWN_KEY
    assert refusal(await admin.put("/api_key/nope", {})) == UNKNOWN_KEY
    assert refusal(await admin.delete("/api_key/nope")) == UNKNOWN_KEY


async def test_a_deleted_key_is_gone(admin: Api) -> None:
    await create_key(admin)
    assert (await admin.delete("/api_key/k")).status_code == 204
    assert refusal(await admin.get("/api_key/k")) == UNKNOWN_KEY
