"""`emqx-compat serve`: one server as one process, from its first log line to the last flush."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path

from emqx_compat.config import Configuration, Settings, settings
from emqx_compat.server.errors import StartError
from emqx_compat.server.instance import Instance, on_free_ports
from emqx_compat.server.logs import configure

log = logging.getLogger("emqx_compat")


def run(configuration: Configuration, *, free_ports: bool = False, ready_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartError."""
    configure(str(configuration.get("log.console.level")), str(configuration.get("log.console.formatter")))
    for notice in configuration.warnings:
        log.warning(
            "configuration_notice, path: %s, origin: %s, notice: %s", notice.path, notice.origin, notice.message
        )
    wanted = settings(configuration)
    if free_ports:
        wanted = on_free_ports(wanted)
    if ready_file is not None:
        _remove(ready_file)  # that of an earlier run would make a reader believe that this one is ready
    _allow_many_connections()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(configuration, wanted, ready_file))


async def _serve(configuration: Configuration, wanted: Settings, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    instance = await Instance.start(configuration, wanted)
    try:
        _announce(instance, ready_file)
        await stopping.wait()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            # Whatever was acknowledged is on the disk, so that leaving on the spot loses nothing.
            signal.signal(number, lambda *_: os._exit(1))
        log.info("stopping, node: %s", wanted.node_name)
    finally:
        if ready_file is not None:
            _remove(ready_file)
        await instance.stop()


def _announce(instance: Instance, ready_file: Path | None) -> None:
    addresses = instance.addresses()
    if ready_file is not None:
        _write_atomically(ready_file, json.dumps(addresses) + "\n")
    places = ", ".join(
        f"{kind}: {' '.join(f'{name}={place}' for name, place in addresses[kind].items())}"
        for kind in ("mqtt", "http")
    )
    level = log.level
    log.setLevel(logging.INFO)  # said whatever the configured level is
    log.info("emqx_compat_is_ready, %s, node: %s, pid: %d", places, addresses["node"], addresses["pid"])
    log.setLevel(level)


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StartError(f"--ready-file: {error}") from error


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _allow_many_connections() -> None:
    """Each connection is an open file; take as many as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop
