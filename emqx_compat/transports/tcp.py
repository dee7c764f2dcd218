"""MQTT over TCP and TLS: an `asyncio.Protocol` between the transport and a channel."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

from emqx_compat.broker import Broker, Channel, Endpoint, Peer
from emqx_compat.transports.certificates import subject
from emqx_compat.transports.sockets import bind

if TYPE_CHECKING:
    from emqx_compat.transports.spec import ListenerSpec

BACKLOG = 1024
HIGH_WATER = 524_288
"""Bytes that may wait for a peer in the transport before the channel is told to pause."""
HANDSHAKE_TIMEOUT = 15.0
"""Seconds for the TLS handshake; EMQX's `handshake_timeout`."""
LINGER = 5.0
"""Seconds that a closing connection may take to send what is buffered."""


class MqttProtocol(asyncio.Protocol):
    """One connection; it is the channel's `Sink` as well."""

    __slots__ = ("_broker", "_channel", "_endpoint", "_limit", "_reading", "_transport")

    def __init__(self, broker: Broker, endpoint: Endpoint, limit: int | None) -> None:
        self._broker = broker
        self._endpoint = endpoint
        self._limit = limit
        self._channel: Channel | None = None
        self._transport: asyncio.Transport | None = None
        self._reading = True

    # --- asyncio.Protocol --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the channel, unless the listener is full or the broker has stopped."""
        self._transport = cast(asyncio.Transport, transport)
        full = self._limit is not None and self._endpoint.current_connections >= self._limit
        if full or self._broker.stopped:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(HIGH_WATER)
        self._channel = self._broker.open_channel(self, _peer(self._transport, self._endpoint))

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._channel is not None:
            self._channel.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, whoever closed it."""
        channel, self._channel = self._channel, None
        self._transport = None
        if channel is not None:
            channel.connection_lost()

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        if self._channel is not None:
            self._channel.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        if self._channel is not None:
            self._channel.resume_writing()

    # --- Sink --------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is buffered, for a while, then close."""
        transport = self._transport
        if transport is None:
            return
        transport.close()
        if transport.get_write_buffer_size():
            self._broker.agenda.after(LINGER, self.abort)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        """Stop reading; harmless when it has stopped."""
        if self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again; harmless when it does."""
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()


class TcpServer:
    """One listener's servers, one a socket; `port` is the one they are bound to."""

    def __init__(self, broker: Broker, endpoint: Endpoint, spec: ListenerSpec) -> None:
        self._broker = broker
        self._endpoint = endpoint
        self._spec = spec
        self._servers: list[asyncio.Server] = []
        self.port = 0

    async def start(self) -> None:
        """Bind and serve. Raises `OSError` when the address is taken, `ValueError` for TLS without files."""
        spec = self._spec
        context: ssl.SSLContext | None = None
        if spec.type == "ssl":
            if spec.tls is None:
                raise ValueError(f"listener {spec.id} has no certificate")
            context = spec.tls.context()
        sockets = bind(spec.host, spec.port)
        self.port = sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        for each in sockets:
            server = await loop.create_server(
                self._protocol,
                sock=each,
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if context else None,
                ssl_shutdown_timeout=LINGER if context else None,
            )
            self._servers.append(server)

    async def stop(self) -> None:
        """Close the port; connections are the caller's."""
        for server in self._servers:
            server.close()

    def _protocol(self) -> MqttProtocol:
        return MqttProtocol(self._broker, self._endpoint, self._spec.max_connections)


def _peer(transport: asyncio.Transport, endpoint: Endpoint) -> Peer:
    peername = transport.get_extra_info("peername") or (None, None)
    sockname = transport.get_extra_info("sockname") or (None, None)
    peer = Peer(endpoint, peername[0], peername[1], sockname[1])
    tls = transport.get_extra_info("ssl_object")
    if tls is not None:
        peer.cn, peer.dn = subject(tls.getpeercert())
    return peer
