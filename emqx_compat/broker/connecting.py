"""CONNECT: checks, bans, credentials, session, CONNACK [§3.1, §3.2]."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, cast

from emqx_compat.broker import closing, exchanging
from emqx_compat.broker.aliases import InboundAliases, OutboundAliases
from emqx_compat.broker.authorizing import Authorization
from emqx_compat.broker.identity import identity
from emqx_compat.broker.message import Origin
from emqx_compat.broker.mounting import mountpoint_of
from emqx_compat.broker.session import Session
from emqx_compat.broker.states import State
from emqx_compat.broker.wills import forget_will
from emqx_compat.core.clients import Client
from emqx_compat.core.faults import Fault
from emqx_compat.mqtt import (
    CodecError,
    Connack,
    Connect,
    Pingreq,
    Properties,
    ReasonCode,
    UnsupportedProtocolVersion,
    describe,
    encode,
)
from emqx_compat.mqtt.reason_codes import REASON_CODES

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel

log = logging.getLogger(__name__)

_PINGRESP = b"\xd0\x00"
_AUTH_ERRORS = (ReasonCode.BAD_USER_NAME_OR_PASSWORD, ReasonCode.NOT_AUTHORIZED)


def on_pingreq(channel: Channel, packet: Pingreq, now: float) -> None:
    """[MQTT-3.12.4-1]."""
    channel.send(_PINGRESP)


def on_connect(channel: Channel, packet: Connect, now: float) -> None:
    """Check what can be checked at once; then open the session, or first ask the authenticators."""
    broker = channel.broker
    broker.counters["client.connect"] += 1
    channel.version = packet.proto_ver
    channel.family = int(packet.proto_ver == 5)
    channel.client_max_packet = (packet.properties or {}).get("maximum_packet_size", 0)
    clientid, username = identity(packet, channel.peer, broker.settings)
    code = _refusal(channel, packet, clientid, username)
    if code is not None:
        refuse(channel, code)
        return
    client = _client(channel, packet, clientid, username, now)
    if broker.banned.check(client.clientid, client.username, client.peerhost, now) is not None:
        refuse(channel, ReasonCode.BANNED)
        return
    if broker.settings.flapping_detect_enable and broker.flapping.detect(client, now):
        refuse(channel, ReasonCode.BANNED)
        return
    broker.counters["client.authenticate"] += 1
    if packet.properties and "authentication_method" in packet.properties:
        _begin_exchange(channel, packet, client)
        return
    wanted = channel.peer.endpoint.enable_authn
    if wanted == "quick_deny_anonymous" and client.username is None:
        _refuse_credentials(channel, ReasonCode.NOT_AUTHORIZED)
        return
    if not wanted:
        _count_anonymous(channel)
        open_session(channel, packet, client, now)
        return
    if broker.hooks.client_authenticate:
        channel.state = State.AUTHENTICATING
        channel.sink.pause_reading()
        broker.spawn(_authenticate(channel, packet, client))
        return
    if not broker.settings.allow_anonymous:
        _refuse_credentials(channel, ReasonCode.BAD_USER_NAME_OR_PASSWORD)
        return
    _count_anonymous(channel)
    open_session(channel, packet, client, now)


def _refusal(channel: Channel, packet: Connect, clientid: str, username: str | None) -> ReasonCode | None:
    """What is wrong with a CONNECT in itself."""
    settings = channel.broker.settings
    if not clientid and (packet.proto_ver == 3 or (packet.proto_ver == 4 and not packet.clean_start)):
        return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID  # [3.1.1 MQTT-3.1.3-8]
    if len(clientid.encode()) > settings.max_clientid_len or (settings.use_username_as_clientid and username == ""):
        return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID
    properties = packet.properties
    method = (properties or {}).get("authentication_method")
    if method is not None and method not in channel.broker.hooks.enhanced_authenticate:
        return ReasonCode.BAD_AUTHENTICATION_METHOD  # [MQTT-4.12.0-1]
    if packet.will is not None:
        if packet.will.qos > settings.max_qos_allowed:
            return ReasonCode.QOS_NOT_SUPPORTED  # [MQTT-3.2.2-12]
        if packet.will.retain and not settings.retain_available:
            return ReasonCode.RETAIN_NOT_SUPPORTED  # [MQTT-3.2.2-13]
    return None


def _client(channel: Channel, packet: Connect, clientid: str, username: str | None, now: float) -> Client:
    """The listing record of a new connection."""
    broker = channel.broker
    settings = broker.settings
    peer = channel.peer
    properties: Properties = packet.properties or {}
    if packet.proto_ver == 5:
        expiry = properties.get("session_expiry_interval", 0)
    else:
        expiry = 0 if packet.clean_start else settings.session_expiry_interval
    keepalive = packet.keepalive
    if settings.server_keepalive is not None and packet.proto_ver == 5:
        keepalive = settings.server_keepalive
    client = Client(
        clientid=clientid or _free_clientid(broker),
        node=broker.node,
        username=username,
        listener=peer.endpoint.id,
        peerhost=peer.peerhost,
        peerport=peer.peerport,
        sockport=peer.sockport,
        proto_name=packet.proto_name,
        proto_ver=packet.proto_ver,
        keepalive=keepalive,
        clean_start=packet.clean_start,
        is_bridge=packet.is_bridge,
        expiry_interval=expiry,
        created_at=now,
        connected_at=now,
        subscriptions_max=settings.max_subscriptions,
        inflight_max=min(properties.get("receive_maximum", settings.max_inflight), settings.max_inflight),
        mqueue_max=settings.max_mqueue_len,
        awaiting_rel_max=settings.max_awaiting_rel,
        ws_cookie=peer.ws_cookie,
        cn=peer.cn,
        dn=peer.dn,
        zone=peer.endpoint.zone,
        enable_authn=bool(peer.endpoint.enable_authn),
    )
    if peer.endpoint.mountpoint:
        client.mountpoint = mountpoint_of(peer.endpoint.mountpoint, client)
    return client


def _free_clientid(broker: Broker) -> str:
    """An id that no session has [MQTT-3.1.3-6, MQTT-3.2.2-16]."""
    while broker.registry.get(clientid := f"emqx_{broker.ids.text(20)}") is not None:
        pass
    return clientid


def _count_anonymous(channel: Channel) -> None:
    counters = channel.broker.counters
    counters["client.auth.anonymous"] += 1
    counters["authentication.success.anonymous"] += 1
    counters["authentication.success"] += 1


def _refuse_credentials(channel: Channel, code: int) -> None:
    channel.broker.counters["authentication.failure"] += 1
    refuse(channel, code)


def _begin_exchange(channel: Channel, packet: Connect, client: Client) -> None:
    """The client has named an Authentication Method: it decides alone [§4.12]."""
    properties: Properties = packet.properties or {}
    name = properties["authentication_method"]

    def accept() -> None:
        open_session(channel, packet, client, channel.broker.clock.now())
        if not channel.is_authenticating:
            channel.go_on()

    channel.state = State.AUTHENTICATING
    exchange = exchanging.Exchange(
        name,
        channel.broker.hooks.enhanced_authenticate[name],
        client,
        accept,
        lambda code: _refuse_credentials(channel, code),
    )
    exchanging.begin(channel, exchange, properties.get("authentication_data"))


async def _authenticate(channel: Channel, packet: Connect, client: Client) -> None:
    """Ask one authenticator after the other until one has an opinion; nobody's is up to `allow_anonymous`."""
    broker = channel.broker
    verdict: int | None = None
    try:
        for authenticator in tuple(broker.hooks.client_authenticate):
            verdict = await authenticator(client, packet.password)
            if verdict is not None:
                break
    except asyncio.CancelledError:
        raise
    except Exception:  # whoever cannot be checked is refused
        log.exception("an authenticator failed for %s", client.clientid)
        verdict = int(ReasonCode.NOT_AUTHORIZED)
    if channel.state is not State.AUTHENTICATING:
        return
    if verdict is None and not broker.settings.allow_anonymous:
        verdict = int(ReasonCode.BAD_USER_NAME_OR_PASSWORD)
    if verdict:
        _refuse_credentials(channel, verdict)
        return
    if verdict is None:
        _count_anonymous(channel)
    else:
        broker.counters["authentication.success"] += 1
    open_session(channel, packet, client, broker.clock.now())
    if not channel.is_authenticating:
        channel.go_on()


