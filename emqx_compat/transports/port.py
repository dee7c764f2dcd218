"""Sockets that are listened on: opened, paused, closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Agenda, Entry

Factory = Callable[[], asyncio.BaseProtocol]


class Port:
    """The sockets of one address; `number` is the port they are bound to.

    How many connections are accepted in one turn of the event loop is bounded, so that a flood of them does not
    starve those that are there. asyncio accepts up to its `backlog` in a turn, uvloop one for each server: it gets
    several on the same socket.
    """

    def __init__(self, agenda: Agenda, sockets: list[socket.socket], backlog: int, at_once: int) -> None:
        self.number: int = sockets[0].getsockname()[1]
        self._agenda = agenda
        self._sockets = sockets
        self._backlog = backlog
        self._at_once = at_once
        self._factory: Factory | None = None
        self._servers: list[asyncio.AbstractServer] = []
        self._resume: Entry | None = None
        self._resuming: asyncio.Task[None] | None = None

    async def open(self, factory: Factory) -> None:
        """Accept connections."""
        self._factory = factory
        await self._listen()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._factory is not None
        plain = isinstance(loop, asyncio.BaseEventLoop)
        for each in self._sockets:
            for _ in range(1 if plain else self._at_once):
                # A copy, so that closing the server stops accepting, and leaves the socket and its backlog.
                copy = each.dup()
                try:
                    server = await loop.create_server(self._factory, sock=copy, backlog=self._at_once)
                except BaseException:
                    copy.close()
                    raise
                self._servers.append(server)
            each.listen(self._backlog)

    def pause(self, seconds: float) -> bool:
        """Leave connections in the backlog for so long; False when that is so already."""
        if self._resume is not None or self._resuming is not None or not self._servers:
            return False
        self._close_servers()
        self._resume = self._agenda.after(seconds, self._go_on)
        return True

    def _go_on(self) -> None:
        self._resume = None
        self._resuming = asyncio.get_running_loop().create_task(self._listen())
        self._resuming.add_done_callback(self._gone_on)

    def _gone_on(self, task: asyncio.Task[None]) -> None:
        self._resuming = None

    async def close(self) -> None:
        """Accept nobody any more; the port is free when this returns."""
        self._agenda.cancel(self._resume)
        self._resume = None
        if self._resuming is not None:
            task = self._resuming
            task.cancel()
            await asyncio.wait((task,))
        self._close_servers()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # also for the copies, which are closed a little later
            each.close()
        self._sockets = []

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()


def bind(host: str | None, port: int) -> list[socket.socket]:
    """Sockets on one address, or on all of IPv4 and IPv6 (the same port on both); bound before anything is served,
    so that readiness is exact and port 0 works.

    Raises `OSError` when the address is taken.
    """
    sockets: list[socket.socket] = []
    if host is None:
        addresses = [(socket.AF_INET, "0.0.0.0")]
        if socket.has_dualstack_ipv6():
            addresses.append((socket.AF_INET6, "::"))
    else:
        addresses = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    try:
        for family, address in addresses:
            # The protocol is named, else asyncio leaves Nagle's algorithm on.
            bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((address, port or (sockets[0].getsockname()[1] if len(sockets) > 1 else 0)))
            bound.setblocking(False)
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets
