"""What the embedded engine can be told: EMQX 5.6.1's zone, retainer and sys_topics settings with their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

CertificateField = Literal["disabled", "cn", "dn", "crt", "pem", "md5"]
SharedStrategy = Literal[
    "random", "round_robin", "round_robin_per_group", "sticky", "local", "hash_clientid", "hash_topic"
]
SHARED_STRATEGIES: tuple[SharedStrategy, ...] = get_args(SharedStrategy)


@dataclass(slots=True)
class BrokerSettings:
    """Durations in seconds, sizes in bytes. Read at every use, so that a change holds for what comes next."""

    max_packet_size: int = 1_048_576
    max_clientid_len: int = 65_535
    allow_anonymous: bool = True
    """Whether those may connect of whom no authenticator has an opinion."""
    authz_no_match: Literal["allow", "deny"] = "allow"
    authz_deny_action: Literal["ignore", "disconnect"] = "ignore"
    authz_cache_enable: bool = True
    authz_cache_max_size: int = 32
    authz_cache_ttl: float = 60.0
    max_topic_levels: int = 128
    max_qos_allowed: int = 2
    max_topic_alias: int = 65_535
    retain_available: bool = True
    wildcard_subscription: bool = True
    shared_subscription: bool = True
    shared_subscription_strategy: SharedStrategy = "round_robin"
    shared_subscription_groups: Mapping[str, SharedStrategy] = field(default_factory=dict)
    """Share names with a strategy of their own."""
    exclusive_subscription: bool = False
    """Whether `$exclusive/<filter>` is granted, to one session at a time."""
    ignore_loop_deliver: bool = False
    """No local for clients that cannot ask for it: MQTT 3.1 and 3.1.1."""
    session_expiry_interval: int = 7200
    """How long the session of a 3.1 or 3.1.1 client without clean session is held."""
    message_expiry_interval: float = 0.0
    """After which a message is not taken out of a queue any more that names no expiry itself; 0 = never."""
    max_awaiting_rel: int = 100
    """0 = no limit, as for `max_mqueue_len`."""
    await_rel_timeout: float = 300.0
    max_subscriptions: int | None = None
    upgrade_qos: bool = False
    max_inflight: int = 32
    max_mqueue_len: int = 1000
    mqueue_store_qos0: bool = True
    mqueue_priorities: Mapping[str, int] = field(default_factory=dict)
    """Topic name → priority in message queues, 1 to 255; empty: first in, first out."""
    mqueue_default_priority: Literal["highest", "lowest"] = "lowest"
    """Of topics that `mqueue_priorities` does not name."""
    mqueue_high_watermark: float = 0.6
    """Fractions of `max_mqueue_len` at which `mqueue_high` and `mqueue_low` are told."""
    mqueue_low_watermark: float = 0.2
    retry_interval: float = 30.0
    """After which an unanswered PUBLISH or PUBREL is sent again on a live 3.1 or 3.1.1 connection; 0 = never.

    MQTT 5 forbids it but on reconnect [MQTT-4.4.0-1].
    """
    keepalive_multiplier: float = 1.5
    server_keepalive: int | None = None
    idle_timeout: float = 15.0
    """How long a connection may take to send its CONNECT."""
    response_information: str = ""
    retainer_enable: bool = True
    """Off: retained messages are delivered, but neither kept nor replayed; what is kept stays."""
    delayed_enable: bool = True
    """Off: `$delayed/…` are topics like others."""
    retained_max_payload_size: int = 1_048_576
    retained_max_messages: int = 0
    """0 = no limit."""
    retained_msg_expiry_interval: float = 0.0
    """0 = never."""
    delayed_max_messages: int = 0
    """0 = no limit."""
    sys_msg_interval: float = 60.0
    """0 = off, as for `sys_heartbeat_interval`."""
    sys_heartbeat_interval: float = 30.0
    sys_client_events: bool = True
    """Whether `$SYS/brokers/<node>/clients/<id>/connected` and `…/disconnected` are published; each of them must
    be wanted besides."""
    sys_client_connected: bool = True
    sys_client_disconnected: bool = True
    sys_client_subscribed: bool = False
    """Whether `…/clients/<id>/subscribed` is published."""
    sys_client_unsubscribed: bool = False
    sys_version: str = "5.6.1"
    sys_description: str = "EMQX Enterprise"
    use_username_as_clientid: bool = False
    peer_cert_as_username: CertificateField = "disabled"
    peer_cert_as_clientid: CertificateField = "disabled"
    flapping_detect_enable: bool = False
    """Whether client ids that connect too often are banned."""
    flapping_detect_window_time: float = 60.0
    flapping_detect_max_count: int = 15
    flapping_detect_ban_time: float = 300.0
    max_half_open: int = 8_192
    """Connections, over all listeners, that have not sent their CONNECT; above it the oldest is closed."""
    max_filters: int = 4_096
    """Filters in one SUBSCRIBE that are heard; those behind them are refused as quota exceeded."""
    max_client_subscriptions: int = 100_000
    """Of one session, also where `max_subscriptions` sets no limit."""
    max_sessions: int = 1_000_000
    """Above it new sessions are refused as quota exceeded."""
    slow_consumer_bytes: int = 1_048_576
    """How much may wait for a peer that does not read, beyond the transport's own buffer."""
