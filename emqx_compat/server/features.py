"""The switches of a server with what stands behind them: its stores of MQTT credentials, alarms, hot settings."""

from __future__ import annotations

from dataclasses import dataclass

from emqx_compat.access.mqtt_users import MqttUsers
from emqx_compat.broker import Broker
from emqx_compat.config import Configuration
from emqx_compat.core.hot_settings import SettingValue
from emqx_compat.core.mqtt_users import USER_KINDS, UserKind
from emqx_compat.features.alarms import Alarms
from emqx_compat.features.effects import Flag, StoredCredentials
from emqx_compat.features.hot_settings import Getter, HotSettings, Setter
from emqx_compat.features.service import Features
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

    async def start(self) -> None:
        """Read what was kept, and start the features that run; before the first connection."""
        self.mqtt_users.load()
        self.alarms.load()
        await self.features.restore()

    async def stop(self) -> None:
        """Stop what runs; everything is kept."""
        await self.features.close()


def behind(configuration: Configuration, broker: Broker, store: Store) -> Behind:
    """Put it together; nothing runs yet."""
    settings, hooks = broker.settings, broker.hooks
    mqtt_users = MqttUsers(store, broker.clock, broker.ids)
    alarms = Alarms(broker.node, broker.clock, AlarmTable(store), broker.sys)
    defaults = {
        "retainer": bool(configuration.get("retainer.enable")),
        "delayed": bool(configuration.get("delayed.enable")),
        "presence": settings.sys_client_events,
    }
    features = Features(FeatureTable(store), defaults)

    def retainer(on: bool) -> None:
        settings.retainer_enable = on

    def presence(on: bool) -> None:
        settings.sys_client_events = on

    def delayed(on: bool) -> None:
        settings.delayed_enable = on
        if not on:
            broker.delayed.clear()

    features.attach("retainer", Flag(retainer))
    features.attach("presence", Flag(presence))
    features.attach("delayed", Flag(delayed))
    for kind in USER_KINDS:
        asked = mqtt_users.authenticator(kind, broker.counters)
        features.attach(f"auth_{kind}", StoredCredentials(hooks, mqtt_users, kind, asked))
    elsewhere = {f"auth_{kind}_password_hash": _password_hash(mqtt_users, kind) for kind in USER_KINDS}
    return Behind(features, HotSettings(settings, elsewhere), mqtt_users, alarms)


def _password_hash(users: MqttUsers, kind: UserKind) -> tuple[Getter, Setter]:
    def change(value: SettingValue) -> None:
        users.set_scheme(kind, str(value))

    return lambda: users.scheme(kind), change
