"""From the configuration's words to what the broker and its listeners are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from emqx_compat.broker import BrokerSettings
from emqx_compat.broker.settings import CertificateField, SharedStrategy
from emqx_compat.config import Configuration, ListenerSettings, Settings
from emqx_compat.transports import AccessRules, ListenerSpec, TlsFiles, WebSocketOptions

_NEVER = 1e9
"""Seconds; for a duration that was switched off where the broker wants a number."""


def broker_settings(wanted: Settings, configuration: Configuration) -> BrokerSettings:
    """Roots `mqtt`, `broker`, `retainer`, `sys_topics`, `flapping_detect` and `authorization` as the broker reads
    them."""
    authorization = cast(dict[str, Any], configuration.get("authorization"))
    cache = authorization["cache"]
    flapping = cast(dict[str, Any], configuration.get("flapping_detect"))
    groups = cast(dict[str, Any], configuration.get("broker.shared_subscription_group"))
    mqtt, retainer, sys_topics = wanted.mqtt, wanted.retainer, wanted.sys_topics
    return BrokerSettings(
        max_packet_size=mqtt.max_packet_size,
        max_clientid_len=mqtt.max_clientid_len,
        max_topic_levels=mqtt.max_topic_levels,
        max_qos_allowed=mqtt.max_qos_allowed,
        max_topic_alias=mqtt.max_topic_alias,
        retain_available=mqtt.retain_available,
        wildcard_subscription=mqtt.wildcard_subscription,
        shared_subscription=mqtt.shared_subscription,
        shared_subscription_strategy=cast(SharedStrategy, mqtt.shared_subscription_strategy),
        shared_subscription_groups={name: group["strategy"] for name, group in groups.items()},
        exclusive_subscription=mqtt.exclusive_subscription,
        ignore_loop_deliver=mqtt.ignore_loop_deliver,
        session_expiry_interval=int(mqtt.session_expiry_interval),
        message_expiry_interval=mqtt.message_expiry_interval or 0.0,
        max_awaiting_rel=mqtt.max_awaiting_rel or 0,
        await_rel_timeout=mqtt.await_rel_timeout,
        max_subscriptions=mqtt.max_subscriptions,
        upgrade_qos=mqtt.upgrade_qos,
        max_inflight=mqtt.max_inflight,
        max_mqueue_len=mqtt.max_mqueue_len or 0,
        mqueue_store_qos0=mqtt.mqueue_store_qos0,
        mqueue_priorities=dict(mqtt.mqueue_priorities or {}),
        mqueue_default_priority=cast(Literal["highest", "lowest"], mqtt.mqueue_default_priority),
        retry_interval=mqtt.retry_interval or 0.0,
        keepalive_multiplier=mqtt.keepalive_multiplier,
        server_keepalive=mqtt.server_keepalive,
        idle_timeout=_NEVER if mqtt.idle_timeout is None else mqtt.idle_timeout,
        response_information=mqtt.response_information,
        use_username_as_clientid=mqtt.use_username_as_clientid,
        peer_cert_as_username=cast(CertificateField, mqtt.peer_cert_as_username),
        peer_cert_as_clientid=cast(CertificateField, mqtt.peer_cert_as_clientid),
        retained_max_payload_size=retainer.max_payload_size,
        retained_max_messages=retainer.max_retained_messages,
        retained_msg_expiry_interval=retainer.msg_expiry_interval,
        delayed_max_messages=wanted.delayed.max_delayed_messages,
        sys_msg_interval=sys_topics.sys_msg_interval or 0.0,
        sys_heartbeat_interval=sys_topics.sys_heartbeat_interval or 0.0,
        sys_client_events=sys_topics.client_connected or sys_topics.client_disconnected,
        sys_client_connected=sys_topics.client_connected,
        sys_client_disconnected=sys_topics.client_disconnected,
        sys_client_subscribed=sys_topics.client_subscribed,
        sys_client_unsubscribed=sys_topics.client_unsubscribed,
        **{f"flapping_detect_{name}": value for name, value in flapping.items()},
        sys_version=wanted.versions["v5"],
        allow_anonymous=bool(configuration.get("compat.allow_anonymous")),
        authz_no_match=authorization["no_match"],
        authz_deny_action=authorization["deny_action"],
        authz_cache_enable=cache["enable"],
        authz_cache_max_size=cache["max_size"],
        authz_cache_ttl=cache["ttl"],
    )


def listener_spec(listener: ListenerSettings, config: Mapping[str, object]) -> ListenerSpec:
    """A listener as the transports start it; `config` is what listings show of its configuration."""
    tls = listener.tls
    files = None
    if tls is not None and tls.certfile:
        files = TlsFiles(
            certfile=tls.certfile,
            keyfile=tls.keyfile,
            cacertfile=tls.cacertfile or None,
            verify_peer=tls.verify,
            fail_if_no_peer_cert=tls.fail_if_no_peer_cert,
            password=tls.password or None,
            versions=tls.versions,
            handshake_timeout=tls.handshake_timeout,
        )
    return ListenerSpec(
        type=listener.type,
        name=listener.name,
        host=None if listener.host in ("", "::") else listener.host,
        port=listener.port,
        max_connections=listener.max_connections,
        acceptors=listener.acceptors,
        backlog=listener.backlog,
        access_rules=AccessRules.parse(listener.access_rules),
        proxy_protocol=listener.proxy_protocol,
        proxy_protocol_timeout=listener.proxy_protocol_timeout,
        max_conn_rate=listener.max_conn_rate,
        messages_rate=listener.messages_rate,
        bytes_rate=listener.bytes_rate,
        mountpoint=listener.mountpoint,
        zone=listener.zone,
        enable_authn=listener.enable_authn,
        tls=files,
        websocket=WebSocketOptions(
            mqtt_path=listener.websocket.mqtt_path,
            max_frame_size=listener.websocket.max_frame_size,
            idle_timeout=listener.websocket.idle_timeout,
            fail_if_no_subprotocol=listener.websocket.fail_if_no_subprotocol,
            supported_subprotocols=listener.websocket.supported_subprotocols,
            check_origins=listener.websocket.check_origins if listener.websocket.check_origin_enable else None,
            allow_origin_absence=listener.websocket.allow_origin_absence,
        ),
        enable=listener.enable,
        settings=dict(config),
    )
