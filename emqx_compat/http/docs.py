"""The API documents: OpenAPI of every generation and Swagger UI, without the network.

`/api-docs/index.html` and `/api-docs/swagger.json` are v5's (as in EMQX 5); `/api-docs/v4/index.html` and
`/api-docs/v4/swagger.json` and so on are beside them. Swagger UI's files come from the package swagger-ui-py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from emqx_compat.http.call import raw_path
from emqx_compat.http.generation import Generation
from emqx_compat.http.openapi import document
from emqx_compat.http.respond import json_response

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="/api-docs/static/swagger-ui.css">
<link rel="icon" href="/api-docs/static/favicon-32x32.png">
</head>
<body>
<nav style="font: 14px sans-serif; padding: .6em 1.2em">{links}</nav>
<div id="ui"></div>
<script src="/api-docs/static/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({{url: "{url}", dom_id: "#ui", deepLinking: true}})</script>
</body>
</html>
"""


class ApiDocs:
    """Serves everything below `/api-docs`; needs no credentials."""

    def __init__(self, generations: Sequence[Generation], versions: Mapping[str, str]) -> None:
        self._generations = {generation.name: generation for generation in generations}
        self._versions = versions
        self._default = max(self._generations, default="")
        self._documents: dict[str, dict[str, object]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = (
            self._answer(raw_path(scope)) if scope["method"] in ("GET", "HEAD") else Response(status_code=405)
        )
        await response(scope, receive, send)

    def _answer(self, path: str) -> Response:
        match path.removeprefix("/api-docs").strip("/").split("/"):
            case [""]:
                return RedirectResponse("/api-docs/index.html", 301)
            case ["index.html"]:
                return self._page(self._default)
            case ["swagger.json"]:
                return self._document(self._default)
            case [name, "index.html"]:
                return self._page(name)
            case [name, "swagger.json"]:
                return self._document(name)
            case ["static", name] if name in _ASSETS:
                return Response(_asset(name), media_type=_ASSETS[name])
        return Response(status_code=404)

    def _page(self, name: str) -> Response:
        if name not in self._generations:
            return Response(status_code=404)
        links = " · ".join(
            f'<a href="/api-docs/{other}/index.html">{generation.title}</a>'
            for other, generation in sorted(self._generations.items(), reverse=True)
        )
        url = "/api-docs/swagger.json" if name == self._default else f"/api-docs/{name}/swagger.json"
        return HTMLResponse(_PAGE.format(title=self._generations[name].title, links=links, url=url))

    def _document(self, name: str) -> Response:
        if name not in self._generations:
            return Response(status_code=404)
        if name not in self._documents:
            self._documents[name] = document(self._generations[name], self._versions.get(name, ""))
        return json_response(self._documents[name])


def _asset(name: str) -> bytes:
    return files("swagger_ui").joinpath("static", name).read_bytes()
