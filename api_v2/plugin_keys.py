"""The keys of plugins' configurations: which there are, what 2.3.11 ships, what the engine makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from emqx_compat.http.conf_keys import PluginKeys, read_enum, read_retained_expiry
from emqx_compat.http.conf_values import read_flag, read_integer, read_size, read_text

_HASH = read_enum("plain", "md5", "sha", "sha256")
_HOOKS = (
    "client.connected",
    "client.disconnected",
    "client.subscribe",
    "client.unsubscribe",
    "session.created",
    "session.subscribed",
    "session.unsubscribed",
    "session.terminated",
    "message.publish",
    "message.delivered",
    "message.acked",
)
_HTTPS = "dashboard.listener.https"
_OF_HTTPS = (
    "access.$id",
    "tls_versions",
    "handshake_timeout",
    "dhfile",
    "keyfile",
    "certfile",
    "cacertfile",
    "verify",
    "fail_if_no_peer_cert",
    "ciphers",
    "secure_renegotiate",
    "reuse_sessions",
    "honor_cipher_order",
)
_AUTH_HTTP = {
    "auth.http.auth_req": "http://127.0.0.1:8080/mqtt/auth",
    "auth.http.auth_req.method": "post",
    "auth.http.auth_req.params": "clientid=%c,username=%u,password=%P",
    "auth.http.super_req": "http://127.0.0.1:8080/mqtt/superuser",
    "auth.http.super_req.method": "post",
    "auth.http.super_req.params": "clientid=%c,username=%u",
    "auth.http.acl_req": "http://127.0.0.1:8080/mqtt/acl",
    "auth.http.acl_req.method": "get",
    "auth.http.acl_req.params": "access=%A,username=%u,clientid=%c,ipaddr=%a,topic=%t",
}

PLUGIN_KEYS: Mapping[str, PluginKeys] = {
    "emq_auth_clientid": PluginKeys(
        {
            "auth.client.$id.clientid": read_text,
            "auth.client.$id.password": read_text,
            "auth.client.password_hash": _HASH,
        },
        {"auth.client.password_hash": "sha256"},
        (("auth.client.password_hash", "password_hash"),),
        users=("clientid", "password"),
    ),
    "emq_auth_http": PluginKeys(dict.fromkeys(_AUTH_HTTP, read_text), _AUTH_HTTP),
    "emq_auth_username": PluginKeys(
        {
            "auth.user.$id.username": read_text,
            "auth.user.$id.password": read_text,
            "auth.user.password_hash": _HASH,
        },
        {"auth.user.password_hash": "sha256"},
        (("auth.user.password_hash", "password_hash"),),
        users=("username", "password"),
    ),
    "emq_dashboard": PluginKeys(
        {
            "dashboard.default_user.login": read_text,
            "dashboard.default_user.password": read_text,
            "dashboard.listener.http": read_text,
            "dashboard.listener.http.acceptors": read_integer,
            "dashboard.listener.http.max_clients": read_integer,
            "dashboard.listener.http.access.$id": read_text,
            _HTTPS: read_text,
            f"{_HTTPS}.acceptors": read_integer,
            f"{_HTTPS}.max_clients": read_integer,
            **{f"{_HTTPS}.{name}": read_text for name in _OF_HTTPS},
        },
        {
            "dashboard.default_user.login": "admin",
            "dashboard.default_user.password": "public",
            "dashboard.listener.http": "18083",
            "dashboard.listener.http.acceptors": "4",
            "dashboard.listener.http.max_clients": "512",
        },
    ),
    "emq_modules": PluginKeys(
        {
            "module.presence": read_flag,
            "module.presence.qos": read_enum("0", "1", "2"),
            "module.subscription": read_flag,
            "module.subscription.$id.topic": read_text,
            "module.subscription.$id.qos": read_enum("0", "1", "2"),
            "module.rewrite": read_flag,
            "module.rewrite.rule.$id": read_text,
        },
        {
            "module.presence": "on",
            "module.presence.qos": "1",
            "module.subscription": "off",
            "module.rewrite": "off",
        },
        switches={
            "module.presence": "presence",
            "module.subscription": "auto_subscribe",
            "module.rewrite": "rewrite",
        },
    ),
    "emq_retainer": PluginKeys(
        {
            "retainer.storage_type": read_enum("ram", "disc", "disc_only"),
            "retainer.max_message_num": read_integer,
            "retainer.max_payload_size": read_size,
            "retainer.expiry_interval": read_retained_expiry,
        },
        {
            "retainer.storage_type": "ram",
            "retainer.max_message_num": "1000000",
            "retainer.max_payload_size": "64KB",
            "retainer.expiry_interval": "0",
        },
        # the name that 3.x and 4.x have for it
        (("retainer.max_message_num", "retainer.max_retained_messages"),),
    ),
    "emq_web_hook": PluginKeys(
        {
            "web.hook.api.url": read_text,
            "web.hook.encode_payload": read_enum("base64", "base62", "undefined"),
            **{f"web.hook.rule.{event}.$name": read_text for event in _HOOKS},
        },
        {
            "web.hook.api.url": "http://127.0.0.1:8080",
            **{f"web.hook.rule.{event}.1": f'{{"action": "on_{event.replace(".", "_")}"}}' for event in _HOOKS},
        },
        (
            ("web.hook.api.url", "url"),
            ("web.hook.encode_payload", "encode_payload"),
            ("web.hook.rule.", "rule."),
        ),
        {"generation": "v2"},
    ),
}
"""By plugin. Those of the retainer, the dashboard and auth_http were seen on 2.3.11."""

UNSEEN = PluginKeys(open=True)
"""Every other plugin."""
