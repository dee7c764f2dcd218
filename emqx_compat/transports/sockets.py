"""Sockets to listen on, bound before anything is served: readiness is exact, and port 0 works."""

from __future__ import annotations

import socket


def bind(host: str | None, port: int) -> list[socket.socket]:
    """Listening sockets on one address, or on all of IPv4 and IPv6 (the same port on both).

    Raises `OSError` when the address is taken.
    """
    sockets: list[socket.socket] = []
    if host is None:
        addresses = [(socket.AF_INET, "0.0.0.0")]
        if socket.has_dualstack_ipv6():
            addresses.append((socket.AF_INET6, "::"))
    else:
        addresses = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    try:
        for family, address in addresses:
            # The protocol is named, else asyncio leaves Nagle's algorithm on.
            bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((address, port or (sockets[0].getsockname()[1] if len(sockets) > 1 else 0)))
            bound.setblocking(False)
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets
