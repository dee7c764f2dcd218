"""The listeners of a node: started, stopped, changed and listed by their ids."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

from emqx_compat.broker import Broker, Endpoint
from emqx_compat.core.nodes import Listener
from emqx_compat.transports.door import Door, HalfOpen
from emqx_compat.transports.port import Port, bind
from emqx_compat.transports.spec import ListenerSpec
from emqx_compat.transports.tls import RELOAD_INTERVAL

GRACE = 0.5
"""Seconds that closing connections have to send what is buffered when a listener stops."""


@dataclass(slots=True, eq=False)
class _Running:
    door: Door
    port: Port
    running: bool = True


class ListenerManager:
    """Keeps what runs, in the order it was started. A stopped listener stays listed, with `running` False."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._listeners: dict[str, _Running] = {}
        self._half_open = HalfOpen(broker)

    @property
    def half_open(self) -> int:
        """How many connections have not said who they are."""
        return len(self._half_open)

    async def start(self, spec: ListenerSpec) -> int:
        """Listen; the port that is bound. Returns when connections are accepted.

        A stopped listener that was given any free port gets the one it had, if it is still free. Raises `OSError`
        when the address is taken, `ValueError` when the id runs already or TLS lacks its files.
        """
        before = self._listeners.get(spec.id)
        if before is not None and before.running:
            raise ValueError(f"listener {spec.id} is running")
        endpoint = before.door.endpoint if before is not None else Endpoint(spec.type, spec.name)
        door = Door(self._broker, endpoint, self._half_open, spec)
        port = door.port = Port(self._broker.agenda, _bound(spec, before), spec.backlog, spec.acceptors)
        try:
            await port.open(door.connection)
        except BaseException:
            await port.close()
            raise
        running = self._listeners[spec.id] = _Running(door, port)
        self._watch_certificates(running)
        return port.number

    async def stop(self, listener_id: str | None = None) -> None:
        """Stop one listener and close its connections; without an id, all of them, the last one first."""
        ids = tuple(reversed(self._listeners)) if listener_id is None else (listener_id,)
        stopped = [each for each in (self._listeners.get(id_) for id_ in ids) if each is not None and each.running]
        for each in stopped:
            each.running = False
            await each.port.close()
            each.door.clear("listener_stopped")
        await asyncio.sleep(0)
        doors = [each.door for each in stopped]
        until = asyncio.get_running_loop().time() + GRACE
        while not all(door.is_quiet for door in doors):
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.001)
        for door in doors:
            door.cut()

    async def update(self, spec: ListenerSpec) -> int:
        """Other options for a listener: in place, and its connections stay, unless the address is another one.

        The port that is bound. Raises as `start`, and `KeyError` when there is none of that id; what fails leaves
        the listener as it was, or stopped when its new address cannot be had.
        """
        before = self._listeners[spec.id]
        if not before.running:
            return await self.start(spec)
        old = before.door.spec
        same = (old.host, old.port, old.backlog, old.acceptors) == (
            spec.host,
            spec.port,
            spec.backlog,
            spec.acceptors,
        )
        if same:
            before.door.change(spec)
            return before.port.number
        Door(self._broker, Endpoint(spec.type, spec.name), self._half_open, spec)  # for what it raises
        await self.stop(spec.id)
        return await self.start(spec)

    def describe(self, spec: ListenerSpec) -> None:
        """What listings show of a listener that does not run; harmless when there is none of that id."""
        found = self._listeners.get(spec.id)
        if found is not None and not found.running:
            found.door.spec = spec

    async def delete(self, listener_id: str) -> None:
        """Stop it, and list it no longer; harmless when there is none."""
        await self.stop(listener_id)
        self._listeners.pop(listener_id, None)

    def is_running(self, listener_id: str) -> bool:
        """Whether it is there and accepts connections."""
        found = self._listeners.get(listener_id)
        return found is not None and found.running

    def bound_port(self, listener_id: str) -> int:
        """The real port of a listener. Raises `KeyError` when there is none of that id."""
        return self._listeners[listener_id].port.number

    def rows(self) -> list[Listener]:
        """What listings show, in the order of starting."""
        return [_row(each) for each in self._listeners.values()]

    def _watch_certificates(self, running: _Running) -> None:
        """Look at the files of the certificate now and then, as long as the listener runs."""

        def look() -> None:
            if not running.running:
                return
            certificates = running.door.certificates
            if certificates is not None:
                certificates.reload(running.door.spec.id)
            self._broker.agenda.after(RELOAD_INTERVAL, look)

        if running.door.certificates is not None:
            self._broker.agenda.after(RELOAD_INTERVAL, look)


def _bound(spec: ListenerSpec, before: _Running | None) -> list[socket.socket]:
    if before is not None and not spec.port and not before.door.spec.port and before.door.spec.host == spec.host:
        with contextlib.suppress(OSError):
            return bind(spec.host, before.port.number)
    return bind(spec.host, spec.port)


def _row(running: _Running) -> Listener:
    spec, endpoint = running.door.spec, running.door.endpoint
    return Listener(
        type=spec.type,
        name=spec.name,
        host=spec.host,
        port=spec.port,
        bound_port=running.port.number,
        acceptors=spec.acceptors,
        max_connections=spec.max_connections,
        current_connections=endpoint.current_connections,
        enable=spec.enable,
        running=running.running,
        shutdown_count=dict(endpoint.shutdown_count),
        refused=dict(endpoint.refused),
        settings=spec.settings,
    )
