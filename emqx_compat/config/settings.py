"""What the composition root needs to know, as frozen dataclasses. Durations are seconds, sizes bytes; None stands
for `infinity` or `disabled`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from emqx_compat.config.tree import Configuration
from emqx_compat.config.units import Address

ListenerType = Literal["tcp", "ssl", "ws", "wss"]
Role = Literal["administrator", "viewer", "publisher"]
Place = tuple[str, int]

LISTENER_TYPES: tuple[ListenerType, ...] = ("tcp", "ssl", "ws", "wss")
ALL_ADDRESSES = "0.0.0.0"
VERSIONS: Mapping[str, str] = {"v2": "2.3.11", "v3": "3.2.8", "v4": "4.4.19", "v5": "5.6.1"}


@dataclass(slots=True, frozen=True)
class TlsSettings:
    """Certificate files and what is asked of clients. Empty paths: not configured."""

    certfile: str
    keyfile: str
    cacertfile: str
    password: str
    verify: bool
    fail_if_no_peer_cert: bool
    versions: tuple[str, ...]
    handshake_timeout: float = 15.0


@dataclass(slots=True, frozen=True)
class WebSocketSettings:
    """The upgrade and the frames. Bytes, seconds; None: no limit."""

    mqtt_path: str = "/mqtt"
    max_frame_size: int | None = None
    idle_timeout: float | None = 7200.0
    fail_if_no_subprotocol: bool = True
    supported_subprotocols: tuple[str, ...] = ("mqtt", "mqtt-v3", "mqtt-v3.1.1", "mqtt-v5")
    check_origin_enable: bool = False
    check_origins: tuple[str, ...] = ()
    allow_origin_absence: bool = True


@dataclass(slots=True, frozen=True)
class ListenerSettings:
    """One MQTT listener. `host` is where to bind, `bind` how EMQX shows it (`:1883`, `0.0.0.0:1883`); port 0 is any
    free port. Rates are a second; None: no limit."""

    type: ListenerType
    name: str
    host: str
    port: int
    bind: str
    enable: bool = True
    max_connections: int | None = None
    mountpoint: str = ""
    enable_authn: bool | Literal["quick_deny_anonymous"] = True
    zone: str = "default"
    acceptors: int = 16
    backlog: int = 1024
    access_rules: tuple[str, ...] = ("allow all",)
    proxy_protocol: bool = False
    proxy_protocol_timeout: float = 3.0
    max_conn_rate: float | None = None
    messages_rate: float | None = None
    bytes_rate: float | None = None
    websocket: WebSocketSettings = WebSocketSettings()
    tls: TlsSettings | None = None

    @property
    def id(self) -> str:
        """`tcp:default`, as the APIs name it."""
        return f"{self.type}:{self.name}"


@dataclass(slots=True, frozen=True)
class MqttSettings:
    """Root `mqtt`, with EMQX's names. Durations in seconds, `max_packet_size` in bytes, `server_keepalive` in
    seconds; None: no limit, or not imposed."""

    idle_timeout: float | None = 15.0
    max_packet_size: int = 1 << 20
    max_clientid_len: int = 65535
    max_topic_levels: int = 128
    max_topic_alias: int = 65535
    retain_available: bool = True
    wildcard_subscription: bool = True
    shared_subscription: bool = True
    shared_subscription_strategy: str = "round_robin"
    exclusive_subscription: bool = False
    ignore_loop_deliver: bool = False
    strict_mode: bool = False
    response_information: str = ""
    server_keepalive: int | None = None
    keepalive_multiplier: float = 1.5
    retry_interval: float | None = 30.0
    use_username_as_clientid: bool = False
    peer_cert_as_username: str = "disabled"
    peer_cert_as_clientid: str = "disabled"
    session_expiry_interval: float = 7200.0
    message_expiry_interval: float | None = None
    max_awaiting_rel: int | None = 100
    max_qos_allowed: int = 2
    mqueue_priorities: Mapping[str, int] | None = None
    mqueue_default_priority: str = "lowest"
    mqueue_store_qos0: bool = True
    max_mqueue_len: int | None = 1000
    max_inflight: int = 32
    max_subscriptions: int | None = None
    upgrade_qos: bool = False
    await_rel_timeout: float = 300.0


@dataclass(slots=True, frozen=True)
class RetainerSettings:
    """Root `retainer`. Seconds (0: for ever, never), bytes, messages (0: no limit)."""

    enable: bool = True
    msg_expiry_interval: float = 0.0
    msg_clear_interval: float = 0.0
    max_payload_size: int = 1 << 20
    stop_publish_clear_msg: bool = False
    max_retained_messages: int = 0


@dataclass(slots=True, frozen=True)
class DelayedSettings:
    """Root `delayed`; 0 messages: no limit."""

    enable: bool = True
    max_delayed_messages: int = 0


@dataclass(slots=True, frozen=True)
class SysTopicsSettings:
    """Root `sys_topics`. Seconds; None: not published."""

    sys_msg_interval: float | None = 60.0
    sys_heartbeat_interval: float | None = 30.0
    client_connected: bool = True
    client_disconnected: bool = True
    client_subscribed: bool = False
    client_unsubscribed: bool = False


@dataclass(slots=True, frozen=True)
class DashboardSettings:
    """Root `dashboard` but its port. Seconds."""

    default_username: str = "admin"
    default_password: str = "public"
    token_expired_time: float = 3600.0
    sample_interval: float = 10.0
    swagger_support: bool = True
    static_dir: Path | None = None
    cors: bool = False


@dataclass(slots=True, frozen=True)
class UserSettings:
    """A dashboard user made at start when absent."""

    username: str
    password: str
    tags: str = "administrator"
    description: str = ""
    role: Role = "administrator"


@dataclass(slots=True, frozen=True)
class AppSettings:
    """An application made at start when absent. `secret` None: one is made up; `expired` in epoch seconds, None:
    never; `generations` None: all."""

    app_id: str
    secret: str | None = None
    name: str = ""
    desc: str = ""
    status: bool = True
    expired: int | None = None
    generations: frozenset[str] | None = None


@dataclass(slots=True, frozen=True)
class ApiKeySettings:
    """An API key made at start when absent. `expired_at` in epoch seconds, None: never."""

    name: str
    api_key: str
    api_secret: str
    desc: str = ""
    enable: bool = True
    expired_at: int | None = None
    role: Role = "administrator"


DEFAULT_APP = AppSettings("admin", "public", "Default", generations=frozenset({"v4"}))


@dataclass(slots=True, frozen=True)
class AccountSettings:
    """Who may call the APIs from the start. `default_app` is v4's own pair; None: switched off."""

    users: tuple[UserSettings, ...] = ()
    apps: tuple[AppSettings, ...] = ()
    api_keys: tuple[ApiKeySettings, ...] = ()
    default_app: AppSettings | None = DEFAULT_APP
    bootstrap_file: Path | None = None


