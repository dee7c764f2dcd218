"""Hot configuration: the keys, what their values look like, what a change changes and when."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from devices import Connect
from hypothesis import given, settings
from hypothesis import strategies as st

from api_v2.configs import KEYS, render_key
from emqx_compat.core.hot_settings import HOT_SETTINGS, SettingValue, fits
from emqx_compat.http.conf_values import DURATION, PERCENT, SIZE, Datatype
from emqx_compat.testing import Server, SyncServer

NODE = "emq@127.0.0.1"
DONE: dict[str, Any] = {"code": 0, "result": []}

SHOWN = {
    "log.console.level": ("warning", "enum"),
    "mqtt.acl_file": ("etc/acl.conf", "string"),
    "mqtt.acl_nomatch": ("allow", "enum"),
    "mqtt.allow_anonymous": ("true", "enum"),
    "mqtt.broker.sys_interval": ("60", "integer"),
    "mqtt.cache_acl": ("true", "enum"),
    "mqtt.client.enable_stats": ("undefined", "flag"),
    "mqtt.client.idle_timeout": ("undefined", "duration"),
    "mqtt.client.max_publish_rate": ("0", "integer"),
    "mqtt.conn.force_gc_count": ("100", "integer"),
    "mqtt.keepalive_backoff": ("0.7500", "float"),
    "mqtt.max_clientid_len": ("65535", "integer"),
    "mqtt.max_packet_size": ("1048576", "bytesize"),
    "mqtt.mqueue.high_watermark": ("0.6000", "percent"),
    "mqtt.mqueue.low_watermark": ("0.2000", "percent"),
    "mqtt.mqueue.max_length": ("1000", "integer"),
    "mqtt.mqueue.priority": ("", "string"),
    "mqtt.mqueue.store_qos0": ("true", "enum"),
    "mqtt.mqueue.type": ("simple", "atom"),
    "mqtt.session.await_rel_timeout": ("300000", "duration"),
    "mqtt.session.enable_stats": ("true", "flag"),
    "mqtt.session.expiry_interval": ("7200000", "duration"),
    "mqtt.session.ignore_loop_deliver": ("false", "enum"),
    "mqtt.session.max_awaiting_rel": ("100", "integer"),
    "mqtt.session.max_inflight": ("32", "integer"),
    "mqtt.session.max_subscriptions": ("0", "integer"),
    "mqtt.session.retry_interval": ("30000", "duration"),
    "mqtt.session.upgrade_qos": ("false", "flag"),
    "mqtt.websocket_protocol_header": ("on", "flag"),
    "retainer.expiry_interval": ("0", "integer, duration"),
    "retainer.max_message_num": ("0", "integer"),
    "retainer.max_payload_size": ("1048576", "bytesize"),
}
"""Every key with this server's default; types are 2.3.11's but for sys_interval, where the seed's count."""


@pytest.fixture(scope="module")
def hot() -> Iterator[httpx.Client]:
    """A server whose configuration may be spoilt."""
    with Server.in_thread() as server, httpx.Client(base_url=server.url("v2"), auth=server.auth("v2")) as api:
        yield api


def rows(api: httpx.Client) -> list[dict[str, str]]:
    return api.get(f"/nodes/{NODE}/configs").json()["result"]


def shown(api: httpx.Client, key: str) -> str:
    (row,) = [row for row in rows(api) if row["key"] == key]
    return row["value"]


def put(api: httpx.Client, key: str, value: str, app: str = "emqttd") -> httpx.Response:
    return api.put(
        f"/configs/{'emq_retainer' if key.startswith('retainer.') else app}", json={"key": key, "value": value}
    )


# --- the list


def test_the_32_keys_ascend(fresh_api: httpx.Client) -> None:
    assert [row["key"] for row in rows(fresh_api)] == sorted(SHOWN)
    assert len(SHOWN) == 32


@pytest.mark.parametrize("key", SHOWN)
def test_a_key_is_shown_with_its_type(fresh_rows: dict[str, dict[str, str]], key: str) -> None:
    app = "emq_retainer" if key.startswith("retainer.") else "emqttd"
    value, datatype = SHOWN[key]
    assert list(fresh_rows[key].items()) == [("key", key), ("value", value), ("datatpye", datatype), ("app", app)]


@pytest.fixture(scope="module")
def fresh_rows() -> dict[str, dict[str, str]]:
    with Server.in_thread() as server:
        answer = httpx.get(f"{server.url('v2')}/nodes/{NODE}/configs", auth=server.auth("v2"))
    return {row["key"]: row for row in answer.json()["result"]}


