"""The server for tests that have an event loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from emqx_compat.config import Configuration, Settings, load, settings
from emqx_compat.core.clock import Clock, ManualClock
from emqx_compat.core.ids import Ids
from emqx_compat.server.engine import EmbeddedEngine
from emqx_compat.server.instance import Instance, installed, on_free_ports
from emqx_compat.testing.places import Port, auth_of, make_credentials, url_of

if TYPE_CHECKING:
    from emqx_compat.testing.sync import SyncServer

installed()  # importing the spokes belongs to the import, not to the start of the first server


class Server:
    """A whole server on free ports of 127.0.0.1 that keeps everything in memory; several live side by side.

    `overrides` are configuration settings as of `emqx-compat serve --set` (`mqtt.max_inflight=1`). With a
    `ManualClock`, time stands still until `advance`.
    """

    def __init__(
        self, overrides: Sequence[str] = (), *, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self._overrides = tuple(overrides)
        self._clock = clock
        self._ids = ids
        self._instance: Instance | None = None

    @classmethod
    def in_thread(
        cls, overrides: Sequence[str] = (), *, clock: Clock | None = None, ids: Ids | None = None
    ) -> SyncServer:
        """The same for tests without an event loop: `with Server.in_thread() as server: …`."""
        from emqx_compat.testing.sync import SyncServer

        return SyncServer(overrides, clock=clock, ids=ids)

    async def start(self) -> Self:
        """Listen; returns when every port accepts connections. Raises ConfigError."""
        configuration, wanted = _settings(self._overrides)
        self._instance = await Instance.start(
            configuration, on_free_ports(wanted), clock=self._clock, ids=self._ids, in_memory=True
        )
        await make_credentials(self._instance)
        return self

    async def stop(self) -> None:
        """Close everything; harmless when stopped already."""
        instance, self._instance = self._instance, None
        if instance is not None:
            await instance.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def instance(self) -> Instance:
        """The parts behind it, for tests that look inside."""
        if self._instance is None:
            raise RuntimeError("the server has not been started")
        return self._instance

    @property
    def engine(self) -> EmbeddedEngine:
        """What the four APIs ask."""
        return self.instance.engine

    @property
    def clock(self) -> Clock:
        """The server's time."""
        return self.instance.engine.clock

    @property
    def mqtt(self) -> tuple[str, int]:
        """Host and port of MQTT over TCP."""
        return "127.0.0.1", self.instance.listeners.bound_port("tcp:default")

    @property
    def ws(self) -> str:
        """URL of MQTT over WebSocket."""
        port = self.instance.listeners.bound_port("ws:default")
        path = next(
            each.websocket.mqtt_path for each in self.instance.settings.listeners if each.id == "ws:default"
        )
        return f"ws://127.0.0.1:{port}{path}"

    def url(self, generation: str, port: Port | None = None) -> str:
        """Base URL of `v2` … `v5`, no slash at the end; on the port where the generation was, or on `port`."""
        return url_of(self.instance, generation, port)

    def auth(self, generation: str, port: Port | None = None) -> tuple[str, str]:
        """User and secret that may do everything there."""
        return auth_of(self.instance, generation, port)

    def advance(self, seconds: float) -> None:
        """Move the time of a server that was given a ManualClock."""
        if not isinstance(self.clock, ManualClock):
            raise TypeError("only a ManualClock can be moved: Server(clock=ManualClock())")
        self.clock.advance(seconds)


def _settings(overrides: tuple[str, ...]) -> tuple[Configuration, Settings]:
    configuration = load(overrides=overrides, persist=False)
    return configuration, replace(settings(configuration), shutdown_timeout=1.0)
