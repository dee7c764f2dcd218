"""What the connections of a listener share: who is let in, and what is allowed there."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from emqx_compat.broker import Broker, Endpoint, Peer
from emqx_compat.transports.connection import Connection, LayeredConnection, Meters
from emqx_compat.transports.rates import TokenBucket
from emqx_compat.transports.tls import Certificates

if TYPE_CHECKING:
    from emqx_compat.broker.agenda import Entry
    from emqx_compat.transports.port import Port
    from emqx_compat.transports.spec import ListenerSpec

_LEAST_FRAME = 1_048_576


class HalfOpen:
    """The connections of all listeners that have not said who they are, the oldest first.

    Above the limit the oldest goes: who means it sends the CONNECT at once and is never the oldest for long.
    """

    __slots__ = ("_broker", "_connections")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._connections: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection, peer: Peer) -> None:
        """One more."""
        self._connections[connection] = None
        limit = self._broker.settings.max_half_open
        if len(self._connections) > limit:
            oldest, _ = self._connections.popitem(last=False)
            self._broker.limits.reached("max_half_open", limit, str(peer.peerhost))
            oldest.half_open = False
            if oldest.channel is not None:
                oldest.channel.close("idle_timeout")
            oldest.abort()

    def remove(self, connection: Connection) -> None:
        """It has said who it is, or is gone."""
        self._connections.pop(connection, None)


class Door:
    """One listener's; `spec` may be replaced while it is open and holds for those who come."""

    def __init__(self, broker: Broker, endpoint: Endpoint, half_open: HalfOpen, spec: ListenerSpec) -> None:
        """Raises `OSError` or `ValueError` for TLS without files, or with bad ones."""
        self.broker = broker
        self.endpoint = endpoint
        self.unopened: set[LayeredConnection] = set()
        """Connections that do not speak MQTT yet."""
        self.port: Port | None = None
        self._half_open = half_open
        self._lingering: dict[Connection, Entry] = {}
        """Closed connections that still send what was buffered."""
        self.change(spec)

    def change(self, spec: ListenerSpec) -> None:
        """Other options. Raises as above, and changes nothing then."""
        certificates: Certificates | None = None
        if spec.type in ("ssl", "wss"):
            if spec.tls is None:
                raise ValueError(f"listener {spec.id} has no certificate")
            certificates = Certificates(spec.tls)
        self.certificates = certificates
        self.spec = spec
        self.endpoint.mountpoint = spec.mountpoint
        self.endpoint.zone = spec.zone
        self.endpoint.enable_authn = spec.enable_authn
        rate = spec.max_conn_rate
        self._rate = TokenBucket(rate, self.broker.clock.now()) if rate is not None else None

    def connection(self) -> Connection:
        """For a connection that was accepted."""
        spec = self.spec
        return Connection(self) if spec.type == "tcp" and not spec.proxy_protocol else LayeredConnection(self)

    @property
    def max_frame_size(self) -> int:
        """Bytes in a WebSocket frame; a frame is buffered before it is read, hence never without limit."""
        least = max(2 * self.broker.settings.max_packet_size, _LEAST_FRAME)
        limit = self.spec.websocket.max_frame_size
        return least if limit is None else limit

    def meters(self) -> Meters | None:
        """What measures one client, when something is to be measured."""
        spec = self.spec
        if spec.bytes_rate is None and spec.messages_rate is None:
            return None
        return Meters(spec.bytes_rate, spec.messages_rate, self.broker.clock.now())

    # --- coming and going --------------------------------------------------------------------------------------

    def admit(self, connection: Connection, peer: Peer) -> bool:
        """Whether somebody may come in."""
        if self._rate is not None:
            self._slow_down(self._rate, peer)
        if self.broker.stopped:
            return False
        spec = self.spec
        limit = spec.max_connections
        if limit is not None and self.endpoint.current_connections + len(self.unopened) >= limit:
            self.refused("max_connections", limit)
            return False
        if spec.access_rules.rules and not spec.access_rules.allows(peer.peerhost):
            self.refused("access_rules")
            return False
        self._half_open.add(connection, peer)
        return True

    def _slow_down(self, rate: TokenBucket, peer: Peer) -> None:
        now = self.broker.clock.now()
        rate.take(1, now)
        wait = rate.wait(now)
        if wait and self.port is not None and self.port.pause(wait):
            self.broker.limits.reached("max_conn_rate", int(rate.rate), self.spec.id)

    def refused(self, reason: str, limit: float | None = None) -> None:
        """Somebody was not let in; `limit` is what the setting of that name allows."""
        refused = self.endpoint.refused
        refused[reason] = refused.get(reason, 0) + 1
        if limit is not None:
            self.broker.limits.reached(reason, int(limit), self.spec.id)

    def left_half_open(self, connection: Connection) -> None:
        """It has said who it is."""
        self._half_open.remove(connection)

    def linger(self, connection: Connection, seconds: float) -> None:
        """It is closed, and may take so long to send what is buffered."""
        if connection not in self._lingering:
            self._lingering[connection] = self.broker.agenda.after(seconds, connection.abort)

    @property
    def is_quiet(self) -> bool:
        """Whether every connection that was closed is gone."""
        return not self._lingering

    def lost(self, connection: Connection) -> None:
        """Its socket is closed."""
        if connection.half_open:
            self._half_open.remove(connection)
        if self._lingering:
            self.broker.agenda.cancel(self._lingering.pop(connection, None))

    def clear(self, reason: str) -> None:
        """Close every connection."""
        for unopened in tuple(self.unopened):
            unopened.abort()
        for channel in tuple(self.broker.channels):
            if channel.peer.endpoint is self.endpoint:
                channel.close(reason)

    def cut(self) -> None:
        """Close what still lingers."""
        for connection in tuple(self._lingering):
            connection.abort()
