"""Brokers to measure, as processes: ours, or mosquitto where it is installed."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from throughput import serve

SERVERS = ("emqx_compat", "mosquitto")
_WANTED_FILES = 200_000


def many_files() -> int:
    """As many open files as the system lets us have; children inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # only root may
        resource.setrlimit(resource.RLIMIT_NOFILE, (_WANTED_FILES, max(hard, _WANTED_FILES)))
        return _WANTED_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@contextlib.contextmanager
def running(name: str) -> Iterator[tuple[int, int]]:
    """Port and process id of a broker with its defaults."""
    with _mosquitto() if name == "mosquitto" else _ours() as place:
        yield place


@contextlib.contextmanager
def _ours() -> Iterator[tuple[int, int]]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    child.start()
    there.close()
    assert child.pid is not None
    try:
        yield here.recv(), child.pid
        here.send(None)
        here.recv()
    finally:
        child.join(5)
        if child.is_alive():
            child.kill()


@contextlib.contextmanager
def _mosquitto() -> Iterator[tuple[int, int]]:
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mosquitto.conf")
        file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest none\nmax_queued_messages 0\n")
        process = subprocess.Popen([program, "-c", str(file)])
        try:
            for _ in range(200):
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.01)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)
