"""How 4.x speaks: envelope code/data/meta, pages `_page`/`_limit`, credentials by port, path and body rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from starlette.responses import Response

from api_v4.faults import COLUMN
from emqx_compat.core.accounts import Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.http.basic import basic_credentials
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import Dialect, first_values, message_of, wire_for
from emqx_compat.http.respond import json_response, json_rows
from emqx_compat.http.route import DASHBOARD, MANAGEMENT

T = TypeVar("T")

MAX_BODY = 8_000_000
MAX_PATH = 8000
DEFAULT_LIMIT = 10000
"""`management.max_row_limit`: only a default, not a cap."""

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


async def authenticate(call: Call) -> Principal:
    """The management port knows apps, the dashboard port users; any failure is the same 401."""
    name, secret = basic_credentials(call.headers.get("authorization"))
    if call.port == DASHBOARD:
        if call.engine.users.verify(name, secret) is not None:
            return Principal("user", name)
    elif call.engine.api_keys.verify("v4", name, secret) is not None:
        return Principal("key", name)
    raise Fault(F.CREDENTIALS_WRONG)


def check_path(call: Call) -> None:
    """The HTTP server refuses broken escapes and bytes beyond ASCII before anything else (observed on 4.4.19)."""
    if len(call.raw_path) > MAX_PATH:
        raise Fault(F.PATH_TOO_LONG)
    if not call.raw_path.isascii() or _BAD_ESCAPE.search(call.raw_path):
        raise Fault(F.PATH_MALFORMED)


def parse_body(call: Call) -> Any:
    """Any body is JSON, whatever its content type and method."""
    try:
        return orjson.loads(call.raw_body)
    except orjson.JSONDecodeError:
        raise Fault(F.BODY_NOT_JSON) from None


def arguments(call: Call) -> dict[str, Any]:
    """Query and body as one: the query comes first, and the first value of a name counts."""
    pairs: list[tuple[str, Any]] = list(call.query)
    if isinstance(call.body, dict):
        pairs += call.body.items()
    return first_values(pairs)


def page_request(args: dict[str, Any]) -> PageRequest:
    """`_page` and `_limit`, which must be text (query). Faults: PAGE_INVALID."""
    try:
        number, limit = (
            int(_text(args.get(key, default))) for key, default in (("_page", "1"), ("_limit", "10000"))
        )
    except ValueError:
        raise Fault(F.PAGE_INVALID) from None
    return PageRequest(number, limit)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def ok(data: object = None) -> Response:
    """`{"code":0}`, or with data."""
    return json_response({"code": 0} if data is None else {"data": data, "code": 0})


async def paged(page: Page[T], request: PageRequest, render: Callable[[T], Any]) -> Response:
    """`{"meta":{page,limit,count},"data":[…],"code":0}`."""
    meta = {"page": request.number, "limit": request.limit, "count": page.total}
    return json_response({"meta": meta, "data": await json_rows(page.rows, render), "code": 0})


def render_fault(fault: Fault, call: Call) -> Response:
    """`{"message":…,"code":…}`, plain text or nothing, as the catalogue's cell says."""
    wire = wire_for(fault, call)
    message = message_of(wire, fault)
    headers = dict(wire.headers)
    if call.outside or wire.empty:
        return Response(status_code=404 if call.outside else wire.status, headers=headers)
    if wire.text:
        return Response(message, wire.status, headers, "text/plain")
    body: dict[str, object] = {} if message is None else {"message": message}
    if wire.code is not None:
        body["code"] = wire.code
    return json_response(body, wire.status, headers)


DIALECT = Dialect(
    name="v4",
    prefix="/api/v4",
    ports=(MANAGEMENT, DASHBOARD),
    authenticate=authenticate,
    authenticate_first=True,
    parse_body=parse_body,
    render_fault=render_fault,
    column=COLUMN,
    max_body=MAX_BODY,
    check_path=check_path,
)
