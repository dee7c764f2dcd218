"""Bearer tokens: opaque, sliding, revocable; they survive a restart."""

from __future__ import annotations

import base64
import json
import sqlite3

import pytest
from access_tables import LIFETIME, Access, restarted

from emqx_compat.core.accounts import Principal, User
from emqx_compat.core.faults import F, Fault

ANN = User("ann", role="viewer")


async def fault_of(access: Access, token: str) -> F | None:
    try:
        await access.tokens.check(token)
    except Fault as fault:
        return fault.kind
    return None


async def test_a_token_tells_its_user_and_role(access: Access) -> None:
    token = await access.tokens.issue(ANN)
    assert await access.tokens.check(token) == Principal("user", "ann", "viewer")


async def test_a_token_looks_like_a_jwt_of_emqx(access: Access) -> None:
    header, claims, _ = (await access.tokens.issue(ANN)).split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims)]
    assert read[0]["alg"] == "HS256"
    assert read[1] == {"iss": "EMQX", "exp": int((access.clock.now() + LIFETIME) * 1000)}


async def test_several_logins_of_a_user_coexist(access: Access) -> None:
    first, second = await access.tokens.issue(ANN), await access.tokens.issue(ANN)
    assert first != second
    await access.tokens.revoke(first)
    assert await fault_of(access, first) is F.TOKEN_UNKNOWN
    assert await fault_of(access, second) is None


async def test_using_a_token_renews_it(access: Access) -> None:
    token = await access.tokens.issue(ANN)
    for _ in range(5):
        access.clock.advance(LIFETIME * 0.9)
        assert await fault_of(access, token) is None


async def test_a_token_that_ran_out_is_expired_until_the_sweep_then_unknown(access: Access) -> None:
    access.clock.advance(LIFETIME / 2)
    token = await access.tokens.issue(ANN)
    access.clock.advance(LIFETIME + 1)  # one sweep was before it ran out
    assert await fault_of(access, token) is F.TOKEN_EXPIRED
    access.clock.advance(LIFETIME / 2)
    assert await fault_of(access, token) is F.TOKEN_UNKNOWN


@pytest.mark.parametrize("change", ["password", "role", "deletion"])
async def test_a_change_of_the_user_revokes_all_its_tokens(access: Access, change: str) -> None:
    await access.users.create(User("ann"), "x")
    await access.users.create(User("bob"), "x")
    mine = [await access.tokens.issue(User("ann")) for _ in range(2)]
    other = await access.tokens.issue(User("bob"))
    match change:
        case "password":
            await access.users.set_password("ann", "y")
        case "role":
            await access.users.update(User("ann", role="viewer"))
        case _:
            await access.users.delete("ann")
    assert [await fault_of(access, token) for token in mine] == [F.TOKEN_UNKNOWN] * 2
    assert await fault_of(access, other) is None


async def test_a_change_of_the_description_revokes_nothing(access: Access) -> None:
    await access.users.create(User("ann"), "x")
    token = await access.tokens.issue(User("ann"))
    await access.users.update(User("ann", description="new"))
    assert await fault_of(access, token) is None


async def test_tokens_and_their_renewals_survive_a_restart(on_disk: Access) -> None:
    token = await on_disk.tokens.issue(ANN)
    on_disk.clock.advance(LIFETIME * 0.9)
    await on_disk.tokens.check(token)
    again = await restarted(on_disk)
    again.clock.advance(LIFETIME * 0.9)
    assert await fault_of(again, token) is None
    again.tokens.close()
    await again.store.close()


async def test_requests_do_not_write_to_the_disk(on_disk: Access) -> None:
    token = await on_disk.tokens.issue(ANN)
    commits = on_disk.store.commits
    for _ in range(100):
        await on_disk.tokens.check(token)
    assert on_disk.store.commits == commits


async def test_the_store_holds_no_token_in_the_clear(on_disk: Access) -> None:
    token = await on_disk.tokens.issue(ANN)
    assert on_disk.store.path is not None
    with sqlite3.connect(on_disk.store.path) as connection:
        assert token not in "\n".join(connection.iterdump())