def test_all_nodes_are_an_object_by_node(api: httpx.Client) -> None:
    assert api.get("/configs").json() == {"code": 0, "result": {NODE: rows(api)}}


# --- changes

CHANGES = [
    ("mqtt.acl_nomatch", "deny", "deny"),
    ("mqtt.allow_anonymous", "false", "false"),
    ("mqtt.cache_acl", "false", "false"),
    ("mqtt.broker.sys_interval", "30", "30"),
    ("mqtt.broker.sys_interval", "2m", "120"),
    ("mqtt.client.max_publish_rate", "5", "5"),
    ("mqtt.conn.force_gc_count", "+7", "7"),
    ("mqtt.keepalive_backoff", "1.0", "1.0000"),
    ("mqtt.max_clientid_len", "64", "64"),
    ("mqtt.max_packet_size", "128KB", "131072"),
    ("mqtt.max_packet_size", "1mb", "1048576"),
    ("mqtt.max_packet_size", "4096", "4096"),
    ("mqtt.mqueue.high_watermark", "70%", "0.7000"),
    ("mqtt.mqueue.high_watermark", "30", "0.0300"),
    ("mqtt.mqueue.low_watermark", "5x", "0.0500"),
    ("mqtt.mqueue.max_length", "10", "10"),
    ("mqtt.mqueue.priority", "topic/1=10", "topic/1=10"),
    ("mqtt.mqueue.priority", "", ""),
    ("mqtt.mqueue.store_qos0", "false", "false"),
    ("mqtt.mqueue.type", "priority", "priority"),
    ("mqtt.session.await_rel_timeout", "30s", "30000"),
    ("mqtt.session.await_rel_timeout", "1m30s", "90000"),
    ("mqtt.session.await_rel_timeout", "250ms", "250"),
    ("mqtt.session.enable_stats", "off", "false"),
    ("mqtt.session.expiry_interval", "1h30m", "5400000"),
    ("mqtt.session.expiry_interval", "1d", "86400000"),
    ("mqtt.session.expiry_interval", "2w", "1209600000"),
    ("mqtt.session.expiry_interval", "1500ms", "2000"),
    ("mqtt.session.ignore_loop_deliver", "true", "true"),
    ("mqtt.session.max_awaiting_rel", "0", "0"),
    ("mqtt.session.max_inflight", "64", "64"),
    ("mqtt.session.max_subscriptions", "3", "3"),
    ("mqtt.session.max_subscriptions", "0", "0"),
    ("mqtt.session.retry_interval", "20s", "20000"),
    ("mqtt.session.upgrade_qos", "on", "true"),
    ("mqtt.session.upgrade_qos", "off", "false"),
    ("mqtt.websocket_protocol_header", "off", "off"),
    ("retainer.expiry_interval", "1h", "3600000"),
    ("retainer.expiry_interval", "500", "500"),
    ("retainer.max_message_num", "5000", "5000"),
    ("retainer.max_payload_size", "32KB", "32768"),
]


@pytest.mark.parametrize(("key", "value", "after"), CHANGES)
def test_a_value_that_fits_is_shown(hot: httpx.Client, key: str, value: str, after: str) -> None:
    assert put(hot, key, value).json() == DONE
    assert shown(hot, key) == after


MISFITS = [
    ("mqtt.acl_nomatch", "maybe"),
    ("mqtt.allow_anonymous", "maybe"),
    ("mqtt.allow_anonymous", "on"),
    ("mqtt.cache_acl", "TRUE"),
    ("log.console.level", "loud"),
    ("mqtt.session.max_inflight", "abc"),
    ("mqtt.session.max_inflight", "1.5"),
    ("mqtt.session.max_inflight", ""),
    ("mqtt.session.max_inflight", "6٣"),
    ("mqtt.session.retry_interval", "30"),
    ("mqtt.session.retry_interval", "30 s"),
    ("mqtt.session.retry_interval", "s"),
    ("mqtt.session.retry_interval", "-1s"),
    ("mqtt.session.upgrade_qos", "true"),
    ("mqtt.session.enable_stats", "false"),
    ("mqtt.keepalive_backoff", "1"),
    ("mqtt.keepalive_backoff", ".5"),
    ("mqtt.max_packet_size", "1TB"),
    ("mqtt.max_packet_size", "12B"),
    ("mqtt.max_packet_size", "-1"),
    ("retainer.expiry_interval", "soon"),
]


