"""One API request, as handlers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from emqx_compat.core.accounts import ANONYMOUS, Principal
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault

if TYPE_CHECKING:
    from emqx_compat.http.generation import Generation
    from emqx_compat.http.route import Route


class Missing:
    """The type of `MISSING`: no body was sent."""

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


class Call:
    """A request on its way: filled in step by step by the pipeline (`http.pipeline`), read by handlers.

    `params` are decoded path parameters, `query` the query's pairs in order, `body` the parsed body (MISSING when
    empty), `raw_body` its bytes.
    """

    __slots__ = (
        "_headers",
        "body",
        "engine",
        "generation",
        "method",
        "outside",
        "params",
        "path",
        "port",
        "principal",
        "query",
        "raw_body",
        "raw_path",
        "route",
        "scope",
    )

    def __init__(
        self, scope: Scope, engine: Engine, generation: Generation, port: str, *, outside: bool = False
    ) -> None:
        self.scope = scope
        self.engine = engine
        self.generation = generation
        self.port = port
        self.outside = outside
        """True for a path that is not below the generation's prefix (`/status`)."""
        self.method: str = scope["method"]
        self.raw_path: str = raw_path(scope)
        self.path: str = self.raw_path if outside else self.raw_path[len(generation.dialect.prefix) :]
        """The raw path below the prefix."""
        self.route: Route | None = None
        self.params: dict[str, str] = {}
        self.query: list[tuple[str, str]] = []
        self.body: Any = MISSING
        self.raw_body: bytes = b""
        self.principal: Principal = ANONYMOUS
        self._headers: dict[str, str] | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """Request headers by lower-case name; of repeated ones the last."""
        if self._headers is None:
            self._headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.scope["headers"]
            }
        return self._headers

    @property
    def peerhost(self) -> str:
        """The caller's address."""
        client = self.scope.get("client")
        return client[0] if client else ""


def raw_path(scope: Scope) -> str:
    """The path as it was sent; bytes beyond ASCII become lone surrogates, which no template matches."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "surrogateescape")


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; a part of one is none.

    Faults: BODY_TOO_LARGE as soon as it exceeds `limit` bytes. Raises ClientDisconnect.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Fault(F.BODY_TOO_LARGE)
        if chunk:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
