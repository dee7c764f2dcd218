"""What the composition root gets."""

from __future__ import annotations

from pathlib import Path

from emqx_compat.config import ListenerSettings, MqttSettings, Settings, load, settings
from emqx_compat.config.settings import (
    AccountSettings,
    ApiKeySettings,
    AppSettings,
    DashboardSettings,
    DelayedSettings,
    RetainerSettings,
    SysTopicsSettings,
    TlsSettings,
    UserSettings,
)


def given(*overrides: str) -> Settings:
    return settings(load(overrides=overrides, persist=False))


def test_the_defaults_of_the_dataclasses_are_those_of_the_schema() -> None:
    found = given()
    assert (
        found.mqtt,
        found.retainer,
        found.delayed,
        found.sys_topics,
        found.dashboard,
        found.accounts,
        found.shutdown_timeout,
        found.max_body_size,
        found.versions,
    ) == (
        MqttSettings(),
        RetainerSettings(),
        DelayedSettings(),
        SysTopicsSettings(),
        DashboardSettings(),
        AccountSettings(),
        5.0,
        16 << 20,
        {"v2": "2.3.11", "v3": "3.2.8", "v4": "4.4.19", "v5": "5.6.1"},
    )


def test_node_and_data_folder() -> None:
    found = given("node.name=a@b", "node.data_dir=/var/lib/emqx")
    assert (found.node_name, found.data_dir) == ("a@b", Path("/var/lib/emqx"))


def test_the_listeners_by_default() -> None:
    assert [
        (listener.id, listener.host, listener.port, listener.bind, listener.enable)
        for listener in given().listeners
    ] == [
        ("tcp:default", "127.0.0.1", 1883, ":1883", True),
        ("ssl:default", "127.0.0.1", 8883, ":8883", False),
        ("ws:default", "127.0.0.1", 8083, ":8083", True),
        ("wss:default", "127.0.0.1", 8084, ":8084", False),
    ]


def test_a_listener_of_ones_own() -> None:
    found = given('listeners.tcp.mine={bind = "[::]:0", max_connections = 5, mountpoint = x, enable_authn = false}')
    assert found.listeners[1] == ListenerSettings(
        "tcp", "mine", "::", 0, "[::]:0", True, max_connections=5, mountpoint="x", enable_authn=False
    )


def test_a_tls_listener() -> None:
    listener = given(
        "listeners.wss.default.ssl_options={certfile=c, keyfile=k, cacertfile=ca, verify=verify_peer}",
        "listeners.wss.default.websocket.mqtt_path=/ws",
    ).listeners[3]
    assert (listener.enable, listener.websocket.mqtt_path, listener.tls) == (
        True,
        "/ws",
        TlsSettings("c", "k", "ca", "", True, False, ("tlsv1.3", "tlsv1.2")),
    )


def test_the_http_ports_by_default() -> None:
    assert given().http == {
        "management_legacy": ("127.0.0.1", 8080),
        "management": ("127.0.0.1", 8081),
        "dashboard": ("127.0.0.1", 18083),
    }


def test_a_bare_zero_switches_an_http_port_off() -> None:
    assert given("compat.management.bind=0").http["management"] is None


def test_a_zero_with_an_address_is_any_free_port() -> None:
    assert given('compat.management.bind="127.0.0.1:0"').http["management"] == ("127.0.0.1", 0)


def test_the_host_is_that_of_every_bind_without_one() -> None:
    found = given("compat.host=10.0.0.1", 'dashboard.listeners.http.bind="127.0.0.1:1"')
    assert (found.listeners[0].host, found.http["management"], found.http["dashboard"]) == (
        "10.0.0.1",
        ("10.0.0.1", 8081),
        ("127.0.0.1", 1),
    )


def test_no_host_is_all_addresses() -> None:
    assert given('compat.host=""').listeners[0].host == "0.0.0.0"


def test_mqtt_limits_switched_off_are_none() -> None:
    found = given("mqtt.max_mqueue_len=infinity", "mqtt.idle_timeout=infinity", "mqtt.server_keepalive=60").mqtt
    assert (found.max_mqueue_len, found.idle_timeout, found.server_keepalive) == (None, None, 60)


def test_mqtt_priorities() -> None:
    assert given('mqtt.mqueue_priorities={"a/b" = 10}').mqtt.mqueue_priorities == {"a/b": 10}


def test_accounts_made_at_start() -> None:
    found = given(
        "compat.users=[{username=u, password=1234, role=viewer}]",
        "compat.apps=[{app_id=a, secret=s, generations=[v3, v4], expired=1700000000}]",
        "compat.api_keys=[{name=n, api_key=k, api_secret=s}]",
        "compat.default_app.enable=false",
        "api_key.bootstrap_file=keys.txt",
    )
    assert found.accounts == AccountSettings(
        users=(UserSettings("u", "1234", role="viewer"),),
        apps=(AppSettings("a", "s", generations=frozenset({"v3", "v4"}), expired=1700000000),),
        api_keys=(ApiKeySettings("n", "k", "s"),),
        default_app=None,
        bootstrap_file=Path("keys.txt"),
    )


def test_the_default_application_is_known_to_v4_alone() -> None:
    app = given("compat.default_app.secret=x").accounts.default_app
    assert app is not None and (app.app_id, app.secret, app.generations) == ("admin", "x", frozenset({"v4"}))


def test_dialect_switches_are_passed_on() -> None:
    assert given("compat.dialect.v2.strict=true").dialect["v2"] == {"strict": True}
