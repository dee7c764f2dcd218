"""Who may call: tokens, API keys, roles."""

from __future__ import annotations

import httpx
import pytest
from v5_world import PASSWORD, Api, calling, calling_with_key, login, refusal

from emqx_compat.testing import Server

CHALLENGE = 'Basic Realm="emqx-dashboard"'
NO_HEADER = (401, "AUTHORIZATION_HEADER_ERROR", "Support authorization: basic/bearer ")
BAD_TOKEN = (401, "BAD_TOKEN", "Get a token by POST /login")
BAD_KEY = (401, "BAD_API_KEY_OR_SECRET", "Check api_key/api_secret")
NOT_FOR_USER = (403, "UNAUTHORIZED_ROLE", "You don't have permission to access this resource")
NOT_FOR_KEY = (403, "UNAUTHORIZED_ROLE", "This API Key don't have permission to access this resource")
MESSAGE = {"topic": "t/1", "payload": "x"}
NOKEY = "Basic bm9rZXk6bm9zZWNyZXQ="
NO_COLON = "Basic bm9rZXk="


def test_no_credentials_are_challenged(stranger: httpx.Client) -> None:
    answer = stranger.get("/nodes")
    assert refusal(answer) == NO_HEADER
    assert answer.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize("header", ['Digest username="a"', "Token abc"])
def test_another_scheme_is_no_credentials(stranger: httpx.Client, header: str) -> None:
    assert refusal(stranger.get("/nodes", headers={"Authorization": header})) == NO_HEADER


@pytest.mark.parametrize("header", ["abc", "Bearer", "Bearer a b", "Basic !!!", NO_COLON])
def test_broken_credentials_are_an_empty_400(stranger: httpx.Client, header: str) -> None:
    answer = stranger.get("/nodes", headers={"Authorization": header})
    assert (answer.status_code, answer.content) == (400, b"")


def test_an_unknown_token_is_not_challenged(stranger: httpx.Client) -> None:
    answer = stranger.get("/nodes", headers={"Authorization": "Bearer unknown"})
    assert refusal(answer) == BAD_TOKEN
    assert "www-authenticate" not in answer.headers


def test_an_unknown_key_is_challenged(stranger: httpx.Client) -> None:
    answer = stranger.get("/nodes", headers={"Authorization": NOKEY})
    assert refusal(answer) == BAD_KEY
    assert answer.headers["www-authenticate"] == CHALLENGE


def test_a_user_and_password_are_no_key(stranger: httpx.Client) -> None:
    assert refusal(stranger.get("/nodes", auth=("admin", "public"))) == BAD_KEY


@pytest.mark.parametrize(
    ("method", "path", "section"),
    [
        ("GET", "/users", "users"),
        ("DELETE", "/users/admin", "users"),
        ("GET", "/api_key", "api_key"),
        ("POST", "/logout", "logout"),
    ],
)
def test_keys_are_refused_where_accounts_are_kept_before_they_are_looked_at(
    stranger: httpx.Client, method: str, path: str, section: str
) -> None:
    answer = stranger.request(method, path, headers={"Authorization": NOKEY})
    message = f"Please use bearer Token instead, using API key/secret in {section} path is not permitted"
    assert refusal(answer) == (401, "API_KEY_NOT_ALLOW", message)
    assert answer.headers["www-authenticate"] == CHALLENGE


async def test_the_scheme_may_be_spelt_in_any_case(server: Server) -> None:
    token = await login(server, "admin", "public")
    async with calling(server, f"bearer {token}") as caller:
        assert (await caller.get("/nodes")).status_code == 200


async def test_a_token_runs_out_and_is_forgotten(frozen: Server) -> None:
    token = await login(frozen, "admin", "public")
    async with calling(frozen, f"Bearer {token}") as caller:
        frozen.advance(3599)
        assert (await caller.get("/nodes")).status_code == 200
        frozen.advance(3599)
        assert (await caller.get("/nodes")).status_code == 200, "each use renews it"
        frozen.advance(3601)
        message = "Token expired, get new token by POST /login"
        assert refusal(await caller.get("/nodes")) == (401, "TOKEN_TIME_OUT", message)
        frozen.advance(3600)
        assert refusal(await caller.get("/nodes")) == BAD_TOKEN


async def viewer(server: Server, admin: Api) -> str:
    """The credentials of a new dashboard viewer, dev1."""
    user = {"username": "dev1", "password": PASSWORD, "description": "", "role": "viewer"}
    assert (await admin.post("/users", user)).status_code == 200
    return f"Bearer {await login(server, 'dev1', PASSWORD)}"


async def test_a_viewer_reads_everything_and_changes_nothing(server: Server, admin: Api) -> None:
    async with calling(server, await viewer(server, admin)) as caller:
        for path in ("/users", "/api_key", "/clients"):
            assert (await caller.get(path)).status_code == 200
        assert refusal(await caller.post("/publish", MESSAGE)) == NOT_FOR_USER
        assert refusal(await caller.put("/mqtt/delayed", {})) == NOT_FOR_USER
        assert refusal(await caller.delete("/clients/c")) == NOT_FOR_USER


async def test_a_role_is_looked_at_before_the_body(server: Server, admin: Api) -> None:
    async with calling(server, await viewer(server, admin)) as caller:
        assert refusal(await caller.http.post("/publish", content="{")) == NOT_FOR_USER


async def test_a_viewer_changes_the_own_password_only(server: Server, admin: Api) -> None:
    async with calling(server, await viewer(server, admin)) as caller:
        passwords = {"old_pwd": PASSWORD, "new_pwd": "0therWord"}
        assert refusal(await caller.post("/users/admin/change_pwd", passwords)) == NOT_FOR_USER
        assert (await caller.post("/users/dev1/change_pwd", passwords)).status_code == 204


async def test_a_viewer_may_log_out(server: Server, admin: Api) -> None:
    async with calling(server, await viewer(server, admin)) as caller:
        assert (await caller.post("/logout", {"username": "dev1"})).status_code == 204


async def test_an_administrators_key_may_do_everything_else(server: Server, admin: Api) -> None:
    async with calling_with_key(server, admin) as caller:
        assert (await caller.get("/nodes")).status_code == 200
        assert (await caller.post("/publish", MESSAGE)).status_code == 202
        assert (await caller.delete("/banned")).status_code == 204


async def test_a_viewers_key_reads(server: Server, admin: Api) -> None:
    async with calling_with_key(server, admin, role="viewer") as caller:
        assert (await caller.get("/nodes")).status_code == 200
        assert refusal(await caller.post("/publish", MESSAGE)) == NOT_FOR_KEY


async def test_a_publishers_key_publishes_and_nothing_else(server: Server, admin: Api) -> None:
    async with calling_with_key(server, admin, role="publisher") as caller:
        assert (await caller.post("/publish", MESSAGE)).status_code == 202
        assert (await caller.post("/publish/bulk", [MESSAGE])).status_code == 202
        assert refusal(await caller.get("/nodes")) == NOT_FOR_KEY
        assert refusal(await caller.post("/publish/", MESSAGE)) == NOT_FOR_KEY, "the raw path counts"


@pytest.mark.parametrize("fields", [{"enable": False}, {"expired_at": "2020-01-01T00:00:00Z"}])
async def test_a_disabled_or_expired_key_is_like_a_wrong_one(
    server: Server, admin: Api, fields: dict[str, object]
) -> None:
    async with calling_with_key(server, admin, **fields) as caller:
        assert refusal(await caller.get("/nodes")) == BAD_KEY
