"""Sockets bound before anything is served, so that a port that is taken is found out at once."""

from __future__ import annotations

import ipaddress
import os
import socket

from emqx_compat.server.errors import StartError


def bound_socket(what: str, host: str, port: int) -> socket.socket:
    """A TCP socket bound to the address; port 0 takes a free one, an empty host all addresses.

    Raises StartError naming `what` when the address is taken or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host or (not host and socket.has_dualstack_ipv6()) else socket.AF_INET
    # The protocol is named, else asyncio leaves Nagle's algorithm on and small answers take 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host in ("", "::") else 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise cannot_listen(what, host, port, error) from error
    return sock


def cannot_listen(what: str, host: str, port: int, error: Exception) -> StartError:
    """Why a listener could not be started, in one line."""
    return StartError(f"{what}: cannot listen on {address_text(host, port)}: {_reason(error)}")


def address_text(host: str, port: int) -> str:
    """`127.0.0.1:1883`, `[::1]:1883`; an empty host is 0.0.0.0."""
    return f"[{host}]:{port}" if ":" in host else f"{host or '0.0.0.0'}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; names other than `localhost` are taken as reachable."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or "unknown host"
    if isinstance(error, OSError) and error.errno and error.filename is None:
        return os.strerror(error.errno).lower()
    return str(error)
