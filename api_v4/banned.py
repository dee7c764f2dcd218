"""Bans: `/banned`."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

from marshmallow import Schema, fields, validate
from starlette.responses import Response

from api_v4.dialect import UNKNOWN, Arguments, PageQuery, arguments, ok, page_request, paged
from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

KINDS: dict[str, BanKind] = {"clientid": "clientid", "username": "username", "peerhost": "peerhost"}
DEFAULT_BY = "user"
DEFAULT_SECONDS = 300

# --- schemas


class BanSchema(Schema):
    """The body of `POST /banned`; times are epoch seconds."""

    who = fields.String(required=True)
    as_ = fields.String(required=True, data_key="as", validate=validate.OneOf(list(KINDS)))
    reason = fields.String(required=True)
    by = fields.String(load_default=DEFAULT_BY)
    at = fields.Integer()
    until = fields.Integer()


# --- parse


def parse_kind(value: object) -> BanKind:
    """What is banned. Faults: PARAMETER_INVALID."""
    kind = KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        raise Fault(F.PARAMETER_INVALID, name="as", value=value)
    return kind


def parse_who(kind: BanKind, who: str) -> str:
    """The name below which a ban is kept. Faults: BAN_INVALID (no address)."""
    if kind != "peerhost":
        return who
    try:
        return str(ip_address(who))
    except ValueError:
        raise Fault(F.BAN_INVALID, reason="not an address") from None


def parse_ban(args: Arguments, now: int) -> Ban:
    """The ban that the fields make.

    4.4.19 checks no types: what does not fit a `Ban` (a number as name, a time that is text) is kept in `extra`
    and shown again. Faults: PARAMETER_MISSING, PARAMETER_INVALID, BAN_INVALID (no reason, no address).
    """
    if "who" not in args or "as" not in args:
        raise Fault(F.PARAMETER_MISSING, name="who")
    kind = parse_kind(args["as"])
    if "reason" not in args:
        raise Fault(F.BAN_INVALID, reason="reason is missing")
    given = {"by": DEFAULT_BY, "at": now, "until": now + DEFAULT_SECONDS, **args}
    ban = Ban(kind=kind, who=parse_who(kind, str(given["who"])))
    for name, type_ in _TYPES.items():
        value = given[name]
        if type(value) is not type_:
            ban.extra[name] = value
        elif name != "who":
            setattr(ban, name, value)
    return ban


_TYPES: dict[str, type] = {"who": str, "by": str, "reason": str, "at": int, "until": int}

# --- render


def render_ban(ban: Ban) -> dict[str, Any]:
    """A row of the list."""
    row = {
        "who": _address(ban.who) if ban.kind == "peerhost" else ban.who,
        "until": "infinity" if ban.until is None else ban.until,
        "reason": UNKNOWN if ban.reason is None else ban.reason,
        "by": UNKNOWN if ban.by is None else ban.by,
        "at": UNKNOWN if ban.at is None else ban.at,
        "as": ban.kind,
    }
    return row | {name: value for name, value in ban.extra.items() if name in row}


def _address(who: str) -> str:
    """An address as Erlang prints it: the last 32 bits of `::1:2` are dotted, `::0.1.0.2`."""
    try:
        address = ip_address(who)
    except ValueError:
        return who
    low = int(address)
    if isinstance(address, IPv6Address) and 0xFFFF < low < 1 << 32:
        return "::" + ".".join(str(byte) for byte in low.to_bytes(4, "big"))
    return str(address)


# --- handlers


async def list_banned(call: Call) -> Response:
    """One page of all bans; nothing filters it."""
    request, meta = page_request(arguments(call), least=1, most=None)
    return await paged(await call.engine.bans.list(request), meta, render_ban)


async def create_banned(call: Call) -> Response:
    """Store a ban, replacing the one of the same kind and name, and echo every field that was sent.

    A ban of a client id ends that client's connection (4.4.15 and later).
    """
    args = arguments(call)
    ban = parse_ban(args, int(call.engine.clock.now()))
    await call.engine.bans.put(ban)
    if ban.kind == "clientid" and "who" not in ban.extra:
        await call.engine.clients.kick(ban.who, discard_session=True)
    return ok(args)


async def delete_banned(call: Call) -> Response:
    """Lift a ban; one that was never there is no mistake. A path cannot name a ban of something else than text."""
    kind = parse_kind(call.params["as"])
    who = parse_who(kind, call.params["who"])
    ban = await call.engine.bans.get(kind, who)
    if ban is not None and "who" not in ban.extra:
        await call.engine.bans.remove(kind, who)
    return ok()


# --- routes

_BAD_KIND = Wire(code=108, message="value of 'as' must be one of: ['clientid', 'username', 'peerhost']")

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
            "meta": {"page": 1, "limit": 10000, "count": 1},
            "data": [
                {
                    "who": "example",
                    "until": 1582265833,
                    "reason": "undefined",
                    "by": "user",
                    "at": 1582265533,
                    "as": "clientid",
                }
            ],
            "code": 0,
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
        example={"data": {"who": "example", "as": "clientid", "reason": "example"}, "code": 0},
        faults={
            F.PARAMETER_MISSING: Wire(code=107, message="missing mandatory params: ['who', 'as']"),
            F.PARAMETER_INVALID: _BAD_KIND,
        },
    ),
    Route(
        "DELETE",
        "/banned/{as}/{who}",
        "delete_banned",
        delete_banned,
        "Delete banned",
        registered="/banned/:who",
        example={"code": 0},
        faults={F.PARAMETER_INVALID: _BAD_KIND},
    ),
)
