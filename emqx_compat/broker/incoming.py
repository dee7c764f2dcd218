"""Messages and acknowledgements that a client sends [§3.3 … §3.7, §4.3]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.message import Message, forwarded
from emqx_compat.mqtt import PacketType, Puback, Pubcomp, Publish, Pubrec, Pubrel, ReasonCode, describe, encode_ack

if TYPE_CHECKING:
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.session import Session

_NO_SUBSCRIBERS = int(ReasonCode.NO_MATCHING_SUBSCRIBERS)
_NOT_AUTHORIZED = int(ReasonCode.NOT_AUTHORIZED)


def on_publish(channel: Channel, packet: Publish, now: float) -> None:
    """Check, publish, acknowledge."""
    broker = channel.broker
    settings = broker.settings
    topic = packet.topic
    qos = packet.qos
    properties = packet.properties
    if properties is not None:
        if "topic_alias" in properties:
            aliases = channel.aliases_in
            resolved = (
                aliases.resolve(properties["topic_alias"], topic) if aliases else ReasonCode.TOPIC_ALIAS_INVALID
            )
            if isinstance(resolved, ReasonCode):
                channel.close(describe(resolved), resolved)
                return
            topic = resolved
        properties = forwarded(properties)
    if qos > settings.max_qos_allowed:
        channel.close("qos_not_supported", ReasonCode.QOS_NOT_SUPPORTED)
        return
    if packet.retain and not settings.retain_available:
        channel.close("retain_not_supported", ReasonCode.RETAIN_NOT_SUPPORTED)
        return
    if topic.count("/") >= settings.max_topic_levels:
        broker.limits.reached("max_topic_levels", settings.max_topic_levels, channel.name)
        channel.close("topic_name_invalid", ReasonCode.TOPIC_NAME_INVALID)
        return
    if channel.authz is not None and not channel.authz.allows("publish", topic, qos, packet.retain, now):
        _forbid(channel, packet)
        return
    assert channel.origin is not None
    if channel.mountpoint:
        topic = channel.mountpoint + topic
    message = Message(topic, packet.payload, qos, packet.retain, channel.origin, properties, now)
    if not qos:
        broker.publish(message, now)
    elif qos == 1:
        receivers = broker.publish(message, now)
        code = 0 if receivers or not channel.family else _unheard(message)
        ack = encode_ack(PacketType.PUBACK, packet.packet_id, code, channel.version)
        if broker.unsaved or channel.pending is not None:
            broker.journal.acknowledge(channel, ack, message)
        else:
            channel.send(ack)
    else:
        _publish_once(channel, packet, message, now)


def _unheard(message: Message) -> int:
    """What an MQTT 5 client is told when nobody got its message: `$SYS/` is the broker's own [§4.7.2]."""
    return _NOT_AUTHORIZED if message.topic.startswith("$SYS/") else _NO_SUBSCRIBERS


def _forbid(channel: Channel, packet: Publish) -> None:
    """Not published: QoS 0 without a word, else acknowledged as not authorized, which MQTT 3 cannot say."""
    broker = channel.broker
    broker.counters["packets.publish.auth_error"] += 1
    if broker.settings.authz_deny_action == "disconnect":
        channel.close("not_authorized", ReasonCode.NOT_AUTHORIZED)
    elif packet.qos:
        broker.counters["packets.publish.error"] += 1
        kind = PacketType.PUBACK if packet.qos == 1 else PacketType.PUBREC
        ack = encode_ack(kind, packet.packet_id, int(ReasonCode.NOT_AUTHORIZED), channel.version)
        if channel.pending is not None:
            broker.journal.acknowledge(channel, ack)
        else:
            channel.send(ack)


def _publish_once(channel: Channel, packet: Publish, message: Message, now: float) -> None:
    """QoS 2: publish at the first PUBLISH, remember its identifier until the PUBREL [§4.3.3, method B]."""
    broker = channel.broker
    session = channel.session
    assert session is not None
    packet_id = packet.packet_id
    waiting = session.awaiting_rel
    if waiting is None:
        waiting = session.awaiting_rel = {}
    code = 0
    if packet_id in waiting:
        # The same message again must be acknowledged again [MQTT-4.3.3-10]; another one must not come.
        broker.counters["packets.publish.inuse"] += 1
        if not packet.dup:
            code = int(ReasonCode.PACKET_IDENTIFIER_IN_USE)
        elif session.durable is not None:
            broker.unsaved = True  # it may have come over an earlier connection, and not be stored yet
    else:
        limit = channel.receive_maximum
        if limit and len(waiting) >= limit:
            broker.counters["packets.publish.dropped"] += 1
            session.client.counters.recv_msg_dropped += 1
            channel.close("receive_maximum_exceeded", ReasonCode.RECEIVE_MAXIMUM_EXCEEDED)
            return
        waiting[packet_id] = now
        if session.durable is not None and not session.durable.received(packet_id, message, now):
            pass  # refused: it cannot be remembered
        elif not broker.publish(message, now) and channel.family:
            code = _unheard(message)
            if code >= 0x80:
                _give_up(session, packet_id)  # what comes next with it is a new message [MQTT-4.3.3-9]
    if code >= 0x80:
        broker.counters["packets.publish.error"] += 1
    ack = encode_ack(PacketType.PUBREC, packet_id, code, channel.version)
    if broker.unsaved or channel.pending is not None:
        broker.journal.acknowledge(channel, ack, message)
    else:
        channel.send(ack)


