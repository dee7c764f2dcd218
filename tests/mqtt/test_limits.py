"""No packet takes long to read."""

from __future__ import annotations

import pytest

from emqx_compat.mqtt import Decoder, PacketTooLarge, Subscribe, SubscriptionRequest, Unsubscribe, encode
from emqx_compat.mqtt.bodies import MAX_FILTERS


def subscribe(count: int) -> bytes:
    return encode(Subscribe(1, [SubscriptionRequest("a", 0)] * count, None), 4)


def unsubscribe(count: int) -> bytes:
    return encode(Unsubscribe(1, ["a"] * count, None), 4)


@pytest.mark.parametrize("packet", [subscribe, unsubscribe])
def test_a_list_of_filters_has_an_end(packet: object) -> None:
    assert callable(packet)
    decoder = Decoder(4)
    assert len(decoder.feed(packet(MAX_FILTERS))) == 1
    assert decoder.feed(packet(MAX_FILTERS + 1)) == []
    assert isinstance(decoder.error, PacketTooLarge)
