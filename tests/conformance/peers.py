"""Clients that others wrote, behind one interface: gmqtt, paho-mqtt, mosquitto_pub and mosquitto_sub."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import gmqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties

from conformance.wire import TIMEOUT, Server

HOST = "127.0.0.1"


@dataclass(slots=True, frozen=True)
class Received:
    """A message as a peer shows it; `properties` are those of `Labels` that it has."""

    topic: str
    payload: str
    qos: int
    retain: bool
    properties: dict[str, Any] = field(default_factory=dict, compare=False)


LABELS: dict[str, Any] = {
    "content_type": "text/plain",
    "response_topic": "answers",
    "correlation_data": "42",
    "user_property": [("a", "1"), ("b", "2")],
}
"""The properties that peers send along when they are asked to."""


class Peer(Protocol):
    """One client. `will` is a topic; its message is the peer's name, QoS 1."""

    name: str

    def __init__(self, server: Server, version: int, will: str | None = None) -> None: ...

    def subscribe(self, topic: str, qos: int) -> Self:
        """Returns when the broker has the subscription."""

    def publish(self, topic: str, payload: str, qos: int, retain: bool = False, labels: bool = False) -> Self:
        """Returns when the message is on its way."""

    def message(self) -> Received:
        """The next message that it has got."""

    def die(self) -> None:
        """Lose the connection without a word."""

    def close(self) -> None:
        """Leave politely; harmless when it is gone."""


class _Inbox:
    """Where messages arrive, from whatever thread."""

    def __init__(self) -> None:
        self._received: queue.Queue[Received] = queue.Queue()
        self.put = self._received.put

    def get(self) -> Received:
        return self._received.get(timeout=TIMEOUT)


class Gmqtt:
    """gmqtt; it lives in the broker's event loop."""

    name = "gmqtt"

    def __init__(self, server: Server, version: int, will: str | None = None) -> None:
        self._server = server
        self._inbox = _Inbox()
        message = gmqtt.Message(will, self.name, qos=1) if will is not None else None
        self._client = gmqtt.Client(f"{self.name}-{id(self)}", clean_session=True, will_message=message)
        self._client.set_config({"reconnect_retries": -2})  # none: 0 is one more, -1 is no limit
        self._client.on_message = self._on_message
        server.run(self._client.connect(HOST, server.port, version=version))

    def _on_message(self, client: Any, topic: str, payload: bytes, qos: int, properties: dict[str, Any]) -> int:
        found = {name: properties[name][0] for name in ("content_type", "response_topic") if name in properties}
        if "correlation_data" in properties:
            found["correlation_data"] = properties["correlation_data"][0].decode()
        if "user_property" in properties:
            found["user_property"] = properties["user_property"]
        self._inbox.put(Received(topic, payload.decode(), qos, bool(properties["retain"]), found))
        return 0

    def subscribe(self, topic: str, qos: int) -> Self:
        self._server.run(_call(self._client.subscribe, topic, qos=qos))
        return self

    def publish(self, topic: str, payload: str, qos: int, retain: bool = False, labels: bool = False) -> Self:
        properties = LABELS | {"correlation_data": LABELS["correlation_data"].encode()} if labels else {}
        self._server.run(_call(self._client.publish, topic, payload, qos=qos, retain=retain, **properties))
        return self

    def message(self) -> Received:
        return self._inbox.get()

    def die(self) -> None:
        self._server.run(_call(self._client._connection._transport.abort))

    def close(self) -> None:
        if self._client.is_connected:
            self._server.run(self._client.disconnect())


async def _call(function: Any, *args: Any, **kwargs: Any) -> None:
    """Call a function in the broker's loop."""
    function(*args, **kwargs)


