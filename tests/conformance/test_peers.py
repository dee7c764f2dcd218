"""Clients that others wrote talk to each other through the broker: gmqtt, paho-mqtt, mosquitto, MQTT.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.peers import LABELS, Gmqtt, Mosquitto, Paho, Peer, Received
from conformance.wire import Loop, Server, serving
from emqx_compat.transports import ListenerSpec

MQTT_JS = "5.16.0"
KINDS: tuple[type[Peer], ...] = (Gmqtt, Paho, Mosquitto)
BOTH = pytest.mark.parametrize("version", [4, 5], ids=["3.1.1", "5.0"])
in_ci = bool(os.environ.get("CI"))
needs_mosquitto = pytest.mark.skipif(
    Mosquitto.missing and not in_ci, reason="mosquitto-clients of Debian is not installed"
)

Invite = Callable[..., Peer]


@pytest.fixture
def invite(server: Server) -> Iterator[Invite]:
    """A peer of some kind and version, which leaves at the end."""
    guests: list[Peer] = []

    def invite(kind: type[Peer], version: int, will: str | None = None) -> Peer:
        guests.append(kind(server, version, will))
        return guests[-1]

    yield invite
    for guest in guests:
        guest.close()


@needs_mosquitto
@pytest.mark.parametrize("hearing", [4, 5], ids=["to 3.1.1", "to 5.0"])
@pytest.mark.parametrize("speaking", [4, 5], ids=["3.1.1", "5.0"])
def test_everyone_hears_everyone(invite: Invite, speaking: int, hearing: int) -> None:
    """Whoever publishes, whoever subscribes, in whichever version: every message arrives once, with its QoS."""
    hearers = [invite(kind, hearing).subscribe("peers/#", 2) for kind in KINDS]
    said = set()
    for kind in KINDS:
        speaker = invite(kind, speaking)
        for qos in (0, 1, 2):
            topic, payload = f"peers/{speaker.name}/{qos}", f"{speaker.name} says ÿ{qos}"
            speaker.publish(topic, payload, qos)
            said.add(Received(topic, payload, qos, False))
    for hearer in hearers:
        assert {hearer.message() for _ in said} == said


@needs_mosquitto
@BOTH
def test_everyone_finds_what_was_retained(invite: Invite, version: int) -> None:
    """A retained message of any peer is found by all of them, also by those of the other version."""
    kept = set()
    for kind in KINDS:
        speaker = invite(kind, version)
        speaker.publish(f"kept/{speaker.name}", "here", 1, retain=True)
        kept.add(Received(f"kept/{speaker.name}", "here", 1, True))
    watcher = invite(Paho, version).subscribe("kept/#", 1)
    assert {watcher.message() for _ in kept} == kept  # all of them have arrived
    for kind in KINDS:
        for other in (4, 5):
            finder = invite(kind, other).subscribe("kept/#", 2)
            assert {finder.message() for _ in kept} == kept


@needs_mosquitto
@BOTH
@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_will_of_a_peer_that_dies(invite: Invite, kind: type[Peer], version: int) -> None:
    """The will of a peer whose connection breaks is heard by the others."""
    hearers = [invite(other, version).subscribe("wills/#", 1) for other in KINDS]
    invite(kind, version, will="wills/last").subscribe("anything", 1).die()
    for hearer in hearers:
        assert hearer.message() == Received("wills/last", kind.name, 1, False)


@needs_mosquitto
def test_properties_arrive(invite: Invite) -> None:
    """The properties of a message arrive with it, in their order, from every peer at every peer."""
    hearers = [invite(kind, 5).subscribe("labelled", 1) for kind in KINDS]
    plain = invite(Paho, 4).subscribe("labelled", 1)
    for kind in KINDS:
        invite(kind, 5).publish("labelled", kind.name, 1, labels=True)
        for hearer in hearers:
            message = hearer.message()
            assert (message.payload, message.properties) == (kind.name, LABELS), hearer.name
        assert plain.message().payload == kind.name


# --- MQTT.js -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def mqtt_js() -> Path:
    """A folder whose node_modules hold MQTT.js; npm fills it once, and it stays in the user's cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emqx-compat"
    folder = cache / f"mqttjs-{MQTT_JS}"
    modules = folder / "node_modules"
    if modules.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", f"mqtt@{MQTT_JS}"]
        done = subprocess.run(
            [*command, "--prefix", work], capture_output=True, text=True, timeout=50, cwd=work, check=False
        )
        if done.returncode:
            if in_ci:
                pytest.fail(done.stderr)
            pytest.skip(f"npm cannot install mqtt: {done.stderr[-200:]}")
        try:
            Path(work, "node_modules").rename(modules)
        except OSError:  # another process was faster
            assert modules.exists()
    return folder


@pytest.fixture
def web(server_loop: Loop) -> Iterator[Server]:
    """A broker that listens for WebSockets."""
    with serving(server_loop, ListenerSpec("ws", "default", "127.0.0.1", 0)) as server:
        yield server


@BOTH
def test_mqtt_js_over_websocket(web: Server, mqtt_js: Path, version: int) -> None:
    """MQTT.js: QoS 0, 1 and 2 there and back, a retained message, and the will of a client that breaks off."""
    script = Path(__file__).with_name("mqttjs_peer.cjs")
    url = f"ws://127.0.0.1:{web.port}/mqtt"
    done = subprocess.run(
        ["node", script, mqtt_js, url, str(version)], capture_output=True, text=True, timeout=30, check=False
    )
    assert not done.returncode, done.stderr
    result: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    user = {"a": "1", "b": ["2", "3"]} if version == 5 else None
    assert result["granted"] == [2]
    said = [{"topic": f"js/{q}", "payload": f"said {q}", "qos": q, "retain": False, "user": user} for q in range(3)]
    kept = {"topic": "js/kept", "payload": "still here", "qos": 2, "retain": False, "user": None}
    will = {"topic": "js/will", "payload": "gone", "qos": 1, "retain": False, "user": None}
    assert result["heard"] == [*said, kept, will]
    found = sorted(result["found"], key=lambda message: message["topic"])
    assert found == [kept | {"retain": True}, will | {"retain": True}]
