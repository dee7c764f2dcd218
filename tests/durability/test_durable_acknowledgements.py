"""A publisher's acknowledgement waits for the disk; a disk that fails is a refusal, and passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from broker.rig import Rig, until

from durability.place import Gate
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.messages import PublishRequest
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback, Subscribe, SubscriptionRequest
from emqx_compat.store import Store
from emqx_compat.store.durable import DurableTables


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def rig(gate: Gate) -> AsyncIterator[Rig]:
    """A broker whose store is a gate, with a durable subscriber of `t` that is away."""
    async with Rig(session_store=gate) as rig:
        client = await rig.connect("c", 5, properties={"session_expiry_interval": 60})
        await client.subscribe("t", 2)
        await client.drop()
        await rig.broker.journal.saved()
        yield rig
        gate.broken = None
        gate.let()


@pytest.mark.parametrize(("qos", "kind"), [(1, Puback), (2, Pubrec)])
async def test_an_acknowledgement_waits_for_the_commit(rig: Rig, gate: Gate, qos: int, kind: type[Puback]) -> None:
    sender = await rig.connect("p", 5)
    gate.shut()
    await sender.send(Publish("t", b"1", qos, packet_id=1))
    await gate.asked()
    await sender.silence()
    gate.let()
    assert (await sender.expect(kind)).reason_code == 0


async def test_what_need_not_be_stored_is_acknowledged_at_once(rig: Rig, gate: Gate) -> None:
    gate.shut()
    sender = await rig.connect("p", 5)
    batches = len(gate.batches)
    assert await sender.publish("elsewhere", b"1", 1) == 0x10
    assert await sender.publish("elsewhere", b"1", 2) == 0x10
    assert len(gate.batches) == batches


async def test_acknowledgements_keep_their_order(rig: Rig, gate: Gate) -> None:
    """[MQTT-4.6.0-2, MQTT-4.6.0-3]."""
    sender = await rig.connect("p", 5)
    gate.shut()
    await sender.send(Publish("elsewhere", b"0", 1, packet_id=1))
    assert (await sender.expect(Puback)).packet_id == 1
    packets = [Publish("t" if number % 2 else "elsewhere", b"", 1, packet_id=number) for number in range(3, 40)]
    await sender.send(*packets[:20])
    await gate.asked()
    await sender.send(*packets[20:])
    await sender.silence()
    gate.let()
    assert [(await sender.expect(Puback)).packet_id for _ in packets] == [packet.packet_id for packet in packets]
    await sender.send(Publish("elsewhere", b"0", 1, packet_id=1))
    assert (await sender.expect(Puback)).packet_id == 1


async def test_messages_that_come_together_share_a_commit(rig: Rig, gate: Gate) -> None:
    sender = await rig.connect("p", 5)
    before = len(gate.batches)
    await sender.send(*(Publish("t", b"", 1, packet_id=number) for number in range(1, 501)))
    for _ in range(500):
        await sender.expect(Puback)
    assert len(gate.batches) - before < 10
    assert sum(len(batch.queue) for batch in gate.batches) == 500


async def test_a_message_that_comes_and_goes_between_two_commits_is_never_written(rig: Rig, gate: Gate) -> None:
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    sender = await rig.connect("p", 5)
    gate.shut()
    await sender.send(Publish("t", b"first", 1, packet_id=1))
    await gate.asked()
    await sender.send(Publish("t", b"second", 1, packet_id=2))
    messages = [await client.message(), await client.message()]  # QoS 1 goes to a live subscriber at once
    assert [message.payload for message in messages] == [b"first", b"second"]
    await client.silence()
    gate.let()
    assert [(await sender.expect(Puback)).packet_id for _ in range(2)] == [1, 2]
    await rig.broker.journal.saved()
    assert b"second" not in [row.payload for batch in gate.batches for row in batch.messages]


async def test_a_qos_2_delivery_waits_for_its_identifier_to_be_stored(rig: Rig, gate: Gate) -> None:
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    sender = await rig.connect("p", 5)
    gate.shut()
    await sender.send(Publish("t", b"1", 2, packet_id=1))
    await gate.asked()
    await client.silence()
    gate.let()
    delivery = await client.expect(Publish)
    assert gate.batches[-1].queue[0].packet_id == delivery.packet_id
    gate.shut()
    await client.send(Pubrec(delivery.packet_id))
    await gate.asked()
    await client.silence()
    gate.let()
    await client.expect(Pubrel)
    assert gate.batches[-1].queue[0].released == 1


async def test_a_qos_2_delivery_that_waits_is_sent_once_over_a_new_connection(rig: Rig, gate: Gate) -> None:
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    sender = await rig.connect("p", 5)
    gate.shut()
    await sender.send(Publish("t", b"1", 2, packet_id=1))
    await gate.asked()
    await client.drop()
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    await client.silence()
    gate.let()
    assert not (await client.message()).dup
    await client.silence()


async def test_pubcomp_waits_until_the_identifier_is_forgotten(rig: Rig, gate: Gate) -> None:
    sender = await rig.connect("p", 5, properties={"session_expiry_interval": 60})
    await sender.send(Publish("t", b"1", 2, packet_id=1))
    await sender.expect(Pubrec)
    gate.shut()
    await sender.send(Pubrel(1))
    await gate.asked()
    await sender.silence()
    gate.let()
    await sender.expect(Pubcomp)
    assert [pair[1] for batch in gate.batches for pair in batch.released] == [1]


async def test_suback_waits_for_the_commit_and_retained_messages_follow_it(rig: Rig, gate: Gate) -> None:
    await rig.publish("r", b"1", 1, retain=True)
    client = await rig.connect("d", 5, properties={"session_expiry_interval": 60})
    gate.shut()
    await client.send(Subscribe(1, [SubscriptionRequest("r", 1)]))
    await gate.asked()
    await client.silence()
    gate.let()
    await client.expect(Suback)
    assert (await client.message()).payload == b"1"


async def test_an_api_that_publishes_waits_for_the_commit(rig: Rig, gate: Gate) -> None:
    gate.shut()
    publishing = asyncio.ensure_future(rig.publish("t", b"1", 1))
    await gate.asked()
    assert not publishing.done()
    gate.let()
    assert await publishing == 1


@pytest.mark.parametrize("qos", [1, 2])
async def test_a_store_that_fails_refuses_with_0x97_and_works_again(
    rig: Rig, gate: Gate, qos: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emqx_compat.broker.journal.RETRY", 0.01)
    health: list[str | None] = []
    rig.broker.journal.on_health.append(health.append)
    sender = await rig.connect("p", 5)
    gate.broken = "disk full"
    assert await sender.publish("t", b"lost", qos) == 0x97
    assert await sender.publish("t", b"lost", qos) == 0x97
    assert await sender.publish("r", b"lost", qos, retain=True) == 0x97
    assert await sender.publish("$delayed/5/r", b"lost", qos) == 0x97
    assert await sender.publish("elsewhere", b"", qos) == 0x10
    with pytest.raises(Fault) as fault:
        await rig.publish("t", b"lost", qos)
    assert fault.value.kind is F.INTERNAL_ERROR
    assert health == ["disk full"]
    gate.broken = None
    await until(lambda: len(health) == 2)
    assert await sender.publish("t", b"kept", qos) == 0
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    assert (await client.message()).payload == b"kept"
    await client.silence()
    assert len(rig.broker.retained) == len(rig.broker.delayed) == 0


@pytest.mark.parametrize("qos", [1, 2])
async def test_who_cannot_be_told_is_not_acknowledged_but_disconnected(rig: Rig, gate: Gate, qos: int) -> None:
    sender = await rig.connect("p", 4)
    gate.broken = "disk full"
    await sender.send(Publish("t", b"lost", qos, packet_id=1))
    await sender.closed()
    sender = await rig.connect("p", 4)
    await sender.send(Publish("t", b"lost", qos, packet_id=1))
    await sender.closed()
    assert rig.shutdown_count["quota_exceeded"] == 2


async def test_a_publisher_with_a_durable_session_is_refused_before_anyone_gets_it(rig: Rig, gate: Gate) -> None:
    gate.broken = "disk full"
    observer = await rig.connect("o", 5)
    await observer.subscribe("x", 2)
    sender = await rig.connect("p", 5, properties={"session_expiry_interval": 60})
    await rig.broker.journal.settle()
    assert await sender.publish("x", b"1", 2) == 0x97
    await observer.silence()


async def test_a_full_disk_is_a_refusal_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emqx_compat.broker.journal.RETRY", 0.01)
    store = Store(tmp_path)
    async with Rig(session_store=DurableTables(store)) as rig:
        sender = await rig.connect("p", 5)
        await rig.broker.journal.saved()
        (pages,) = store.rows("PRAGMA page_count")[0]
        store.rows(f"PRAGMA max_page_count = {pages}")
        assert await sender.publish("r", b"x" * 100_000, 1, retain=True) == 0x97
        assert rig.broker.journal.failing
        store.rows("PRAGMA max_page_count = 1000000")
        await until(lambda: not rig.broker.journal.failing)
        assert await sender.publish("r", b"x" * 100_000, 1, retain=True) in (0, 0x10)
    await store.close()


async def test_nothing_is_stored_without_a_store() -> None:
    async with Rig() as other:
        client = await other.connect("c", clean_start=False)
        await client.subscribe("t", 2)
        await client.drop()
        assert await (await other.connect("p", 5)).publish("t", b"1", 2) == 0
        session = other.broker.registry.get("c")
        assert session is not None and session.durable is None
        assert not other.broker.unsaved


def call_of(count: int) -> list[PublishRequest]:
    """What one call of an API brings."""
    return [PublishRequest("t", str(number).encode(), 1) for number in range(count)]


async def test_messages_of_one_call_share_commits_and_keep_their_order(rig: Rig, gate: Gate) -> None:
    gate.shut()
    before = len(gate.batches)
    publishing = asyncio.ensure_future(rig.broker.publisher.publish_many(call_of(1000)))
    await gate.asked()
    await until(lambda: rig.counter("messages.received") == 1000)  # nobody waits between them
    assert not publishing.done()
    gate.let()
    assert [result.receivers for result in await publishing] == [1] * 1000
    assert len(gate.batches) - before <= 10
    client = await rig.connect("c", 5, clean_start=False, properties={"session_expiry_interval": 60})
    assert [(await client.message()).payload for _ in range(1000)] == [str(n).encode() for n in range(1000)]


async def test_others_are_answered_between_the_messages_of_one_call(rig: Rig) -> None:
    other = await rig.connect("other")
    before = rig.counter("messages.received")
    publishing = asyncio.ensure_future(rig.broker.publisher.publish_many(call_of(20_000)))
    await until(lambda: rig.counter("messages.received") > before)
    await other.silence()
    assert rig.counter("messages.received") - before < 20_000
    await publishing


async def test_a_store_that_fails_during_a_call_refuses_all_of_it(
    rig: Rig, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emqx_compat.broker.journal.RETRY", 0.01)
    gate.shut()
    gate.broken = "disk full"
    publishing = asyncio.ensure_future(rig.broker.publisher.publish_many(call_of(500)))
    await gate.asked()
    await until(lambda: rig.counter("messages.received") == 500)
    gate.let()
    with pytest.raises(Fault) as fault:
        await publishing
    assert fault.value.kind is F.INTERNAL_ERROR
    with pytest.raises(Fault):
        await rig.broker.publisher.publish_many(call_of(5))
    assert rig.counter("messages.received") == 501  # those after the refused one are not published
    gate.broken = None
    await until(lambda: not rig.broker.journal.failing)
    assert len(await rig.broker.publisher.publish_many(call_of(5))) == 5
