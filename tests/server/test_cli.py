"""The command line, in processes of its own: what it prints, what it exits with."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from processes import Serving, run, serving

from emqx_compat import __version__
from emqx_compat.http.generation import generations

PUBLIC = ("admin", "public")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server for tests that only look."""
    with serving(tmp_path_factory.mktemp("shared")) as server:
        yield server


# --- serve


def test_the_ready_file_tells_every_address(shared: Serving) -> None:
    ready = shared.ready
    assert set(ready) == {"mqtt", "http", "node", "pid"}
    assert set(ready["mqtt"]) == {"tcp:default", "ws:default"}
    assert set(ready["http"]) == {"management_legacy", "management", "dashboard"}
    assert ready["node"] == "emqx@127.0.0.1"
    assert ready["pid"] == shared.process.pid
    for place in (*ready["mqtt"].values(), *ready["http"].values()):
        host, _, port = place.rpartition(":")
        socket.create_connection((host, int(port)), 5).close()


def test_one_log_line_tells_the_same(shared: Serving) -> None:
    line = shared.first_lines[-1]
    assert f"node: emqx@127.0.0.1, pid: {shared.process.pid}" in line
    for name, place in {**shared.ready["mqtt"], **shared.ready["http"]}.items():
        assert f"{name}={place}" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0_and_nothing_else_in_the_log(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path) as server:
        assert len(server.first_lines) == 1
        server.signal(number)
        assert server.wait() == 0
        assert server.rest_of_log() == ""
        assert not server.ready_file.exists()


def test_a_second_signal_forces_the_end(tmp_path: Path) -> None:
    patient = ["--set", "compat.shutdown_timeout=60s", "--set", "log.console.level=info"]
    with serving(tmp_path, *patient) as server:
        place = server.ready["http"]["management"].rpartition(":")
        with socket.create_connection((place[0], int(place[2])), 5) as connection:
            connection.sendall(
                b"POST /api/v4/mqtt/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cHVibGlj\r\n"
                b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 100")  # it waits for the body now
            server.signal(signal.SIGTERM)
            assert "msg: stopping" in server.next_line()
            assert server.process.poll() is None
            server.signal(signal.SIGTERM)
            assert server.wait() == 1


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("dashboard.listeners.http.bind=127.0.0.1:{}", "dashboard"),
        ("compat.management.bind=127.0.0.1:{}", "management"),
        ("listeners.tcp.default.bind=127.0.0.1:{}", "tcp:default"),
        ("listeners.ws.default.bind=127.0.0.1:{}", "ws:default"),
    ],
)
def test_a_port_that_is_taken_is_exit_code_3_and_one_line(tmp_path: Path, setting: str, name: str) -> None:
    free = [
        "dashboard.listeners.http.bind=127.0.0.1:0",
        "compat.management.bind=127.0.0.1:0",
        "compat.management_legacy.bind=127.0.0.1:0",
        "listeners.tcp.default.bind=127.0.0.1:0",
        "listeners.ws.default.bind=127.0.0.1:0",
    ]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        settings = [argument for value in (*free, setting.format(number)) for argument in ("--set", value)]
        result = run("serve", "--data-dir", str(tmp_path / "data"), *settings, cwd=tmp_path)
    assert result.returncode == 3
    assert result.stderr == (
        f"emqx-compat: cannot start: {name}: cannot listen on 127.0.0.1:{number}: address already in use\n"
    )


def test_a_data_directory_in_use_is_exit_code_3_and_one_line(tmp_path: Path, shared: Serving) -> None:
    directory = str(shared.ready_file.parent / "data")
    result = run("serve", "--free-ports", "--data-dir", directory, cwd=tmp_path)
    assert result.returncode == 3
    assert result.stderr.endswith(f"the data directory is in use by process {shared.process.pid}\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("serve", ["--set", "mqtt.max_inflight=many"], "mqtt.max_inflight"),
        ("serve", ["--config", "broken.conf"], "broken.conf:2"),
        ("check", ["--config", "broken.conf"], "broken.conf:2"),
        ("serve", ["--config", "absent.conf"], "absent.conf"),
    ],
)
def test_a_bad_configuration_is_exit_code_3_and_one_line(
    tmp_path: Path, command: str, arguments: list[str], said: str
) -> None:
    (tmp_path / "broken.conf").write_text("mqtt {\n  max_inflight = = 3\n}\n")
    result = run(command, *arguments, "--data-dir", "data", cwd=tmp_path)
    assert result.returncode == 3
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_ready_file_that_cannot_be_written_is_exit_code_3(tmp_path: Path) -> None:
    result = run("serve", "--free-ports", "--data-dir", "data", "--ready-file", "absent/ready.json", cwd=tmp_path)
    assert result.returncode == 3
    assert "--ready-file" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments", [["serve", "--nonsense"], ["nonsense"], ["serve", "--set", "nokey"], ["ping", "--url", "ftp://x"]]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    assert run(*arguments, cwd=tmp_path).returncode == 2


def test_host_is_the_address_of_every_listener(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "127.0.0.2") as server:
        for place in (*server.ready["mqtt"].values(), *server.ready["http"].values()):
            assert place.startswith("127.0.0.2:")


