"""How 4.x speaks: envelope code/data/meta, pages `_page`/`_limit`, credentials by port, path and body rules."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import orjson
from marshmallow import Schema, fields
from starlette.responses import Response

from api_v4.faults import COLUMN, OUTSIDE, ROOT
from emqx_compat.core.accounts import Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.http.basic import basic_credentials
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import Column, Dialect, first_values, message_of, wire_for
from emqx_compat.http.minirest import check_path, parse_query
from emqx_compat.http.respond import json_response, json_rows, to_json
from emqx_compat.http.route import DASHBOARD, MANAGEMENT

T = TypeVar("T")

Arguments = Mapping[str, Any]
"""Query and body of a call: query values are text (True for a bare name), body values whatever JSON says."""

MAX_BODY = 8_000_000
CAREFULLY_READ = 65_536
"""Bytes of a body up to which repeated names are looked for."""
DEFAULT_LIMIT = 10000
"""`management.max_row_limit`: only a default, not a cap."""
MAX_INTEGER = (1 << 59) - 1
"""The largest integer that fits a machine word of the Erlang VM; some listings refuse a larger `_limit`."""
FAILED_LOGIN_DELAY = 0.0
"""Seconds that a failed check of a dashboard user's password takes; 4.4.19: 2."""
_BEYOND = 1 << 31
EVERYTHING = PageRequest(1, _BEYOND)
"""The page of listings that are not paged."""
UNKNOWN = "undefined"
"""How a value that was never given is spelt in JSON."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")

# --- what comes in


class PageQuery(Schema):
    """The query of every paged listing."""

    page = fields.Integer(data_key="_page", load_default=1)
    limit = fields.Integer(data_key="_limit", load_default=DEFAULT_LIMIT)


async def authenticate(call: Call) -> Principal:
    """The management port knows apps, the dashboard port users; any failure is the same 401."""
    name, secret = basic_credentials(call.headers.get("authorization"))
    if call.port == DASHBOARD:
        if await password_is_right(call, name, secret):
            return Principal("user", name)
    elif call.engine.api_keys.verify("v4", name, secret) is not None:
        return Principal("key", name)
    raise Fault(F.CREDENTIALS_WRONG)


async def password_is_right(call: Call, username: str, password: str) -> bool:
    """Whether a dashboard user has that password; a no may take its time."""
    if call.engine.users.verify(username, password) is not None:
        return True
    await asyncio.sleep(FAILED_LOGIN_DELAY)
    return False


def parse_body(call: Call) -> Any:
    """Any body is JSON, whatever its content type and method. Faults: BODY_NOT_JSON.

    Of a repeated name the first value counts, as in `arguments`. orjson keeps the last one; it still looks at
    every body, because json lets NaN and lone surrogates pass, and it alone reads those that take their time.
    """
    try:
        value = orjson.loads(call.raw_body)
        if len(call.raw_body) <= CAREFULLY_READ:
            value = json.loads(call.raw_body, object_pairs_hook=first_values)
    except (ValueError, RecursionError):
        raise Fault(F.BODY_NOT_JSON) from None
    return value


def arguments(call: Call) -> dict[str, Any]:
    """Query and body as one: the query comes first, and the first value of a name counts."""
    pairs: Iterable[tuple[str, Any]] = call.query
    if isinstance(call.body, dict):
        pairs = [*pairs, *call.body.items()]
    return first_values(pairs)


def json_object(call: Call) -> dict[str, Any]:
    """As `arguments`, for operations that refuse other bodies. Faults: PARAMETER_INVALID.

    An empty array is taken for an empty object, as Erlang cannot tell them apart.
    """
    if call.body and not isinstance(call.body, dict):
        raise Fault(F.PARAMETER_INVALID, name="body", value=call.body)
    return arguments(call)


def decimal(value: object) -> int | None:
    """The integer that a text spells, as the old servers read one; None for everything else."""
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def page_request(
    args: Arguments, *, least: int = 0, most: int | None = MAX_INTEGER
) -> tuple[PageRequest, dict[str, Any]]:
    """`_page` and `_limit`, which must be text (query) and decimal, and the `meta` that echoes them.

    `least` and `most` bound the limit: which values a listing survives differs by the table behind it. Pages
    beyond every table are asked for as such. Faults: PAGE_INVALID.
    """
    number = decimal(args.get("_page", "1"))
    limit = decimal(args.get("_limit", str(DEFAULT_LIMIT)))
    if number is None or limit is None or limit < least or (most is not None and limit > most):
        raise Fault(F.PAGE_INVALID)
    return PageRequest(min(number, _BEYOND), min(limit, _BEYOND)), {"page": number, "limit": limit}


# --- what goes out


def ok(data: object = None) -> Response:
    """`{"code":0}`, or with data."""
    return json_response({"code": 0} if data is None else {"data": data, "code": 0})


async def paged(page: Page[T], meta: Mapping[str, Any], render: Callable[[T], Any], **more: object) -> Response:
    """`{"meta":{page,limit,count},"data":[…],"code":0}`; `more` goes into meta (`hasnext`, another count)."""
    meta = {**meta, "count": page.total, **more}
    rows = await json_rows(page.rows, render)
    # The page's numbers may be beyond 64 bits, which only to_json() on their own survives.
    return json_response({"meta": orjson.Fragment(to_json(meta)), "data": rows, "code": 0})


def render_fault(fault: Fault, call: Call) -> Response:
    """`{"message":…,"code":…}`, plain text or nothing, as the catalogue's cell says."""
    wire = _place(call).get(fault.kind) or wire_for(fault, call)
    message = message_of(wire, fault)
    headers = dict(wire.headers)
    if wire.empty:
        return Response(status_code=wire.status, headers=headers)
    if wire.text:
        return Response(message, wire.status, headers)
    body: dict[str, object] = {} if message is None else {"message": message}
    if wire.code is not None:
        body["code"] = wire.code
    return json_response(body, wire.status, headers)


def _place(call: Call) -> Column:
    """Cells that the path decides."""
    if call.outside:
        return OUTSIDE
    return {} if call.path.strip("/") else ROOT


DIALECT = Dialect(
    name="v4",
    prefix="/api/v4",
    ports=(MANAGEMENT, DASHBOARD),
    authenticate=authenticate,
    authenticate_first=True,
    parse_query=parse_query,
    parse_body=parse_body,
    render_fault=render_fault,
    column=COLUMN,
    max_body=MAX_BODY,
    check_path=check_path,
)
