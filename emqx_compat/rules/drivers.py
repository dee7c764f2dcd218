"""What resources need to be started: today only that the other side can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from emqx_compat.rules.resources import Driver

CONNECT_TIMEOUT = 3.0
_PORTS = {"http": 80, "https": 443}


class WebServer:
    """`web_hook`: the host and port of its URL take a TCP connection."""

    async def reach(self, config: Mapping[str, object]) -> None:
        """Raises OSError (TimeoutError after three seconds) or ValueError (no URL)."""
        url = urlsplit(str(config.get("url")))
        port = url.port or _PORTS.get(url.scheme)
        if not url.hostname or port is None:
            raise ValueError("no host in the URL")
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(url.hostname, port)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class Always:
    """`built_in` of 3.1: there is nothing to reach."""

    async def reach(self, config: Mapping[str, object]) -> None:
        """Never fails."""


DRIVERS: Mapping[str, Driver] = {"web_hook": WebServer(), "built_in": Always()}
