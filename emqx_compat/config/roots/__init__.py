"""The schema by root, with EMQX 5.6.1's names and defaults."""

from __future__ import annotations

from emqx_compat.config.roots.access import AUTHENTICATION, AUTHORIZATION
from emqx_compat.config.roots.compat import COMPAT
from emqx_compat.config.roots.dashboard import API_KEY, DASHBOARD
from emqx_compat.config.roots.features import (
    BROKER,
    DELAYED,
    FLAPPING_DETECT,
    FORCE_GC,
    FORCE_SHUTDOWN,
    RETAINER,
    SLOW_SUBS,
    SYS_TOPICS,
)
from emqx_compat.config.roots.listeners import LISTENERS
from emqx_compat.config.roots.mqtt import MQTT
from emqx_compat.config.roots.node import CLUSTER, NODE, RPC
from emqx_compat.config.roots.observability import ALARM, LOG, PROMETHEUS, SYSMON
from emqx_compat.config.roots.topics import AUTO_SUBSCRIBE, REWRITE, TOPIC_METRICS
from emqx_compat.config.schema import Struct, ignored

ROOT = Struct(
    {
        "node": NODE,
        "cluster": CLUSTER,
        "rpc": RPC,
        "dashboard": DASHBOARD,
        "api_key": API_KEY,
        "listeners": LISTENERS,
        "mqtt": MQTT,
        "retainer": RETAINER,
        "delayed": DELAYED,
        "sys_topics": SYS_TOPICS,
        "rewrite": REWRITE,
        "auto_subscribe": AUTO_SUBSCRIBE,
        "topic_metrics": TOPIC_METRICS,
        "flapping_detect": FLAPPING_DETECT,
        "slow_subs": SLOW_SUBS,
        "broker": BROKER,
        "force_shutdown": FORCE_SHUTDOWN,
        "force_gc": FORCE_GC,
        "authentication": AUTHENTICATION,
        "authorization": AUTHORIZATION,
        "log": LOG,
        "alarm": ALARM,
        "sysmon": SYSMON,
        "prometheus": PROMETHEUS,
        "compat": COMPAT,
        **ignored(
            "zones limiter stats conn_congestion overload_protection durable_storage session_persistence"
            " persistent_session_store trace crl_cache psk_authentication"
            " telemetry opentelemetry exhook gateway rule_engine connectors actions sources bridges plugins"
            " schema_registry file_transfer gcp_device license"
        ),
    }
)
