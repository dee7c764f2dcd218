"""The API documents as a browser finds them: on the dashboard port, without credentials, without the network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from emqx_compat.http.generation import Generation, generations
from emqx_compat.testing import Port, Server, SyncServer

INSTALLED = generations()


@pytest.fixture(scope="module")
def server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        yield running


def on(server: SyncServer, port: Port) -> httpx.Client:
    return httpx.Client(base_url=httpx.URL(server.url("any", port)).copy_with(path="/"))


@pytest.fixture(scope="module")
def dashboard(server: SyncServer) -> Iterator[httpx.Client]:
    with on(server, "dashboard") as client:
        yield client


@pytest.mark.parametrize("generation", INSTALLED, ids=lambda item: item.name)
def test_every_generation_has_a_page_and_a_document(dashboard: httpx.Client, generation: Generation) -> None:
    page = dashboard.get(f"/api-docs/{generation.name}/index.html")
    assert (page.status_code, generation.title in page.text) == (200, True)
    (url,) = re.findall(r'url: "([^"]*)"', page.text)
    document = dashboard.get(url)
    assert document.headers["content-type"] == "application/json"
    assert document.json()["info"]["title"] == generation.title


def test_the_newest_generation_is_where_emqx_5_has_its_documents(dashboard: httpx.Client) -> None:
    assert dashboard.get("/api-docs/swagger.json").json()["info"]["title"] == INSTALLED[-1].title


@pytest.mark.parametrize(
    ("name", "media", "mark"),
    [
        ("swagger-ui.css", "text/css", b".swagger-ui"),
        ("swagger-ui-bundle.js", "text/javascript", b"SwaggerUIBundle"),
        ("favicon-32x32.png", "image/png", b"\x89PNG"),
    ],
)
def test_swagger_ui_is_served_from_here(dashboard: httpx.Client, name: str, media: str, mark: bytes) -> None:
    answer = dashboard.get(f"/api-docs/static/{name}")
    assert answer.headers["content-type"].partition(";")[0] == media
    assert mark in answer.content


@pytest.mark.parametrize("port", ["management_legacy", "management"])
def test_the_management_ports_have_no_documents(server: SyncServer, port: Port) -> None:
    with on(server, port) as client:
        assert client.get("/api-docs/swagger.json").status_code in (400, 401, 404)


def test_the_documents_can_be_switched_off() -> None:
    with Server.in_thread(["dashboard.swagger_support=false"]) as server, on(server, "dashboard") as client:
        assert client.get("/api-docs/swagger.json").status_code == 404
