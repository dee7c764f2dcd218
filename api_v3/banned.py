"""Bans: `/banned`."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from marshmallow import Schema, fields, validate
from starlette.responses import Response

from api_v3.dialect import Arguments, PageQuery, arguments, fits, ok, or_unknown, page_request, paged
from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

KINDS: dict[str, BanKind] = {"client_id": "clientid", "username": "username", "ip_address": "peerhost"}
WORDS = {kind: word for word, kind in KINDS.items()}
FIELDS: dict[str, type] = {"by": str, "reason": str, "until": int, "desc": str}

# --- schemas


class BanSchema(Schema):
    """The body of `POST /banned`; `until` is in epoch seconds."""

    who = fields.String(required=True)
    as_ = fields.String(required=True, data_key="as", validate=validate.OneOf(list(KINDS)))
    reason = fields.String()
    by = fields.String()
    desc = fields.String()
    until = fields.Integer()


class KindQuery(Schema):
    """The query of `DELETE /banned/:who`."""

    as_ = fields.String(required=True, data_key="as", validate=validate.OneOf(list(KINDS)))


# --- parse


def parse_kind(args: Arguments, *required: str) -> BanKind:
    """What is banned. Faults: PARAMETER_MISSING (any of `required`), PARAMETER_INVALID."""
    if any(name not in args for name in required):
        raise Fault(F.PARAMETER_MISSING, name=_quoted(required))
    value = args["as"]
    kind = KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        raise Fault(F.PARAMETER_INVALID, name="as", value=value, reason=_quoted(KINDS))
    return kind


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def parse_ban(args: Arguments) -> Ban:
    """The ban that the fields make.

    3.2.8 checks no types: what does not fit a `Ban` (a number as name, a time that is text, `desc`) is kept in
    `extra` and shown again. Faults: PARAMETER_MISSING, PARAMETER_INVALID, BAN_INVALID (no address).
    """
    kind = parse_kind(args, "who", "as")
    who = args["who"]
    ban = Ban(kind=kind, who=parse_address(who) if kind == "peerhost" else str(who))
    if not isinstance(who, str):
        ban.extra["who"] = who
    for name, kind_ in FIELDS.items():
        if name not in args:
            continue
        if fits(args[name], kind_) and name != "desc":
            setattr(ban, name, args[name])
        else:
            ban.extra[name] = args[name]
    return ban


def parse_address(who: object) -> str:
    """An address in its usual spelling. Faults: BAN_INVALID."""
    try:
        return str(ip_address(who if isinstance(who, str) else ""))
    except ValueError:
        raise Fault(F.BAN_INVALID, reason="not an address") from None


# --- render


def render_ban(ban: Ban) -> dict[str, Any]:
    """A row of the list; kinds that 3.x does not know keep their later names."""
    row = {
        "as": WORDS.get(ban.kind, ban.kind),
        "by": or_unknown(ban.by),
        "desc": or_unknown(None),
        "reason": or_unknown(ban.reason),
        "until": or_unknown(ban.until),
        "who": ban.who,
    }
    return row | {name: value for name, value in ban.extra.items() if name in row}


# --- handlers


async def list_banned(call: Call) -> Response:
    """One page of all bans."""
    request, meta = page_request(arguments(call))
    page = await call.engine.bans.list(request)
    return await paged(page.rows, page.total, meta, render_ban)


async def create_banned(call: Call) -> Response:
    """Store a ban, replacing the one of the same kind and name, and echo every field that was sent."""
    args = arguments(call)
    await call.engine.bans.put(parse_ban(args))
    return ok(args)


async def delete_banned(call: Call) -> Response:
    """Lift a ban; one that was never there is no mistake."""
    await call.engine.bans.remove(parse_kind(arguments(call), "as"), call.params["who"])
    return ok()


# --- routes

ROUTES = (
    Route(
        "GET",
        "/banned",
        "list_banned",
        list_banned,
        "List banned",
        registered="/banned/",
        query=PageQuery,
        example={
            "code": 0,
            "data": [
                {
                    "as": "client_id",
                    "by": "me",
                    "desc": "d",
                    "reason": "r",
                    "until": 4102444800,
                    "who": "bad1",
                }
            ],
            "meta": {"page": 1, "limit": 10000, "count": 1},
        },
    ),
    Route(
        "POST",
        "/banned",
        "create_banned",
        create_banned,
        "Create banned",
        registered="/banned/",
        body=BanSchema,
        example={
            "code": 0,
            "data": {
                "who": "mqttjs_ab9069449e",
                "as": "client_id",
                "reason": "banned the clientId",
                "desc": "normal banned",
                "until": 1536146187,
            },
        },
    ),
    Route(
        "DELETE",
        "/banned/{who}",
        "delete_banned",
        delete_banned,
        "Delete banned",
        query=KindQuery,
        example={"code": 0},
    ),
)
