"""Hot settings that are more than an attribute of the broker's settings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from emqx_compat.access.acl_file import AclFile
from emqx_compat.access.mqtt_users import MqttUsers
from emqx_compat.broker import Broker
from emqx_compat.config import Configuration
from emqx_compat.core.hot_settings import SettingValue, priorities_of, priorities_text
from emqx_compat.core.mqtt_users import USER_KINDS, UserKind
from emqx_compat.features.hot_settings import Getter, Setter
from emqx_compat.server.logs import LEVELS

ACL_FILE = "etc/acl.conf"
"""What 2.x to 4.x show as the name of the shipped rules."""

log = logging.getLogger("emqx_compat")

Pair = tuple[Getter, Setter]


def elsewhere(configuration: Configuration, broker: Broker, users: MqttUsers, acl: AclFile) -> dict[str, Pair]:
    """Name → how it is read and written."""
    settings = broker.settings

    def reviewed(name: str) -> Pair:
        def change(value: SettingValue) -> None:
            setattr(settings, name, value)
            broker.review_authorization()

        return lambda: getattr(settings, name), change

    def load_acl(path: SettingValue) -> None:
        try:
            acl.load(Path(str(path)).read_text("utf-8"))
        except (OSError, ValueError) as error:
            log.warning("acl_file_not_loaded, file: %s, reason: %s", path, error)
        else:
            broker.review_authorization()

    def set_level(level: SettingValue) -> None:
        logging.getLogger().setLevel(LEVELS[str(level)])

    def set_priorities(text: SettingValue) -> None:
        settings.mqueue_priorities = priorities_of(str(text))

    authorization = ("authz_no_match", "authz_cache_enable", "authz_cache_max_size", "authz_cache_ttl")
    return {
        "acl_file": _kept(ACL_FILE, load_acl),
        "log_level": _kept(str(configuration.get("log.console.level")), set_level),
        "mqueue_priorities": (lambda: priorities_text(settings.mqueue_priorities), set_priorities),
        **{name: reviewed(name) for name in authorization},
        **{f"auth_{kind}_password_hash": _password_hash(users, kind) for kind in USER_KINDS},
    }


def _kept(value: SettingValue, then: Callable[[SettingValue], None]) -> Pair:
    """A value that is shown as it was given, with an effect."""
    now = [value]

    def change(value: SettingValue) -> None:
        now[0] = value
        then(value)

    return lambda: now[0], change


def _password_hash(users: MqttUsers, kind: UserKind) -> Pair:
    def change(value: SettingValue) -> None:
        users.set_scheme(kind, str(value))

    return lambda: users.scheme(kind), change
