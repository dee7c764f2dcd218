"""Flapping detection: who connects too often is banned for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from broker.rig import Rig, connect_packet
from emqx_compat.broker import flapping


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig(flapping_detect_enable=True, flapping_detect_max_count=3) as rig:
        yield rig


async def come_and_go(rig: Rig, clientid: str, times: int) -> None:
    for _ in range(times):
        await (await rig.connect(clientid, 5)).disconnect()


async def test_one_connect_too_many_in_the_window_is_a_ban(rig: Rig) -> None:
    await come_and_go(rig, "c", 2)
    assert (await rig.refused(connect_packet("c", 5), 5)).reason_code == 0x8A
    ban = await rig.broker.bans.get("clientid", "c")
    assert ban is not None
    now = int(rig.manual.now())
    assert (ban.by, ban.reason, ban.at, ban.until) == (
        "flapping detector",
        "flapping is detected",
        now,
        now + 300,
    )


async def test_the_ban_ends_after_its_time(rig: Rig) -> None:
    await come_and_go(rig, "c", 2)
    await rig.refused(connect_packet("c", 5), 5)
    rig.manual.advance(299)
    assert (await rig.refused(connect_packet("c", 5), 5)).reason_code == 0x8A
    rig.manual.advance(1)
    await rig.connect("c", 5)


async def test_others_are_not_concerned(rig: Rig) -> None:
    await come_and_go(rig, "c", 2)
    await come_and_go(rig, "d", 2)


async def test_a_window_that_is_over_does_not_count(rig: Rig) -> None:
    await come_and_go(rig, "c", 2)
    rig.manual.advance(60)
    await come_and_go(rig, "c", 2)


async def test_whoever_is_connected_by_that_id_is_thrown_out(rig: Rig) -> None:
    await come_and_go(rig, "c", 1)
    client = await rig.connect("c", 5)
    await rig.refused(connect_packet("c", 5), 5)
    await client.disconnected(0x98)


async def test_nothing_is_counted_while_it_is_off() -> None:
    async with Rig(flapping_detect_max_count=1) as rig:
        await come_and_go(rig, "c", 3)
        assert not len(rig.broker.flapping)


async def test_only_so_many_clients_are_watched(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flapping, "MAX_TRACKED", 2)
    for clientid in "abcd":
        await come_and_go(rig, clientid, 1)
    assert len(rig.broker.flapping) == 2
