"""A generation made for tests, and a caller that speaks ASGI: any bytes as target, any pieces as body."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Message

from emqx_compat.core.accounts import Principal
from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import Dialect, message_of, wire_for
from emqx_compat.http.generation import Generation
from emqx_compat.http.respond import json_response
from emqx_compat.http.route import DASHBOARD, MANAGEMENT, Route, Wire

ENGINE = cast(Engine, SimpleNamespace(versions={"v1": "1.0"}))
KEY = {"authorization": "key"}
MAX_BODY = 64

COLUMN = {
    F.CREDENTIALS_MISSING: Wire(401, code="CREDENTIALS"),
    F.PATH_UNKNOWN: Wire(404, code="PATH"),
    F.METHOD_UNKNOWN: Wire(405, code="METHOD", message="{allow}"),
    F.PATH_MALFORMED: Wire(400, code="MALFORMED"),
    F.BODY_NOT_JSON: Wire(400, code="JSON"),
    F.BODY_TOO_LARGE: Wire(413, code="LARGE"),
    F.NOT_BUILT: Wire(501, code="ABSENT", message="{operation}"),
    F.CLIENT_NOT_FOUND: Wire(404, code="CLIENT", message="no {clientid} in {zone}"),
    F.INTERNAL_ERROR: Wire(500, code="INTERNAL"),
}


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    unread: int = 0
    """Pieces of the request's body that nobody asked for."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


async def authenticate(call: Call) -> Principal:
    if "authorization" not in call.headers:
        raise Fault(F.CREDENTIALS_MISSING)
    return Principal("key", call.headers["authorization"])


def check_path(call: Call) -> None:
    if "%zz" in call.path:
        raise Fault(F.PATH_MALFORMED)


def parse_body(call: Call) -> object:
    try:
        return json.loads(call.raw_body)
    except ValueError:
        raise Fault(F.BODY_NOT_JSON) from None


def render_fault(fault: Fault, call: Call) -> Response:
    wire = wire_for(fault, call)
    return json_response({"code": wire.code, "message": message_of(wire, fault)}, wire.status)


async def echo(call: Call) -> Response:
    body = None if not call.raw_body else call.body
    return json_response({"params": call.params, "query": call.query, "body": body, "by": call.principal.name})


def generation(*routes: Route, name: str = "v1", outside: tuple[Route, ...] = (), **dialect: Any) -> Generation:
    settings: dict[str, Any] = {
        "name": name,
        "prefix": f"/api/{name}",
        "ports": (MANAGEMENT, DASHBOARD),
        "authenticate": authenticate,
        "authenticate_first": True,
        "parse_body": parse_body,
        "render_fault": render_fault,
        "column": COLUMN,
        "max_body": MAX_BODY,
        "check_path": check_path,
        "headers": {"Server": "toy"},
        **dialect,
    }
    return Generation(name, f"Toy {name}", Dialect(**settings), routes, outside)


async def ask(
    app: ASGIApp,
    method: str,
    target: str | bytes,
    body: bytes | Iterable[bytes] = b"",
    headers: dict[str, str] = KEY,
    *,
    cut: bool = False,
) -> Answer:
    """One request; a body of several pieces arrives in pieces, with `cut` the connection ends before the last."""
    raw, _, query = (target.encode() if isinstance(target, str) else target).partition(b"?")
    pieces = [body] if isinstance(body, bytes) else list(body)
    incoming: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": cut or index + 1 < len(pieces)}
        for index, piece in enumerate(pieces)
    ]
    incoming.append({"type": "http.disconnect"})
    answer = Answer()

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": method,
        "path": raw.decode("latin-1"),
        "raw_path": raw,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
    }
    await app(scope, receive, send)
    answer.unread = sum(message["type"] == "http.request" for message in incoming)
    return answer
