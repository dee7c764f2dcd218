"""What the broker publishes of itself under `$SYS/brokers`, and who came and went."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from emqx_compat.broker.message import SYSTEM, Message
from emqx_compat.core.clients import Client, Subscription

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


class SysTopics:
    """Heartbeat, version, statistics, and presence events.

    The presence events have the fields of every generation; times are those of v4 and v5, in milliseconds.
    """

    __slots__ = ("_broker", "_started")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._started = broker.clock.now()

    def start(self) -> None:
        """Begin to publish at the settings' intervals; the first time one interval from now."""
        settings = self._broker.settings
        self._started = self._broker.clock.now()
        self._broker.agenda.after(settings.sys_heartbeat_interval or 30.0, self._heartbeat)
        self._broker.agenda.after(settings.sys_msg_interval or 60.0, self._messages)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """A message below `$SYS/brokers`, which no traffic counter sees."""
        broker = self._broker
        if not retain and not self.wanted(topic):
            return
        now = broker.clock.now()
        message = Message(f"$SYS/brokers{topic}", payload, 0, retain, SYSTEM, None, now)
        broker.publish_sys(message, now)

    def wanted(self, topic: str) -> bool:
        """Whether anyone subscribes to what is below `$SYS/brokers`."""
        match = self._broker.router.find(f"$SYS/brokers{topic}")
        return bool(match.bindings or match.groups)

    def connected(self, client: Client) -> None:
        """A client has connected."""
        topic = f"/{client.node}/clients/{client.clientid}/connected"
        settings = self._broker.settings
        if not (settings.sys_client_events and settings.sys_client_connected and self.wanted(topic)):
            return
        fields = _presence(client, client.connected_at)
        fields |= {
            "connack": 0,
            "keepalive": client.keepalive,
            "clean_start": client.clean_start,
            "clean_sess": client.clean_start,
            "expiry_interval": client.expiry_interval * 1000,
        }
        self.publish(topic, _json(fields))

    def disconnected(self, client: Client, reason: str) -> None:
        """A client is gone."""
        topic = f"/{client.node}/clients/{client.clientid}/disconnected"
        settings = self._broker.settings
        if not (settings.sys_client_events and settings.sys_client_disconnected and self.wanted(topic)):
            return
        at = client.disconnected_at or 0.0
        fields = _presence(client, at)
        fields |= {"reason": reason, "disconnected_at": int(at * 1000)}
        self.publish(topic, _json(fields))

    def subscribed(self, client: Client, row: Subscription, fresh: bool) -> None:
        """A client has a new subscription, or other options for one; to be called where that is wanted."""
        options = {
            "nl": int(row.no_local),
            "qos": row.qos,
            "rap": int(row.retain_as_published),
            "rh": row.retain_handling,
            "is_new": fresh,
            "sub_props": {} if row.subid is None else {"Subscription-Identifier": row.subid},
        }
        self._subscription(client, "subscribed", row, {"subopts": options})

    def unsubscribed(self, client: Client, row: Subscription) -> None:
        """A client has ended a subscription; to be called where that is wanted."""
        self._subscription(client, "unsubscribed", row, {})

    def _subscription(self, client: Client, event: str, row: Subscription, more: dict[str, object]) -> None:
        topic = f"/{client.node}/clients/{client.clientid}/{event}"
        if not self.wanted(topic):
            return
        fields: dict[str, object] = {
            "clientid": client.clientid,
            "username": "undefined" if client.username is None else client.username,
            "protocol": "mqtt",
            "topic": row.shared_topic,
            "ts": int(self._broker.clock.now() * 1000),
        }
        self.publish(topic, _json(fields | more))

    def _heartbeat(self) -> None:
        broker = self._broker
        broker.agenda.after(broker.settings.sys_heartbeat_interval or 30.0, self._heartbeat)
        if not broker.settings.sys_heartbeat_interval:
            return
        now = broker.clock.now()
        self.publish(f"/{broker.node}/uptime", b"%d" % int((now - self._started) * 1000))
        local = datetime.fromtimestamp(now).astimezone()
        self.publish(f"/{broker.node}/datetime", local.isoformat(timespec="milliseconds").encode())

    def _messages(self) -> None:
        broker = self._broker
        settings = broker.settings
        broker.agenda.after(settings.sys_msg_interval or 60.0, self._messages)
        if not settings.sys_msg_interval:
            return
        self.publish("", broker.node.encode(), retain=True)
        self.publish(f"/{broker.node}/version", settings.sys_version.encode(), retain=True)
        self.publish(f"/{broker.node}/sysdescr", settings.sys_description.encode(), retain=True)
        gauges = dict(broker.metrics.gauges())
        gauges |= {older: gauges[name] for older, name in _OLDER_STATS.items()}
        for name, (value, mark) in gauges.items():
            base = f"/{broker.node}/stats/{name.replace('.', '/')}"
            self.publish(f"{base}/count", b"%d" % value)
            self.publish(f"{base}/max", b"%d" % mark)
        counters = dict(broker.metrics.counters())
        counters |= {older: counters[name] for older, name in _OLDER_METRICS.items()}
        for name, value in counters.items():
            self.publish(f"/{broker.node}/metrics/{name.replace('.', '/')}", b"%d" % value)


_OLDER_STATS = {"clients": "live_connections"}
"""What 2.x calls them."""
_OLDER_METRICS = {
    "packets.connect": "packets.connect.received",
    "packets.connack": "packets.connack.sent",
    "packets.subscribe": "packets.subscribe.received",
    "packets.suback": "packets.suback.sent",
    "packets.unsubscribe": "packets.unsubscribe.received",
    "packets.unsuback": "packets.unsuback.sent",
    "packets.pingreq": "packets.pingreq.received",
    "packets.pingresp": "packets.pingresp.sent",
    "packets.disconnect": "packets.disconnect.received",
}


def _presence(client: Client, at: float) -> dict[str, object]:
    return {
        "clientid": client.clientid,
        "username": "undefined" if client.username is None else client.username,
        "ipaddress": client.peerhost,
        "sockport": client.sockport,
        "protocol": "mqtt",
        "proto_name": client.proto_name,
        "proto_ver": client.proto_ver,
        "connected_at": int(client.connected_at * 1000),
        "ts": int(at * 1000),
    }


def _json(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
