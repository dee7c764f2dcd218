"""The listeners of a node: started, stopped and listed by their ids."""

from __future__ import annotations

from dataclasses import dataclass

from emqx_compat.broker import Broker, Endpoint
from emqx_compat.core.nodes import Listener
from emqx_compat.transports.spec import ListenerSpec
from emqx_compat.transports.tcp import TcpServer
from emqx_compat.transports.websocket import WebSocketServer


@dataclass(slots=True)
class _Running:
    spec: ListenerSpec
    endpoint: Endpoint
    server: TcpServer | WebSocketServer
    running: bool = True


class ListenerManager:
    """Keeps what runs, in the order it was started. A stopped listener stays listed, with `running` False."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._listeners: dict[str, _Running] = {}

    async def start(self, spec: ListenerSpec) -> int:
        """Listen; the port that is bound. Returns when connections are accepted.

        Raises `OSError` when the address is taken, `ValueError` when the id runs already or TLS lacks its files.
        """
        before = self._listeners.get(spec.id)
        if before is not None and before.running:
            raise ValueError(f"listener {spec.id} is running")
        endpoint = before.endpoint if before is not None else Endpoint(spec.type, spec.name)
        kind = TcpServer if spec.type in ("tcp", "ssl") else WebSocketServer
        server = kind(self._broker, endpoint, spec)
        await server.start()
        self._listeners[spec.id] = _Running(spec, endpoint, server)
        return server.port

    async def stop(self, listener_id: str | None = None) -> None:
        """Stop one listener and close its connections; without an id, all of them, the last one first."""
        ids = reversed(tuple(self._listeners)) if listener_id is None else (listener_id,)
        for each in ids:
            running = self._listeners.get(each)
            if running is None or not running.running:
                continue
            running.running = False
            for channel in tuple(self._broker.channels):
                if channel.peer.endpoint is running.endpoint:
                    channel.close("listener_stopped")
            await running.server.stop()

    def bound_port(self, listener_id: str) -> int:
        """The real port of a listener. Raises `KeyError` when there is none of that id."""
        return self._listeners[listener_id].server.port

    def rows(self) -> list[Listener]:
        """What listings show, in the order of starting."""
        return [
            Listener(
                type=running.spec.type,
                name=running.spec.name,
                host=running.spec.host,
                port=running.spec.port,
                bound_port=running.server.port,
                acceptors=running.spec.acceptors,
                max_connections=running.spec.max_connections,
                current_connections=running.endpoint.current_connections,
                enable=running.spec.enable,
                running=running.running,
                shutdown_count=dict(running.endpoint.shutdown_count),
                settings=running.spec.settings,
            )
            for running in self._listeners.values()
        ]
