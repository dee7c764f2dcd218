"""TCP, TLS and WebSocket listeners: bytes between sockets and the broker's channels."""

from emqx_compat.transports.listeners import ListenerManager
from emqx_compat.transports.spec import ListenerSpec, TlsFiles

__all__ = ["ListenerManager", "ListenerSpec", "TlsFiles"]
