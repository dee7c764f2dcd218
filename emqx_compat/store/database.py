"""The database: one writer thread with a queue, commits shared by whatever waits, a reader for the start.

With a path, writes go through a thread, so that no fsync ever holds up the event loop; several that wait are
committed together. Without one, the database lives in memory and a write is done at once in the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from emqx_compat.store.migrations import MIGRATIONS

FILE_NAME = "emqx_compat.sqlite3"
LOCK_NAME = "emqx_compat.lock"

Value = str | int | float | bytes | None
Statement = tuple[str, Sequence[Value]]
"""SQL and its parameters."""

_GROUP = 512
"""At most so many writes share one commit, so that the first of them does not wait for ever."""

logger = logging.getLogger("emqx_compat.store")


class StoreError(Exception):
    """The database cannot be opened, or a write was not stored; nothing of that write remains."""


@dataclass(slots=True)
class _Write:
    statements: Sequence[Statement]
    done: asyncio.Future[None] | None
    """None: nobody waits; a failure is logged."""


class Store:
    """An open database. `Store(None)` keeps everything in memory.

    Opening waits for the disk; every other call belongs to the event loop's thread.
    Raises StoreError when the directory cannot be used, another process holds it, or the file is not ours.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock: TextIO | None = None
        self._closed = False
        self.path = None if directory is None else directory / FILE_NAME
        self.commits = 0
        """Transactions committed so far."""
        try:
            if directory is not None:
                directory.mkdir(parents=True, exist_ok=True)
                self._lock = _lock(directory / LOCK_NAME)
            self._connection = _open(self.path)
        except (sqlite3.Error, OSError) as error:
            self._unlock()
            raise StoreError(f"{self.path or directory}: {error}") from error
        except StoreError:
            self._unlock()
            raise

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """What a query finds. Waits for the disk: for the start, before anything is written."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def each(self, sql: str) -> Iterator[tuple[Value, ...]]:
        """The same row by row, for what may be a million."""
        try:
            yield from self._connection.execute(sql)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    async def write(self, *statements: Statement) -> None:
        """Carry out the statements as one; returns when they are committed. Faults: StoreError."""
        await self.begin(statements)

    def begin(self, statements: Sequence[Statement]) -> asyncio.Future[None]:
        """The same without waiting: done when they are committed, or with a StoreError."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._put(_Write(statements, done), loop)
        return done

    def post(self, *statements: Statement) -> None:
        """Carry out the statements soon, in order with the other writes; a failure is only logged."""
        self._put(_Write(statements, None), None)

    async def close(self) -> None:
        """Commit what waits and close; later writes fail. Harmless when closed already."""
        if self._closed:
            return
        self._closed = True
        thread = self._thread
        if thread is not None:
            self._queue.put(None)
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._unlock()

    def _put(self, write: _Write, loop: asyncio.AbstractEventLoop | None) -> None:
        if self._closed:
            _finish([(write, StoreError("the store is closed"))])
            return
        if self.path is None:
            _finish(self._commit([write]))
            return
        if loop is not None:
            self._loop = loop
        if self._thread is None:
            # Daemonic, so that a crash is not held up; what it drops was never acknowledged.
            self._thread = threading.Thread(target=self._work, name="store", daemon=True)
            self._thread.start()
        self._queue.put(write)

    def _work(self) -> None:
        open_ = True
        while open_:
            head = self._queue.get()
            batch = [] if head is None else [head]
            open_ = head is not None
            with contextlib.suppress(queue.Empty):
                while open_ and len(batch) < _GROUP:
                    write = self._queue.get_nowait()
                    if write is None:
                        open_ = False
                    else:
                        batch.append(write)
            if batch:
                results = self._commit(batch)
                try:
                    if self._loop is not None:
                        self._loop.call_soon_threadsafe(_finish, results)
                    else:
                        _finish(results)
                except RuntimeError:  # the loop is closed: nobody waits any more
                    _finish([(_Write(write.statements, None), error) for write, error in results])

    def _commit(self, batch: Sequence[_Write]) -> list[tuple[_Write, StoreError | None]]:
        """Every write in a savepoint of its own, all in one transaction; a write that fails leaves no trace."""
        execute = self._connection.execute
        results: list[tuple[_Write, StoreError | None]] = []
        try:
            execute("BEGIN IMMEDIATE")
            results.extend((write, self._apply(write.statements)) for write in batch)
            execute("COMMIT")
            self.commits += 1
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    execute("ROLLBACK")
            failure = StoreError(f"{self.path}: {error}")
            return [(write, failure) for write in batch]
        return results

    def _apply(self, statements: Sequence[Statement]) -> StoreError | None:
        execute = self._connection.execute
        execute("SAVEPOINT one")
        try:
            for sql, parameters in statements:
                execute(sql, parameters)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if not self._connection.in_transaction:  # a full disk rolls everything back by itself
                raise
            execute("ROLLBACK TO one")
            execute("RELEASE one")
            return StoreError(str(error))
        execute("RELEASE one")
        return None

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _finish(results: Sequence[tuple[_Write, StoreError | None]]) -> None:
    for write, error in results:
        if write.done is None:
            if error is not None:
                logger.error("store_write_failed, reason: %s", error)
        elif not write.done.done():
            if error is None:
                write.done.set_result(None)
            else:
                write.done.set_exception(error)


def _lock(path: Path) -> TextIO:
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        by = f" by process {holder}" if holder else ""
        raise StoreError(f"{path.parent}: the data directory is in use{by}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _open(path: Path | None) -> sqlite3.Connection:
    # The connection moves from the opening thread to the writer's; the two never use it at the same time.
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
    try:
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA busy_timeout = 5000")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(f"{path}: written by a newer version (step {version}, known are {len(MIGRATIONS)})")
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