def open_session(channel: Channel, packet: Connect, client: Client, now: float) -> None:
    """Begin or resume the session [MQTT-3.1.2-4 … -6], answer, and send what waited."""
    broker = channel.broker
    properties = _connack_properties(channel, packet, client)
    if not _fits(channel, properties):
        assert properties is not None
        properties = _essential(properties)
        if not _fits(channel, properties):
            refuse(channel, ReasonCode.PACKET_TOO_LARGE)
            return
    held = broker.registry.get(client.clientid)
    if held is not None and packet.clean_start:
        stored = held.durable is not None
        closing.discard_session(held)
        if stored and not broker.journal.failing:
            channel.state = State.AUTHENTICATING
            channel.sink.pause_reading()
            broker.spawn(_open_discarded(channel, packet, client))
            return
        held = None
    elif held is not None and held.channel is not None:
        held.channel.close("takenover", ReasonCode.SESSION_TAKEN_OVER)  # [MQTT-3.1.4-3]
        held = broker.registry.get(client.clientid)  # gone, if it ended with its connection
    if held is None:
        limit = broker.settings.max_sessions
        if len(broker.registry) >= limit:
            broker.limits.reached("max_sessions", limit, client.clientid)
            refuse(channel, ReasonCode.QUOTA_EXCEEDED)
            return
        session = Session(broker, client)
        if client.is_persistent:
            session.durable = broker.journal.open(session)
        broker.registry.add(session)
        broker.counters["session.created"] += 1
    else:
        session = held
        _resume(session, client)
        broker.counters["session.resumed"] += 1
        broker.counters["session.takenover"] += 1
    _attach(channel, session, packet)
    if session.durable is not None:
        session.durable.changed()
    elif channel.will is not None:
        channel.will_row = broker.journal.live_will(session)
    registry = broker.registry
    registry.live += 1
    broker.gauges.refresh(
        "connections", "live_connections", "channels", "sessions", "sessions.persistent", "cluster_sessions"
    )
    hooks = broker.hooks
    resumed = held is not None
    if point := hooks.session_resumed if resumed else hooks.session_created:
        broker.run(point, session.record())
    broker.counters["client.connected"] += 1
    if hooks.client_connected:
        broker.run(hooks.client_connected, session.record())
    broker.counters["client.connack"] += 1
    channel.send_packet(Connack(resumed, 0, properties))
    broker.sys.connected(client)
    if resumed:
        session.resend(now)