@dataclass(slots=True, frozen=True)
class Settings:
    """Everything needed to put a server together.

    `http` says where `management_legacy` (v2, v3), `management` (v4) and `dashboard` (v5, dashboard users) listen;
    None: off. Port 0 in it is any free port (`127.0.0.1:0`; a bare 0 in the configuration is off).
    `shutdown_timeout` in seconds, `max_body_size` in bytes.
    """

    node_name: str
    data_dir: Path
    listeners: tuple[ListenerSettings, ...]
    http: Mapping[str, Place | None]
    mqtt: MqttSettings = MqttSettings()
    retainer: RetainerSettings = RetainerSettings()
    delayed: DelayedSettings = DelayedSettings()
    sys_topics: SysTopicsSettings = SysTopicsSettings()
    dashboard: DashboardSettings = DashboardSettings()
    accounts: AccountSettings = AccountSettings()
    versions: Mapping[str, str] = field(default_factory=lambda: dict(VERSIONS))
    dialect: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shutdown_timeout: float = 5.0
    max_body_size: int = 16 << 20
    durable_sessions: bool = True
    """Whether what the broker holds of sessions and messages is kept in `data_dir`."""


Values = dict[str, Any]


def settings(configuration: Configuration) -> Settings:
    """The settings of a checked configuration."""

    def root(name: str) -> Values:
        return cast(Values, configuration.get(name))

    compat, dashboard = root("compat"), root("dashboard")
    host = compat["host"] or ALL_ADDRESSES
    retainer, sys_topics = root("retainer"), root("sys_topics")
    return Settings(
        node_name=root("node")["name"],
        data_dir=configuration.data_dir,
        listeners=listeners(configuration),
        http={
            "management_legacy": _place(compat["management_legacy"]["bind"], host),
            "management": _place(compat["management"]["bind"], host),
            "dashboard": _place(dashboard["listeners"]["http"]["bind"], host),
        },
        mqtt=mqtt(configuration),
        retainer=RetainerSettings(
            **_some(retainer, RetainerSettings),
            max_retained_messages=retainer["backend"]["max_retained_messages"],
        ),
        delayed=DelayedSettings(**root("delayed")),
        sys_topics=SysTopicsSettings(**_some(sys_topics, SysTopicsSettings), **sys_topics["sys_event_messages"]),
        dashboard=_dashboard(dashboard),
        accounts=_accounts(compat, root("api_key")["bootstrap_file"]),
        versions=compat["versions"],
        dialect=compat["dialect"],
        shutdown_timeout=compat["shutdown_timeout"],
        max_body_size=compat["max_body_size"],
        durable_sessions=compat["durable_sessions"],
    )


