"""Sessions and messages as the rows in which they are stored, and messages back from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from emqx_compat.broker.message import Message, Origin
from emqx_compat.broker.wills import may_publish
from emqx_compat.core.durable import (
    DelayedRow,
    MessageRow,
    QueueRow,
    ReceivedRow,
    RetainedRow,
    SessionRow,
    SubscriptionRow,
)
from emqx_compat.mqtt.packets import Will
from emqx_compat.mqtt.properties import Properties

if TYPE_CHECKING:
    from emqx_compat.broker.binding import Binding
    from emqx_compat.broker.durable import StoredDelivery
    from emqx_compat.broker.session import Session


def text(value: str) -> str:
    """A text that SQLite takes: an API may bring half a surrogate pair, which is no UTF-8."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _name(value: str | None) -> str | None:
    return None if value is None else text(value)


def properties_text(properties: Properties | None) -> str | None:
    """Properties as JSON; correlation data in hexadecimal digits."""
    if not properties:
        return None
    plain: dict[str, Any] = dict(properties)
    if isinstance(data := plain.get("correlation_data"), bytes):
        plain["correlation_data"] = data.hex()
    return json.dumps(plain, separators=(",", ":"))


def properties_of(value: str | None) -> Properties | None:
    """The reverse."""
    if value is None:
        return None
    plain = json.loads(value)
    if "correlation_data" in plain:
        plain["correlation_data"] = bytes.fromhex(plain["correlation_data"])
    if "user_property" in plain:
        plain["user_property"] = [(name, content) for name, content in plain["user_property"]]
    return cast(Properties, plain)


def session_row(number: int, session: Session) -> SessionRow:
    """A session with the will that its connection has left, or would leave."""
    client = session.client
    will: Will | Message | None = None
    will_at = None
    mountpoint = ""
    if session.will is not None:
        will = session.will.message
        will_at = session.will.entry.at if session.will.entry is not None else client.disconnected_at
    elif (channel := session.channel) is not None and (left := channel.will) is not None:
        will = left if may_publish(channel, left, session.broker.clock.now()) else None
        mountpoint = channel.mountpoint
    return SessionRow(
        id=number,
        clientid=text(client.clientid),
        username=_name(client.username),
        listener=client.listener,
        peerhost=client.peerhost,
        peerport=client.peerport,
        sockport=client.sockport,
        proto_name=client.proto_name,
        proto_ver=client.proto_ver,
        keepalive=client.keepalive,
        clean_start=int(client.clean_start),
        is_bridge=int(client.is_bridge),
        expiry_interval=client.expiry_interval,
        created_at=client.created_at,
        connected_at=client.connected_at,
        disconnected_at=None if client.connected else client.disconnected_at,
        disconnected_cleanly=int(client.disconnected_cleanly),
        inflight_max=client.inflight_max,
        mqueue_dropped=client.mqueue_dropped,
        will_topic=None if will is None else text(mountpoint + will.topic),
        will_payload=None if will is None else will.payload,
        will_qos=None if will is None else will.qos,
        will_retain=None if will is None else int(will.retain),
        will_properties=None if will is None else properties_text(will.properties),
        will_at=will_at,
    )


def subscription_row(number: int, binding: Binding) -> SubscriptionRow:
    """One filter."""
    return SubscriptionRow(
        number,
        text(binding.key),
        binding.qos,
        int(binding.no_local),
        int(binding.retain_as_published),
        binding.retain_handling,
        binding.subid,
        json.dumps(binding.extra) if binding.extra else None,
    )


def message_row(number: int, message: Message) -> MessageRow:
    """A message of queues."""
    origin = message.origin
    return MessageRow(
        number,
        text(message.topic),
        message.payload,
        message.qos,
        int(message.retain),
        properties_text(message.properties),
        text(origin.clientid),
        _name(origin.username),
        origin.peerhost,
        message.at,
    )


def queue_row(delivery: StoredDelivery, message: int) -> QueueRow:
    """A message on its way."""
    binding = delivery.binding
    return QueueRow(
        delivery.row,
        delivery.owner.id,
        message,
        text(binding.key),
        binding.subid,
        delivery.qos,
        int(delivery.retain),
        delivery.packet_id or None,
        int(delivery.released),
    )


def received_row(pair: tuple[int, int], at: float) -> ReceivedRow:
    """A QoS 2 identifier of a client."""
    return ReceivedRow(pair[0], pair[1], at)


def retained_row(message: Message) -> RetainedRow:
    """The retained message of its topic."""
    origin = message.origin
    return RetainedRow(
        text(message.topic),
        message.payload,
        message.qos,
        properties_text(message.properties),
        text(origin.clientid),
        _name(origin.username),
        origin.peerhost,
        message.at,
    )


def delayed_row(number: int, due_at: float, message: Message) -> DelayedRow:
    """A message that waits for its time."""
    row = message_row(number, message)
    return DelayedRow(row.id, due_at, *row[1:])


def message_of(row: MessageRow | DelayedRow) -> Message:
    """A message of queues, or one that waits for its time."""
    return Message(
        row.topic,
        row.payload,
        row.qos,
        bool(row.retain),
        Origin(row.clientid, row.username, row.peerhost),
        properties_of(row.properties),
        row.received_at,
    )


def retained_message(row: RetainedRow) -> Message:
    """A retained message."""
    origin = Origin(row.clientid, row.username, row.peerhost)
    return Message(row.topic, row.payload, row.qos, True, origin, properties_of(row.properties), row.received_at)
