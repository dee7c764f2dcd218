"""A dashboard build beside the API: what is served, as what, and that nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from http_toy import ENGINE, ask, generation

from emqx_compat.http.ports import PortApp
from emqx_compat.http.route import DASHBOARD, MANAGEMENT
from emqx_compat.http.static import StaticSite
from emqx_compat.server.errors import StartError
from emqx_compat.testing import Server, SyncServer

FILES = {
    "index.html": "<h1>dashboard</h1>",
    "static/app.js": "let a = 1",
    "static/app.css": "a {}",
    "static/logo.svg": "<svg/>",
    "static/font.woff2": "f",
    "static/app.js.map": "{}",
    "static/two words é.txt": "text",
    "static/data.json": "{}",
    "static/unknown.qqq": "?",
    "docs/index.html": "<h1>docs</h1>",
    "status": "shadowed",
    ".env": "secret",
    "static/.git/config": "secret",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build, and a secret beside it."""
    root = tmp_path_factory.mktemp("dashboard") / "build"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root.parent / "secret.txt").write_text("secret")
    (root / "static" / "out.txt").symlink_to(root.parent / "secret.txt")
    (root / "static" / "in.txt").symlink_to(root / "static" / "data.json")
    return root


@pytest.fixture(scope="module")
def app(folder: Path) -> PortApp:
    return PortApp(DASHBOARD, [generation()], ENGINE, static=StaticSite(folder))


@pytest.mark.parametrize(
    ("path", "type_", "file"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/index.html", "text/html; charset=utf-8", "index.html"),
        ("/docs/", "text/html; charset=utf-8", "docs/index.html"),
        ("/static/app.js", "text/javascript; charset=utf-8", "static/app.js"),
        ("/static/app.css", "text/css; charset=utf-8", "static/app.css"),
        ("/static/logo.svg", "image/svg+xml", "static/logo.svg"),
        ("/static/font.woff2", "font/woff2", "static/font.woff2"),
        ("/static/app.js.map", "application/json", "static/app.js.map"),
        ("/static/data.json", "application/json", "static/data.json"),
        ("/static/unknown.qqq", "application/octet-stream", "static/unknown.qqq"),
        ("/static/two%20words%20%C3%A9.txt", "text/plain; charset=utf-8", "static/two words é.txt"),
        ("/static/app.js?v=2.3.11", "text/javascript; charset=utf-8", "static/app.js"),
        ("/static/in.txt", "application/json", "static/data.json"),
    ],
)
async def test_a_file_is_served_as_what_it_is(app: PortApp, path: str, type_: str, file: str) -> None:
    answer = await ask(app, "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (200, type_)
    assert answer.body == FILES[file].encode()


OUTSIDE = [
    "/../secret.txt",
    "/static/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2E%2Fsecret.txt",
    "/..%2fsecret.txt",
    "/static/..%2F..%2Fsecret.txt",
    "/%252e%252e/secret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/static/out.txt",
    "//etc/passwd",
    "/%2Fetc%2Fpasswd",
    "/%2F%2Fetc/passwd",
    "/./index.html",
    "/index.html%00",
    "/index.html%00.txt",
    "/.env",
    "/static/.git/config",
    "/%2eenv",
    "/" + "a" * 5000,
    "/" + "a/" * 3000 + "b",
    "/%ff%fe",
    "/static",
    "/static/",
    "/nothing.js",
    "/INDEX.HTML/x",
]


@pytest.mark.parametrize("path", OUTSIDE, ids=range(len(OUTSIDE)))
async def test_whatever_is_no_file_of_the_build_is_unknown_as_before(app: PortApp, path: str) -> None:
    answer = await ask(app, "GET", path)
    assert (answer.status, answer.code) == (404, "PATH")


async def test_a_head_is_an_answer_without_its_body(app: PortApp) -> None:
    answer = await ask(app, "HEAD", "/static/app.js")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(FILES["static/app.js"]))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_files_are_only_read(app: PortApp, method: str) -> None:
    assert (await ask(app, method, "/index.html")).status == 404


async def test_a_file_that_has_not_changed_is_not_sent_again(app: PortApp) -> None:
    etag = (await ask(app, "GET", "/index.html")).headers["etag"]
    answer = await ask(app, "GET", "/index.html", headers={"if-none-match": etag})
    assert (answer.status, answer.body) == (304, b"")


async def test_the_api_goes_before_files(folder: Path) -> None:
    (folder / "api-docs").mkdir(exist_ok=True)
    (folder / "api-docs" / "swagger.json").write_text("not this")
    app = PortApp(DASHBOARD, [generation()], ENGINE, static=StaticSite(folder))
    assert (await ask(app, "GET", "/api-docs/swagger.json")).json["info"]
    assert (await ask(app, "GET", "/api/v1/index.html")).code == "PATH"


async def test_the_dashboard_port_alone_has_files(folder: Path) -> None:
    app = PortApp(MANAGEMENT, [generation()], ENGINE, static=StaticSite(folder))
    assert (await ask(app, "GET", "/index.html")).status == 404


# --- through a whole server


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[SyncServer]:
    with Server.in_thread([f'dashboard.static_dir="{folder}"']) as running:
        yield running


def base(server: SyncServer) -> httpx.URL:
    url = httpx.URL(server.url("v5"))
    return url.copy_with(path="/")


def test_the_configured_folder_is_served_without_credentials(server: SyncServer) -> None:
    answer = httpx.get(base(server))
    assert (answer.status_code, answer.text) == (200, FILES["index.html"])


def test_the_health_check_is_no_file(server: SyncServer) -> None:
    assert httpx.get(base(server).join("/status")).text != FILES["status"]


def test_without_a_folder_the_root_is_unknown() -> None:
    with Server.in_thread() as running:
        assert httpx.get(base(running)).status_code == 404


def test_a_folder_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    with (
        pytest.raises(StartError, match=r"dashboard\.static_dir: .*/gone is no folder"),
        Server.in_thread([f'dashboard.static_dir="{tmp_path}/gone"']),
    ):
        pass
