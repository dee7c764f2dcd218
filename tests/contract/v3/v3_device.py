"""MQTT devices that the tests of v3 connect."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from emqx_compat.testing import SyncServer

PATIENCE = 5.0
"""Seconds after which an event that was promised is taken as missing."""


class Device:
    """An MQTT client; every call waits for the broker's answer."""

    def __init__(
        self,
        server: SyncServer,
        api: httpx.Client,
        clientid: str,
        *,
        version: int = 4,
        clean: bool = True,
        username: str | None = None,
        will: tuple[str, str] | None = None,
        expiry: int = 0,
        transport: str = "tcp",
    ) -> None:
        self.clientid = clientid
        self._api = api
        self._ended = False
        kind: dict[str, Any] = {} if version == 5 else {"clean_session": clean}
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            clientid,
            protocol=version,  # type: ignore[arg-type]
            transport=transport,  # type: ignore[arg-type]
            reconnect_on_failure=False,
            **kind,
        )
        if username is not None:
            self._client.username_pw_set(username)
        if will is not None:
            self._client.will_set(*will, qos=1)
        self._connack: queue.Queue[int] = queue.Queue()
        self._suback = threading.Event()
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.closed = threading.Event()
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self._connack.put(reason.value)
        self._client.on_subscribe = lambda *_: self._suback.set()
        self._client.on_message = lambda _c, _u, message: self.messages.put(message)
        self._client.on_disconnect = lambda *_: self.closed.set()
        more: dict[str, Any] = {}
        if version == 5:
            more = {"clean_start": clean, "properties": Properties(PacketTypes.CONNECT)}
            more["properties"].SessionExpiryInterval = expiry
        self._client.connect(*address(server, transport), keepalive=60, **more)
        self._client.loop_start()
        self.connack = self._connack.get(timeout=PATIENCE)
        """The CONNACK's return or reason code as paho names it: 0 = accepted, 135 = not authorized."""

    def subscribe(self, topic: str, qos: int = 0) -> None:
        self._suback.clear()
        self._client.subscribe(topic, qos)
        assert self._suback.wait(PATIENCE)

    def publish(self, topic: str, payload: str, qos: int = 1) -> None:
        self._client.publish(topic, payload, qos).wait_for_publish(PATIENCE)

    def next(self) -> tuple[str, bytes, int, bool]:
        """Topic, payload, QoS and retain flag of the next message."""
        message = self.messages.get(timeout=PATIENCE)
        return message.topic, message.payload, message.qos, message.retain

    def quiet(self, publish: Callable[[], object]) -> bool:
        """Whether nothing arrives before the message that `publish` sends to `fence`, which must be subscribed."""
        publish()
        return self.next()[0] == "fence"

    def disconnect(self) -> None:
        """Say goodbye; returns when the broker has taken note. Harmless the second time."""
        if self._ended:
            return
        self._ended = True
        self._client.disconnect()
        self._client.loop_stop()
        deadline = time.monotonic() + PATIENCE
        path = f"/connections/{quote(self.clientid, safe='')}"
        while self._api.get(path).json()["data"]:
            assert time.monotonic() < deadline, f"{self.clientid} is still connected"


def address(server: SyncServer, transport: str) -> tuple[str, int]:
    """Host and port to connect to."""
    return server.mqtt if transport == "tcp" else ("127.0.0.1", httpx.URL(server.ws).port or 0)


DeviceMaker = Callable[..., Device]
