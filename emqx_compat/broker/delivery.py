"""From a message to the sessions it concerns: the loop that everything else is arranged around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.message import Message
from emqx_compat.broker.session import Delivery
from emqx_compat.broker.shared import pick

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


def route(broker: Broker, message: Message, now: float) -> int:
    """Deliver to every matching subscription, once for each [MQTT-3.3.4-2]; how many sessions got it.

    The QoS is the lesser of message and subscription [MQTT-3.8.4-8], or the greater with `upgrade_qos`.
    """
    topic = message.topic
    match = broker.router.match(topic)
    bindings = match.bindings
    if match.groups:
        settings = broker.settings
        bindings += tuple(pick(settings, group, message) for group in match.groups)
    if not bindings:
        return 0
    clientid = message.origin.clientid
    message_qos = message.qos
    upgrade = broker.settings.upgrade_qos
    # What a connection must look at more closely: it is counted otherwise.
    counted = (topic[0] == "$" and message.is_sys) or (bool(broker.topic_counts) and topic in broker.topic_counts)
    # Encodings for subscriptions without an identifier, by protocol family, QoS and flag.
    encoded: dict[int, tuple[bytes, bytes]] = {}
    dirty = broker.dirty
    for binding in bindings:
        session = binding.session
        if binding.no_local and clientid == session.client.clientid:
            broker.drop_delivery(session.client, "no_local")  # [MQTT-3.8.3-3]
            continue
        qos = binding.qos
        if (qos < message_qos) is upgrade:
            qos = message_qos
        # Retain As Published, else 0 [MQTT-3.3.1-12, MQTT-3.3.1-13].
        retain = message.retain and binding.retain_as_published
        channel = session.channel
        if channel is None or not channel.fast or binding.subid is not None or counted:
            session.deliver(message, binding, qos, retain, now)
            continue
        # The short way: what `Session.deliver` would do for a connection without peculiarities.
        key = channel.family << 3 | qos << 1 | retain
        parts = encoded.get(key)
        if parts is None:
            parts = encoded[key] = message.parts(channel.family, qos, retain, None, now)
        if not qos:
            data = parts[0]
        elif session.durable is not None:
            session.deliver(message, binding, qos, retain, now)
            continue
        elif session.mqueue or len(session.inflight) >= session.client.inflight_max:
            session.enqueue(Delivery(message, binding, qos, retain, now))
            continue
        else:
            packet_id = session.reserve(Delivery(message, binding, qos, retain, now))
            data = parts[0] + packet_id.to_bytes(2, "big") + parts[1]
        out = channel.out
        if not out:
            if not dirty:
                broker.flush_soon()
            dirty.append(channel)
        out.append(data)
    return len(bindings)
