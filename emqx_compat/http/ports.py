"""The ports: which generations each serves, and what is served beside them."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from emqx_compat.core.engine import Engine
from emqx_compat.http.call import raw_path
from emqx_compat.http.docs import ApiDocs
from emqx_compat.http.generation import Generation
from emqx_compat.http.pipeline import GenerationApp
from emqx_compat.http.route import DASHBOARD
from emqx_compat.http.static import StaticSite


class PortApp:
    """The ASGI application of one port: hands each request to the generation whose prefix it has.

    A path outside every prefix goes to the newest generation that serves it (`/status`), to the API documents on
    the dashboard port, to the file of that name where there are files, or to the newest generation to be refused in
    its own words.
    """

    def __init__(
        self,
        port: str,
        generations: Sequence[Generation],
        engine: Engine,
        *,
        api_docs: bool = True,
        static: StaticSite | None = None,
    ) -> None:
        newest_first = sorted(
            (g for g in generations if port in g.dialect.ports), key=lambda item: item.name, reverse=True
        )
        self._apps = [GenerationApp(generation, engine, port) for generation in newest_first]
        self._by_prefix = [(app.generation.dialect.prefix, app) for app in self._apps]
        self._docs = ApiDocs(generations, engine.versions) if api_docs and port == DASHBOARD else None
        self._static = static if port == DASHBOARD else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            await self._app_for(raw_path(scope), scope)(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _app_for(self, path: str, scope: Scope) -> ASGIApp:
        for prefix, app in self._by_prefix:
            if path.startswith(prefix) and path[len(prefix) :][:1] in ("", "/"):
                return app
        for app in self._apps:
            if app.serves_outside(path):
                return app.outside
        if self._docs is not None and (path == "/api-docs" or path.startswith("/api-docs/")):
            return self._docs
        if self._static is not None and self._static.has(scope):
            return self._static
        return self._apps[0].outside if self._apps else PlainTextResponse("", status_code=404)
