"""A broker with everything that stands behind the switches, as the server puts it together; no HTTP ports."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from types import TracebackType
from typing import Any

from broker.rig import Raw, Rig, connect_packet

from emqx_compat.config import load, settings
from emqx_compat.core.clock import Clock
from emqx_compat.core.faults import F, Fault
from emqx_compat.mqtt import Connack
from emqx_compat.server.features import Behind, behind
from emqx_compat.server.mqtt import broker_settings
from emqx_compat.store import Store


class FeatureRig(Rig):
    """`overrides` are settings as of `--set`. The clock stands still unless another one is given."""

    def __init__(self, *overrides: str, store: Store | None = None, clock: Clock | None = None) -> None:
        configuration = load(overrides=overrides, persist=False)
        super().__init__(clock=clock, **asdict(broker_settings(settings(configuration), configuration)))
        self.store = store or Store(None)
        self.behind: Behind = behind(configuration, self.broker, self.store, watch_machine=False)
        self.features = self.behind.features

    async def __aenter__(self) -> FeatureRig:
        await super().__aenter__()
        await self.behind.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, value, trace)
        await self.behind.stop()
        await self.store.close()

    async def stranger(self, clientid: str, version: int = 4, **fields: Any) -> Raw:
        """A connected client whose address is not 127.0.0.1."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=("127.0.0.2", 0))
        client = Raw(self, reader, writer, version)
        self._clients.append(client)
        await client.send(connect_packet(clientid, version, **fields))
        client.connack = await client.expect(Connack)
        return client


async def fault_of(work: Any) -> F:
    """The fault that a call ends with."""
    try:
        await work
    except Fault as fault:
        return fault.kind
    raise AssertionError("no fault")
