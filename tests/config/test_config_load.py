"""Which source wins, and what the configuration then gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from emqx_compat.config import ConfigError, load

PATH = "mqtt.max_inflight"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "cluster.hocon").write_text(f"{PATH} = 1\nmqtt.max_mqueue_len = 10\n")
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "emqx.conf"
    path.write_text(f"\n{PATH} = 2\n")
    return path


ENVIRON = {"EMQX_MQTT__MAX_INFLIGHT": "3"}


def test_defaults_come_last() -> None:
    configuration = load(persist=False)
    assert (configuration.get(PATH), str(configuration.origin(PATH))) == (32, "default")


def test_cluster_hocon_wins_over_defaults(data_dir: Path) -> None:
    configuration = load(data_dir=data_dir)
    assert (configuration.get(PATH), configuration.origin(PATH).line) == (1, 1)


def test_the_file_wins_over_cluster_hocon(data_dir: Path, file: Path) -> None:
    configuration = load(file, data_dir=data_dir)
    assert (configuration.get(PATH), str(configuration.origin(PATH))) == (2, f"{file}:2")


def test_the_environment_wins_over_the_file(data_dir: Path, file: Path) -> None:
    configuration = load(file, ENVIRON, data_dir=data_dir)
    assert (configuration.get(PATH), str(configuration.origin(PATH))) == (
        3,
        "environment EMQX_MQTT__MAX_INFLIGHT",
    )


def test_overrides_win_over_all(data_dir: Path, file: Path) -> None:
    configuration = load(file, ENVIRON, [f"{PATH}=4", f"{PATH} = 5"], data_dir)
    assert (configuration.get(PATH), str(configuration.origin(PATH))) == (5, f"--set {PATH}")


def test_layers_mix_value_by_value(data_dir: Path, file: Path) -> None:
    assert load(file, data_dir=data_dir).get("mqtt.max_mqueue_len") == 10


def test_the_data_folder_may_be_named_in_the_file(data_dir: Path, tmp_path: Path) -> None:
    main = tmp_path / "other.conf"
    main.write_text(f'node.data_dir = "{data_dir}"\n')
    configuration = load(main)
    assert (configuration.data_dir, configuration.get(PATH)) == (data_dir, 1)


def test_the_data_folder_given_wins_over_the_file(data_dir: Path, tmp_path: Path) -> None:
    main = tmp_path / "other.conf"
    main.write_text('node.data_dir = "/nowhere"\n')
    configuration = load(main, data_dir=data_dir)
    assert (configuration.data_dir, configuration.get(PATH)) == (data_dir, 1)


def test_without_persistence_cluster_hocon_is_not_read(data_dir: Path) -> None:
    assert load(data_dir=data_dir, persist=False).get(PATH) == 32


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.conf: no such file"):
        load(tmp_path / "none.conf")


def test_a_file_that_is_no_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.conf").write_bytes(b"a = \xff")
    with pytest.raises(ConfigError, match="unreadable file"):
        load(tmp_path / "bad.conf")


def test_a_broken_cluster_hocon_names_its_line(data_dir: Path) -> None:
    (data_dir / "configs" / "cluster.hocon").write_text("a = 1\nb {\n")
    with pytest.raises(ConfigError, match=r"cluster\.hocon:3:1: unterminated object"):
        load(data_dir=data_dir)


@pytest.mark.parametrize("text", ["mqtt.max_inflight", "=1", "a..b=1", '"a=1'])
def test_an_unreadable_override_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"unreadable setting .*expected path\.to\.key=value"):
        load(overrides=[text], persist=False)


def test_an_override_may_be_an_object_or_plain_text() -> None:
    configuration = load(
        overrides=[
            "delayed={enable=false, max_delayed_messages=7}",
            "listeners.tcp.default.mountpoint=${clientid}/",
        ],
        persist=False,
    )
    assert configuration.raw("delayed") == {"enable": False, "max_delayed_messages": 7}
    assert configuration.get("listeners.tcp.default.mountpoint") == "${clientid}/"


def test_get_gives_typed_values() -> None:
    configuration = load(persist=False)
    paths = ["mqtt.idle_timeout", "mqtt.max_packet_size", "mqtt.max_subscriptions", "sysmon.os.cpu_high_watermark"]
    assert [configuration.get(path) for path in paths] == [15.0, 1 << 20, None, 0.8]


def test_get_refuses_what_is_not_in_the_schema() -> None:
    with pytest.raises(KeyError):
        load(persist=False).get("mqtt.nonsense")


def test_raw_gives_what_was_written_filled_with_defaults() -> None:
    configuration = load(overrides=["sys_topics.sys_msg_interval=90s"], persist=False)
    assert configuration.raw("sys_topics") == {
        "sys_msg_interval": "90s",
        "sys_heartbeat_interval": "30s",
        "sys_event_messages": {
            "client_connected": True,
            "client_disconnected": True,
            "client_subscribed": False,
            "client_unsubscribed": False,
        },
    }


def test_raw_masks_secrets_when_asked() -> None:
    configuration = load(overrides=["authentication=[{backend=jwt, secret=x, nested.password=y}]"], persist=False)
    assert configuration.raw("authentication", mask=True) == [
        {"backend": "jwt", "secret": "******", "nested": {"password": "******"}}
    ]


def test_default_gives_what_nobody_configured() -> None:
    configuration = load(overrides=["sysmon.vm.long_schedule=1s"], persist=False)
    assert configuration.default("sysmon.vm.long_schedule") == "240ms"


def test_effective_lists_every_value_with_its_origin() -> None:
    configuration = load(environ=ENVIRON, overrides=["dashboard.default_password=x"], persist=False)
    rows = {path: (value, str(origin)) for path, value, origin in configuration.effective()}
    assert rows["mqtt.max_inflight"] == (3, "environment EMQX_MQTT__MAX_INFLIGHT")
    assert rows["mqtt.idle_timeout"] == ("15s", "default")
    assert rows["dashboard.default_password"] == ("******", "--set dashboard.default_password")
    assert rows["listeners.tcp.default.bind"] == (1883, "default")


def test_effective_is_sorted_by_path() -> None:
    paths = [path for path, _, _ in load(persist=False).effective()]
    assert paths == sorted(paths)


def test_the_file_that_emqx_ships_gives_no_notice(tmp_path: Path) -> None:
    main = tmp_path / "emqx.conf"
    main.write_text(
        """
        ## NOTE: this file overrides data/configs/cluster.hocon
        node {
          name = "emqx@127.0.0.1"
          cookie = "emqxsecretcookie"
          data_dir = "data"
        }
        cluster {
          name = emqxcl
          discovery_strategy = manual
        }
        dashboard {
            listeners.http {
                bind = 18083
            }
        }
        """
    )
    assert load(main, persist=False).warnings == ()
