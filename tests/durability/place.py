"""A data directory that outlives its brokers, and a store that fails when it is told to."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from broker.rig import Rig

from emqx_compat.core.clock import ManualClock
from emqx_compat.core.durable import Batch, Kept
from emqx_compat.store import Store, StoreError
from emqx_compat.store.durable import DurableTables


class Place:
    """Brokers one after the other on the same data, with a clock that goes on from one to the next."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "data"
        self.clock = ManualClock()
        self._snapshots = 0

    @asynccontextmanager
    async def broker(self, **settings: Any) -> AsyncIterator[Rig]:
        """A broker that ends properly."""
        store = Store(self.directory)
        try:
            async with Rig(clock=self.clock, session_store=DurableTables(store), **settings) as rig:
                self.clock.advance(0)  # what was due while nobody was there
                yield rig
        finally:
            await store.close()

    def crash(self) -> None:
        """From now on the data is what is on the disk at this moment, as after `kill -9`."""
        self._snapshots += 1
        snapshot = self.directory.with_name(f"crash{self._snapshots}")
        snapshot.mkdir()
        for path in self.directory.glob("*.sqlite3*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, snapshot)
        self.directory = snapshot

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What another program reads with plain sqlite3."""
        connection = sqlite3.connect(self.directory / "emqx_compat.sqlite3")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


class Gate:
    """A store in memory that commits when it is told to, or says that it cannot."""

    durable = True

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.broken: str | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self.open = True

    def load(self) -> Kept:
        return Kept()

    def save(self, batch: Batch) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.batches.append(batch)
        self._waiting.append(done)
        if self.open:
            self.let()
        return done

    def let(self) -> None:
        """Carry out what waits, and what comes from now on."""
        self.open = True
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            if done.done():
                continue
            if self.broken is None:
                done.set_result(None)
            else:
                done.set_exception(StoreError(self.broken))

    def shut(self) -> None:
        """Let everything wait."""
        self.open = False

    async def asked(self) -> None:
        """A batch waits."""
        async with asyncio.timeout(5):
            while not self._waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
