"""How emqttd 2.3 speaks: envelope code/result, pages `curr_page`/`page_size`, parameters that take slashes.

Whatever is said here without another source was observed on emqttd 2.3.11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from marshmallow import INCLUDE, Schema, fields
from starlette.responses import Response

from api_v2.faults import COLUMN
from emqx_compat.core.accounts import ANONYMOUS, Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.http.basic import basic_credentials
from emqx_compat.http.call import MISSING, Call, Missing
from emqx_compat.http.dialect import Dialect, first_values, message_of, wire_for
from emqx_compat.http.json_body import loads_first
from emqx_compat.http.respond import json_rows, to_ascii_json
from emqx_compat.http.route import DASHBOARD, MANAGEMENT_LEGACY
from emqx_compat.http.router import SpanningRouter

T = TypeVar("T")

SERVER = "MochiWeb/1.0 (Any of you quaids got a smint?)"
MAX_BODY = 1 << 20
OPEN_PATH = "/auth"
"""Needs no credentials, whatever the method; with a trailing slash it does."""
UNKNOWN = "undefined"
"""How a value that was never given is spelt in JSON."""

STRICT_PATHS = frozenset(
    {"/routes", "/mqtt/publish", "/mqtt/subscribe", "/mqtt/unsubscribe", "/clients/{clientid}/clean_acl_cache"}
)
"""Templates that take no trailing slash."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_LARGEST = (1 << 31) - 1
_REPLACEMENT = re.compile(r"\\[1-9][0-9]*|\\(.)|&", re.DOTALL)

# --- node names


def shown_node(name: str) -> str:
    """2.x called itself `emq@…` where every later generation says `emqx@…`."""
    return "emq@" + name.removeprefix("emqx@") if name.startswith("emqx@") else name


def asked_node(call: Call) -> str:
    """The member that the path means by `{node_name}`. Faults: NODE_UNKNOWN."""
    shown = call.params["node_name"]
    nodes = call.engine.nodes
    if shown == shown_node(nodes.local):
        return nodes.local
    name = "emqx@" + shown.removeprefix("emq@") if shown.startswith("emq@") else shown
    nodes.require(name)
    return name


# --- what comes in


class BodySchema(Schema):
    """A JSON body; unknown keys are ignored. Fields that are not checked before the handler are `Raw`."""

    class Meta:
        unknown = INCLUDE


class PageQuery(Schema):
    """The query of every paged listing."""

    curr_page = fields.Integer(load_default=1)
    page_size = fields.Integer(load_default=20)


async def authenticate(call: Call) -> Principal:
    """Dashboard users on both ports; tags give no rights."""
    if call.path == OPEN_PATH:
        return ANONYMOUS
    header = call.headers.get("authorization")
    if header is not None and not header.startswith("Basic "):
        raise Fault(F.CREDENTIALS_MALFORMED)
    name, password = basic_credentials(header)
    user = call.engine.users.verify(name, password)
    if user is None:
        raise Fault(F.CREDENTIALS_WRONG)
    return Principal("user", name, user.role)


def check_path(call: Call) -> None:
    """The dashboard's own web server knows `/api/v2/…` but not `/api/v2`. Faults: PATH_INCOMPLETE."""
    if not call.path and call.port == DASHBOARD:
        raise Fault(F.PATH_INCOMPLETE)


def decode(segment: str) -> str:
    """A raw parameter to text: `%XX` is a byte, `+` a space, a broken escape stays as it is."""
    raw = segment.replace("+", " ").encode("ascii", "surrogateescape")
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def parse_body(call: Call) -> Any:
    """Any body is JSON, whatever its content type; GET has none. Faults: BODY_NOT_JSON.

    Of repeated keys the first counts; bytes that are no UTF-8 become U+FFFD.
    """
    if call.method == "GET":
        return MISSING
    try:
        return loads_first(call.raw_body.decode("utf-8", "replace"))
    except ValueError:
        raise Fault(F.BODY_NOT_JSON) from None


