"""Environment variables: EMQX 5's names, and the handful of 4.x names that are still copied around."""

from __future__ import annotations

import pytest

from emqx_compat.config import ConfigError, Configuration, load


def given(**environ: str) -> Configuration:
    return load(environ=environ, persist=False)


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("EMQX_MQTT__MAX_INFLIGHT", "7", "mqtt.max_inflight", 7),
        ("EMQX_LISTENERS__TCP__DEFAULT__BIND", "0.0.0.0:1884", "listeners.tcp.default.bind", "0.0.0.0:1884"),
        ("EMQX_LISTENERS__TCP__DEFAULT__BIND", '"0.0.0.0:1884"', "listeners.tcp.default.bind", "0.0.0.0:1884"),
        ("EMQX_NODE__NAME", "emqx@node1.emqx.io", "node.name", "emqx@node1.emqx.io"),
        ("EMQX_NODE_NAME", "emqx@node1", "node.name", "emqx@node1"),
        ("EMQX_DASHBOARD__DEFAULT_PASSWORD", "12345", "dashboard.default_password", "12345"),
        ("EMQX_DASHBOARD__DEFAULT_PASSWORD", '"12345"', "dashboard.default_password", "12345"),
        ("EMQX_DASHBOARD__DEFAULT_PASSWORD", "a#b=c!", "dashboard.default_password", "a#b=c!"),
        ("EMQX_API_KEY__BOOTSTRAP_FILE", "/etc/keys.txt", "api_key.bootstrap_file", "/etc/keys.txt"),
        ("EMQX_LOG__CONSOLE__LEVEL", "debug", "log.console.level", "debug"),
        ("EMQX_COMPAT__HOST", "0.0.0.0", "compat.host", "0.0.0.0"),
        ("EMQX_MQTT__RESPONSE_INFORMATION", "", "mqtt.response_information", ""),
        ("EMQX_DELAYED", "{enable = false}", "delayed.enable", False),
        (
            "EMQX_LISTENERS__TCP__DEFAULT__MOUNTPOINT",
            "${clientid}/",
            "listeners.tcp.default.mountpoint",
            "${clientid}/",
        ),
    ],
)
def test_a_name_of_emqx_5(name: str, value: str, path: str, expected: object) -> None:
    assert given(**{name: value}).raw(path) == expected


def test_a_more_special_name_wins() -> None:
    configuration = given(EMQX_DELAYED="{enable=false, max_delayed_messages=1}", EMQX_DELAYED__ENABLE="true")
    assert configuration.raw("delayed") == {"enable": True, "max_delayed_messages": 1}


def test_array_elements_are_counted_from_one() -> None:
    configuration = given(
        EMQX_AUTHENTICATION__1__MECHANISM="password_based",
        EMQX_AUTHENTICATION__1__BACKEND="http",
        EMQX_AUTHENTICATION__2__MECHANISM="jwt",
    )
    assert configuration.raw("authentication") == [
        {"mechanism": "password_based", "backend": "http"},
        {"mechanism": "jwt"},
    ]


def test_an_array_element_of_the_file_is_changed_in_place(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("conf") / "emqx.conf"
    file.write_text("authentication = [{mechanism = jwt, enable = true}, {mechanism = scram}]\n")
    configuration = load(file, {"EMQX_AUTHENTICATION__1__ENABLE": "false"}, persist=False)
    assert configuration.raw("authentication") == [
        {"mechanism": "jwt", "enable": False},
        {"mechanism": "scram"},
    ]


def test_an_array_index_must_not_leave_a_gap() -> None:
    with pytest.raises(ConfigError, match=r"authentication\.2: no such array element .*from 1 to 1"):
        given(EMQX_AUTHENTICATION__2__MECHANISM="jwt")


def test_a_wrong_value_names_the_variable() -> None:
    with pytest.raises(ConfigError, match=r"^environment EMQX_MQTT__MAX_INFLIGHT: mqtt\.max_inflight: wrong value"):
        given(EMQX_MQTT__MAX_INFLIGHT="x")


def test_an_unknown_name_is_noted() -> None:
    assert [str(notice) for notice in given(EMQX_AUTH__HTTP__URL="x").warnings] == [
        "environment EMQX_AUTH__HTTP__URL: auth: unknown key, ignored"
    ]


def test_an_unknown_name_of_our_own_is_a_fault() -> None:
    with pytest.raises(ConfigError, match=r"compat\.nonsense: unknown key"):
        given(EMQX_COMPAT__NONSENSE="1")


@pytest.mark.parametrize("name", ["EMQX_COMPAT_CONFIG", "PATH", "emqx_mqtt__max_inflight", "EMQX_"])
def test_other_variables_are_left_alone(name: str) -> None:
    configuration = given(**{name: "1"})
    assert (configuration.warnings, configuration.get("mqtt.max_inflight")) == ((), 32)


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("EMQX_MANAGEMENT__LISTENER__HTTP", "9081", "compat.management.bind", 9081),
        ("EMQX_MANAGEMENT__DEFAULT_APPLICATION__ID", "me", "compat.default_app.app_id", "me"),
        ("EMQX_MANAGEMENT__DEFAULT_APPLICATION__SECRET", "s", "compat.default_app.secret", "s"),
        ("EMQX_DASHBOARD__DEFAULT_USER__LOGIN", "root", "dashboard.default_username", "root"),
        ("EMQX_DASHBOARD__DEFAULT_USER__PASSWORD", "pw", "dashboard.default_password", "pw"),
        ("EMQX_LISTENER__TCP__EXTERNAL", "0.0.0.0:1885", "listeners.tcp.default.bind", "0.0.0.0:1885"),
    ],
)
def test_a_name_of_emqx_4_works_and_is_noted(name: str, value: str, path: str, expected: object) -> None:
    configuration = given(**{name: value})
    (notice,) = configuration.warnings
    assert configuration.raw(path) == expected
    assert notice.path == name and f"use {path}" in notice.message


def test_a_name_of_emqx_5_wins_over_the_old_one() -> None:
    configuration = given(EMQX_DASHBOARD__DEFAULT_USER__PASSWORD="old", EMQX_DASHBOARD__DEFAULT_PASSWORD="new")
    assert configuration.get("dashboard.default_password") == "new"


@pytest.mark.parametrize("name", ["EMQX_ALLOW_ANONYMOUS", "EMQX_LOADED_PLUGINS", "EMQX_DEFAULT_LOG_HANDLER"])
def test_a_name_without_effect_is_noted(name: str) -> None:
    (notice,) = given(**{name: "x"}).warnings
    assert notice.path == name and "has no effect" in notice.message


def test_the_node_name_may_come_in_two_parts_as_for_emqx_image() -> None:
    assert given(EMQX_NAME="broker", EMQX_HOST="10.0.0.1").get("node.name") == "broker@10.0.0.1"
