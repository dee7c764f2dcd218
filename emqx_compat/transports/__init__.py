"""TCP, TLS and WebSocket listeners: bytes between sockets and the broker's channels."""

from emqx_compat.transports.access import AccessRules
from emqx_compat.transports.listeners import ListenerManager
from emqx_compat.transports.spec import ListenerSpec, TlsFiles, WebSocketOptions

__all__ = ["AccessRules", "ListenerManager", "ListenerSpec", "TlsFiles", "WebSocketOptions"]
