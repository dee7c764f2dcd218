"""One HTTP port: uvicorn's machinery on a socket that was bound before, in an event loop that is not uvicorn's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

from uvicorn import Config, Server

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from emqx_compat.broker.limits import Limits

MAX_CONNECTIONS = 512
"""At a time, on one port; one too many takes the place of the longest idle one."""
KEEP_ALIVE = 60.0
"""Seconds that an idle connection is held; Cowboy's `idle_timeout`."""


class _Config(Config):
    """What `LenientProtocol` wants to know besides."""

    max_connections: int
    limits: Limits | None


class HttpPort:
    """Serves an ASGI application on a bound socket between `start` and `stop`; reached `limits` are told there."""

    def __init__(
        self,
        name: str,
        app: ASGIApp,
        sock: socket.socket,
        *,
        limits: Limits | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.name = name
        self.socket = sock
        address = sock.getsockname()
        self.host: str = address[0]
        self.port: int = address[1]
        config = _Config(
            app,
            http=_protocol(),
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,  # uvicorn's loggers are left alone: another server of this process may use them
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=int(KEEP_ALIVE),
            h11_max_incomplete_event_size=65_536,
        )
        config.max_connections, config.limits = max_connections, limits
        self._server = Server(config)
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._server.server_state.connections)

    @property
    def tasks(self) -> int:
        """Requests that are being answered."""
        return len(self._server.server_state.tasks)

    async def start(self) -> None:
        """Accept connections. Raises OSError."""
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        self._tick()
        await self._server.startup(sockets=[self.socket])

    def stop_accepting(self) -> None:
        """Close the listening socket and the idle connections; requests that are being answered go on."""
        for server in getattr(self._server, "servers", ()):
            server.close()
        self.socket.close()
        for connection in list(self._server.server_state.connections):
            connection.shutdown()

    async def stop(self, timeout: float) -> None:
        """Wait until the running requests are answered, at most `timeout` seconds; then cut what is left."""
        self.stop_accepting()
        state = self._server.server_state
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while state.tasks:
                    await asyncio.wait(set(state.tasks))
                while state.connections:  # noqa: ASYNC110 - the transports still write, and tell nobody
                    await asyncio.sleep(0.002)
        for task in list(state.tasks):
            task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()
        if self._ticker is not None:
            self._ticker.cancel()

    def _tick(self) -> None:
        """Renew the Date header once a second, as uvicorn's main loop does."""
        loop = asyncio.get_running_loop()
        self._server.server_state.default_headers = [(b"date", _http_date())]
        self._ticker = loop.call_later(1.0, self._tick)


def _http_date() -> bytes:
    from email.utils import formatdate

    return formatdate(usegmt=True).encode()


def _protocol() -> Any:
    try:
        from emqx_compat.server.http_protocol import LenientProtocol
    except ImportError:  # without httptools: slower, and without the repairs
        return "h11"
    return LenientProtocol
