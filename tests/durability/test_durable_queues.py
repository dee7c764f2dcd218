"""EMQX's own: exclusive subscriptions and priorities are those of before when the process begins again."""

from __future__ import annotations

from durability.place import Place

FOR_EVER = {"session_expiry_interval": 0xFFFFFFFF}


async def test_an_exclusive_subscription_is_still_held(place: Place) -> None:
    async with place.broker(exclusive_subscription=True) as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("$exclusive/t", 1)
        place.crash()
    async with place.broker(exclusive_subscription=True) as rig:
        other = await rig.connect("o", 5)
        assert await other.subscribe("$exclusive/t") == [0x97]
        await rig.broker.clients.kick("c", discard_session=True)
        assert await other.subscribe("$exclusive/t") == [0]


async def test_queued_messages_go_by_their_priority(place: Place) -> None:
    async with place.broker() as rig:
        client = await rig.connect("c", 5, properties=FOR_EVER)
        await client.subscribe("#", 1)
        await client.disconnect()
        for topic in ("low", "high"):
            await rig.publish(topic, b"", 1)
        place.crash()
    async with place.broker(mqueue_priorities={"high": 1}) as rig:
        client = await rig.connect("c", 5, clean_start=False, properties=FOR_EVER)
        assert [(await client.message()).topic for _ in "12"] == ["high", "low"]