def test_default_credentials_beyond_loopback_are_warned_of(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as server:
        warnings = [line for line in server.first_lines if "default_credentials_reachable" in line]
        assert any("user: admin" in line for line in warnings)
        assert any("app: admin" in line for line in warnings)


def test_other_credentials_beyond_loopback_are_not(tmp_path: Path) -> None:
    changed = ["--set", "dashboard.default_password=other-1", "--set", "compat.default_app.enable=false"]
    with serving(tmp_path, "--host", "0.0.0.0", *changed) as server:
        assert len(server.first_lines) == 1


def test_the_environment_is_read(tmp_path: Path) -> None:
    with serving(tmp_path, env={"EMQX_NODE__NAME": "other@127.0.0.1"}) as server:
        assert server.ready["node"] == "other@127.0.0.1"


# --- what outlives the process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_users_keys_and_bans_outlive_the_process(tmp_path: Path, number: signal.Signals) -> None:
    ban = {"who": "c1", "as": "clientid", "reason": "r", "by": "me", "until": 4_102_444_800}
    app = {"app_id": "oracle", "secret": "s3", "name": "Oracle", "status": True}
    user = {"username": "ann", "password": "secret-1", "tags": "t"}
    with serving(tmp_path) as server:
        dashboard, management = server.http("dashboard"), server.http("management")
        for url, path, body in (
            (dashboard, "/apps", app),
            (dashboard, "/users", user),
            (management, "/banned", ban),
        ):
            answer = httpx.post(f"{url}/api/v4{path}", json=body, auth=PUBLIC)
            assert answer.json()["code"] == 0, answer.text
        server.signal(number)
        server.wait()
    with serving(tmp_path) as server:
        rows = server.get("management", "/api/v4/banned", ("oracle", "s3")).json()["data"]
        assert [(row["as"], row["who"]) for row in rows] == [("clientid", "c1")]
        assert server.get("dashboard", "/api/v4/brokers", ("ann", "secret-1")).status_code == 200


def test_a_token_outlives_the_process(tmp_path: Path) -> None:
    login = {"username": "admin", "password": "public"}
    with serving(tmp_path) as server:
        token = httpx.post(server.http("dashboard") + "/api/v5/login", json=login).json()["token"]
        server.signal(signal.SIGTERM)
        server.wait()
    with serving(tmp_path) as server:
        url = server.http("dashboard") + "/api/v5/nodes"
        assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200


# --- the other commands


def test_ping_tells_that_the_server_runs(tmp_path: Path, shared: Serving) -> None:
    result = run("ping", "--url", shared.http("dashboard") + "/status", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "Node emqx@127.0.0.1 is started\nemqx is running\n")


def test_ping_tells_that_nobody_answers(tmp_path: Path) -> None:
    result = run("ping", "--url", "http://127.0.0.1:1/status", cwd=tmp_path)
    assert result.returncode == 1
    assert "no answer" in result.stderr


def test_ping_imports_nothing_heavy(tmp_path: Path) -> None:
    env = {"PYTHONPROFILEIMPORTTIME": "1"}
    stderr = run("ping", "--url", "http://127.0.0.1:1/status", cwd=tmp_path, env=env).stderr
    imported = {line.rpartition("|")[2].strip() for line in stderr.splitlines()}
    assert "emqx_compat.server.ping" in imported
    assert not imported & {"asyncio", "uvicorn", "starlette", "marshmallow", "emqx_compat.broker", "sqlite3"}


def test_version_is_printed(tmp_path: Path) -> None:
    assert run("version", cwd=tmp_path).stdout == f"emqx-compat {__version__}\n"


def test_check_prints_values_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "my.conf").write_text("mqtt.max_inflight = 7\nmqtt.no_such_key = 1\n")
    result = run(
        *("check", "--config", "my.conf", "--data-dir", "data", "--set", "mqtt.max_qos_allowed=1"),
        cwd=tmp_path,
        env={"EMQX_NODE__NAME": "n@127.0.0.1"},
    )
    lines = dict(line.split("  # ") for line in result.stdout.splitlines())
    assert result.returncode == 0
    assert lines["mqtt.max_inflight = 7"].endswith("my.conf:1")
    assert "EMQX_NODE__NAME" in lines['node.name = "n@127.0.0.1"']
    assert "--set" in lines["mqtt.max_qos_allowed = 1"]
    assert lines['dashboard.default_password = "******"'] == "default"
    assert "no_such_key" in result.stderr


def test_the_matrix_has_every_operation(tmp_path: Path) -> None:
    rows = json.loads(run("matrix", "--json", cwd=tmp_path).stdout)
    served = [(row["generation"], row["method"], row["path"]) for row in rows]
    below = [(each.name, route.method, route.template) for each in generations() for route in each.routes]
    assert set(below) <= set(served)
    assert {("v4", "GET", "/status"), ("v5", "GET", "/status")} <= set(served)
    assert {row["state"] for row in rows} <= {"full", "partial", "absent"}
    assert all(row["id"] for row in rows)


def test_the_matrix_as_a_table_ends_with_sums(tmp_path: Path) -> None:
    lines = run("matrix", cwd=tmp_path).stdout.splitlines()
    names = [each.name for each in generations()]
    assert lines[0].split() == ["generation", "method", "path", "id", "state"]
    assert [line.split(":")[0] for line in lines[-len(names) :]] == names