def arguments(call: Call, schema: Schema) -> dict[str, Any]:
    """The body's fields. An array has none, and what is missing goes before what is wrong.

    Faults: BODY_TYPE (a scalar), PARAMETER_MISSING, PARAMETER_TYPE.
    """
    body: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    if not isinstance(call.body, dict | list | Missing):
        raise Fault(F.BODY_TYPE)
    for name, field in schema.fields.items():
        if field.required and name not in body:
            raise Fault(F.PARAMETER_MISSING, name=name)
    for name in schema.validate(body):
        raise Fault(F.PARAMETER_TYPE, name=name, value=body[name])
    return body


def page_numbers(call: Call) -> tuple[int, int]:
    """`curr_page` and `page_size`, decimal. Faults: PAGE_INVALID."""
    given = first_values(call.query)
    return _decimal(given.get("curr_page", "1")), _decimal(given.get("page_size", "20"))


def page_request(call: Call) -> PageRequest:
    """The asked page, of at least one row. Faults: PAGE_INVALID."""
    number, size = page_numbers(call)
    if size < 1:
        raise Fault(F.PAGE_INVALID)
    return PageRequest(number, size)


def _decimal(text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 4000:
        raise Fault(F.PAGE_INVALID)
    return max(-_LARGEST, min(int(text), _LARGEST))


# --- what goes out


def json_answer(value: object, status: int = 200) -> Response:
    """`value` as compact JSON in ASCII."""
    return Response(to_ascii_json(value), status, media_type="application/json")


def ok(result: object = ()) -> Response:
    """`{"code":0,"result":…}`; nothing to tell is `[]`."""
    return json_answer({"code": 0, "result": result})


async def paged(page: Page[T], request: PageRequest, render: Callable[[T], Any]) -> Response:
    """`{"code":0,"result":{current_page,page_size,total_num,total_page,objects}}`."""
    total = page.total if page.matched is None else page.matched
    return ok(
        {
            "current_page": request.number,
            "page_size": request.limit,
            "total_num": total,
            "total_page": ceil(total / request.limit),
            "objects": await json_rows(page.rows, render, to_ascii_json),
        }
    )


async def objects(rows: Sequence[T], render: Callable[[T], Any]) -> Response:
    """`{"code":0,"result":{"objects":[…]}}`: a look-up, which may find nothing."""
    return ok({"objects": await json_rows(rows, render, to_ascii_json)})


def render_fault(fault: Fault, call: Call) -> Response:
    """`{"code":…,"message":…}`, plain text or nothing, as the catalogue's cell says."""
    if call.outside and call.port == DASHBOARD:
        fault = Fault(F.PATH_INCOMPLETE)
    wire = wire_for(fault, call)
    headers = dict(wire.headers)
    if wire.empty:
        return Response(None, wire.status, headers)
    message = message_of(wire, Fault(fault.kind, **{name: as_replacement(v) for name, v in fault.params.items()}))
    if wire.text:
        return Response(message, wire.status, {**headers, "Content-Type": "text/plain"})
    body = {"code": wire.code} if message is None else {"code": wire.code, "message": message}
    return json_answer(body, wire.status)


def as_replacement(value: object) -> object:
    """Text as the old server's messages show it: it went through a regular expression's replacement.

    `&` stood for the whole match (`${0}`), a backslash with digits for a group (nothing), another one for itself.
    """
    if not isinstance(value, str):
        return value
    return _REPLACEMENT.sub(lambda hit: "${0}" if hit[0] == "&" else hit[1] or "", value)


DIALECT = Dialect(
    name="v2",
    prefix="/api/v2",
    ports=(MANAGEMENT_LEGACY, DASHBOARD),
    authenticate=authenticate,
    authenticate_first=True,
    parse_body=parse_body,
    render_fault=render_fault,
    column=COLUMN,
    max_body=MAX_BODY,
    check_path=check_path,
    router=partial(SpanningRouter, strict=STRICT_PATHS, decode=decode),
    headers={"Server": SERVER},
)
