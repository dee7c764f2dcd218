"""The API documents below `/api-docs`: OpenAPI and Swagger UI, all from this process."""

from __future__ import annotations

import re

import pytest
from http_toy import ENGINE, ask, echo, generation

from emqx_compat.http.docs import ApiDocs
from emqx_compat.http.route import Route

DOCS = ApiDocs(
    [generation(Route("GET", f"/{name}", name, echo), name=name) for name in ("v1", "v2")], ENGINE.versions
)


@pytest.mark.parametrize(
    ("path", "title", "operation"),
    [
        ("/api-docs/swagger.json", "Toy v2", "/v2"),
        ("/api-docs/v2/swagger.json", "Toy v2", "/v2"),
        ("/api-docs/v1/swagger.json", "Toy v1", "/v1"),
    ],
)
async def test_every_generation_has_its_document_and_the_newest_is_the_default(
    path: str, title: str, operation: str
) -> None:
    answer = await ask(DOCS, "GET", path, headers={})
    assert (answer.headers["content-type"], answer.json["info"]["title"]) == ("application/json", title)
    assert list(answer.json["paths"]) == [operation]


async def test_a_document_carries_the_version_that_the_generation_reports() -> None:
    assert (await ask(DOCS, "GET", "/api-docs/v1/swagger.json")).json["info"]["version"] == "1.0"


@pytest.mark.parametrize(
    ("page", "document"),
    [
        ("/api-docs/index.html", "/api-docs/swagger.json"),
        ("/api-docs/v1/index.html", "/api-docs/v1/swagger.json"),
    ],
)
async def test_a_page_shows_its_generations_document(page: str, document: str) -> None:
    answer = await ask(DOCS, "GET", page)
    assert answer.headers["content-type"].startswith("text/html")
    assert f'url: "{document}"' in answer.body.decode()


async def test_a_page_links_to_the_other_generations() -> None:
    page = (await ask(DOCS, "GET", "/api-docs/index.html")).body.decode()
    assert re.findall(r'<a href="([^"]*)"', page) == ["/api-docs/v2/index.html", "/api-docs/v1/index.html"]


async def test_a_page_needs_nothing_that_is_not_served_here() -> None:
    page = (await ask(DOCS, "GET", "/api-docs/index.html")).body.decode()
    assets = re.findall(r'(?:src|href)="([^"]*/static/[^"]*)"', page)
    assert len(assets) == 3
    for asset in assets:
        answer = await ask(DOCS, "GET", asset)
        assert (answer.status, len(answer.body) > 100) == (200, True), asset
    assert "//" not in re.sub(r"<!.*?>", "", page).replace("</", "")


async def test_the_bare_path_leads_to_the_page() -> None:
    answer = await ask(DOCS, "GET", "/api-docs")
    assert (answer.status, answer.headers["location"]) == (301, "/api-docs/index.html")


@pytest.mark.parametrize(
    "path",
    [
        "/api-docs/v9/index.html",
        "/api-docs/v9/swagger.json",
        "/api-docs/static/package.json",
        "/api-docs/static/../__init__.py",
        "/api-docs/static/%2e%2e%2f__init__.py",
    ],
)
async def test_nothing_else_is_served(path: str) -> None:
    assert (await ask(DOCS, "GET", path)).status == 404


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405)])
async def test_the_documents_are_there_to_be_read(method: str, status: int) -> None:
    assert (await ask(DOCS, method, "/api-docs/index.html")).status == status
