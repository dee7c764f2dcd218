"""`emqx-compat` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

COMMAND = [sys.executable, "-m", "emqx_compat.cli"]
PATIENCE = 20.0


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class Serving:
    """A server that is ready."""

    process: subprocess.Popen[str]
    first_lines: list[str]
    """What it logged until it was ready; the last one says that it is."""
    ready: dict[str, Any]
    ready_file: Path

    def http(self, port: str) -> str:
        return "http://" + self.ready["http"][port]

    def get(self, port: str, path: str, auth: tuple[str, str] | None = None) -> httpx.Response:
        return httpx.get(self.http(port) + path, auth=auth)

    def mqtt(self, listener: str = "tcp:default") -> tuple[str, int]:
        host, _, number = self.ready["mqtt"][listener].rpartition(":")
        return host, int(number)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def next_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def rest_of_log(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextmanager
def serving(directory: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """`serve` on free ports; ready when the line that says so is logged."""
    ready_file = directory / "ready.json"
    command = [*COMMAND, "serve", "--free-ports", "--data-dir", str(directory / "data")]
    process = subprocess.Popen(
        [*command, "--ready-file", str(ready_file), *arguments],
        cwd=directory,
        env={**os.environ, **(env or {})},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if "msg: emqx_compat_is_ready" in line:
                break
        else:
            raise AssertionError("".join(lines))
        yield Serving(process, lines, json.loads(ready_file.read_text()), ready_file)
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stderr.close()
