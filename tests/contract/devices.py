"""An MQTT client for contract tests: every call returns when the broker has answered."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PATIENCE = 5.0
"""Seconds after which an event that was promised is taken as missing."""

Message = tuple[str, bytes, int, bool]
"""Topic, payload, QoS, retain flag."""


class Device:
    """Connected when it has been made, unless it was refused."""

    def __init__(
        self,
        address: tuple[str, int],
        clientid: str,
        *,
        version: int = 4,
        clean: bool = True,
        username: str | None = None,
        password: str | None = None,
        will: tuple[str, str] | None = None,
        keepalive: int = 60,
        session_expiry: int = 0,
    ) -> None:
        persistence: dict[str, Any] = {} if version == 5 else {"clean_session": clean}
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            clientid,
            protocol=MQTTProtocolVersion(version),
            reconnect_on_failure=False,
            **persistence,
        )
        if username is not None:
            self._client.username_pw_set(username, password)
        if will is not None:
            self._client.will_set(*will)
        self._messages: queue.Queue[Message] = queue.Queue()
        self._connack: queue.Queue[int] = queue.Queue()
        self._answered = threading.Event()
        self.closed = threading.Event()
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self._connack.put(reason.value)
        self._client.on_subscribe = lambda *_: self._answered.set()
        self._client.on_disconnect = lambda *_: self.closed.set()
        self._client.on_message = lambda _c, _u, m: self._messages.put((m.topic, m.payload, m.qos, m.retain))
        options: dict[str, Any] = {}
        if version == 5:
            options = {"clean_start": clean, "properties": Properties(PacketTypes.CONNECT)}
            options["properties"].SessionExpiryInterval = session_expiry
        self._client.connect(*address, keepalive, **options)
        self._client.loop_start()
        self.connack = self._connack.get(timeout=PATIENCE)
        """The reason code, as paho names it: 0 is welcome."""

    def subscribe(self, topic: str, qos: int = 0) -> None:
        """Returns with the SUBACK."""
        self._answered.clear()
        self._client.subscribe(topic, qos)
        assert self._answered.wait(PATIENCE), "no SUBACK"

    def publish(self, topic: str, payload: str | bytes, qos: int = 1, retain: bool = False) -> None:
        """Returns with the acknowledgement; with QoS 0, once sent."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(PATIENCE)

    def receive(self) -> Message:
        """The next message."""
        return self._messages.get(timeout=PATIENCE)

    def disconnect(self) -> None:
        """Say goodbye; harmless when the connection has ended."""
        self._client.disconnect()
        self._client.loop_stop()


Connect = Callable[..., Device]
"""Makes a device from its client id; what else it takes, its fixture says."""