async def _open_discarded(channel: Channel, packet: Connect, client: Client) -> None:
    """Begin anew when the session before is forgotten on the disk, too: or it would come back after a crash."""
    broker = channel.broker
    with contextlib.suppress(Fault):
        await broker.journal.saved()
    if channel.state is State.AUTHENTICATING:
        open_session(channel, packet, client, broker.clock.now())
        if not channel.is_authenticating:
            channel.go_on()


def _resume(session: Session, client: Client) -> None:
    """A held session gets the facts of its new connection; what it has counted goes on."""
    broker = session.broker
    broker.agenda.cancel(session.expiry)
    session.expiry = None
    forget_will(session)
    if session.awaiting_rel:  # the client's time to release them begins again
        session.awaiting_rel = dict.fromkeys(session.awaiting_rel, broker.clock.now())
    before = session.client
    client.counters = before.counters
    client.created_at = before.created_at
    client.mqueue_dropped = before.mqueue_dropped
    broker.registry.unindex(session)
    session.client = client
    broker.registry.index(session)


def _attach(channel: Channel, session: Session, packet: Connect) -> None:
    """Connection and session get to know each other."""
    settings = channel.broker.settings
    client = session.client
    properties: Properties = packet.properties or {}
    channel.session = session
    session.channel = channel
    channel.state = State.OPEN
    channel.is_open = True
    channel.origin = Origin(client.clientid, client.username, client.peerhost)
    channel.will = packet.will
    channel.mountpoint = client.mountpoint or ""
    if channel.broker.authorizing:
        channel.authz = Authorization(channel.broker, client)
    channel.keepalive = client.keepalive * settings.keepalive_multiplier
    channel.receive_maximum = settings.max_awaiting_rel
    if channel.family:
        channel.receive_maximum = client.inflight_max
        channel.problem_information = bool(properties.get("request_problem_information", 1))
        if settings.max_topic_alias:
            channel.aliases_in = InboundAliases(settings.max_topic_alias)
        if aliases := properties.get("topic_alias_maximum", 0):
            channel.aliases_out = OutboundAliases(aliases)
    channel.set_fast()
    if channel.keepalive:
        channel.watch(channel.heard_at + channel.keepalive)


