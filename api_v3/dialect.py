"""How 3.x speaks: envelope code/data/meta, pages `_page`/`_limit`, credentials by port, path and body rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import orjson
from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.faults import BAD_REQUEST, COLUMN, IN_USE_BY_NAME, NOTHING, NUMBER_1, REFUSED
from emqx_compat.core.accounts import ANONYMOUS, Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import PageRequest
from emqx_compat.http.basic import basic_credentials
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import Dialect, first_values, message_of, wire_for
from emqx_compat.http.json_body import loads_first
from emqx_compat.http.minirest import check_path, parse_query
from emqx_compat.http.respond import json_response, json_rows, to_json
from emqx_compat.http.route import DASHBOARD, MANAGEMENT_LEGACY, Wire

T = TypeVar("T")

Arguments = Mapping[str, Any]
"""Query and body of a call: query values are text (True for a bare name), body values whatever JSON says."""
Meta = dict[str, int]
"""Page and limit as they were asked for."""

MAX_BODY = 8_000_000
DEFAULT_LIMIT = 10000
"""`management.max_row_limit`: only a default, not a cap."""
MAX_ROWS = 1_000_000_000
"""Larger page numbers and limits are echoed, but an engine is never asked for them."""
EVERYTHING = PageRequest(1, MAX_ROWS)
"""For listings without pages."""
UNKNOWN = "undefined"
"""How a value that was never given is spelt in JSON."""
ON_DASHBOARD = frozenset({DASHBOARD})
OPEN = (DASHBOARD, "/auth")
"""The one path that needs no credentials, exactly as written here."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,999}")

# --- what comes in


class PageQuery(Schema):
    """The query of every paged listing."""

    page = fields.Integer(data_key="_page", load_default=1)
    limit = fields.Integer(data_key="_limit", load_default=DEFAULT_LIMIT)


async def authenticate(call: Call) -> Principal:
    """The management port knows apps, the dashboard port users.

    What cannot be read as `Basic <base64>`, with exactly this word, crashes 3.2.8, and so does an app whose status
    was never set to a boolean.
    """
    if (call.port, call.path) == OPEN:
        return ANONYMOUS
    header = call.headers.get("authorization")
    if header is not None and header.lower().startswith("basic ") and not header.startswith("Basic "):
        raise Fault(F.CREDENTIALS_MALFORMED)
    name, secret = basic_credentials(header)
    if call.port == DASHBOARD:
        user = call.engine.users.verify(name, secret)
        if user is not None:
            return Principal("user", name, user.role)
        raise Fault(F.CREDENTIALS_WRONG)
    app = call.engine.api_keys.find("v3", name)
    if app is not None and app.enabled is None:
        raise Fault(F.CREDENTIALS_MALFORMED)
    if call.engine.api_keys.verify("v3", name, secret) is None or app is None:
        raise Fault(F.CREDENTIALS_WRONG)
    return Principal("key", name, app.role)


def parse_body(call: Call) -> Any:
    """Any body is JSON, whatever its content type and method; what is no UTF-8 becomes U+FFFD.

    Faults: BODY_NOT_JSON.
    """
    try:
        return loads_first(call.raw_body.decode("utf-8", "replace"))
    except ValueError:
        raise Fault(F.BODY_NOT_JSON) from None


def arguments(call: Call) -> dict[str, Any]:
    """Query and body as one: the query comes first, and the first value of a name counts.

    An array has no names. Faults: PARAMETER_TYPE (a body that is neither object nor array).
    """
    pairs: Iterable[tuple[str, Any]] = call.query
    if isinstance(call.body, dict):
        pairs = [*pairs, *call.body.items()]
    elif call.raw_body and not isinstance(call.body, list):
        raise Fault(F.PARAMETER_TYPE, name="body", value=call.body)
    return first_values(pairs)


def page_request(args: Arguments) -> tuple[PageRequest, Meta]:
    """`_page` and `_limit`, to be asked and to be echoed.

    They must be text (query) and decimal, the limit at least 1. Faults: PAGE_INVALID.
    """
    number = _decimal(args.get("_page", "1"))
    limit = _decimal(args.get("_limit", str(DEFAULT_LIMIT)))
    if limit < 1:
        raise Fault(F.PAGE_INVALID)
    return PageRequest(min(number, MAX_ROWS), min(limit, MAX_ROWS)), {"page": number, "limit": limit}


def fits(value: object, kind: type) -> bool:
    """Whether a value that nobody checked is of that type, so that a record of the hub can hold it."""
    return type(value) is kind and not (isinstance(value, int) and value.bit_length() > 63)


def _decimal(value: object) -> int:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise Fault(F.PAGE_INVALID)
    return int(value)


# --- what goes out


def ok(data: object = None) -> Response:
    """`{"code":0}`, or with data."""
    return json_response({"code": 0} if data is None else {"code": 0, "data": data})


async def paged(rows: Sequence[T], count: int, meta: Meta, render: Callable[[T], Any]) -> Response:
    """`{"code":0,"data":[…],"meta":{page,limit,count}}`; `count` is that of the whole table."""
    data = await json_rows(rows, render)
    # The page's numbers may be beyond 64 bits, which only to_json() on their own survives.
    return json_response({"code": 0, "data": data, "meta": orjson.Fragment(to_json({**meta, "count": count}))})


def by_key(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose keys come out in alphabetical order, as 3.x writes what is a map there."""
    return dict(sorted(row.items()))


def or_unknown(value: object) -> object:
    """The value, or `"undefined"` when it was never given."""
    return UNKNOWN if value is None else value


def render_fault(fault: Fault, call: Call) -> Response:
    """`{"code":…,"message":…}`, plain text or nothing, as the catalogue's cell says."""
    wire = _wire(fault, call)
    message = message_of(wire, fault)
    headers = dict(wire.headers)
    if wire.empty:
        return Response(status_code=wire.status, headers=headers)
    if wire.text:
        return Response(message, wire.status, headers)
    body: dict[str, object] = {} if wire.code is None else {"code": wire.code}
    if message is not None:
        body["message"] = 1 if wire is NUMBER_1 else message
    return json_response(body, wire.status, headers)


def _wire(fault: Fault, call: Call) -> Wire:
    if fault.kind is F.RESOURCE_IN_USE and fault.params.get("name"):
        return IN_USE_BY_NAME
    if fault.kind in (F.PATH_UNKNOWN, F.METHOD_UNKNOWN):
        if call.outside:
            return REFUSED if call.raw_path.rstrip("/") == "/status" else NOTHING
        if not call.path.strip("/"):
            return BAD_REQUEST  # the API list has a method of its own
    return wire_for(fault, call)


DIALECT = Dialect(
    name="v3",
    prefix="/api/v3",
    ports=(MANAGEMENT_LEGACY, DASHBOARD),
    authenticate=authenticate,
    authenticate_first=True,
    parse_query=parse_query,
    parse_body=parse_body,
    render_fault=render_fault,
    column=COLUMN,
    max_body=MAX_BODY,
    check_path=check_path,
)
