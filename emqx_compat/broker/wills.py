"""Wills: the message of a client that left without saying goodbye [§3.1.2.5]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.message import Message
from emqx_compat.mqtt.packets import Will

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.session import Session


class PendingWill:
    """A will that waits for its delay, for the end of its session, or to be forgotten."""

    __slots__ = ("entry", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.entry: Entry | None = None


def leave_will(session: Session, channel: Channel) -> None:
    """The connection is gone: publish its will now, or after the Will Delay Interval [MQTT-3.1.3-9]."""
    will, channel.will = channel.will, None
    if channel.will_row:
        session.broker.journal.session(channel.will_row, None)
    if will is None or channel.origin is None:
        return
    broker = session.broker
    now = broker.clock.now()
    if not may_publish(channel, will, now):
        return
    properties = will.properties.copy() if will.properties else {}
    delay = properties.pop("will_delay_interval", 0)
    message = Message(
        channel.mountpoint + will.topic,
        will.payload,
        will.qos,
        will.retain,
        channel.origin,
        properties or None,
        now,
    )
    session.will = PendingWill(message)
    if not delay:
        publish_will(session)
    else:
        wait_with_will(session, now + delay)


def wait_with_will(session: Session, due_at: float) -> None:
    """Publish the session's will at a point in time."""
    assert session.will is not None
    session.will.entry = session.broker.agenda.at(due_at, lambda: publish_will(session))


def may_publish(channel: Channel, will: Will, now: float) -> bool:
    """Whether the client's will may be published, as far as that is known now."""
    if channel.authz is None:
        return True
    channel.broker.count_authorized(1)
    return channel.authz.allows("publish", will.topic, will.qos, will.retain, now)


def publish_will(session: Session) -> None:
    """Publish the will that waits, if there is one: its delay or its session is over [MQTT-3.1.2-8]."""
    pending, session.will = session.will, None
    if pending is None:
        return
    broker = session.broker
    broker.agenda.cancel(pending.entry)
    pending.message.at = now = broker.clock.now()
    broker.publish(pending.message, now)
    if session.durable is not None:
        session.durable.changed()


def forget_will(session: Session) -> None:
    """The client is back in time: its will is not published [MQTT-3.1.3-9]."""
    pending, session.will = session.will, None
    if pending is not None:
        session.broker.agenda.cancel(pending.entry)