def mqtt(configuration: Configuration) -> MqttSettings:
    """Root `mqtt` alone, for use after a change."""
    values = cast(Values, configuration.get("mqtt"))
    return MqttSettings(**{**values, "mqueue_priorities": values["mqueue_priorities"] or None})


def listeners(configuration: Configuration) -> tuple[ListenerSettings, ...]:
    """All listeners, enabled or not, by type and name."""
    host = cast(str, configuration.get("compat.host")) or ALL_ADDRESSES
    by_type = cast(Values, configuration.get("listeners"))
    return tuple(
        _listener(kind, name, values, host)
        for kind in LISTENER_TYPES
        for name, values in sorted(by_type[kind].items())
    )


def _listener(kind: ListenerType, name: str, values: Values, host: str) -> ListenerSettings:
    bind: Address = values["bind"]
    tls = values.get("ssl_options")
    return ListenerSettings(
        type=kind,
        name=name,
        host=bind.host or host,
        port=bind.port,
        bind=str(bind),
        enable=values["enable"],
        max_connections=values["max_connections"],
        mountpoint=values["mountpoint"],
        enable_authn=values["enable_authn"],
        **{name: values[name] for name in _AS_THEY_ARE},
        backlog=values["tcp_options"]["backlog"],
        access_rules=tuple(values["access_rules"]),
        websocket=_websocket(values.get("websocket")),
        tls=tls
        and TlsSettings(
            **{
                **_some(tls, TlsSettings),
                "verify": tls["verify"] == "verify_peer",
                "versions": tuple(tls["versions"]),
            }
        ),
    )


_AS_THEY_ARE = (
    "zone",
    "acceptors",
    "proxy_protocol",
    "proxy_protocol_timeout",
    "max_conn_rate",
    "messages_rate",
    "bytes_rate",
)


def _websocket(values: Values | None) -> WebSocketSettings:
    if values is None:
        return WebSocketSettings()
    wanted = _some(values, WebSocketSettings)
    lists = {name: tuple(wanted[name]) for name in ("supported_subprotocols", "check_origins")}
    return WebSocketSettings(**{**wanted, **lists})


def _place(bind: Address, host: str) -> Place | None:
    if bind.host is None:
        return (host, bind.port) if bind.port else None
    return bind.host, bind.port


def _dashboard(values: Values) -> DashboardSettings:
    folder = values["static_dir"]
    return DashboardSettings(**{**_some(values, DashboardSettings), "static_dir": Path(folder) if folder else None})


def _accounts(compat: Values, bootstrap_file: str) -> AccountSettings:
    default = compat["default_app"]
    default_app = replace(DEFAULT_APP, app_id=default["app_id"], secret=default["secret"])
    return AccountSettings(
        users=tuple(UserSettings(**user) for user in compat["users"]),
        apps=tuple(
            AppSettings(**{**app, "generations": app["generations"] and frozenset(app["generations"])})
            for app in compat["apps"]
        ),
        api_keys=tuple(ApiKeySettings(**key) for key in compat["api_keys"]),
        default_app=default_app if default["enable"] else None,
        bootstrap_file=Path(bootstrap_file) if bootstrap_file else None,
    )


def _some(values: Values, wanted: type[Any]) -> Values:
    """Those of the values that the dataclass has a field for."""
    return {name: values[name] for name in wanted.__dataclass_fields__ if name in values}
