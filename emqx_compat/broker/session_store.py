"""Where the broker keeps what must outlive the process."""

from __future__ import annotations

import asyncio
from typing import Protocol

from emqx_compat.core.durable import Batch, Kept


class SessionStore(Protocol):
    """Where sessions, their messages, retained and delayed messages are kept."""

    durable: bool
    """False: nothing is kept, and nothing is asked of it."""

    def load(self) -> Kept:
        """All there is, before the first connection."""

    def save(self, batch: Batch) -> asyncio.Future[None]:
        """Commit a batch, whole or not at all; batches are committed in their order."""


class NoSessionStore:
    """Keeps nothing: sessions live and die with the process."""

    durable = False

    def load(self) -> Kept:
        """Nothing."""
        return Kept()

    def save(self, batch: Batch) -> asyncio.Future[None]:
        """Not asked for."""
        raise RuntimeError("nothing is durable here")