class Paho:
    """paho-mqtt, with a thread of its own."""

    name = "paho"

    def __init__(self, server: Server, version: int, will: str | None = None) -> None:
        self._inbox = _Inbox()
        self._subscribed = threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            protocol=paho.MQTTProtocolVersion(version),
            reconnect_on_failure=False,
        )
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *args: self._subscribed.set()
        if will is not None:
            self._client.will_set(will, self.name, 1)
        connected = threading.Event()
        self._client.on_connect = lambda *args: connected.set()
        self._client.connect(HOST, server.port)
        self._client.loop_start()
        assert connected.wait(TIMEOUT)

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        found = {}
        if (properties := message.properties) is not None:
            for name, attribute in (
                ("content_type", "ContentType"),
                ("response_topic", "ResponseTopic"),
                ("user_property", "UserProperty"),
            ):
                if hasattr(properties, attribute):
                    found[name] = getattr(properties, attribute)
            if hasattr(properties, "CorrelationData"):
                found["correlation_data"] = properties.CorrelationData.decode()
        self._inbox.put(Received(message.topic, message.payload.decode(), message.qos, message.retain, found))

    def subscribe(self, topic: str, qos: int) -> Self:
        self._subscribed.clear()
        self._client.subscribe(topic, qos)
        assert self._subscribed.wait(TIMEOUT)
        return self

    def publish(self, topic: str, payload: str, qos: int, retain: bool = False, labels: bool = False) -> Self:
        properties = None
        if labels:
            properties = PahoProperties(PacketTypes.PUBLISH)
            properties.ContentType = LABELS["content_type"]
            properties.ResponseTopic = LABELS["response_topic"]
            properties.CorrelationData = LABELS["correlation_data"].encode()
            properties.UserProperty = LABELS["user_property"]
        self._client.publish(topic, payload, qos, retain, properties).wait_for_publish(TIMEOUT)
        return self

    def message(self) -> Received:
        return self._inbox.get()

    def die(self) -> None:
        sock = self._client.socket()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Mosquitto:
    """mosquitto_pub for every message that is sent, one mosquitto_sub for a subscription."""

    name = "mosquitto"
    missing = shutil.which("mosquitto_pub") is None or shutil.which("mosquitto_sub") is None

    def __init__(self, server: Server, version: int, will: str | None = None) -> None:
        self._server = server
        self._inbox = _Inbox()
        self._common = ["-h", HOST, "-p", str(server.port), "-V", "5" if version == 5 else "311"]
        self._will = [] if will is None else ["--will-topic", will, "--will-payload", self.name, "--will-qos", "1"]
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def subscribe(self, topic: str, qos: int) -> Self:
        router = self._server.broker.router
        before = router.subscriptions
        command = ["mosquitto_sub", *self._common, *self._will, "-q", str(qos), "-t", topic, "-F", "%j"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._server.until(lambda: router.subscriptions > before)
        return self

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            row = json.loads(line)
            shown = row.get("properties", {})
            found = {
                name: shown[key]
                for name, key in (
                    ("content_type", "content-type"),
                    ("response_topic", "response-topic"),
                    ("correlation_data", "correlation-data"),
                )
                if key in shown
            }
            if "user-properties" in shown:
                found["user_property"] = list(shown["user-properties"].items())
            self._inbox.put(Received(row["topic"], row["payload"], row["qos"], bool(row["retain"]), found))

    def publish(self, topic: str, payload: str, qos: int, retain: bool = False, labels: bool = False) -> Self:
        command = ["mosquitto_pub", *self._common, "-q", str(qos), "-t", topic, "-m", payload]
        if retain:
            command.append("-r")
        if labels:
            for name in ("content_type", "response_topic", "correlation_data"):
                command += ["-D", "publish", name.replace("_", "-"), LABELS[name]]
            for key, value in LABELS["user_property"]:
                command += ["-D", "publish", "user-property", key, value]
        subprocess.run(command, check=True, timeout=TIMEOUT)
        return self

    def message(self) -> Received:
        return self._inbox.get()

    def die(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._end()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._end()

    def _end(self) -> None:
        assert self._process is not None and self._process.stdout is not None and self._reader is not None
        self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        self._process.stdout.close()
