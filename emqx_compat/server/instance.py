"""A whole server: built from a configuration, started, stopped. What `serve` and tests run alike."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from emqx_compat.access.api_keys import ApiKeys
from emqx_compat.access.tokens import Tokens
from emqx_compat.access.users import Users
from emqx_compat.broker import Broker
from emqx_compat.config import Configuration, Settings
from emqx_compat.core.clock import Clock, SystemClock
from emqx_compat.core.hooks import Hooks
from emqx_compat.core.ids import Ids
from emqx_compat.core.nodes import Listener
from emqx_compat.features.store_alarm import watch_store
from emqx_compat.http.generation import Generation, generations
from emqx_compat.http.ports import PortApp
from emqx_compat.http.static import StaticSite
from emqx_compat.node import SingleNode
from emqx_compat.server.engine import EmbeddedEngine
from emqx_compat.server.errors import StartError
from emqx_compat.server.features import Behind, behind
from emqx_compat.server.http_port import HttpPort
from emqx_compat.server.listeners import ServerListeners, shown
from emqx_compat.server.mqtt import broker_settings, listener_spec
from emqx_compat.server.rules import RuleEngine, rule_engine
from emqx_compat.server.seeds import seed
from emqx_compat.server.sockets import address_text, bound_socket, cannot_listen, is_loopback
from emqx_compat.store import Store, StoreError
from emqx_compat.store.bans import BanTable
from emqx_compat.store.durable import DurableTables
from emqx_compat.transports import ListenerManager

log = logging.getLogger("emqx_compat")

# What the old servers showed of their HTTP listeners: acceptors and connection limit.
_SHOWN = {"management_legacy": (4, 64), "management": (2, 512), "dashboard": (4, 512)}


@dataclass(slots=True)
class Instance:
    """A running server."""

    configuration: Configuration
    settings: Settings
    engine: EmbeddedEngine
    broker: Broker
    store: Store
    users: Users
    api_keys: ApiKeys
    tokens: Tokens
    listeners: ListenerManager
    ports: list[HttpPort]
    behind: Behind
    rule_engine: RuleEngine

    @classmethod
    async def start(
        cls,
        configuration: Configuration,
        wanted: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        in_memory: bool = False,
    ) -> Instance:
        """Build a server and let it listen; when this returns, every listener is bound and every seed applied.

        `wanted` are the settings of `configuration`, with other ports maybe. Raises StartError, and leaves nothing
        open, when an address, a folder or a certificate cannot be used.
        """
        clock = clock or SystemClock()
        ids = ids or Ids(clock)
        static = _static_site(wanted)
        async with AsyncExitStack() as undo:
            sockets = {}
            for name, place in wanted.http.items():
                if place is not None:
                    sockets[name] = bound_socket(name, *place)
                    undo.callback(sockets[name].close)
            try:
                store = Store(None if in_memory else wanted.data_dir)
            except StoreError as error:
                raise StartError(str(error)) from error
            undo.push_async_callback(store.close)
            tokens = Tokens(store, clock, ids, wanted.dashboard.token_expired_time)
            users = Users(store, ids, tokens, wanted.dashboard.default_username)
            api_keys = ApiKeys(store, clock, ids)
            for table in (users, api_keys, tokens):
                table.load()
            undo.callback(tokens.close)
            await seed(wanted.accounts, wanted.dashboard, users, api_keys, ids)
            broker = Broker(
                wanted.node_name,
                clock,
                ids,
                broker_settings(wanted, configuration),
                Hooks(),
                BanTable(store),
                DurableTables(store) if wanted.durable_sessions and not in_memory else None,
            )
            parts = behind(configuration, broker, store, watch_machine=not in_memory)
            watch_store(broker.journal.on_health, parts.alarms)
            rules = rule_engine(broker, store, parts.alarms)
            listeners = ListenerManager(broker)
            ports: list[HttpPort] = []
            engine = EmbeddedEngine(
                clock=clock,
                ids=ids,
                versions=wanted.versions,
                options=_options(wanted),
                clients=broker.clients,
                subscriptions=broker.subscriptions,
                publisher=broker.publisher,
                bans=broker.bans,
                metrics=broker.metrics,
                nodes=SingleNode(wanted.node_name, clock, broker.metrics, sys_path=os.getcwd()),  # noqa: PTH109
                listeners=ServerListeners(configuration, listeners, wanted.listeners, lambda: _http_rows(ports)),
                users=users,
                api_keys=api_keys,
                tokens=tokens,
                features=parts.features,
                hot_settings=parts.hot_settings,
                mqtt_users=parts.mqtt_users,
                alarms=parts.alarms,
                topic_metrics=parts.topic_metrics,
                slow_subs=parts.slow_subs,
                rules=rules.rules,
                resources=rules.resources,
            )
            spokes = installed()
            for name, sock in sockets.items():
                app = PortApp(name, spokes, engine, api_docs=wanted.dashboard.swagger_support, static=static)
                ports.append(HttpPort(name, app, sock, limits=broker.limits))
            instance = cls(
                configuration,
                wanted,
                engine,
                broker,
                store,
                users,
                api_keys,
                tokens,
                listeners,
                ports,
                parts,
                rules,
            )
            try:
                broker.start()
            except StoreError as error:
                raise StartError(str(error)) from error
            await parts.start()
            undo.push_async_callback(parts.stop)
            rules.start()
            undo.push_async_callback(rules.stop)
            undo.push_async_callback(instance._stop_listening, 0.0)
            await instance._listen()
            undo.pop_all()
        _warn_of_default_credentials(instance)
        return instance

    async def stop(self) -> None:
        """Take no more calls, answer those that run, say goodbye to MQTT clients, write everything down."""
        try:
            await self._stop_listening(self.settings.shutdown_timeout)
        finally:
            await self.rule_engine.stop()
            await self.behind.stop()
            self.tokens.close()
            await self.store.close()

    def addresses(self) -> dict[str, Any]:
        """`{"mqtt": {"tcp:default": "127.0.0.1:1883", …}, "http": {"dashboard": …}, "node": …, "pid": …}`."""
        mqtt = {
            row.id: address_text(row.host or "", row.bound_port) for row in self.listeners.rows() if row.running
        }
        http = {port.name: address_text(port.host, port.port) for port in self.ports}
        return {"mqtt": mqtt, "http": http, "node": self.settings.node_name, "pid": os.getpid()}

    async def _listen(self) -> None:
        for listener in self.settings.listeners:
            if not listener.enable:
                continue
            try:
                await self.listeners.start(listener_spec(listener, shown(self.configuration, listener.id)))
            except (OSError, ValueError) as error:
                raise cannot_listen(listener.id, listener.host, listener.port, error) from error
        for port in self.ports:
            try:
                await port.start()
            except OSError as error:
                raise cannot_listen(port.name, port.host, port.port, error) from error

    async def _stop_listening(self, timeout: float) -> None:
        await asyncio.gather(*(port.stop(timeout) for port in self.ports))
        await self.broker.stop()
        await self.listeners.stop()


def on_free_ports(wanted: Settings) -> Settings:
    """The same settings with every port replaced by 0, which takes a free one."""
    return replace(
        wanted,
        listeners=tuple(replace(each, port=0) if each.enable else each for each in wanted.listeners),
        http={name: None if place is None else (place[0], 0) for name, place in wanted.http.items()},
    )


@cache
def installed() -> tuple[Generation, ...]:
    """The spokes; looked up and imported once in a process."""
    return tuple(generations())


def _static_site(wanted: Settings) -> StaticSite | None:
    folder = wanted.dashboard.static_dir
    if folder is None:
        return None
    try:
        return StaticSite(folder)
    except ValueError as error:
        raise StartError(f"dashboard.static_dir: {error}") from error


def _options(wanted: Settings) -> dict[str, object]:
    return {
        "max_packet_size": wanted.mqtt.max_packet_size,
        "max_clientid_len": wanted.mqtt.max_clientid_len,
        "max_body_size": wanted.max_body_size,
        "default_username": wanted.dashboard.default_username,
        "edition": "Enterprise",
        "dialect": wanted.dialect,
    }


def _http_rows(ports: list[HttpPort]) -> Iterator[Listener]:
    for port in ports:
        acceptors, limit = _SHOWN.get(port.name, (4, 512))
        yield Listener(
            type="http",
            name=port.name,
            host=port.host,
            port=port.port,
            bound_port=port.port,
            acceptors=acceptors,
            max_connections=limit,
            current_connections=port.connections,
        )


def _warn_of_default_credentials(instance: Instance) -> None:
    """Default pairs are for a machine of one's own; say so when others can reach them."""
    wanted = instance.settings
    for port in instance.ports:
        if is_loopback(port.host):
            continue
        dashboard = wanted.dashboard
        if instance.users.verify(dashboard.default_username, "public") is not None:
            log.warning(
                "default_credentials_reachable, listener: %s, user: %s, hint: change its password",
                address_text(port.host, port.port),
                dashboard.default_username,
            )
        app = wanted.accounts.default_app
        if port.name == "management" and app is not None and app.secret == "public":
            log.warning(
                "default_credentials_reachable, listener: %s, app: %s, hint: compat.default_app.enable = false",
                address_text(port.host, port.port),
                app.app_id,
            )
