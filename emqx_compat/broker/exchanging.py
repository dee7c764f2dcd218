"""Enhanced authentication: a method that asks back, in AUTH packets, at CONNECT and again later [§3.15, §4.12]."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from emqx_compat.core.hooks import AuthExchange, AuthMethod, AuthStep
from emqx_compat.mqtt import Auth, Disconnect, Packet, Properties, ReasonCode

if TYPE_CHECKING:
    from emqx_compat.broker.channel import Channel
    from emqx_compat.core.clients import Client

log = logging.getLogger(__name__)


class Exchange:
    """A connection's Authentication Method, and how far it has got with it."""

    __slots__ = ("_begin", "accept", "client", "data", "name", "refuse", "running", "thinking")

    def __init__(
        self,
        name: str,
        begin: AuthMethod,
        client: Client,
        accept: Callable[[], None],
        refuse: Callable[[int], None],
    ) -> None:
        self.name = name
        self._begin = begin
        self.client = client
        self.accept = accept
        """Open the session."""
        self.refuse = refuse
        """Answer the CONNECT with a reason code, and close."""
        self.running: AuthExchange | None = begin(client)
        """None: the client is authenticated, and may begin anew [MQTT-4.12.1-1]."""
        self.thinking = False
        """The method has the client's data and has not answered yet."""
        self.data: bytes | None = None
        """What the method sends along next."""

    @property
    def asked(self) -> bool:
        """Whether it is the client's turn to send an AUTH."""
        return self.running is not None and not self.thinking

    @property
    def properties(self) -> Properties:
        """Method and data, for AUTH and CONNACK [MQTT-4.12.0-5]."""
        properties: Properties = {"authentication_method": self.name}
        if self.data is not None:
            properties["authentication_data"] = self.data
        return properties

    def begin_again(self) -> None:
        """Re-authentication [§4.12.1]."""
        self.running = self._begin(self.client)


def begin(channel: Channel, exchange: Exchange, data: bytes | None) -> None:
    """The CONNECT has come: its answer is up to the method."""
    channel.exchange = exchange
    _think(channel, exchange, data)


def on_auth(channel: Channel, packet: Auth, now: float) -> None:
    """The client's next step, or the first one of a re-authentication."""
    exchange = channel.exchange
    properties: Properties = packet.properties or {}
    if exchange is None or exchange.thinking or properties.get("authentication_method") != exchange.name:
        _violation(channel)  # [MQTT-4.12.0-7, MQTT-4.12.1-1]
        return
    expected = ReasonCode.RE_AUTHENTICATE if exchange.running is None else ReasonCode.CONTINUE_AUTHENTICATION
    if packet.reason_code != expected:
        _violation(channel)  # [MQTT-4.12.0-3]
        return
    if exchange.running is None:
        exchange.begin_again()
    _think(channel, exchange, properties.get("authentication_data"))


def on_other(channel: Channel, packet: Packet) -> None:
    """Something else than an AUTH where one is asked for, before the CONNACK: a goodbye or an error."""
    if type(packet) is Disconnect:
        channel.finish("normal")
    else:
        _violation(channel)


def _violation(channel: Channel) -> None:
    if channel.is_open or channel.exchange is None:
        channel.close("protocol_error", ReasonCode.PROTOCOL_ERROR)
    else:
        channel.exchange.refuse(ReasonCode.PROTOCOL_ERROR)


def _think(channel: Channel, exchange: Exchange, data: bytes | None) -> None:
    exchange.thinking = True
    if not channel.is_open:
        channel.sink.pause_reading()
    channel.broker.spawn(_advance(channel, exchange, data))


async def _advance(channel: Channel, exchange: Exchange, data: bytes | None) -> None:
    """Ask the method, and do what it says."""
    assert exchange.running is not None
    try:
        step = await exchange.running(data)
    except asyncio.CancelledError:
        raise
    except Exception:  # whoever cannot be checked is refused
        log.exception("authentication method %s failed for %s", exchange.name, channel.name)
        step = AuthStep(ReasonCode.NOT_AUTHORIZED)
    if channel.is_closed:
        return
    exchange.thinking = False
    exchange.data = step.data
    if step.code >= 0x80:
        _reject(channel, exchange, step.code)
    elif step.code == ReasonCode.CONTINUE_AUTHENTICATION:
        channel.send_packet(Auth(ReasonCode.CONTINUE_AUTHENTICATION, exchange.properties))  # [MQTT-4.12.0-2]
        if not channel.is_open:
            channel.go_on()
    else:
        exchange.running = None
        channel.broker.counters["authentication.success"] += 1
        if channel.is_open:
            channel.send_packet(Auth(ReasonCode.SUCCESS, exchange.properties))
        else:
            exchange.accept()


def _reject(channel: Channel, exchange: Exchange, code: int) -> None:
    """Refused: a CONNACK or a DISCONNECT with the reason, then the end [MQTT-4.12.0-4, MQTT-4.12.1-2]."""
    if channel.is_open:
        channel.broker.counters["authentication.failure"] += 1
        channel.close("not_authorized", code)
    else:
        exchange.refuse(code)
