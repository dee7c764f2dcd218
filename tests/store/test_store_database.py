"""The store: what is acknowledged is on the disk, writers share commits, failures reach the caller."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from emqx_compat.store import Store, StoreError
from emqx_compat.store.migrations import MIGRATIONS

PUT = "INSERT INTO meta (key, value) VALUES (?, ?)"


def plain_rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program reads with plain sqlite3."""
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


async def test_a_write_is_visible_to_plain_sqlite3_once_it_returns(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.write((PUT, ("a", "1")))
    assert store.path is not None
    assert plain_rows(store.path, "SELECT key, value FROM meta") == [("a", "1")]
    await store.close()


async def test_the_tables_are_made_and_numbered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    tables = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"users", "api_keys", "tokens", "bans", "meta"} <= tables
    await store.close()


async def test_writes_that_wait_together_share_commits(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await asyncio.gather(*(store.write((PUT, (str(number), ""))) for number in range(1000)))
    assert store.commits < 100
    assert store.rows("SELECT count(*) FROM meta") == [(1000,)]
    await store.close()


async def test_a_write_that_fails_leaves_nothing_and_others_stand(tmp_path: Path) -> None:
    store = Store(tmp_path)
    results = await asyncio.gather(
        store.write((PUT, ("first", ""))),
        store.write((PUT, ("half", "")), (PUT, ("first", ""))),
        store.write((PUT, ("last", ""))),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert results[0] is None
    assert results[2] is None
    assert store.rows("SELECT key FROM meta ORDER BY key") == [("first",), ("last",)]
    await store.close()


@pytest.mark.parametrize("value", ["\ud800", 1 << 70], ids=["lone surrogate", "more than 64 bits"])
async def test_a_value_that_sqlite_cannot_hold_is_the_callers_error(tmp_path: Path, value: str | int) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError):
        await store.write((PUT, ("key", value)))
    await store.write((PUT, ("key", "fine")))
    await store.close()


async def test_a_full_disk_is_the_callers_error_and_passes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (pages,) = store.rows("PRAGMA page_count")[0]
    store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        await store.write((PUT, ("big", "x" * 100_000)))
    store.rows("PRAGMA max_page_count = 1000000")
    await store.write((PUT, ("big", "x" * 100_000)))
    assert store.rows("SELECT length(value) FROM meta") == [(100_000,)]
    await store.close()


async def test_closing_commits_what_was_posted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(100):
        store.post((PUT, (str(number), "")))
    await store.close()
    assert store.path is not None
    assert plain_rows(store.path, "SELECT count(*) FROM meta") == [(100,)]


async def test_a_closed_store_refuses_to_write(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.write((PUT, ("a", "")))


async def test_a_second_store_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match=f"in use by process {os.getpid()}"):
        Store(tmp_path)
    await store.close()
    await Store(tmp_path).close()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "emqx_compat.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer version"):
        Store(tmp_path)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "emqx_compat.sqlite3"
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError, match=str(path)):
        Store(tmp_path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "data")


async def test_the_store_in_memory_needs_no_thread_and_no_file(tmp_path: Path) -> None:
    store = Store()
    await store.write((PUT, ("a", "1")))
    assert store.rows("SELECT value FROM meta") == [("1",)]
    assert store._thread is None
    await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from emqx_compat.store import Store

async def main():
    store = Store(Path(sys.argv[1]))
    async def one(number):
        await store.write(("INSERT INTO meta (key, value) VALUES (?, '')", (str(number),)))
        print(number, flush=True)
    for start in range(0, 1_000_000, 20):
        await asyncio.gather(*(one(start + offset) for offset in range(20)))

asyncio.run(main())
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(100)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.stdout.close()
    process.wait()
    found = {row[0] for row in plain_rows(tmp_path / "emqx_compat.sqlite3", "SELECT key FROM meta")}
    assert found >= set(acknowledged)
    store = Store(tmp_path)  # the lock went with the process
    asyncio.run(store.close())
