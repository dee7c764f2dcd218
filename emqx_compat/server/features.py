"""The switches of a server with what stands behind them: its stores of MQTT credentials, alarms, hot settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from emqx_compat.access.acl_file import AclFile
from emqx_compat.access.mqtt_users import MqttUsers
from emqx_compat.broker import Broker
from emqx_compat.config import Configuration
from emqx_compat.core.mqtt_users import USER_KINDS
from emqx_compat.features.alarms import Alarms
from emqx_compat.features.auto_subscribe import AutoSubscribe
from emqx_compat.features.effects import Flag, StoredCredentials
from emqx_compat.features.hot_settings import HotSettings
from emqx_compat.features.machine import Machine
from emqx_compat.features.queue_alarms import watch_queues
from emqx_compat.features.rewrite import Rewrite
from emqx_compat.features.service import Features
from emqx_compat.features.slow_subs import SlowSubs
from emqx_compat.features.topic_metrics import TopicMetricsTable
from emqx_compat.features.web_hook import WebHook
from emqx_compat.server.access_rules import acl_of
from emqx_compat.server.feature_settings import (
    alarm_settings,
    counted_topics,
    kept_slow_subs,
    kept_topics,
    rewrite_rules,
    slow_subs,
    topics,
    watch,
    web_hook,
)
from emqx_compat.server.hot import elsewhere
from emqx_compat.store import Store
from emqx_compat.store.alarms import AlarmTable
from emqx_compat.store.features import FeatureTable


@dataclass(slots=True)
class Behind:
    """What the composition root hangs into the broker, and the engine shows."""

    features: Features
    hot_settings: HotSettings
    mqtt_users: MqttUsers
    alarms: Alarms
    rewrite: Rewrite
    auto_subscribe: AutoSubscribe
    web_hook: WebHook
    acl: AclFile
    topic_metrics: TopicMetricsTable
    slow_subs: SlowSubs
    machine: Machine | None

    async def start(self) -> None:
        """Read what was kept, and start the features that run; before the first connection."""
        self.mqtt_users.load()
        self.alarms.load()
        self.topic_metrics.load()
        await self.features.restore()
        if self.machine is not None:
            self.machine.start()

    async def stop(self) -> None:
        """Stop what runs; everything is kept."""
        if self.machine is not None:
            self.machine.stop()
        self.topic_metrics.close()
        await self.features.close()


def behind(configuration: Configuration, broker: Broker, store: Store, *, watch_machine: bool) -> Behind:
    """Put it together; nothing runs yet. Raises StartError when rules or patterns cannot be used."""
    settings, hooks, clock = broker.settings, broker.hooks, broker.clock
    users = MqttUsers(store, clock, broker.ids)
    alarms = Alarms(broker.node, clock, AlarmTable(store), broker.sys, **alarm_settings(configuration))
    acl = acl_of(configuration)
    features = Features(FeatureTable(store), _defaults(configuration, broker))
    parts = Behind(
        features=features,
        hot_settings=HotSettings(settings, elsewhere(configuration, broker, users, acl)),
        mqtt_users=users,
        alarms=alarms,
        rewrite=Rewrite(hooks, rewrite_rules(configuration)),
        auto_subscribe=AutoSubscribe(hooks, broker.clients, broker.spawn, topics(configuration)),
        web_hook=WebHook(hooks, broker, clock, broker.counters, web_hook(configuration)),
        acl=acl,
        topic_metrics=TopicMetricsTable(
            broker.topic_counts, clock, kept_topics(configuration), counted_topics(configuration)
        ),
        slow_subs=SlowSubs(
            hooks,
            clock,
            slow_subs(configuration),
            kept_slow_subs(configuration),
            lambda on: features.start("slow_subs") if on else features.stop("slow_subs"),
        ),
        machine=Machine(clock, alarms, watch(configuration)) if watch_machine else None,
    )
    _attach(parts, broker)
    watch_queues(hooks, alarms, settings)
    return parts


def _defaults(configuration: Configuration, broker: Broker) -> dict[str, bool]:
    """What runs before anyone has switched it, where the configuration has a say."""
    return {
        "retainer": cast(bool, configuration.get("retainer.enable")),
        "delayed": cast(bool, configuration.get("delayed.enable")),
        "presence": broker.settings.sys_client_events,
        "rewrite": bool(configuration.get("rewrite")),
        "slow_subs": cast(bool, configuration.get("slow_subs.enable")),
        "topic_metrics": bool(configuration.get("topic_metrics")),
        "auto_subscribe": bool(cast(dict[str, Any], configuration.get("auto_subscribe"))["topics"]),
        "web_hook": bool(cast(dict[str, Any], configuration.get("compat.web_hook"))["url"]),
    }


def _attach(parts: Behind, broker: Broker) -> None:
    features, settings, hooks, decide = parts.features, broker.settings, broker.hooks, parts.acl.decide

    def retainer(on: bool) -> None:
        settings.retainer_enable = on

    def presence(on: bool) -> None:
        settings.sys_client_events = on
        if on and not (settings.sys_client_connected or settings.sys_client_disconnected):
            settings.sys_client_connected = settings.sys_client_disconnected = True

    def delayed(on: bool) -> None:
        settings.delayed_enable = on
        if not on:
            broker.delayed.clear()

    def acl_internal(on: bool) -> None:
        if on:
            broker.hook_authorizer(decide)
        elif decide in hooks.client_authorize:
            broker.unhook_authorizer(decide)

    features.attach("retainer", Flag(retainer))
    features.attach("presence", Flag(presence))
    features.attach("delayed", Flag(delayed))
    features.attach("acl_internal", Flag(acl_internal))
    features.attach("rewrite", parts.rewrite)
    features.attach("auto_subscribe", parts.auto_subscribe)
    features.attach("web_hook", parts.web_hook)
    features.attach("topic_metrics", parts.topic_metrics)
    features.attach("slow_subs", parts.slow_subs)
    for kind in USER_KINDS:
        asked = parts.mqtt_users.authenticator(kind, broker.counters)
        features.attach(f"auth_{kind}", StoredCredentials(hooks, parts.mqtt_users, kind, asked))
