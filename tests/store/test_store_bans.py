"""The table of bans."""

from __future__ import annotations

from pathlib import Path

from emqx_compat.core.bans import Ban
from emqx_compat.store import Store
from emqx_compat.store.bans import BanTable

FULL = Ban("clientid", "c1", by="me", reason="why", at=1_700_000_000, until=1_700_000_300, extra={"desc": "d"})
BARE = Ban("peerhost_net", "10.0.0.0/8")


async def reopened(directory: Path, store: Store) -> Store:
    await store.close()
    return Store(directory)


async def test_bans_come_back_as_they_were_in_the_order_they_were_made(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for ban in (FULL, BARE):
        await BanTable(store).put(ban)
    store = await reopened(tmp_path, store)
    assert BanTable(store).load() == [FULL, BARE]
    await store.close()


async def test_a_ban_of_the_same_kind_and_name_is_replaced() -> None:
    store = Store()
    table = BanTable(store)
    await table.put(FULL)
    await table.put(Ban("clientid", "c1", by="other"))
    await table.put(Ban("username", "c1"))
    assert table.load() == [Ban("clientid", "c1", by="other"), Ban("username", "c1")]
    await store.close()


async def test_removed_and_purged_bans_are_gone() -> None:
    store = Store()
    table = BanTable(store)
    for ban in (FULL, BARE, Ban("username", "u")):
        await table.put(ban)
    await table.remove("clientid", "c1")
    table.purge("username", "u")
    assert table.load() == [BARE]
    await table.clear()
    assert table.load() == []
    await store.close()
