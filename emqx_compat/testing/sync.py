"""The server for tests without an event loop: it lives in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from emqx_compat.core.clock import Clock
from emqx_compat.core.ids import Ids
from emqx_compat.server.engine import EmbeddedEngine
from emqx_compat.testing.places import Port
from emqx_compat.testing.server import Server

T = TypeVar("T")


class SyncServer:
    """`Server`, started and stopped by plain calls. Its methods may be called from any thread but its own."""

    def __init__(
        self, overrides: Sequence[str] = (), *, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self._server = Server(overrides, clock=clock, ids=ids)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen; returns when every port accepts connections. Raises what `Server.start` raises."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="emqx_compat", daemon=True)
        self._thread.start()
        try:
            self._wait(self._server.start())
        except BaseException:
            self._end_thread()
            raise
        return self

    def stop(self) -> None:
        """Close everything; harmless when stopped already."""
        if self._thread is not None:
            try:
                self._wait(self._server.stop())
            finally:
                self._end_thread()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def mqtt(self) -> tuple[str, int]:
        """Host and port of MQTT over TCP."""
        return self._server.mqtt

    @property
    def ws(self) -> str:
        """URL of MQTT over WebSocket."""
        return self._server.ws

    def url(self, generation: str, port: Port | None = None) -> str:
        """See `Server.url`."""
        return self._server.url(generation, port)

    def auth(self, generation: str, port: Port | None = None) -> tuple[str, str]:
        """See `Server.auth`."""
        return self._server.auth(generation, port)

    def advance(self, seconds: float) -> None:
        """Move the time of a server that was given a ManualClock; what became due has run when this returns."""
        self.call(lambda: self._server.advance(seconds))

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` in the server's event loop, where its parts may be touched."""

        async def run() -> T:
            return work()

        return self._wait(run())

    def run(self, work: Callable[[EmbeddedEngine], Coroutine[Any, Any, T]]) -> T:
        """Run what `work` makes of the server's engine in the server's event loop, and wait for it."""
        return self._wait(work(self._server.engine))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("the server has not been started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_thread(self) -> None:
        loop, thread = self._loop, self._thread
        assert loop is not None and thread is not None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = self._thread = None
