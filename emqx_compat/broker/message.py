"""A message inside the broker, and its encodings: made once, written to every subscriber."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emqx_compat.core.ids import Ids
from emqx_compat.mqtt import publish_parts
from emqx_compat.mqtt.properties import Properties

if TYPE_CHECKING:
    from emqx_compat.broker.session import Session
    from emqx_compat.broker.shared import ShareGroup

_ENCODINGS = 32
"""How many encodings of a message are kept: what is retained lives long, and meets many subscribers."""
_NOT_FORWARDED = ("topic_alias", "subscription_identifier")


class Origin:
    """Who published: shared by all messages of one connection."""

    __slots__ = ("clientid", "peerhost", "picks", "username")

    def __init__(self, clientid: str, username: str | None = None, peerhost: str | None = None) -> None:
        self.clientid = clientid
        self.username = username
        self.peerhost = peerhost
        self.picks: dict[ShareGroup, int | Session] | None = None
        """Whose turn it is in share groups, as far as this publisher is concerned; see `shared`."""


SYSTEM = Origin("emqx_sys")
"""The broker itself, for what it publishes under `$SYS/`."""


class Message:
    """An application message on its way through the broker.

    Hooks on `message.publish` may change it; `allow = False` stops it there without a trace. `at` is the time it
    was received, epoch seconds.
    """

    __slots__ = ("_encoded", "_id", "allow", "at", "origin", "payload", "properties", "qos", "retain", "topic")

    def __init__(
        self,
        topic: str,
        payload: bytes,
        qos: int,
        retain: bool,
        origin: Origin,
        properties: Properties | None,
        at: float,
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.origin = origin
        self.properties = properties
        self.at = at
        self.allow = True
        self._id: bytes | None = None
        self._encoded: dict[object, tuple[bytes, bytes]] | None = None

    def id(self, ids: Ids) -> bytes:
        """The 16-byte message id, generated when it is first asked for."""
        if self._id is None:
            self._id = ids.message()
        return self._id

    @property
    def clientid(self) -> str:
        """Who published it."""
        return self.origin.clientid

    @property
    def username(self) -> str | None:
        """The publisher's user name."""
        return self.origin.username

    @property
    def from_client(self) -> bool:
        """Whether it came over a connection: not from the broker itself or its management."""
        return self.origin.peerhost is not None

    @property
    def is_sys(self) -> bool:
        """Whether it belongs to the broker's own topics, which traffic counters leave out."""
        return self.topic.startswith("$SYS/")

    @property
    def expires_at(self) -> float | None:
        """When its Message Expiry Interval is over [MQTT-3.3.2-5]; None = never."""
        if self.properties is None:
            return None
        interval = self.properties.get("message_expiry_interval")
        return None if interval is None else self.at + interval

    def expired(self, now: float, interval: float = 0.0) -> bool:
        """Whether it must not be delivered any more [MQTT-3.3.2-5]; `interval` is that of messages without one of
        their own, 0 = never."""
        properties = self.properties
        if properties is None or "message_expiry_interval" not in properties:
            return bool(interval) and now > self.at + interval
        return now >= self.at + properties["message_expiry_interval"]

    def changed(self) -> None:
        """To be called after a hook has changed topic, payload or properties of a message already encoded."""
        self._encoded = None

    def parts(self, family: int, qos: int, retain: bool, subid: int | None, now: float) -> tuple[bytes, bytes]:
        """The PUBLISH before and after its packet identifier; for QoS 0 whole, and nothing after it.

        `family` is 1 for MQTT 5 and 0 below. Subscribers with the same protocol, QoS, flags and properties share
        the same objects.
        """
        encoded = self._encoded
        if encoded is None:
            encoded = self._encoded = {}
        key: object = family << 3 | qos << 1 | retain
        properties = None
        if family and (self.properties is not None or subid is not None):
            properties = self.properties
            remaining = None
            if properties is not None and "message_expiry_interval" in properties:
                remaining = max(int(properties["message_expiry_interval"] - (now - self.at)), 0)
            key = (key, subid, remaining)
        parts = encoded.get(key)
        if parts is None:
            if properties is not None or subid is not None:
                properties = _outgoing(properties, subid, now, self.at)
            parts = publish_parts(self.topic.encode(), self.payload, qos, retain, properties, 5 if family else 4)
            if not qos:
                parts = (parts[0] + parts[1], b"")
            if len(encoded) >= _ENCODINGS:
                encoded.clear()
            encoded[key] = parts
        return parts

    def aliased(
        self, alias: int, known: bool, qos: int, retain: bool, subid: int | None, now: float
    ) -> tuple[bytes, bytes]:
        """As `parts`, for an MQTT 5 client with a Topic Alias; once that is known the name is left out."""
        properties: Properties = _outgoing(self.properties, subid, now, self.at) or {}
        properties["topic_alias"] = alias
        topic = b"" if known else self.topic.encode()
        return publish_parts(topic, self.payload, qos, retain, properties, 5)


def _outgoing(properties: Properties | None, subid: int | None, now: float, at: float) -> Properties | None:
    """The properties of a message as one subscriber gets them: what is left of its time, its identifier."""
    result: Properties = properties.copy() if properties is not None else {}
    if "message_expiry_interval" in result:
        result["message_expiry_interval"] = max(int(result["message_expiry_interval"] - (now - at)), 0)
    if subid is not None:
        result["subscription_identifier"] = [subid]
    return result or None


def forwarded(properties: Properties | None) -> Properties | None:
    """What of a PUBLISH's properties travels on with the message [§3.3.2.3]."""
    if not properties:
        return None
    if any(name in properties for name in _NOT_FORWARDED):
        kept: dict[str, Any] = {name: value for name, value in properties.items() if name not in _NOT_FORWARDED}
        return kept or None  # type: ignore[return-value]
    return properties
