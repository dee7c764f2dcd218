"""The tables: made in a database of the first version, readable, and quick to load."""

from __future__ import annotations

import gc
import sqlite3
import time
from pathlib import Path

from broker.rig import Rig

from durability.place import Place
from emqx_compat.core.durable import Batch, MessageRow, QueueRow, RetainedRow, SubscriptionRow
from emqx_compat.store import Store
from emqx_compat.store.durable import DurableTables
from emqx_compat.store.migrations import MIGRATIONS


async def test_a_database_of_version_1_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "emqx_compat.sqlite3"
    connection = sqlite3.connect(path)
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("INSERT INTO bans (kind, who) VALUES ('clientid', 'mallory')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    store = Store(tmp_path)
    assert store.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert store.rows("SELECT who FROM bans") == [("mallory",)]
    async with Rig(session_store=DurableTables(store)) as rig:
        await rig.publish("t", b"1", 1, retain=True)
    await store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT topic, payload FROM retained").fetchall() == [("t", b"1")]
    connection.close()


async def test_a_batch_is_stored_whole_and_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = DurableTables(store)
    messages = [MessageRow(number, "t", b"x", 1, 0, None, "c", None, None, 1.5) for number in range(1, 400)]
    queue = [QueueRow(number, 1, number, "t", None, 1, 0, None, 0) for number in range(1, 400)]
    await tables.save(
        Batch(messages=messages, queue=queue, subscriptions=[SubscriptionRow(1, "t", 1, 0, 0, 0, 5, None)])
    )
    await tables.save(Batch(queue=[queue[0]._replace(packet_id=7)], taken=[2, 3], finished=[2, 3]))
    assert store.rows("SELECT id, packet_id FROM queue WHERE id < 5") == [(1, 7), (4, None)]
    assert store.rows("SELECT count(*) FROM messages") == [(397,)]
    await tables.save(Batch(unsubscribed=[(1, "t")]))
    assert store.rows("SELECT count(*) FROM subscriptions") == [(0,)]
    await store.close()


async def test_rows_that_belong_to_nothing_are_swept_out_at_the_start(place: Place) -> None:
    async with place.broker():
        pass
    connection = sqlite3.connect(place.directory / "emqx_compat.sqlite3")
    connection.execute("INSERT INTO queue VALUES (1, 77, 88, 't', NULL, 1, 0, NULL, 0)")
    connection.execute("INSERT INTO received VALUES (77, 1, 1.0)")
    connection.execute("INSERT INTO subscriptions VALUES (77, 't', 1, 0, 0, 0, NULL, NULL)")
    connection.commit()
    connection.close()
    async with place.broker() as rig:
        assert len(rig.broker.registry) == 0
    for table in ("queue", "received", "subscriptions"):
        assert place.rows(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_many_retained_messages_are_loaded_in_little_time(place: Place) -> None:
    store = Store(place.directory)
    rows = [
        RetainedRow(f"site/{number % 100}/device/{number}", b"x" * 50, 1, None, "c", None, None, 1.7e9)
        for number in range(20_000)
    ]
    await DurableTables(store).save(Batch(retained=rows))
    await store.close()
    begun = time.process_time()
    async with place.broker() as rig:
        assert len(rig.broker.retained) == 20_000
        assert gc.isenabled()
    assert time.process_time() - begun < 5
