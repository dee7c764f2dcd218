"""Settings that change while the server runs, without a restart and without being kept: 2.x's hot configuration.

Names are EMQX 5's where it has one. Values are neutral: seconds, bytes, counts, fractions of 1, booleans, words;
None stands for "no limit".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

SettingValue = bool | int | float | str | None
Kind = Literal["boolean", "integer", "number", "word", "text"]
Takes = Literal["at once", "new connections", "new subscriptions", "next period", "never"]


@dataclass(frozen=True, slots=True)
class HotSetting:
    """One setting."""

    name: str
    kind: Kind
    takes_effect: Takes
    """When a change is felt. `never`: kept and shown until the next start; nothing here has the notion."""
    default: SettingValue = None
    """Of those that are only kept; the others have the value that the configuration gave them."""
    words: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    unlimited: bool = False
    """Whether None is a value."""


_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_SCHEMES = ("plain", "md5", "sha", "sha256")
_CERTIFICATE = ("disabled", "cn", "dn", "crt", "pem", "md5")
_STRATEGIES = (
    "random",
    "round_robin",
    "round_robin_per_group",
    "sticky",
    "local",
    "hash_topic",
    "hash_clientid",
)
_NOW: Takes = "at once"
_CONNECT: Takes = "new connections"
_NEVER: Takes = "never"

_ROWS: tuple[HotSetting, ...] = (
    # who may do what
    HotSetting("allow_anonymous", "boolean", _NOW),
    HotSetting("authz_no_match", "word", _NOW, words=("allow", "deny")),
    HotSetting("authz_deny_action", "word", _NOW, words=("ignore", "disconnect")),
    HotSetting("authz_cache_enable", "boolean", _NOW),
    HotSetting("authz_cache_max_size", "integer", _NOW, lowest=1),
    HotSetting("authz_cache_ttl", "number", _NOW, lowest=0),
    HotSetting("acl_file", "text", _NOW),
    HotSetting("auth_clientid_password_hash", "word", _NOW, words=_SCHEMES),
    HotSetting("auth_username_password_hash", "word", _NOW, words=_SCHEMES),
    # connections
    HotSetting("max_clientid_len", "integer", _CONNECT, lowest=1, highest=65_535),
    HotSetting("max_packet_size", "integer", _CONNECT, lowest=1, highest=268_435_455),
    HotSetting("keepalive_multiplier", "number", _CONNECT, lowest=0),
    HotSetting("idle_timeout", "number", _CONNECT, lowest=0),
    HotSetting("server_keepalive", "integer", _CONNECT, lowest=1, highest=65_535, unlimited=True),
    HotSetting("max_topic_alias", "integer", _CONNECT, lowest=0, highest=65_535),
    HotSetting("response_information", "text", _CONNECT),
    HotSetting("use_username_as_clientid", "boolean", _CONNECT),
    HotSetting("peer_cert_as_username", "word", _CONNECT, words=_CERTIFICATE),
    HotSetting("peer_cert_as_clientid", "word", _CONNECT, words=_CERTIFICATE),
    HotSetting("flapping_detect_enable", "boolean", _CONNECT),
    HotSetting("flapping_detect_window_time", "number", _CONNECT, lowest=0),
    HotSetting("flapping_detect_max_count", "integer", _CONNECT, lowest=0),
    HotSetting("flapping_detect_ban_time", "number", _CONNECT, lowest=0),
    HotSetting("max_publish_rate", "integer", _NEVER, 0, lowest=0),
    HotSetting("client_enable_stats", "boolean", _NEVER, unlimited=True),
    HotSetting("force_gc_count", "integer", _NEVER, 100, lowest=0),
    HotSetting("websocket_protocol_header", "boolean", _NEVER, True),
    # sessions
    HotSetting("max_subscriptions", "integer", _CONNECT, lowest=0, unlimited=True),
    HotSetting("max_inflight", "integer", _CONNECT, lowest=1, highest=65_535),
    HotSetting("max_awaiting_rel", "integer", _CONNECT, lowest=0),
    HotSetting("session_expiry_interval", "integer", _CONNECT, lowest=0),
    HotSetting("await_rel_timeout", "number", _NOW, lowest=0),
    HotSetting("retry_interval", "number", _NOW, lowest=0),
    HotSetting("upgrade_qos", "boolean", _NOW),
    HotSetting("ignore_loop_deliver", "boolean", "new subscriptions"),
    HotSetting("session_enable_stats", "boolean", _NEVER, True),
    # topics and subscriptions
    HotSetting("max_topic_levels", "integer", _NOW, lowest=1, highest=65_535),
    HotSetting("max_qos_allowed", "integer", _NOW, lowest=0, highest=2),
    HotSetting("retain_available", "boolean", _NOW),
    HotSetting("wildcard_subscription", "boolean", _NOW),
    HotSetting("exclusive_subscription", "boolean", _NOW),
    HotSetting("shared_subscription", "boolean", _NOW),
    HotSetting("shared_subscription_strategy", "word", _NOW, words=_STRATEGIES),
    # message queues
    HotSetting("max_mqueue_len", "integer", _CONNECT, lowest=0),
    HotSetting("message_expiry_interval", "number", _NOW, lowest=0),
    HotSetting("mqueue_priorities", "text", _CONNECT),
    HotSetting("mqueue_default_priority", "word", _CONNECT, words=("highest", "lowest")),
    HotSetting("mqueue_store_qos0", "boolean", _NOW),
    HotSetting("mqueue_high_watermark", "number", _NOW, lowest=0, highest=1),
    HotSetting("mqueue_low_watermark", "number", _NOW, lowest=0, highest=1),
    HotSetting("mqueue_type", "word", _NEVER, "simple", words=("simple", "priority")),
    HotSetting("mqueue_priority", "text", _NEVER, ""),
    # retained messages, $SYS, log
    HotSetting("retained_msg_expiry_interval", "number", _NOW, lowest=0),
    HotSetting("retained_max_messages", "integer", _NOW, lowest=0),
    HotSetting("retained_max_payload_size", "integer", _NOW, lowest=0),
    HotSetting("sys_msg_interval", "number", "next period", lowest=0),
    HotSetting("sys_heartbeat_interval", "number", "next period", lowest=0),
    HotSetting("sys_client_connected", "boolean", _NOW),
    HotSetting("sys_client_disconnected", "boolean", _NOW),
    HotSetting("sys_client_subscribed", "boolean", _NOW),
    HotSetting("sys_client_unsubscribed", "boolean", _NOW),
    HotSetting("log_level", "word", _NOW, words=_LEVELS),
)

HOT_SETTINGS: Mapping[str, HotSetting] = {row.name: row for row in _ROWS}
"""Every setting by its name."""


class HotSettingService(Protocol):
    """The settings of the running engine."""

    def names(self) -> Sequence[str]:
        """All of them."""

    def get(self, name: str) -> SettingValue:
        """The value of now. Faults: SETTING_UNKNOWN."""

    async def set(self, name: str, value: SettingValue) -> None:
        """Change it until the next start. Faults: SETTING_UNKNOWN, SETTING_INVALID (nothing is changed then)."""


def priorities_text(priorities: Mapping[str, int]) -> str:
    """`mqueue_priorities` as a text: `topic/1=10,topic/2=8`; empty when there are none."""
    return ",".join(f"{topic}={priority}" for topic, priority in priorities.items())


def priorities_of(text: str) -> dict[str, int]:
    """The reverse. Raises ValueError for what has not that form, and for priorities outside 1 to 255."""
    priorities: dict[str, int] = {}
    for item in text.split(",") if text else ():
        topic, separator, number = item.rpartition("=")
        if not (topic and separator and number.isascii() and number.isdigit() and 1 <= int(number) <= 255):
            raise ValueError(item)
        priorities[topic] = int(number)
    return priorities


def fits(setting: HotSetting, value: SettingValue) -> bool:
    """Whether a value is one that the setting can have."""
    if value is None:
        return setting.unlimited
    if setting.kind == "boolean":
        return isinstance(value, bool)
    if setting.kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int if setting.kind == "integer" else int | float):
            return False
        above = setting.lowest is None or value >= setting.lowest
        return above and (setting.highest is None or value <= setting.highest)
    return isinstance(value, str) and (setting.kind == "text" or value in setting.words)