def _connack_properties(channel: Channel, packet: Connect, client: Client) -> Properties | None:
    """What an MQTT 5 client is told of the broker [§3.2.2.3], as EMQX 5 does."""
    if not channel.family:
        return None
    settings = channel.broker.settings
    properties: Properties = {
        "retain_available": int(settings.retain_available),
        "maximum_packet_size": settings.max_packet_size,
        "topic_alias_maximum": settings.max_topic_alias,
        "wildcard_subscription_available": int(settings.wildcard_subscription),
        "subscription_identifier_available": 1,
        "shared_subscription_available": int(settings.shared_subscription),
        "receive_maximum": client.inflight_max,
    }
    if settings.max_qos_allowed < 2:
        properties["maximum_qos"] = settings.max_qos_allowed  # [MQTT-3.2.2-9]
    if settings.server_keepalive is not None:
        properties["server_keep_alive"] = settings.server_keepalive
    if not packet.clientid:
        properties["assigned_client_identifier"] = client.clientid  # [MQTT-3.2.2-16]
    if channel.exchange is not None:
        properties |= channel.exchange.properties  # [MQTT-4.12.0-5]
    asked = (packet.properties or {}).get("request_response_information", 0)
    if asked and settings.response_information:
        properties["response_information"] = settings.response_information
    return properties


def _fits(channel: Channel, properties: Properties | None) -> bool:
    """Whether a CONNACK with these properties is one that the client takes [MQTT-3.1.2-24]."""
    limit = channel.client_max_packet
    return not limit or len(encode(Connack(False, 0, properties), channel.version)) <= limit


def _essential(properties: Properties) -> Properties:
    """What a CONNACK must say: not what is taken for granted, nor what a client can do without [§3.2.2.3]."""
    spared = {name for name, value in properties.items() if name.endswith("_available") and value}
    spared |= {"topic_alias_maximum", "response_information"}
    return cast(Properties, {name: value for name, value in properties.items() if name not in spared})


def refuse(channel: Channel, code: int) -> None:
    """CONNACK with the reason, in the client's own version, then close [MQTT-3.2.2-7].

    What no return code of 3.1 and 3.1.1 says is not answered there [3.1.1 MQTT-3.2.2-6].
    """
    counters = channel.broker.counters
    counters["client.connack"] += 1
    counters["packets.connack.error"] += 1
    if code in _AUTH_ERRORS:
        counters["packets.connack.auth_error"] += 1
    row = REASON_CODES.get(code)
    if channel.family or (row is not None and row.return_code is not None):
        channel.send_packet(Connack(False, code))
    channel.finish(describe(code))


def refuse_unreadable(channel: Channel, error: CodecError) -> None:
    """A first packet that is no good CONNECT: answered as far as its version is known, then closed.

    An unknown protocol level gets 0x84 in the form of MQTT 5 when it is newer, else return code 1
    [MQTT-3.1.2-2, 3.1.1 MQTT-3.1.2-2]; an unknown name gets nothing.
    """
    if isinstance(error, UnsupportedProtocolVersion):
        if error.name in ("MQTT", "MQIsdp"):
            channel.version = 5 if error.level > 5 else 4
            refuse_version(channel)
        else:
            channel.finish("unacceptable_protocol_version")
    elif channel.decoder.version == 5:
        channel.version = 5
        refuse(channel, error.reason_code)
    elif channel.decoder.version in (3, 4) and error.reason_code == ReasonCode.CLIENT_IDENTIFIER_NOT_VALID:
        refuse(channel, error.reason_code)
    else:
        channel.finish("frame_too_large" if error.reason_code == ReasonCode.PACKET_TOO_LARGE else "frame_error")


def refuse_version(channel: Channel) -> None:
    """[MQTT-3.1.2-2]."""
    channel.broker.counters["packets.connack.error"] += 1
    channel.send(encode(Connack(False, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION), channel.version))
    channel.finish("unacceptable_protocol_version")