@pytest.mark.parametrize(("key", "value"), MISFITS)
def test_a_value_that_does_not_fit_is_ignored(hot: httpx.Client, key: str, value: str) -> None:
    before = shown(hot, key)
    assert put(hot, key, value).json() == DONE
    assert shown(hot, key) == before


BEYOND = [
    ("mqtt.session.max_inflight", "-5"),
    ("mqtt.session.max_inflight", "0"),
    ("mqtt.session.max_inflight", "70000"),
    ("mqtt.mqueue.max_length", "-1"),
    ("mqtt.mqueue.high_watermark", "101%"),
    ("mqtt.max_packet_size", "1GB"),
    ("mqtt.max_clientid_len", "0"),
    ("mqtt.mqueue.type", "round"),
]


@pytest.mark.parametrize(("key", "value"), BEYOND)
def test_a_value_beyond_what_the_engine_can_is_ignored(hot: httpx.Client, key: str, value: str) -> None:
    before = shown(hot, key)
    assert put(hot, key, value).json() == DONE
    assert shown(hot, key) == before


@pytest.mark.parametrize("value", ["abc%", "", "%", "0.5%", "x"])
def test_a_percentage_that_is_no_number_is_a_404(hot: httpx.Client, value: str) -> None:
    answer = put(hot, "mqtt.mqueue.high_watermark", value)
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_log_level_of_now_is_shown(fresh_api: httpx.Client) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        assert put(fresh_api, "log.console.level", "critical").json() == DONE
        assert (shown(fresh_api, "log.console.level"), root.level) == ("critical", logging.CRITICAL)
    finally:
        root.setLevel(before)


@pytest.mark.parametrize(
    ("key", "value"), [("mqtt.client.idle_timeout", "45s"), ("mqtt.client.enable_stats", "on")]
)
def test_two_values_are_never_shown(hot: httpx.Client, key: str, value: str) -> None:
    assert put(hot, key, value).json() == DONE
    assert shown(hot, key) == "undefined"


@pytest.mark.parametrize(
    ("app", "key"),
    [
        ("emqttd", "no.such.key"),
        ("emqttd", "mqtt.mqueue"),
        ("nope", "a"),
        ("nope", "mqtt.allow_anonymous"),
        ("emq_retainer", "no"),
    ],
)
def test_an_unknown_key_or_app_is_102(hot: httpx.Client, app: str, key: str) -> None:
    assert hot.put(f"/configs/{app}", json={"key": key, "value": "1"}).json() == {"code": 102}


@pytest.mark.parametrize(
    ("app", "key"), [("emqttd", "retainer.max_payload_size"), ("emq_retainer", "mqtt.allow_anonymous")]
)
def test_a_key_of_another_app_is_a_404(hot: httpx.Client, app: str, key: str) -> None:
    answer = hot.put(f"/configs/{app}", json={"key": key, "value": "1"})
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_node_is_changed_by_its_name(hot: httpx.Client) -> None:
    body = {"key": "mqtt.mqueue.max_length", "value": "77"}
    assert hot.put(f"/nodes/{NODE}/configs/emqttd", json=body).json() == DONE
    assert shown(hot, "mqtt.mqueue.max_length") == "77"


def test_an_unknown_node_cannot_be_changed(hot: httpx.Client) -> None:
    body = {"key": "mqtt.mqueue.max_length", "value": "78"}
    assert hot.put("/nodes/nope/configs/emqttd", json=body).json() == {"code": 102}


# --- what a change changes


