"""How connections and sessions end [§3.14, §4.1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emqx_compat.broker.session import NEVER
from emqx_compat.broker.shared import hand_over
from emqx_compat.broker.subscribing import unbind
from emqx_compat.broker.wills import leave_will, publish_will
from emqx_compat.mqtt import Disconnect, ReasonCode, encode

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.session import Session

SHUTDOWN_NAMES = {"takenover": "conflict", "discarded": "discard"}
"""Reason of a disconnect → its name in a listener's `shutdown_count`, where they differ."""

_KEPT_FROM_OTHERS = ("takenover", "kicked")
"""Reasons for which EMQX does not give a session's shared messages to other members of their groups."""

_SOCKET_CLOSED = {"tcp": "tcp_closed", "ssl": "ssl_closed"}


def disconnect_packet(channel: Channel, code: int, text: str | None) -> bytes:
    """A DISCONNECT of the server; the text only for clients that want to know [MQTT-3.1.2-29]."""
    packet = Disconnect(code, {"reason_string": text} if text and channel.problem_information else None)
    data = encode(packet, channel.version)
    if channel.client_max_packet and len(data) > channel.client_max_packet:
        return encode(Disconnect(code), channel.version)  # [MQTT-3.14.2-3]
    return data


def on_disconnect(channel: Channel, packet: Disconnect, now: float) -> None:
    """The client says goodbye: no will, but with reason 0x04 [MQTT-3.14.4-3]; it may change the expiry."""
    session = channel.session
    assert session is not None
    expiry = (packet.properties or {}).get("session_expiry_interval")
    if expiry is not None and expiry != session.client.expiry_interval:
        if not session.client.expiry_interval:
            channel.close("protocol_error", ReasonCode.PROTOCOL_ERROR)  # [MQTT-3.14.2-2]
            return
        registry = channel.broker.registry
        registry.unindex(session)
        session.client.expiry_interval = expiry
        registry.index(session)
    if packet.reason_code == ReasonCode.SUCCESS:
        channel.will = None
    session.client.disconnected_cleanly = True
    channel.finish("normal")


def leave_session(channel: Channel, reason: str) -> None:
    """The connection of a session is gone: listing, hooks, presence, will, then the session's own end or wait."""
    broker = channel.broker
    session = channel.session
    assert session is not None
    client = session.client
    session.channel = None
    now = broker.clock.now()
    client.connected = False
    client.disconnected_at = now
    broker.registry.live -= 1
    if reason == "closed":
        reason = _SOCKET_CLOSED.get(channel.peer.endpoint.type, reason)
    broker.counters["client.disconnected"] += 1
    if broker.hooks.client_disconnected:
        broker.run(broker.hooks.client_disconnected, session.record(), reason)
    broker.sys.disconnected(client, reason)
    leave_will(session, channel)
    if session.durable is not None:
        session.durable.changed()
    if not client.expiry_interval:
        # What takes a session over or discards it counts it by that name.
        end_session(session, reason)
    elif client.expiry_interval != NEVER:
        session.expiry = broker.agenda.at(now + client.expiry_interval, lambda: end_session(session, "expired"))


def end_session(session: Session, reason: str) -> None:
    """Forget a session that has no connection; a will that still waits is published now [MQTT-3.1.2-8]."""
    broker = session.broker
    client = session.client
    if broker.registry.get(client.clientid) is not session:
        return
    broker.agenda.cancel(session.expiry)
    session.expiry = None
    publish_will(session)
    orphans = [] if reason in _KEPT_FROM_OTHERS else session.undelivered_shares()
    for key in tuple(session.bindings):
        unbind(broker, session, key)
    for delivery in orphans:
        hand_over(broker, delivery)
    if session.durable is not None:
        session.durable.end()
    broker.registry.remove(session)
    broker.counters["session.discarded" if reason == "discarded" else "session.terminated"] += 1
    if broker.hooks.session_terminated:
        broker.run(broker.hooks.session_terminated, session.record(), reason)
    session.mqueue = None
    if session.above_watermark:
        session.check_low_watermark()
    session.replays = None
    session.inflight.clear()


def discard_session(session: Session) -> None:
    """A new client of the same id starts clean [MQTT-3.1.2-4]: connection and session end."""
    if session.channel is not None:
        session.channel.close("discarded", ReasonCode.SESSION_TAKEN_OVER)
    end_session(session, "discarded")


def kick(broker: Broker, session: Session, forget: bool) -> None:
    """End a connection by an administrator's hand, and with `forget` the session too; the will is published."""
    if session.channel is not None:
        session.channel.close("kicked", ReasonCode.ADMINISTRATIVE_ACTION)
    if forget:
        end_session(session, "kicked")
    else:
        publish_will(session)
