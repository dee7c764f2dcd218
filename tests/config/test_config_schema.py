"""A tree is checked against the schema: faults name path, place and what was expected; nothing is silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emqx_compat.config import ConfigError, Configuration, load
from emqx_compat.config.roots import ROOT
from emqx_compat.config.schema import NOT_USED, Field, ListOf, MapOf, Spec, Struct


def given(*overrides: str) -> Configuration:
    return load(overrides=overrides, persist=False)


def fault(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        given(*overrides)
    return str(caught.value)


def notices(*overrides: str) -> list[tuple[str, str]]:
    return [(notice.path, notice.message) for notice in given(*overrides).warnings]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("mqtt.max_inflight=0", "an integer from 1 to 65535"),
        ("mqtt.max_inflight=many", "an integer from 1 to 65535"),
        ("mqtt.max_subscriptions=0", "an integer from 1 or infinity"),
        ("mqtt.retain_available=maybe", "true or false"),
        ("mqtt.idle_timeout=soon", "a duration such as 15s, 1h30m or 500ms or infinity"),
        ("mqtt.max_packet_size=257MB", "a byte size such as 1MB, 64KB or 1024, at most 256MB"),
        ("mqtt.keepalive_multiplier=-1", "a number from 0"),
        ("mqtt.mqueue_default_priority=middle", "highest or lowest"),
        ("mqtt.mqueue_priorities={t = 256}", "a table of topics with priorities from 1 to 255, or disabled"),
        ("sysmon.os.cpu_high_watermark=180%", "a percentage from 0% to 100%"),
        ("retainer.delivery_rate=fast", "a rate such as 1000/s or 10MB/1m, or infinity"),
        ("listeners.tcp.default.bind=x", "a port or address:port such as 1883, 0.0.0.0:1883 or [::]:1883"),
        ("node.name=emqx", "name@host"),
        ("mqtt=1", "an object"),
        ("listeners.tcp=[]", "an object"),
        ("compat.users=x", "an array"),
        ("compat.apps=[{app_id = a, generations = [v6]}]", "an array of v2, v3, v4, v5"),
    ],
)
def test_a_wrong_value_says_what_was_expected(setting: str, expected: str) -> None:
    assert fault(setting).endswith(f"expected {expected})")


def test_a_fault_names_path_and_origin() -> None:
    assert fault("mqtt.max_inflight=0") == (
        "--set mqtt.max_inflight: mqtt.max_inflight: wrong value (found 0, expected an integer from 1 to 65535)"
    )


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        given("mqtt.max_inflight=0", "compat.nonsense=1")
    assert [problem.path for problem in caught.value.problems] == ["mqtt.max_inflight", "compat.nonsense"]


def test_a_wrong_secret_is_not_repeated() -> None:
    assert "hunter2" not in fault("dashboard.default_password=[hunter2]")


def test_a_missing_entry_is_a_fault() -> None:
    assert "compat.users.1.password: missing" in fault("compat.users=[{username = a}]")


@pytest.mark.parametrize("setting", ["compat.hots=x", "compat.users=[{username=a, password=b, hots=1}]"])
def test_an_unknown_key_of_our_own_is_a_fault(setting: str) -> None:
    assert "unknown key (found hots" in fault(setting)


def test_an_unknown_key_below_a_root_of_emqx_is_noted() -> None:
    assert notices("mqtt.max_infligt=1") == [
        ("mqtt.max_infligt", "unknown key, ignored; did you mean max_inflight?")
    ]


def test_an_unknown_root_is_noted() -> None:
    assert notices("nonsense.a=1") == [("nonsense", "unknown key, ignored")]


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("sysmon.vm.long_gc=1s", "sysmon.vm"),
        ("gateway.stomp.enable=true", "gateway"),
        ("authentication=[{mechanism = jwt}]", "authentication"),
        ("listeners.ws.default.websocket.compress=true", "listeners.ws.default.websocket.compress"),
        ("node.cookie=secret", "node.cookie"),
        ("force_gc.count=1", "force_gc"),
    ],
)
def test_what_has_no_effect_is_noted_once(setting: str, path: str) -> None:
    assert notices(setting) == [(path, NOT_USED)]


@pytest.mark.parametrize("setting", ["sysmon.vm.long_gc=disabled", "listeners.tcp.default.acceptors=16"])
def test_what_has_no_effect_and_is_the_default_anyway_is_not_noted(setting: str) -> None:
    assert notices(setting) == []


def test_a_value_without_effect_of_a_used_field_is_noted() -> None:
    assert notices("mqtt.strict_mode=false") == [("mqtt.strict_mode", f"the value false is {NOT_USED}")]


def test_a_notice_names_its_origin() -> None:
    (notice,) = given("mqtt.nonsense=1").warnings
    assert str(notice) == "--set mqtt.nonsense: mqtt.nonsense: unknown key, ignored"


def test_text_that_looks_like_a_number_stays_as_written() -> None:
    assert given("dashboard.default_password=0123").get("dashboard.default_password") == "0123"


def test_null_is_as_good_as_absent() -> None:
    assert given("mqtt.max_inflight=null").get("mqtt.max_inflight") == 32


def test_a_listener_of_any_name_has_the_defaults_of_its_type() -> None:
    configuration = given("listeners.ws.mine.bind=9001")
    assert configuration.get("listeners.ws.mine.websocket.mqtt_path") == "/mqtt"


def test_a_listener_name_with_odd_signs_is_a_fault() -> None:
    assert "unusable name" in fault('listeners.tcp."a b".bind=1')


def test_the_alias_of_a_listener_switch_works() -> None:
    assert given("listeners.tcp.default.enabled=false").get("listeners.tcp.default.enable") is False


def test_a_tls_listener_starts_once_it_has_a_certificate() -> None:
    before = given().get("listeners.ssl.default.enable")
    after = given("listeners.ssl.default.ssl_options.certfile=cert.pem").get("listeners.ssl.default.enable")
    assert (before, after) == (False, True)


def test_a_tls_listener_that_waits_for_its_certificate_is_noted() -> None:
    assert notices("listeners.ssl.mine.bind=8884") == [("listeners.ssl.mine", "not started, it has no certificate")]


def test_a_tls_listener_that_must_start_needs_a_certificate() -> None:
    assert "listeners.wss.default.ssl_options.certfile: an enabled listener needs a certificate" in fault(
        "listeners.wss.default.enable=true"
    )


def fields(spec: Spec, path: str = "") -> Iterator[tuple[str, Field]]:
    if not spec.used:
        return
    if isinstance(spec, Field):
        yield path, spec
    elif isinstance(spec, Struct):
        for name, entry in spec.entries.items():
            yield from fields(entry, f"{path}.{name}")
    elif isinstance(spec, (MapOf, ListOf)):
        yield from fields(spec.item, f"{path}.*")


def test_the_defaults_are_valid() -> None:
    assert notices() == []


def test_every_field_that_is_used_is_described() -> None:
    assert [path for path, field in fields(ROOT) if not field.doc] == []