def test_strangers_are_refused_at_once(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    put(fresh_api, "mqtt.allow_anonymous", "false")
    assert connect("stranger", at=fresh).connack != 0


def test_session_keys_hold_for_new_sessions(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    connect("old", at=fresh)
    put(fresh_api, "mqtt.session.max_inflight", "7")
    connect("new", at=fresh)
    rows = fresh_api.get(f"/nodes/{NODE}/sessions").json()["result"]["objects"]
    assert {row["client_id"]: row["max_inflight"] for row in rows} == {"old": 32, "new": 7}


def test_a_queue_is_as_long_as_it_was_when_its_session_began(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    put(fresh_api, "mqtt.mqueue.max_length", "2")
    away = connect("away", at=fresh, clean=False)
    away.subscribe("t", qos=1)
    away.disconnect()
    for number in range(3):
        fresh_api.post("/mqtt/publish", json={"topic": "t", "payload": str(number), "qos": 1})
    (row,) = fresh_api.get("/sessions/away").json()["result"]["objects"]
    assert (row["mqueue_len"], row["mqueue_dropped"]) == (2, 1)


def test_a_client_id_may_be_as_long_as_it_is_said_now(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    put(fresh_api, "mqtt.max_clientid_len", "4")
    assert connect("five5", at=fresh).connack != 0
    assert connect("four", at=fresh).connack == 0


def test_retained_messages_may_be_as_large_as_it_is_said_now(
    fresh: SyncServer, fresh_api: httpx.Client, connect: Connect
) -> None:
    put(fresh_api, "retainer.max_payload_size", "4")
    for topic, payload in (("large", "12345"), ("small", "1234")):
        fresh_api.post("/mqtt/publish", json={"topic": topic, "payload": payload, "retain": True})
    device = connect("c1", at=fresh)
    device.subscribe("large")
    device.subscribe("small")
    assert device.receive() == ("small", b"1234", 0, True)


def test_qos_is_upgraded_when_it_is_said(fresh: SyncServer, fresh_api: httpx.Client, connect: Connect) -> None:
    put(fresh_api, "mqtt.session.upgrade_qos", "on")
    device = connect("c1", at=fresh)
    device.subscribe("t", qos=2)
    fresh_api.post("/mqtt/publish", json={"topic": "t", "payload": "x", "qos": 0})
    assert device.receive()[2] == 2


def test_a_restart_forgets_what_was_changed() -> None:
    for _ in range(2):
        with Server.in_thread() as server, httpx.Client(base_url=server.url("v2"), auth=server.auth("v2")) as api:
            assert shown(api, "mqtt.session.max_inflight") == "32"
            put(api, "mqtt.session.max_inflight", "5")


# --- what is read is what is shown

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Settings:
    """One setting."""

    def __init__(self, value: SettingValue) -> None:
        self.value = value

    def names(self) -> list[str]:
        raise AssertionError

    def get(self, name: str) -> SettingValue:
        return self.value

    async def set(self, name: str, value: SettingValue) -> None:
        raise AssertionError


@given(st.lists(st.tuples(st.integers(0, 9999), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_a_duration_is_shown_in_milliseconds(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    expected = sum(number * UNITS[unit] for number, unit in parts)
    assert DURATION.show(DURATION.read(text)) == str(expected)


@given(st.integers(0, 100))
def test_a_percentage_is_shown_as_a_fraction(percent: int) -> None:
    assert float(PERCENT.show(PERCENT.read(f"{percent}%"))) == percent / 100


@given(st.integers(0, 10**6), st.sampled_from(["", "KB", "MB", "GB"]))
def test_a_size_is_shown_in_bytes(number: int, unit: str) -> None:
    factor = {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}[unit]
    assert SIZE.show(SIZE.read(f"{number}{unit}")) == str(number * factor)


def as_written(datatype: Datatype, text: str) -> str:
    """What is shown, as a PUT writes it."""
    if datatype.name == "duration":
        return text + "ms"
    if datatype.name == "percent":
        return f"{round(float(text) * 100)}%"
    if datatype.name == "flag":
        return {"true": "on", "false": "off"}.get(text, text)
    return text


@pytest.mark.parametrize("key", [key for key in KEYS if key.shown is None], ids=lambda key: key.name)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_is_shown_can_be_set_again(key: Any, data: st.DataObject) -> None:
    value = data.draw(values_of(key.setting).map(lambda each: rounded(key.type, each)))
    text = render_key(key, Settings(value))["value"]
    assert key.type.read(as_written(key.type, text)) == value


def values_of(setting: str) -> st.SearchStrategy[SettingValue]:
    """Values that the engine can have."""
    row = HOT_SETTINGS[setting]
    lowest, highest = int(row.lowest or 0), int(row.highest or 10**9)
    kinds: dict[str, st.SearchStrategy[SettingValue]] = {
        "boolean": st.booleans(),
        "integer": st.integers(lowest, highest),
        "number": st.integers(lowest * 100, highest * 100).map(lambda number: number / 100),
        "word": st.sampled_from(row.words or ("",)),
        "text": st.text(),
    }
    found = kinds[row.kind].filter(lambda value: fits(row, value) and value != 0 if row.unlimited else True)
    return found | st.none() if row.unlimited else found


def rounded(datatype: Datatype, value: SettingValue) -> SettingValue:
    """To the four decimals, or the whole seconds, that 2.x shows."""
    if datatype.name == "integer" and isinstance(value, float):
        return round(value)
    return value
