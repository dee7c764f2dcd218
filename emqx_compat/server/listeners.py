"""The listeners of a server: listed, and changed at run time; what is changed outlives the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from emqx_compat.config import ConfigError, Configuration, ListenerSettings
from emqx_compat.config.nodes import Json
from emqx_compat.config.settings import listeners as configured
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.nodes import Listener
from emqx_compat.server.mqtt import listener_spec
from emqx_compat.transports import ListenerManager

HIDDEN = "******"
"""What answers show in the place of a secret; sent back, it means the secret that is there."""


class ServerListeners:
    """`core.engine.ListenerService` over the configuration and what runs.

    `wanted` are the listeners the server is started with: where the bind of one is still the configured one, it is
    bound where they say, which tests use for free ports. `http` gives the rows of the HTTP ports.
    """

    def __init__(
        self,
        configuration: Configuration,
        manager: ListenerManager,
        wanted: Iterable[ListenerSettings],
        http: Callable[[], Iterable[Listener]],
    ) -> None:
        self._configuration = configuration
        self._manager = manager
        self._places = {each.id: (each.bind, each.host, each.port) for each in wanted}
        self._http = http
        self._changing = asyncio.Lock()

    async def list(self) -> Sequence[Listener]:
        """MQTT listeners that run or ran, those that are switched off, HTTP ports."""
        return [*self._mqtt(), *self._http()]

    async def start(self, listener_id: str) -> None:
        """See `core.engine.ListenerService.start`."""
        await self._switch(listener_id, True)

    async def stop(self, listener_id: str) -> None:
        """See `core.engine.ListenerService.stop`."""
        await self._switch(listener_id, False)

    async def restart(self, listener_id: str, *, drop_connections: bool = False) -> None:
        """See `core.engine.ListenerService.restart`."""
        async with self._changing:
            self._require(listener_id)
            if drop_connections:
                await self._manager.stop(listener_id)
            await self._change(listener_id, {"enable": True})

    async def create(self, listener_id: str, settings: Mapping[str, object]) -> Listener:
        """See `core.engine.ListenerService.create`."""
        async with self._changing:
            if self._settings(listener_id) is not None:
                raise Fault(F.LISTENER_EXISTS, id=listener_id)
            self._configure(listener_id, lambda path: self._configuration.update(path, cast(Json, dict(settings))))
            try:
                await self._apply(listener_id)
            except Fault:
                self._configuration.remove(_path(listener_id))
                raise
            return self._row(listener_id)

    async def update(self, listener_id: str, settings: Mapping[str, object]) -> Listener:
        """See `core.engine.ListenerService.update`."""
        async with self._changing:
            self._require(listener_id)
            await self._change(listener_id, settings)
            return self._row(listener_id)

    async def delete(self, listener_id: str) -> None:
        """See `core.engine.ListenerService.delete`."""
        async with self._changing:
            self._require(listener_id)
            self._configure(listener_id, self._configuration.remove)
            self._places.pop(listener_id, None)
            await self._manager.delete(listener_id)

    # --- within --------------------------------------------------------------------------------------------------

    async def _switch(self, listener_id: str, on: bool) -> None:
        async with self._changing:
            if self._require(listener_id).enable is not on or self._manager.is_running(listener_id) is not on:
                await self._change(listener_id, {"enable": on})

    async def _change(self, listener_id: str, settings: Mapping[str, object]) -> None:
        """Lay settings over what is configured, and make it so; what cannot be is taken back."""
        path = _path(listener_id)
        before = self._configuration.raw(path)
        changes = {f"{path}.{inner}": value for inner, value in _leaves(settings)}
        if changes:
            self._configure(listener_id, lambda _: self._configuration.update_many(changes))
        try:
            await self._apply(listener_id)
        except Fault:
            self._configuration.update(path, before)
            raise

    def _configure(self, listener_id: str, change: Callable[[str], None]) -> None:
        try:
            change(_path(listener_id))
        except ConfigError as error:
            raise Fault(F.LISTENER_INVALID, id=listener_id, reason=str(error.problems[0])) from error

    async def _apply(self, listener_id: str) -> None:
        """Let what runs be what is configured."""
        listener = self._require(listener_id)
        try:
            spec = listener_spec(listener, shown(self._configuration, listener.id))
            if not listener.enable:
                await self._manager.stop(listener_id)
                self._manager.describe(spec)
            elif self._manager.is_running(listener_id):
                await self._manager.update(spec)
            else:
                await self._manager.start(spec)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise Fault(F.LISTENER_FAILED, id=listener_id, reason=reason) from error

    def _require(self, listener_id: str) -> ListenerSettings:
        found = self._settings(listener_id)
        if found is None:
            raise Fault(F.LISTENER_NOT_FOUND, id=listener_id)
        return found

    def _settings(self, listener_id: str) -> ListenerSettings | None:
        for listener in configured(self._configuration):
            if listener.id == listener_id:
                bind, host, port = self._places.get(listener.id, ("", "", 0))
                return replace(listener, host=host, port=port) if bind == listener.bind else listener
        return None

    def _row(self, listener_id: str) -> Listener:
        return next(row for row in self._mqtt() if row.id == listener_id)

    def _mqtt(self) -> Iterator[Listener]:
        """A bind of a port alone has no host."""
        now = {listener.id: listener for listener in configured(self._configuration)}
        for row in self._manager.rows():
            listener = now.pop(row.id, None)
            yield replace(row, host=None) if listener is not None and listener.bind.startswith(":") else row
        for listener in now.values():
            if not listener.enable:
                yield Listener(
                    type=listener.type,
                    name=listener.name,
                    host=None if listener.bind.startswith(":") else listener.host,
                    port=listener.port,
                    bound_port=listener.port,
                    acceptors=listener.acceptors,
                    max_connections=listener.max_connections,
                    enable=False,
                    running=False,
                    settings=shown(self._configuration, listener.id),
                )


def shown(configuration: Configuration, listener_id: str) -> dict[str, object]:
    """A listener's configuration as EMQX 5.6.1 shows it: without the default zone and an empty TLS password."""
    raw = configuration.raw(_path(listener_id), mask=True)
    assert isinstance(raw, dict)
    result: dict[str, object] = {key: value for key, value in raw.items() if (key, value) != ("zone", "default")}
    tls = raw.get("ssl_options")
    if isinstance(tls, dict):
        result["ssl_options"] = {key: value for key, value in tls.items() if (key, value) != ("password", "")}
    return result


def _path(listener_id: str) -> str:
    kind, _, name = listener_id.partition(":")
    return f'listeners.{kind}."{name}"'


def _leaves(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """What is to be changed, by the path of each value below the listener."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f'{prefix}"{name}".')
        elif value != HIDDEN:
            yield f'{prefix}"{name}"', cast(Json, value)