def on_puback(channel: Channel, packet: Puback, now: float) -> None:
    """The end of a QoS 1 delivery."""
    session = channel.session
    assert session is not None
    delivery = session.inflight.get(packet.packet_id)
    counters = channel.broker.counters
    if delivery is None:
        counters["packets.puback.missed"] += 1
    elif delivery.qos != 1:
        counters["packets.puback.inuse"] += 1
    else:
        counters["messages.acked"] += 1
        del session.inflight[packet.packet_id]
        if session.durable is not None:
            session.durable.taken(delivery)
        hooks = channel.broker.hooks
        if hooks.message_acked:
            channel.broker.run(hooks.message_acked, session.client, delivery.message)
        if hooks.delivery_completed:
            channel.broker.run(hooks.delivery_completed, session.client, delivery.message, delivery.begun_at(), now)


def on_pubrec(channel: Channel, packet: Pubrec, now: float) -> None:
    """The middle of a QoS 2 delivery; a refusal ends it [MQTT-4.3.3-4]."""
    session = channel.session
    assert session is not None
    packet_id = packet.packet_id
    delivery = session.inflight.get(packet_id)
    counters = channel.broker.counters
    if delivery is None or delivery.qos != 2:
        counters["packets.pubrec.missed"] += 1
        _release(channel, packet_id, int(ReasonCode.PACKET_IDENTIFIER_NOT_FOUND))
        return
    if packet.reason_code >= 0x80:
        session.over(packet_id)
        return
    if delivery.released:
        counters["packets.pubrec.inuse"] += 1
    else:
        counters["messages.acked"] += 1
        if channel.broker.hooks.message_acked:
            channel.broker.run(channel.broker.hooks.message_acked, session.client, delivery.message)
        delivery.released = True
        if channel.broker.hooks.delivery_completed:
            delivery.goes_on(now)
        else:
            delivery.at = now
    if session.durable is not None:
        # A client that has seen the PUBREL takes the same message for a new one.
        session.durable.pubrec(delivery)
        channel.broker.journal.send_saved(channel, encode_ack(PacketType.PUBREL, packet_id, 0, channel.version))
        return
    _release(channel, packet_id, 0)


def _release(channel: Channel, packet_id: int, code: int) -> None:
    channel.send(encode_ack(PacketType.PUBREL, packet_id, code, channel.version))


def on_pubrel(channel: Channel, packet: Pubrel, now: float) -> None:
    """The client gives up its packet identifier [MQTT-4.3.3-11]."""
    session = channel.session
    assert session is not None
    code = 0
    if not _give_up(session, packet.packet_id):
        channel.broker.counters["packets.pubrel.missed"] += 1
        code = int(ReasonCode.PACKET_IDENTIFIER_NOT_FOUND)
    ack = encode_ack(PacketType.PUBCOMP, packet.packet_id, code, channel.version)
    if session.durable is None:
        channel.send(ack)
    else:
        # Or the next message with that identifier would be taken for this one.
        channel.broker.journal.send_saved(channel, ack)


def _give_up(session: Session, packet_id: int) -> bool:
    """Forget the identifier of a QoS 2 message of the client; False: it was not known."""
    if session.durable is not None:
        session.durable.released(packet_id)
    waiting = session.awaiting_rel
    return waiting is not None and waiting.pop(packet_id, None) is not None


def on_pubcomp(channel: Channel, packet: Pubcomp, now: float) -> None:
    """The end of a QoS 2 delivery."""
    session = channel.session
    assert session is not None
    delivery = session.inflight.get(packet.packet_id)
    counters = channel.broker.counters
    if delivery is None:
        counters["packets.pubcomp.missed"] += 1
    elif not delivery.released:
        counters["packets.pubcomp.inuse"] += 1
    else:
        session.over(packet.packet_id)
        if point := channel.broker.hooks.delivery_completed:
            channel.broker.run(point, session.client, delivery.message, delivery.begun_at(), now)
