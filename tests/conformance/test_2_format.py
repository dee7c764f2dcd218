"""Chapter 2: the form of packets, packet identifiers, properties."""

from __future__ import annotations

import pytest

from conformance.wire import Server
from emqx_compat.mqtt import Puback, Publish


@pytest.mark.statement("MQTT-2.2.1-5", "5.0")
@pytest.mark.statement("MQTT-2.3.1-6", "3.1.1")
@pytest.mark.parametrize("version", [4, 5])
def test_mqtt_2_2_1_5_a_puback_carries_the_identifier_of_the_publish(server: Server, version: int) -> None:
    """A PUBACK carries the packet identifier of the PUBLISH."""
    server.connect(version).send(Publish("t", b"", 1, packet_id=0xBEEF)).expect(
        Puback, packet_id=0xBEEF
    ).expect_silence()
