"""`auth_clientid`, `auth_username` and the rule for those whom nobody knows, as clients and counters see them."""

from __future__ import annotations

import pytest
from broker.rig import connect_packet

from features.feature_rig import FeatureRig

COUNTERS = ("success", "failure", "ignore")


def counted(rig: FeatureRig, kind: str) -> tuple[int, ...]:
    return tuple(rig.counter(f"auth.{kind}.{outcome}") for outcome in COUNTERS)


@pytest.mark.parametrize("kind", ["clientid", "username"])
async def test_the_password_of_the_store_decides(rig: FeatureRig, kind: str) -> None:
    await rig.behind.mqtt_users.add(kind, "dev1", "p1")  # type: ignore[arg-type]
    await rig.features.start(f"auth_{kind}")
    await rig.connect("dev1", username="dev1", password=b"p1")
    refused = await rig.refused(connect_packet("dev1", username="dev1", password=b"wrong"))
    assert refused.reason_code == 4
    await rig.connect("stranger", username="stranger", password=b"x")
    assert counted(rig, kind) == (1, 1, 1)


@pytest.mark.parametrize(("version", "code"), [(3, 4), (4, 4), (5, 0x86)])
async def test_a_wrong_password_is_bad_user_name_or_password(rig: FeatureRig, version: int, code: int) -> None:
    await rig.behind.mqtt_users.add("username", "u", "p")
    await rig.features.start("auth_username")
    for password in (b"q", None):
        packet = connect_packet("c", version, username="u", password=password)
        assert (await rig.refused(packet, version)).reason_code == code
    assert rig.counter("client.auth.failure") == 2


async def test_a_store_is_asked_only_while_its_feature_runs(rig: FeatureRig) -> None:
    await rig.behind.mqtt_users.add("clientid", "c", "p")
    await (await rig.connect("c")).disconnect()
    await rig.features.start("auth_clientid")
    await rig.refused(connect_packet("c"))
    await rig.features.stop("auth_clientid")
    await rig.connect("c")
    assert len(await rig.behind.mqtt_users.list("clientid")) == 1
    assert counted(rig, "clientid") == (0, 1, 0)


@pytest.mark.parametrize("order", [("clientid", "username"), ("username", "clientid")])
async def test_the_store_that_was_started_first_is_asked_first(rig: FeatureRig, order: tuple[str, str]) -> None:
    for kind in order:
        await rig.behind.mqtt_users.add(kind, "x", kind)  # type: ignore[arg-type]
        await rig.features.start(f"auth_{kind}")
    await rig.connect("x", username="x", password=order[0].encode())
    assert counted(rig, order[0]) == (1, 0, 0)
    assert counted(rig, order[1]) == (0, 0, 0)


async def test_whom_no_store_knows_is_anonymous(rig: FeatureRig) -> None:
    for kind in ("clientid", "username"):
        await rig.features.start(f"auth_{kind}")
    await rig.connect("c", username="u", password=b"p")
    assert (counted(rig, "clientid"), counted(rig, "username")) == ((0, 0, 1), (0, 0, 1))
    assert rig.counter("auth.mqtt.anonymous") == 1


@pytest.mark.parametrize("stores", [True, False])
async def test_without_allow_anonymous_strangers_are_refused(rig: FeatureRig, stores: bool) -> None:
    if stores:
        await rig.behind.mqtt_users.add("clientid", "known", "p")
        await rig.features.start("auth_clientid")
        await rig.connect("known", password=b"p", username="")
    await rig.behind.hot_settings.set("allow_anonymous", False)
    refused = await rig.refused(connect_packet("c", 5), 5)
    assert refused.reason_code == 0x86
    assert rig.counter("auth.mqtt.anonymous") == 0
    await rig.behind.hot_settings.set("allow_anonymous", True)
    await rig.connect("c", 5)


async def test_the_configuration_can_forbid_strangers() -> None:
    async with FeatureRig("compat.allow_anonymous=false") as rig:
        assert (await rig.refused(connect_packet("c"))).reason_code == 4
