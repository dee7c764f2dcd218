"""The keys of plugins' configurations: which there are, what 3.2.8 ships, what the engine makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from emqx_compat.http.conf_keys import PluginKeys, read_enum, read_retained_expiry
from emqx_compat.http.conf_values import read_duration, read_flag, read_integer, read_size, read_text

_HASH = read_enum("plain", "md5", "sha", "sha256")
_HOOKS = (
    "message.deliver",
    "message.acked",
    "message.publish",
    "session.terminated",
    "session.unsubscribed",
    "session.subscribed",
    "session.created",
    "client.unsubscribe",
    "client.subscribe",
    "client.disconnected",
    "client.connected",
)
_TLS = ("honor_cipher_order", "reuse_sessions", "secure_renegotiate", "ciphers", "fail_if_no_peer_cert", "verify")
_FILES = ("cacertfile", "certfile", "keyfile", "dhfile", "tls_versions")
_SOCKET = ("nodelay", "tune_buffer", "buffer", "sndbuf", "recbuf")
_SWITCHES = ("ipv6_v6only", "inet6")
_SIZES = ("max_clients", "acceptors")

_DASHBOARD_SET = {
    "dashboard.listener.http.ipv6_v6only": "false",
    "dashboard.listener.http.inet6": "false",
    "dashboard.listener.http.max_clients": "512",
    "dashboard.listener.http.acceptors": "4",
    "dashboard.listener.http": "18083",
    "dashboard.default_user.password": "public",
    "dashboard.default_user.login": "admin",
}
_MANAGEMENT_SET = {
    "management.listener.http.ipv6_v6only": "false",
    "management.listener.http.inet6": "false",
    "management.listener.http.send_timeout_close": "on",
    "management.listener.http.send_timeout": "15s",
    "management.listener.http.backlog": "512",
    "management.listener.http.max_clients": "512",
    "management.listener.http.acceptors": "2",
    "management.listener.http": "8080",
    "management.max_row_limit": "10000",
}
_HTTPS = "dashboard.listener.https"
_SECURE = "management.listener.https"

PLUGIN_KEYS: Mapping[str, PluginKeys] = {
    "emqx_auth_clientid": PluginKeys(
        {
            "auth.client.$id.password": read_text,
            "auth.client.$id.clientid": read_text,
            "auth.client.password_hash": _HASH,
        },
        {"auth.client.password_hash": "sha256"},
        (("auth.client.password_hash", "password_hash"),),
        users=("clientid", "password"),
    ),
    "emqx_auth_username": PluginKeys(
        {
            "auth.user.$id.password": read_text,
            "auth.user.$id.username": read_text,
            "auth.user.password_hash": _HASH,
        },
        {"auth.user.password_hash": "sha256"},
        (("auth.user.password_hash", "password_hash"),),
        users=("username", "password"),
    ),
    "emqx_dashboard": PluginKeys(
        {
            **{f"{_HTTPS}.{name}": read_text for name in (*_TLS, *_FILES, *_SWITCHES)},
            **{f"{_HTTPS}.{name}": read_integer for name in _SIZES},
            _HTTPS: read_text,
            "dashboard.listener.http.access.$id": read_text,
            **{key: read_integer if key.rpartition(".")[2] in _SIZES else read_text for key in _DASHBOARD_SET},
        },
        _DASHBOARD_SET,
    ),
    "emqx_management": PluginKeys(
        {
            **{
                f"{_SECURE}.{name}": read_text
                for name in (
                    *_SWITCHES,
                    "fail_if_no_peer_cert",
                    "verify",
                    "cacertfile",
                    "certfile",
                    "keyfile",
                    *_SOCKET,
                )
            },
            f"{_SECURE}.send_timeout_close": read_flag,
            f"{_SECURE}.send_timeout": read_duration,
            f"{_SECURE}.backlog": read_integer,
            **{f"{_SECURE}.{name}": read_integer for name in _SIZES},
            _SECURE: read_text,
            **{f"management.listener.http.{name}": read_text for name in _SOCKET},
            "management.application.default_secret": read_text,
            **dict.fromkeys(_MANAGEMENT_SET, read_text),
        },
        _MANAGEMENT_SET,
    ),
    "emqx_retainer": PluginKeys(
        {
            "retainer.expiry_interval": read_retained_expiry,
            "retainer.max_payload_size": read_size,
            "retainer.max_retained_messages": read_integer,
            "retainer.storage_type": read_enum("ram", "disc", "disc_only"),
        },
        {
            "retainer.expiry_interval": "0",
            "retainer.max_payload_size": "1MB",
            "retainer.max_retained_messages": "0",
            "retainer.storage_type": "ram",
        },
    ),
    "emqx_web_hook": PluginKeys(
        {
            "web.hook.api.url": read_text,
            **{f"web.hook.rule.{event}.$name": read_text for event in _HOOKS},
            "web.hook.encode_payload": read_enum("base64", "base62", "undefined"),
        },
        {"web.hook.api.url": "http://127.0.0.1:8080"},
        (
            ("web.hook.api.url", "url"),
            ("web.hook.encode_payload", "encode_payload"),
            ("web.hook.rule.", "rule."),
        ),
        {"generation": "v3"},
    ),
}
"""By plugin; as seen on 3.2.8, but for auth_username, which is like auth_clientid."""

UNSEEN = PluginKeys(open=True)
"""Every other plugin: what is set is kept and shown, and nothing here reads it."""
