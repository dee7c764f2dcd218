"""Dashboard users."""

from __future__ import annotations

import asyncio

import pytest
from access_tables import Access, restarted

from emqx_compat.core.accounts import User
from emqx_compat.core.faults import F, Fault


def fault_of(error: pytest.ExceptionInfo[Fault]) -> F:
    return error.value.kind


async def test_a_user_is_verified_by_the_right_password_only(access: Access) -> None:
    await access.users.create(User("ann"), "secret:1")
    found = access.users.verify("ann", "secret:1")
    assert found is not None
    assert found.username == "ann"
    assert access.users.verify("ann", "secret") is None
    assert access.users.verify("bob", "secret:1") is None


async def test_users_are_listed_in_the_order_of_their_creation(access: Access) -> None:
    for name in ("zoe", "ann", "max"):
        await access.users.create(User(name), "x")
    await access.users.update(User("ann", tags="t"))
    assert [user.username for user in await access.users.list()] == ["zoe", "ann", "max"]


async def test_a_name_that_is_taken_is_refused(access: Access) -> None:
    await access.users.create(User("ann"), "x")
    with pytest.raises(Fault) as error:
        await access.users.create(User("ann"), "y")
    assert fault_of(error) is F.USER_EXISTS
    assert access.users.verify("ann", "x")


async def test_of_two_creations_at_once_one_wins(access: Access) -> None:
    results = await asyncio.gather(
        *(access.users.create(User("ann"), str(number)) for number in range(5)), return_exceptions=True
    )
    assert [result for result in results if result is None] == [None]


async def test_what_get_hands_out_is_a_copy(access: Access) -> None:
    await access.users.create(User("ann", tags="a"), "x")
    copy = await access.users.get("ann")
    assert copy is not None
    copy.tags = "b"
    again = await access.users.get("ann")
    assert again is not None
    assert again.tags == "a"


async def test_an_update_keeps_the_password(access: Access) -> None:
    await access.users.create(User("ann"), "x")
    await access.users.update(User("ann", tags="t", description="d", role="viewer"))
    user = access.users.verify("ann", "x")
    assert user == User("ann", tags="t", description="d", role="viewer")


@pytest.mark.parametrize("change", ["update", "delete", "set_password"])
async def test_an_unknown_user_cannot_be_changed(access: Access, change: str) -> None:
    calls = {
        "update": access.users.update(User("nobody")),
        "delete": access.users.delete("nobody"),
        "set_password": access.users.set_password("nobody", "x"),
    }
    call = calls.pop(change)
    for other in calls.values():
        other.close()
    with pytest.raises(Fault) as error:
        await call
    assert fault_of(error) is F.USER_NOT_FOUND


async def test_the_default_user_cannot_be_deleted(access: Access) -> None:
    await access.users.create(User("admin"), "public")
    with pytest.raises(Fault) as error:
        await access.users.delete("admin")
    assert fault_of(error) is F.USER_UNDELETABLE
    assert error.value.params == {"username": "admin"}


async def test_users_survive_a_restart(on_disk: Access) -> None:
    ann = User("ann", tags="t", description="d", role="viewer", extra={"x": [1]})
    await on_disk.users.create(ann, "x")
    await on_disk.users.create(User("bob"), "y")
    await on_disk.users.set_password("ann", "z")
    await on_disk.users.delete("bob")
    again = await restarted(on_disk)
    assert await again.users.list() == [ann]
    assert again.users.verify("ann", "z")
    assert not again.users.verify("ann", "x")
    await again.store.close()
