"""How 5.6.1 speaks: statuses that mean it, `{code,message}`, pages with `meta`, times in RFC 3339."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson
from starlette.responses import Response

from api_v5 import lenient_json
from api_v5.credentials import authenticate
from api_v5.faults import COLUMN
from api_v5.routing import PathRouter
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import Dialect, message_of, wire_for
from emqx_compat.http.formats import rfc3339
from emqx_compat.http.respond import json_response, json_rows, to_json
from emqx_compat.http.route import DASHBOARD

T = TypeVar("T")

MAX_BODY = 8_000_000
FOREVER = "infinity"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
_NOT_FOUND = {"code": "NOT_FOUND", "message": "Request Path Not Found"}
_NOT_FOUND_PAGE = "<html><head><title>404 - NOT FOUND</title></head><body><h1>404 - NOT FOUND</h1></body></html>"

# --- what comes in


def check_path(call: Call) -> None:
    """The HTTP server refuses broken escapes before anything else."""
    if _BAD_ESCAPE.search(call.raw_path):
        raise Fault(F.PATH_MALFORMED)


def parse_body(call: Call) -> Any:
    """JSON when the content type says so, else the body as one text. Faults: BODY_NOT_JSON."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return call.raw_body.decode(errors="replace")
    try:
        return lenient_json.loads(call.raw_body)
    except ValueError:
        raise Fault(F.BODY_NOT_JSON) from None


def page_request(args: dict[str, Any]) -> PageRequest:
    """The page that a query read by `validation.PageQuery` asks for."""
    return PageRequest(args["page"], args["limit"])


# --- what goes out


def ok(value: object, status: int = 200) -> Response:
    """The bare value: v5 has no envelope."""
    return json_response(value, status)


async def listed(rows: Sequence[T], render: Callable[[T], Any]) -> Response:
    """A bare array."""
    return json_response(await json_rows(rows, render))


def text_response(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Text without the charset that the framework would add to its type."""
    return Response(text, status, {"content-type": "text/plain", **(headers or {})})


def no_content() -> Response:
    """204, done."""
    return Response(status_code=204)


async def paged(
    page: Page[T], request: PageRequest, render: Callable[[T], Any], *, count: int | None, hasnext: bool = True
) -> Response:
    """`{"data":[…],"meta":{page,limit,count,hasnext}}`; a count of None and a refused `hasnext` are left out."""
    meta: dict[str, object] = {"page": request.number, "limit": request.limit}
    if count is not None:
        meta["count"] = count
    if hasnext:
        meta["hasnext"] = page.hasnext
    # The page's number may be beyond 64 bits, which only to_json() on its own survives.
    return json_response({"data": await json_rows(page.rows, render), "meta": orjson.Fragment(to_json(meta))})


def second(seconds: float) -> str:
    """A time as bans and API keys show it."""
    return rfc3339(seconds, "seconds")


def second_or_forever(seconds: int | None) -> str:
    """The same for an end that may never come."""
    return FOREVER if seconds is None else second(seconds)


def render_fault(fault: Fault, call: Call) -> Response:
    """`{"code":…,"message":…}` or nothing; an unknown path is answered in the kind that is asked for."""
    match fault.kind:
        case F.PATH_UNKNOWN:
            return _unknown_path(call)
        case F.METHOD_UNKNOWN:
            return _unknown_method(fault, call)
        case F.VALIDATION:
            fault = Fault(F.VALIDATION, errors=to_json(fault.params["errors"]).decode())
    wire = wire_for(fault, call)
    headers = dict(wire.headers)
    if wire.empty:
        return Response(status_code=wire.status, headers=headers)
    key = "reason_code" if isinstance(wire.code, int) else "code"
    return json_response({key: wire.code, "message": message_of(wire, fault)}, wire.status, headers)


def _unknown_path(call: Call) -> Response:
    accept = call.headers.get("accept", "")
    if accept.startswith("application/json"):
        return json_response(_NOT_FOUND, 404)
    if accept.startswith("text/plain"):
        return text_response("404 - NOT FOUND", 404)
    return text_response(_NOT_FOUND_PAGE, 404, {"content-type": "text/html"})


def _unknown_method(fault: Fault, call: Call) -> Response:
    """405 with the methods there are; a word that is no method at all crashes 5.6.1."""
    if call.method not in _METHODS:
        return Response(status_code=500)
    allow = fault.params["allow"]
    assert isinstance(allow, tuple | list)
    return Response(status_code=405, headers={"allow": ", ".join(allow)})


DIALECT = Dialect(
    name="v5",
    prefix="/api/v5",
    ports=(DASHBOARD,),
    authenticate=authenticate,
    authenticate_first=False,
    parse_body=parse_body,
    render_fault=render_fault,
    column=COLUMN,
    max_body=MAX_BODY,
    check_path=check_path,
    router=PathRouter,
)
