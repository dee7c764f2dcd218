"""MQTT over WebSocket: a raw ASGI application under uvicorn, one server a port, in the broker's loop [§6]."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from emqx_compat.broker import Broker, Channel, Endpoint, Peer
from emqx_compat.transports.sockets import bind

if TYPE_CHECKING:
    from emqx_compat.transports.spec import ListenerSpec

SUBPROTOCOLS = ("mqtt", "mqtt-v3", "mqtt-v3.1.1", "mqtt-v5")
"""EMQX's `supported_subprotocols`, the best first: who offers `mqtt`, as all must, gets it [MQTT-6.0.0-3, -4].

None offered: refused.
"""
HIGH_WATER = 65_536
"""Bytes waiting for the peer above which the channel is told to pause; it goes on when all are sent."""
BACKLOG = 1024
STOP_TIMEOUT = 1.0
"""Seconds that connections have to say goodbye when a listener stops."""

TRANSPORT = "emqx_compat.transport"
"""Under which name the transport is found in the scope's state."""

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class _Protocol(WebSocketsSansIOProtocol):
    """Lets the application reach its transport: a peer that reads nothing can only be aborted."""

    async def run_asgi(self) -> None:
        self.scope["state"][TRANSPORT] = self.transport
        await super().run_asgi()


class _Socket:
    """The channel's `Sink`: what is written gathers until the writing task sends it as one frame."""

    __slots__ = ("_buffer", "_readable", "_size", "_transport", "_wake", "channel", "closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.channel: Channel | None = None
        self.closing = False
        self._transport = transport
        self._buffer: list[bytes] = []
        self._size = 0
        self._wake = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()

    def write(self, data: bytes) -> None:
        """Send soon."""
        self._buffer.append(data)
        self._size += len(data)
        self._wake.set()
        if self._size > HIGH_WATER and self.channel is not None and not self.channel.paused:
            self.channel.pause_writing()

    def close(self) -> None:
        """Send what is buffered, then close."""
        self.closing = True
        self._wake.set()

    def abort(self) -> None:
        """Close without sending it, also when the peer takes nothing any more."""
        self._buffer.clear()
        self.close()
        self._transport.abort()

    def pause_reading(self) -> None:
        """Leave frames where they are."""
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take them again."""
        self._readable.set()

    async def readable(self) -> None:
        """Wait until frames are wanted."""
        await self._readable.wait()

    async def send_all(self, send: Send) -> None:
        """Send what is written until the channel closes, then close the WebSocket."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._buffer:
                data = b"".join(self._buffer)
                self._buffer.clear()
                await send({"type": "websocket.send", "bytes": data})
                self._size = sum(map(len, self._buffer))
            if self.closing:
                await send({"type": "websocket.close", "code": 1000})
                return
            if self.channel is not None and self.channel.paused:
                self.channel.resume_writing()


class WebSocketServer:
    """One listener's uvicorn server; `port` is the one it is bound to."""

    def __init__(self, broker: Broker, endpoint: Endpoint, spec: ListenerSpec) -> None:
        self._broker = broker
        self._endpoint = endpoint
        self._spec = spec
        self._server: uvicorn.Server | None = None
        self._sockets: list[socket.socket] = []
        self.port = 0

    async def start(self) -> None:
        """Bind, then serve. Raises `OSError` when the address is taken, `ValueError` for TLS without files."""
        spec = self._spec
        if spec.type == "wss" and spec.tls is None:
            raise ValueError(f"listener {spec.id} has no certificate")
        context = spec.tls.context() if spec.type == "wss" and spec.tls is not None else None
        self._sockets = bind(spec.host, spec.port)
        self.port = self._sockets[0].getsockname()[1]
        config = uvicorn.Config(
            self.application,
            interface="asgi3",
            loop="none",
            ws=_Protocol,
            ws_ping_interval=None,
            ws_max_size=max(self._broker.settings.max_packet_size * 2, 1_048_576),
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
        )
        config.load()
        config.ssl = context
        # Not `serve`, which takes over the process's signals and looks ten times a second whether to stop.
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(self._sockets)

    async def stop(self) -> None:
        """Close the port and its connections."""
        if self._server is None:
            return
        state = self._server.server_state
        for server in self._server.servers:
            server.close()
        for each in self._sockets:
            each.close()
        for connection in tuple(state.connections):
            connection.shutdown()
        if state.tasks:
            await asyncio.wait(set(state.tasks), timeout=STOP_TIMEOUT)
        for connection in tuple(state.connections):
            connection.transport.abort()
        if state.tasks:
            await asyncio.wait(set(state.tasks), timeout=STOP_TIMEOUT)

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: one WebSocket is one MQTT connection; everything else is refused."""
        if scope["type"] == "websocket":
            await self._connection(scope, receive, send)
        elif scope["type"] == "http":
            status = 426 if scope["path"] == self._spec.path else 404
            headers = [(b"content-length", b"0"), (b"upgrade", b"websocket")] if status == 426 else []
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    async def _connection(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        limit = self._spec.max_connections
        offered = scope.get("subprotocols", ())
        chosen = next((name for name in SUBPROTOCOLS if name in offered), None)
        if scope["path"] != self._spec.path:
            await _deny(send, 404)
            return
        if chosen is None:
            await _deny(send, 400)
            return
        full = limit is not None and self._endpoint.current_connections >= limit
        if full or self._broker.stopped:
            await _deny(send, 503)
            return
        await send({"type": "websocket.accept", "subprotocol": chosen})
        sink = _Socket(scope["state"][TRANSPORT])
        channel = sink.channel = self._broker.open_channel(sink, self._peer(scope))
        writer = asyncio.get_running_loop().create_task(sink.send_all(send))
        try:
            await self._read(channel, sink, receive)
        finally:
            channel.connection_lost()
            sink.close()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(writer, 1.0)

    async def _read(self, channel: Channel, sink: _Socket, receive: Receive) -> None:
        """Feed bytes, not packets: a frame may hold several, and a packet may span frames [MQTT-6.0.0-2]."""
        while not channel.is_closed:
            await sink.readable()
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            data = event.get("bytes")
            if data is None:
                channel.close("frame_error", 0x81, "[MQTT-6.0.0-1] text frame")
                return
            channel.data_received(data)

    def _peer(self, scope: Scope) -> Peer:
        host, port = scope.get("client") or (None, None)
        server = scope.get("server") or (None, None)
        cookie = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"), None)
        return Peer(self._endpoint, host, port, server[1], ws_cookie=cookie)


async def _deny(send: Send, status: int) -> None:
    """Answer the upgrade with an HTTP status."""
    headers = [(b"content-length", b"0")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})
