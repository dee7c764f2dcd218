"""Roots of broker features: retained and delayed messages, $SYS topics, flapping and their neighbours."""

from __future__ import annotations

from emqx_compat.config.kinds import anything, boolean, duration, enum, integer, rate, size
from emqx_compat.config.roots.mqtt import STRATEGIES
from emqx_compat.config.schema import Field, MapOf, Struct, unused

RETAINER = Struct(
    {
        "enable": Field(boolean(), True, "Whether retained messages are kept and sent."),
        "msg_expiry_interval": Field(
            duration(), "0s", "How long a message is kept that names no expiry itself; 0: for ever."
        ),
        "msg_clear_interval": unused(duration(), "0s", "How often expired messages are removed; 0: when met."),
        "max_payload_size": Field(size(), "1MB", "Larger payloads are delivered but not kept."),
        "stop_publish_clear_msg": unused(
            boolean(), False, "Do not deliver the empty message that clears a retained one."
        ),
        "delivery_rate": unused(rate(), "1000/s"),
        "backend": Struct(
            {
                "type": unused(enum("built_in_database"), "built_in_database"),
                "storage_type": unused(enum("ram", "disc"), "ram"),
                "max_retained_messages": Field(integer(0), 0, "Most messages kept; 0: no limit."),
                "index_specs": unused(anything("an array", list), [[1, 2, 3], [1, 3], [2, 3], [3]]),
                "enable": unused(boolean(), True),
            }
        ),
    },
    "Retained messages.",
)

DELAYED = Struct(
    {
        "enable": Field(boolean(), True, "Whether $delayed/<seconds>/<topic> is held back."),
        "max_delayed_messages": Field(integer(0), 0, "Most messages waiting; 0: no limit."),
    },
    "Delayed messages.",
)

SYS_TOPICS = Struct(
    {
        "sys_msg_interval": Field(
            duration("disabled"), "1m", "How often version, statistics and metrics are published."
        ),
        "sys_heartbeat_interval": Field(
            duration("disabled"), "30s", "How often uptime and the time are published."
        ),
        "sys_event_messages": Struct(
            {
                "client_connected": Field(boolean(), True, "Publish …/clients/<clientid>/connected."),
                "client_disconnected": Field(boolean(), True, "Publish …/clients/<clientid>/disconnected."),
                "client_subscribed": Field(boolean(), False, "Publish …/clients/<clientid>/subscribed."),
                "client_unsubscribed": Field(boolean(), False, "Publish …/clients/<clientid>/unsubscribed."),
            }
        ),
    },
    "$SYS topics.",
)

FLAPPING_DETECT = Struct(
    {
        "enable": Field(boolean(), False, "Ban clients that come and go too often."),
        "window_time": Field(duration(), "1m", "The time in which disconnections are counted."),
        "max_count": Field(integer(0), 15, "Most disconnections in that time."),
        "ban_time": Field(duration(), "5m", "How long such a client is banned."),
    },
    "Clients that come and go too often.",
)

SLOW_SUBS = Struct(
    {
        "enable": Field(boolean(), False, "Rank subscriptions by latency."),
        "threshold": Field(duration(), "500ms", "The least latency that counts."),
        "expire_interval": Field(duration(), "300s", "How long an entry stays."),
        "top_k_num": Field(integer(1), 10, "How many entries are kept."),
        "stats_type": Field(enum("whole", "internal", "response"), "whole", "What latency means."),
    },
    "Subscriptions that get their messages late.",
)

BROKER = Struct(
    {
        "enable_session_registry": unused(boolean(), True),
        "session_history_retain": unused(duration(bare="s"), "0s"),
        **{
            name: unused(anything())
            for name in (
                "session_locking_strategy",
                "route_batch_clean",
                "perf",
                "routing",
                "shared_subscription_strategy",
                "shared_subscription_initial_sticky_pick",
            )
        },
        "shared_dispatch_ack_enabled": unused(boolean(), False),
        "shared_subscription_group": MapOf(
            Struct({"strategy": Field(enum(*STRATEGIES), "random", "Which of its members gets a message.")}),
        ),
    },
    "Share names with a strategy of their own.",
)

FORCE_SHUTDOWN = Struct(
    {
        "enable": unused(boolean(), True),
        "max_mailbox_size": unused(integer(0), 1000),
        "max_heap_size": unused(size(), "32MB"),
    },
    used=False,
)

FORCE_GC = Struct(
    {
        "enable": unused(boolean(), True),
        "count": unused(integer(0), 16000),
        "bytes": unused(size(), "16MB"),
    },
    used=False,
)
