"""Posts in the background: bounded queues, several on their way at once, retries that wait longer each time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from emqx_compat.core.clock import Clock
from emqx_compat.features.web_hook.settings import WebHookSettings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

FAREWELL = 0.5
"""Seconds that `stop` waits for what is queued."""


class Sender:
    """Counts `web_hook.success`, `.failure` (given up), `.retry` and `.dropped` (no room in the queue).

    An answer below 500 ends a post, 2xx as a success; 5xx, 429 and what goes wrong on the way are tried again.
    """

    def __init__(self, settings: WebHookSettings, clock: Clock, counters: MutableMapping[str, int]) -> None:
        self._settings = settings
        self._clock = clock
        self._counters = counters
        self._waiting = 0
        self._queues: list[asyncio.Queue[bytes]] = [asyncio.Queue() for _ in range(settings.concurrency)]
        self._tasks: list[asyncio.Task[None]] = []
        self._http: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Begin to post."""
        import httpx  # heavy, and needed by few servers

        settings = self._settings
        headers = {"content-type": "application/json"} | dict(settings.headers)
        self._http = httpx.AsyncClient(timeout=settings.timeout, headers=headers, trust_env=False)
        self._tasks = [asyncio.create_task(self._work(queue)) for queue in self._queues]

    async def stop(self) -> None:
        """Post what waits, if that is quick; then give up the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                for queue in self._queues:
                    await queue.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    def send(self, key: str, body: bytes) -> None:
        """Post soon; bodies with the same key in the order in which they are given."""
        if self._waiting >= self._settings.queue_size:
            self._counters["web_hook.dropped"] += 1
            return
        self._waiting += 1
        self._queues[crc32(key.encode("utf-8", "replace")) % len(self._queues)].put_nowait(body)

    async def _work(self, queue: asyncio.Queue[bytes]) -> None:
        while True:
            body = await queue.get()
            try:
                done = await self._post(body)
                self._counters["web_hook.success" if done else "web_hook.failure"] += 1
            finally:
                self._waiting -= 1
                queue.task_done()

    async def _post(self, body: bytes) -> bool:
        settings = self._settings
        for attempt in range(settings.retries + 1):
            if attempt:
                self._counters["web_hook.retry"] += 1
                await self._pause(settings.backoff * 2 ** (attempt - 1))
            status = await self._attempt(body)
            if status is not None and status < 500 and status != 429:
                if status >= 300:
                    log.warning("web_hook_refused, url: %s, status: %s", settings.url, status)
                return status < 300
        log.warning("web_hook_given_up, url: %s, attempts: %s", settings.url, settings.retries + 1)
        return False

    async def _attempt(self, body: bytes) -> int | None:
        """The status of the answer; None: there was none."""
        import httpx

        assert self._http is not None
        try:
            answer = await self._http.post(self._settings.url, content=body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            log.debug("web_hook_failed, url: %s, reason: %r", self._settings.url, error)
            return None
        return answer.status_code

    async def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not over.done():
                over.set_result(None)

        timer = self._clock.call_later(seconds, wake)
        try:
            await over
        finally:
            timer.cancel()
