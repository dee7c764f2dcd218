"""Auto subscribe: topics to which every new connection is subscribed, without SUBACK and without authorization."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from emqx_compat.core.clients import Client, SubscriptionOptions
from emqx_compat.core.engine import ClientService
from emqx_compat.core.faults import Fault
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.topics import valid_topic_filter

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class AutoSubscribe:
    """The effect. `topics` may be replaced at any time; `spawn` runs a coroutine after the CONNACK."""

    def __init__(
        self, hooks: Hooks, clients: ClientService, spawn: Spawn, topics: Sequence[SubscriptionOptions] = ()
    ) -> None:
        self._hooks = hooks
        self._clients = clients
        self._spawn = spawn
        self.topics = tuple(topics)

    async def start(self, options: Mapping[str, str]) -> None:
        """For connections from now on."""
        self._hooks.client_connected.append(self._connected)

    async def stop(self) -> None:
        """What is subscribed stays."""
        self._hooks.client_connected.remove(self._connected)

    def _connected(self, client: Client) -> None:
        wanted = [replace(each, topic=topic) for each in self.topics if (topic := filled(each.topic, client))]
        if wanted:
            self._spawn(self._subscribe(client.clientid, wanted))

    async def _subscribe(self, clientid: str, wanted: Sequence[SubscriptionOptions]) -> None:
        with suppress(Fault):  # gone already
            await self._clients.subscribe(clientid, wanted)


def filled(topic: str, client: Client) -> str | None:
    """A topic with its placeholders, 5.x's and 2.x's, replaced; None when one has no value or no filter results."""
    values = {
        "${clientid}": client.clientid,
        "%c": client.clientid,
        "${username}": client.username,
        "%u": client.username,
        "${host}": client.peerhost,
        "${port}": None if client.peerport is None else str(client.peerport),
    }
    for placeholder, value in values.items():
        if placeholder in topic:
            if value is None:
                return None
            topic = topic.replace(placeholder, value)
    return topic if valid_topic_filter(topic) else None
