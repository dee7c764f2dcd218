"""From a message to the sessions it concerns: the loop that everything else is arranged around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.message import Message

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker


def route(broker: Broker, message: Message, now: float) -> int:
    """Deliver to every matching subscription, once for each [MQTT-3.3.4-2]; how many sessions got it.

    The QoS is the lesser of message and subscription [MQTT-3.8.4-8], or the greater with `upgrade_qos`.
    """
    match = broker.router.match(message.topic)
    bindings = match.bindings
    if match.groups:
        strategy = broker.settings.shared_subscription_strategy
        bindings += tuple(group.pick(strategy) for group in match.groups)
    if not bindings:
        return 0
    clientid = message.origin.clientid
    message_qos = message.qos
    upgrade = broker.settings.upgrade_qos
    # The QoS 0 packet for plain subscriptions, by protocol family.
    frames: list[bytes | None] = [None, None]
    is_sys = message.topic[0] == "$" and message.is_sys
    dirty = broker.dirty
    for binding in bindings:
        session = binding.session
        if binding.no_local and clientid == session.client.clientid:
            broker.drop_delivery(session.client, "no_local")  # [MQTT-3.8.3-3]
            continue
        qos = binding.qos
        if (qos < message_qos) is upgrade:
            qos = message_qos
        if not qos:
            channel = session.channel
            if channel is not None and channel.fast and binding.subid is None and not is_sys:
                if binding.retain_as_published and message.retain:
                    data = message.parts(channel.family, 0, True, None, now)[0]
                else:
                    frame = frames[channel.family]
                    if frame is None:
                        frame = frames[channel.family] = message.parts(channel.family, 0, False, None, now)[0]
                    data = frame
                out = channel.out
                if not out:
                    if not dirty:
                        broker.flush_soon()
                    dirty.append(channel)
                out.append(data)
                continue
        session.deliver(message, binding, qos, _retain_flag(message, binding), now)
    return len(bindings)


def _retain_flag(message: Message, binding: Binding) -> bool:
    """Retain As Published, else 0 [MQTT-3.3.1-12, MQTT-3.3.1-13]."""
    return message.retain and binding.retain_as_published
