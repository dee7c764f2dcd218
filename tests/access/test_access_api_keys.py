"""Apps and API keys."""

from __future__ import annotations

import pytest
from access_tables import Access, restarted

from emqx_compat.access.api_keys import LIMIT, key_of
from emqx_compat.core.accounts import ApiKey
from emqx_compat.core.faults import F, Fault

APP = ApiKey("oracle", "oracle", title="Oracle", desc="d", secret="s3")


async def test_a_key_is_verified_by_the_right_secret_only(access: Access) -> None:
    await access.api_keys.create(APP, "s3")
    assert access.api_keys.verify("v3", "oracle", "s3")
    assert access.api_keys.verify("v3", "oracle", "s") is None
    assert access.api_keys.verify("v3", "other", "s3") is None


async def test_the_key_of_a_name_is_that_of_emqx_5(access: Access) -> None:
    await access.api_keys.create(ApiKey("EMQX-API-KEY-1", ""), "x")
    row = await access.api_keys.get("v5", name="EMQX-API-KEY-1")
    assert row is not None
    assert row.key == key_of("EMQX-API-KEY-1")
    assert len(row.key) == 16
    assert row.created_at == access.clock.now()
    assert key_of("test-1") == "18926f94712af04e"  # contract/v5-core.md §8


@pytest.mark.parametrize("enabled", [False, None])
async def test_a_key_that_is_not_enabled_opens_nothing(access: Access, enabled: bool | None) -> None:
    await access.api_keys.create(ApiKey("k", "k", enabled=enabled), "x")
    assert access.api_keys.verify("v4", "k", "x") is None
    assert access.api_keys.find("v4", "k") is not None


async def test_a_key_works_until_its_second_of_expiry_is_over(access: Access) -> None:
    end = int(access.clock.now()) + 10
    await access.api_keys.create(ApiKey("k", "k", expired_at=end), "x")
    access.clock.advance(10)
    assert access.api_keys.verify("v4", "k", "x")
    access.clock.advance(1)
    assert access.api_keys.verify("v4", "k", "x") is None


async def test_a_key_of_one_generation_is_hidden_from_the_others(access: Access) -> None:
    await access.api_keys.create(ApiKey("admin", "admin", generations=frozenset({"v4"})), "public")
    assert access.api_keys.verify("v4", "admin", "public")
    assert access.api_keys.verify("v5", "admin", "public") is None
    assert access.api_keys.find("v5", "admin") is None
    assert await access.api_keys.get("v5", key="admin") is None
    assert [len(await access.api_keys.list(name)) for name in ("v3", "v4", "v5")] == [0, 1, 0]


@pytest.mark.parametrize("other", [ApiKey("oracle", "new"), ApiKey("new", "oracle")], ids=["name", "key"])
async def test_a_name_or_key_that_is_taken_is_refused(access: Access, other: ApiKey) -> None:
    await access.api_keys.create(APP, "s3")
    with pytest.raises(Fault) as error:
        await access.api_keys.create(other, "x")
    assert error.value.kind is F.APP_EXISTS


async def test_v5_makes_a_hundred_keys_and_apps_do_not_count(access: Access) -> None:
    await access.api_keys.create(APP, "s3")
    for number in range(LIMIT):
        await access.api_keys.create(ApiKey(f"k{number}", ""), "x")
    with pytest.raises(Fault) as error:
        await access.api_keys.create(ApiKey("one-more", ""), "x")
    assert error.value.kind is F.KEY_LIMIT
    await access.api_keys.create(ApiKey("app", "app", secret="clear"), "clear")


async def test_an_update_keeps_name_key_and_secret(access: Access) -> None:
    await access.api_keys.create(APP, "s3")
    await access.api_keys.update(ApiKey("oracle", "changed", title="T", enabled=False, secret="other"))
    row = await access.api_keys.get("v4", name="oracle")
    assert row is not None
    assert (row.key, row.secret, row.title, row.enabled) == ("oracle", "s3", "T", False)
    with pytest.raises(Fault) as error:
        await access.api_keys.update(ApiKey("nobody", ""))
    assert error.value.kind is F.APP_NOT_FOUND


async def test_put_replaces_secret_and_whatever_else_holds_the_key(access: Access) -> None:
    await access.api_keys.create(ApiKey("old-name", "k1"), "x")
    await access.api_keys.put(ApiKey("new-name", "k1", role="viewer"), "y")
    assert [row.name for row in await access.api_keys.list("v5")] == ["new-name"]
    assert access.api_keys.verify("v5", "k1", "y")
    assert access.api_keys.verify("v5", "k1", "x") is None


async def test_a_deleted_key_is_gone(access: Access) -> None:
    await access.api_keys.create(APP, "s3")
    assert await access.api_keys.delete("oracle")
    assert not await access.api_keys.delete("oracle")
    assert access.api_keys.verify("v4", "oracle", "s3") is None


async def test_keys_survive_a_restart(on_disk: Access) -> None:
    odd = ApiKey("odd", "odd", enabled=None, generations=frozenset({"v3", "v4"}), extra={"status": "yes"})
    app = ApiKey("oracle", "oracle", secret="s3", expired_at=4_102_444_800)
    await on_disk.api_keys.create(odd, "x")
    await on_disk.api_keys.create(app, "s3")
    before = await on_disk.api_keys.list("v4")
    again = await restarted(on_disk)
    assert await again.api_keys.list("v4") == before
    assert again.api_keys.verify("v4", "oracle", "s3")
    await again.store.close()
