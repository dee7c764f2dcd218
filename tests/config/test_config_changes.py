"""Changes at run time: in force at once, written readably to cluster.hocon, refused when they cannot hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from emqx_compat.config import ConfigError, load
from emqx_compat.config.clusterfile import ClusterFile


def ticking() -> Callable[[], datetime]:
    moment = datetime(2026, 1, 2, 3, 4, 5)

    def now() -> datetime:
        nonlocal moment
        moment += timedelta(milliseconds=1)
        return moment

    return now


def test_a_change_is_in_force_at_once() -> None:
    configuration = load(persist=False)
    configuration.update("mqtt.max_inflight", 64)
    assert (configuration.get("mqtt.max_inflight"), str(configuration.origin("mqtt.max_inflight"))) == (
        64,
        "run time",
    )


def test_a_change_survives_a_restart(tmp_path: Path) -> None:
    load(data_dir=tmp_path).update("mqtt.idle_timeout", "20s")
    assert load(data_dir=tmp_path).get("mqtt.idle_timeout") == 20.0


def test_cluster_hocon_is_sorted_and_readable(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    configuration.update("mqtt.max_inflight", 64)
    configuration.update("delayed", {"max_delayed_messages": 5, "enable": True})
    text = (tmp_path / "configs" / "cluster.hocon").read_text()
    assert (
        text.partition("\n")[2] == "delayed {enable = true, max_delayed_messages = 5}\nmqtt {max_inflight = 64}\n"
    )


def test_only_what_was_changed_is_written(tmp_path: Path) -> None:
    file = tmp_path / "emqx.conf"
    file.write_text("mqtt.max_mqueue_len = 5\n")
    load(file, data_dir=tmp_path).update("mqtt.max_inflight", 64)
    assert "max_mqueue_len" not in (tmp_path / "configs" / "cluster.hocon").read_text()


def test_a_change_replaces_what_was_at_the_path(tmp_path: Path) -> None:
    file = tmp_path / "emqx.conf"
    file.write_text("listeners.tcp.mine { bind = 1999, mountpoint = x }\n")
    configuration = load(file, data_dir=tmp_path)
    configuration.update("listeners.tcp.mine", {"bind": 2000})
    assert configuration.get("listeners.tcp.mine.mountpoint") == ""


def test_a_change_wins_over_the_file_until_the_restart(tmp_path: Path) -> None:
    file = tmp_path / "emqx.conf"
    file.write_text("mqtt.max_inflight = 5\n")
    running = load(file, data_dir=tmp_path)
    running.update("mqtt.max_inflight", 64)
    restarted = load(file, data_dir=tmp_path)
    assert (running.get("mqtt.max_inflight"), restarted.get("mqtt.max_inflight")) == (64, 5)


def test_several_changes_are_one_write(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path, now=ticking())
    configuration.update("mqtt.max_inflight", 1)
    configuration.update_many({"mqtt.max_inflight": 2, "delayed.enable": False})
    assert len(ClusterFile(tmp_path).backups()) == 1


def test_a_refused_change_changes_nothing(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    with pytest.raises(ConfigError, match=r"run time: mqtt\.max_inflight: wrong value"):
        configuration.update_many({"delayed.enable": False, "mqtt.max_inflight": 0})
    assert configuration.get("delayed.enable") is True
    assert not (tmp_path / "configs" / "cluster.hocon").exists()


def test_what_the_environment_holds_cannot_be_changed() -> None:
    configuration = load(environ={"EMQX_MQTT__MAX_INFLIGHT": "5"}, persist=False)
    with pytest.raises(
        ConfigError, match=r"EMQX_MQTT__MAX_INFLIGHT: mqtt\.max_inflight: cannot be changed, it is set from outside"
    ):
        configuration.update("mqtt", {"max_inflight": 6})


def test_a_change_may_repeat_what_the_environment_holds() -> None:
    configuration = load(environ={"EMQX_MQTT__MAX_INFLIGHT": "5"}, persist=False)
    configuration.update("mqtt", {"max_inflight": 5, "max_mqueue_len": 7})
    assert configuration.get("mqtt.max_mqueue_len") == 7


def test_a_folder_that_refuses_is_an_error_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "configs").write_text("a file where the folder should be")
    configuration = load(data_dir=tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        configuration.update("mqtt.max_inflight", 64)
    assert configuration.get("mqtt.max_inflight") == 32


def test_a_removed_value_returns_to_its_default(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    configuration.update("mqtt.max_inflight", 64)
    configuration.remove("mqtt.max_inflight")
    assert configuration.get("mqtt.max_inflight") == load(data_dir=tmp_path).get("mqtt.max_inflight") == 32


def test_a_removed_listener_is_gone(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    configuration.update("listeners.tcp.mine", {"bind": 2000})
    configuration.remove("listeners.tcp.mine")
    assert configuration.raw("listeners.tcp") == load(persist=False).raw("listeners.tcp")


def test_a_removed_default_listener_stays_away_after_a_restart(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    configuration.remove("listeners.tcp.default")
    assert configuration.raw("listeners.tcp") == load(data_dir=tmp_path).raw("listeners.tcp") == {}


def test_a_removed_default_listener_can_be_made_again(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path)
    configuration.remove("listeners.tcp.default")
    configuration.update("listeners.tcp.default", {"bind": 1999})
    assert load(data_dir=tmp_path).get("listeners.tcp.default.enable") is True


def test_an_array_element_can_be_changed() -> None:
    configuration = load(overrides=[], persist=False)
    configuration.update("authentication", [{"mechanism": "jwt"}, {"mechanism": "scram"}])
    configuration.update("authentication.2.enable", False)
    assert configuration.raw("authentication") == [
        {"mechanism": "jwt"},
        {"mechanism": "scram", "enable": False},
    ]


def test_texts_with_odd_signs_survive(tmp_path: Path) -> None:
    sql = 'SELECT payload.x as "x"\nFROM "t/#"\nWHERE x =~ \'a\\b\'\n'
    load(data_dir=tmp_path).update("rule_engine", {"rules": {"r": {"sql": sql}}})
    assert load(data_dir=tmp_path).raw("rule_engine.rules.r.sql") == sql


def test_ten_states_are_kept(tmp_path: Path) -> None:
    configuration = load(data_dir=tmp_path, now=ticking())
    for value in range(1, 15):
        configuration.update("mqtt.max_inflight", value)
    backups = ClusterFile(tmp_path).backups()
    assert [backup.read_text().split()[-1] for backup in backups] == [f"{value}}}" for value in range(13, 3, -1)]
    assert backups[0].name == "cluster.hocon.2026.01.02.03.04.05.013.bak"


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    load(data_dir=tmp_path).update("mqtt.max_inflight", 64)
    assert [path.name for path in (tmp_path / "configs").iterdir()] == ["cluster.hocon"]


def test_without_persistence_nothing_is_written(tmp_path: Path) -> None:
    load(data_dir=tmp_path, persist=False).update("mqtt.max_inflight", 64)
    assert list(tmp_path.iterdir()) == []
