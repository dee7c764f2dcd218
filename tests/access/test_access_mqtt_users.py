"""Credentials of MQTT clients: hashed, kept, and compared."""

from __future__ import annotations

import hashlib

import pytest
from access_tables import Access, restarted

from emqx_compat.access.mqtt_users import MqttUsers
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.mqtt_users import MqttUser


def users_of(access: Access) -> MqttUsers:
    users = MqttUsers(access.store, access.clock, access.ids)
    users.load()
    return users


async def test_the_two_kinds_do_not_know_each_other(access: Access) -> None:
    users = users_of(access)
    await users.add("clientid", "a", "p")
    assert [user.name for user in await users.list("clientid")] == ["a"]
    assert await users.list("username") == []
    assert await users.get("username", "a") is None


@pytest.mark.parametrize("scheme", ["md5", "sha1", "sha256"])
async def test_the_password_is_shown_as_hash_without_its_salt(access: Access, scheme: str) -> None:
    users = users_of(access)
    users.set_scheme("clientid", scheme.removesuffix("1"))
    user = await users.add("clientid", "a", "pass")
    assert len(user.salt) == 4
    assert user.password == hashlib.new(scheme, user.salt + b"pass").hexdigest()


async def test_a_plain_password_is_shown_as_it_is(access: Access) -> None:
    users = users_of(access)
    users.set_scheme("username", "plain")
    assert (await users.add("username", "a", "päss")).password == "päss"
    assert users.verify("username", "a", "päss".encode())


async def test_a_password_keeps_the_scheme_it_was_hashed_with(access: Access) -> None:
    users = users_of(access)
    await users.add("username", "a", "p")
    users.set_scheme("username", "md5")
    assert users.verify("username", "a", b"p")
    assert (await users.update("username", "a", "q")).scheme == "md5"
    assert users.scheme("clientid") == "sha256"


async def test_an_unknown_scheme_is_a_fault(access: Access) -> None:
    with pytest.raises(Fault) as caught:
        users_of(access).set_scheme("clientid", "rot13")
    assert caught.value.kind is F.HASH_SCHEME_UNKNOWN


async def test_right_wrong_and_unknown_are_told_apart(access: Access) -> None:
    users = users_of(access)
    user = await users.add("username", "a", "p")
    assert users.verify("username", "a", b"p") == user
    assert users.verify("username", "a", b"q") is False
    assert users.verify("username", "a", None) is False
    assert users.verify("username", "b", b"p") is None
    assert users.verify("username", None, b"p") is None


async def test_a_name_exists_once(access: Access) -> None:
    users = users_of(access)
    await users.add("clientid", "a", "p")
    with pytest.raises(Fault) as caught:
        await users.add("clientid", "a", "q")
    assert (caught.value.kind, caught.value.params) == (F.MQTT_USER_EXISTS, {"as_": "clientid", "who": "a"})
    assert users.verify("clientid", "a", b"p")


async def test_an_unknown_name_cannot_be_updated(access: Access) -> None:
    with pytest.raises(Fault) as caught:
        await users_of(access).update("clientid", "a", "q")
    assert caught.value.kind is F.MQTT_USER_NOT_FOUND


async def test_an_update_replaces_what_is_given(access: Access) -> None:
    users = users_of(access)
    await users.add("username", "a", "p")
    await users.update("username", "a", is_superuser=True)
    assert users.verify("username", "a", b"p")
    await users.update("username", "a", "q")
    changed = await users.get("username", "a")
    assert changed is not None and changed.is_superuser
    assert users.verify("username", "a", b"q")


async def test_removing_tells_whether_there_was_one(access: Access) -> None:
    users = users_of(access)
    await users.add("clientid", "a", "p")
    assert await users.remove("clientid", "a")
    assert not await users.remove("clientid", "a")


async def test_entries_survive_the_process_in_their_order(on_disk: Access) -> None:
    users = users_of(on_disk)
    for name in ("b", "a"):
        await users.add("clientid", name, "p", is_superuser=name == "a")
    await users.update("clientid", "b", "q")
    on_disk = await restarted(on_disk)
    again = users_of(on_disk)
    assert await again.list("clientid") == await users.list("clientid")
    assert [user.name for user in await again.list("clientid")] == ["b", "a"]
    await on_disk.store.close()


async def test_an_import_brings_its_own_hash(access: Access) -> None:
    users = users_of(access)
    digest = hashlib.sha256(b"saltp").digest()
    await users.put(MqttUser("username", "a", "sha256", b"salt", digest))
    assert users.verify("username", "a", b"p")
