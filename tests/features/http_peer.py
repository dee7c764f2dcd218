"""An HTTP server that keeps what is posted to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any

TIMEOUT = 5.0


class HttpPeer:
    """Answers with the statuses given, then with 200. While `hold` is set, nobody is answered."""

    def __init__(self, statuses: Sequence[int] = ()) -> None:
        self.statuses = list(statuses)
        self.headers: list[dict[str, str]] = []
        self.hold: asyncio.Event | None = None
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> HttpPeer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def body(self) -> dict[str, Any]:
        """What was posted next."""
        async with asyncio.timeout(TIMEOUT):
            return json.loads(await self._bodies.get())  # type: ignore[no-any-return]

    async def bodies(self, count: int) -> list[dict[str, Any]]:
        """What was posted next, several."""
        return [await self.body() for _ in range(count)]

    @property
    def unread(self) -> int:
        """How many posts nobody has asked for yet."""
        return self._bodies.qsize()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST /hook HTTP/1.1"), line
                headers = {}
                while (header := await reader.readline()) != b"\r\n":
                    name, _, value = header.decode().strip().partition(": ")
                    headers[name.lower()] = value
                body = await reader.readexactly(int(headers["content-length"]))
                self.headers.append(headers)
                self._bodies.put_nowait(body)
                if self.hold is not None:
                    await self.hold.wait()
                status = self.statuses.pop(0) if self.statuses else 200
                writer.write(b"HTTP/1.1 %d Any\r\ncontent-length: 0\r\n\r\n" % status)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
