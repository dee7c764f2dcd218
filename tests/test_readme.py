"""The README's examples, run as they stand: what it prints is what the server answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from emqx_compat.testing import SyncServer

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
PORTS = {"8080": "v2", "8081": "v4", "18083": "v5"}
"""The README's ports, and a generation whose own port that is."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def keys(value: object) -> object:
    """The shape of a JSON value: keys and types, the first element of a list."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [keys(item) for item in value[:1]]
    return type(value).__name__


@pytest.fixture
def server() -> Iterator[SyncServer]:
    with SyncServer() as running:
        yield running


@pytest.mark.skipif(
    not shutil.which("mosquitto_sub") and not os.environ.get("CI"), reason="needs the package mosquitto-clients"
)
def test_the_console_examples_print_what_the_readme_shows(server: SyncServer) -> None:
    steps = [line for block in blocks("console") for line in block.splitlines()]
    commands = [line[2:] for line in steps if line.startswith("$ ")]
    printed = [json.loads(line) for line in steps if not line.startswith("$ ")]
    host, port = server.mqtt
    script = "\n".join(commands).replace("mosquitto_sub", f"mosquitto_sub -h {host} -p {port} -W 20")
    for shown, generation in PORTS.items():
        place = server.url(generation).removeprefix("http://").removesuffix(f"/api/{generation}")
        script = script.replace(f"127.0.0.1:{shown}", place)
    with httpx.Client() as http:
        first = script.splitlines()[0].replace(" &", "")
        subscriber = subprocess.Popen(first, shell=True, stdout=subprocess.DEVNULL)
        try:
            while not http.get(server.url("v4") + "/subscriptions", auth=server.auth("v4")).json()["data"]:
                pass
            rest = "\n".join(script.splitlines()[1:])
            run = subprocess.run(["bash", "-c", rest], capture_output=True, text=True, timeout=20, check=True)
        finally:
            subscriber.kill()
            subscriber.wait()
    answers = [json.loads(answer) for answer in re.findall(r"^\{.*\}$", run.stdout.replace("}{", "}\n{"), re.M)]
    assert [keys(answer) for answer in answers] == [keys(answer) for answer in printed]


def test_the_python_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (code,) = blocks("python")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, cwd=tmp_path)
    assert run.stdout.strip() in README, run.stderr


def test_the_configuration_example_is_accepted(tmp_path: Path) -> None:
    (hocon,) = blocks("hocon")
    (tmp_path / "emqx.conf").write_text(hocon)
    command = [sys.executable, "-m", "emqx_compat.cli", "check", "--config", str(tmp_path / "emqx.conf")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "ci-key" in run.stdout
