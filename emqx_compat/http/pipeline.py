"""The way of a call through one generation: path, credentials, routing, body, handler, faults."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emqx_compat.core.engine import Engine
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import MISSING, Call, read_body
from emqx_compat.http.generation import Generation
from emqx_compat.http.router import Miss

log = logging.getLogger(__name__)


class GenerationApp:
    """An ASGI application: one generation on one port."""

    def __init__(self, generation: Generation, engine: Engine, port: str) -> None:
        self.generation = generation
        self._engine = engine
        self._port = port
        self._router = generation.dialect.router(generation.routes_on(port))
        self._outside = {
            (route.method, route.path): route
            for route in generation.outside
            if route.ports is None or port in route.ports
        }
        self._outside_paths = {path for _, path in self._outside}

    def serves_outside(self, raw: str) -> bool:
        """Whether a raw path outside the prefix is this generation's."""
        return raw in self._outside_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A call below the prefix."""
        await self._run(Call(scope, self._engine, self.generation, self._port), receive, send)

    async def outside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A call outside every prefix."""
        await self._run(Call(scope, self._engine, self.generation, self._port, outside=True), receive, send)

    async def _run(self, call: Call, receive: Receive, send: Send) -> None:
        dialect = self.generation.dialect
        try:
            response = await self._answer(call, receive)
        except ClientDisconnect:  # gone in the middle of its body: nothing was done, nobody hears an answer
            return
        except Fault as fault:
            response = dialect.render_fault(fault, call)
        except Exception:  # a defect of ours: the caller gets the generation's 500, the log the trace
            log.exception("call_failed, generation: %s, path: %s %s", dialect.name, call.method, call.raw_path)
            response = dialect.render_fault(Fault(F.INTERNAL_ERROR), call)
        for name, value in dialect.headers.items():
            response.headers.setdefault(name, value)
        await response(call.scope, receive, send)

    async def _answer(self, call: Call, receive: Receive) -> Response:
        dialect = self.generation.dialect
        if call.outside:
            self._route_outside(call)
        else:
            await self._route(call)
        assert call.route is not None
        if call.route.feature is not None and not call.engine.features.active(call.route.feature):
            raise Fault(F.PATH_UNKNOWN)
        if call.route.handler is None:
            raise Fault(F.NOT_BUILT, operation=call.route.id)
        call.query = dialect.parse_query(call.scope["query_string"])
        call.raw_body = await read_body(receive, dialect.max_body)
        call.body = dialect.parse_body(call) if call.raw_body else MISSING
        return await call.route.handler(call)

    async def _route(self, call: Call) -> None:
        dialect = self.generation.dialect
        dialect.check_path(call)
        found = self._router.match(call.method, call.path)
        if isinstance(found, Miss):
            if dialect.authenticate_first:
                call.principal = await dialect.authenticate(call)
            raise _miss(found)
        call.route, call.params = found.route, found.params
        if not found.route.public:
            call.principal = await dialect.authenticate(call)

    def _route_outside(self, call: Call) -> None:
        call.route = self._outside.get((call.method, call.raw_path))
        if call.route is None and call.raw_path in self._outside_paths:
            raise Fault(F.METHOD_UNKNOWN, allow=sorted(m for m, p in self._outside if p == call.raw_path))
        if call.route is None:
            raise Fault(F.PATH_UNKNOWN)


def _miss(found: Miss) -> Fault:
    return Fault(F.METHOD_UNKNOWN, allow=found.allow) if found.allow else Fault(F.PATH_UNKNOWN)
