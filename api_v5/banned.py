"""Bans: `/banned`."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from starlette.responses import Response

from api_v5.dialect import no_content, ok, page_request, paged, second, second_or_forever
from api_v5.faults import crash
from api_v5.fields import Enum, Epoch, Text
from api_v5.validation import PageQuery, Struct, body, parameter, query
from emqx_compat.core.bans import BAN_KINDS, Ban, BanKind
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.respond import to_json
from emqx_compat.http.route import Route

YEAR = 365 * 86_400
"""How long a ban lasts when nothing is said, in seconds."""
DEFAULT_BY = "mgmt_api"
KIND = Enum(*BAN_KINDS)

# --- schemas


class BanSchema(Struct):
    """The body of `POST /banned`; times are epoch seconds or RFC 3339."""

    as_ = Enum(*BAN_KINDS, required=True, data_key="as")
    who = Text(required=True)
    by = Text(load_default=DEFAULT_BY)
    reason = Text(load_default="")
    at = Epoch("second")
    until = Epoch("second")


# --- parse


def parse_who(kind: BanKind, who: str) -> str:
    """The name below which a ban is kept: addresses in their usual spelling. Faults: BAN_INVALID."""
    try:
        match kind:
            case "peerhost":
                return str(ip_address(who))
            case "peerhost_net":
                return str(ip_network(who, strict=False))
    except ValueError:
        raise Fault(F.BAN_INVALID, reason=_REFUSALS[kind]) from None
    return who


_REFUSALS: dict[BanKind, str] = {"peerhost": '"bad peerhost"', "peerhost_net": "{badmatch,{error,einval}}"}
"""What 5.6.1 says to an address that is none."""


def parse_ban(given: dict[str, Any], now: int) -> Ban:
    """The ban that a body asks for. Faults: BAN_INVALID, BAN_EXPIRED."""
    at = given.get("at", now)
    until = given.get("until", now + YEAR)
    if until <= now:
        raise Fault(F.BAN_EXPIRED, at=at, until=until)
    kind = given["as_"]
    return Ban(kind, parse_who(kind, given["who"]), given["by"], given["reason"], at, until)


# --- render


def render_ban(ban: Ban) -> dict[str, Any]:
    """A ban; one that another generation made may know less."""
    return {
        "as": ban.kind,
        "who": ban.who,
        "by": ban.by or "",
        "reason": ban.reason or "",
        "at": second(ban.at or 0),
        "until": second_or_forever(ban.until),
    }


# --- handlers


async def list_banned(call: Call) -> Response:
    """One page of all bans, without `hasnext`."""
    request = page_request(query(call))
    page = await call.engine.bans.list(request)
    return await paged(page, request, render_ban, count=page.total, hasnext=False)


async def create_banned(call: Call) -> Response:
    """A new ban; an expired one of the same name is replaced. A ban of a client id ends that client's session."""
    now = int(call.engine.clock.now())
    ban = parse_ban(body(call), now)
    present = await call.engine.bans.get(ban.kind, ban.who)
    if present is not None and (present.until is None or present.until > now):
        raise Fault(F.BAN_EXISTS, ban=to_json(render_ban(present)).decode())
    await call.engine.bans.put(ban)
    if ban.kind == "clientid":
        await call.engine.clients.kick(ban.who, discard_session=True)
    return ok(render_ban(ban))


async def delete_banned(call: Call) -> Response:
    """Lift a ban."""
    kind, who = parameter(call, "as", KIND), call.params["who"]
    if not await call.engine.bans.remove(kind, parse_who(kind, who)):
        raise Fault(F.BAN_NOT_FOUND, as_=kind, who=who)
    return no_content()


async def clear_banned(call: Call) -> Response:
    """Lift all bans."""
    await call.engine.bans.clear()
    return no_content()


# --- routes

_EXAMPLE = {
    "as": "username",
    "who": "Banned name",
    "by": "mgmt_api",
    "reason": "Too many requests",
    "at": "2021-10-25T21:48:47+08:00",
    "until": "2031-10-25T21:53:47+08:00",
}

ROUTES = (
    Route(
        "GET",
        "/banned",
        "list_banned",
        list_banned,
        "List bans",
        tag="Banned",
        query=PageQuery,
        example={"data": [_EXAMPLE], "meta": {"page": 1, "limit": 100, "count": 1}},
    ),
    Route(
        "POST",
        "/banned",
        "create_banned",
        create_banned,
        "Ban a client id, a user name or an address",
        tag="Banned",
        body=BanSchema,
        example=_EXAMPLE,
    ),
    Route("DELETE", "/banned", "clear_banned", clear_banned, "Lift all bans", tag="Banned"),
    Route(
        "DELETE",
        "/banned/{as}/{who}",
        "delete_banned",
        delete_banned,
        "Lift a ban",
        tag="Banned",
        faults={F.BAN_INVALID: crash("error, {reason}")},
    ),
)
