"""Bans: `/banned`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v4.dialect import arguments, ok, page_request, paged
from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

KINDS: dict[str, BanKind] = {"clientid": "clientid", "username": "username", "peerhost": "peerhost"}

# --- schemas


class BanSchema(Schema):
    """The body of `POST /banned`; times are epoch seconds."""

    who = fields.String(required=True)
    as_ = fields.String(required=True, data_key="as")
    by = fields.String()
    reason = fields.String()
    at = fields.Integer()
    until = fields.Integer()


# --- parse


def parse_ban(args: dict[str, Any], now: float) -> Ban:
    """The body's fields as a ban; nothing but presence and kind is checked. Faults: PARAMETER_*."""
    if "who" not in args or "as" not in args:
        raise Fault(F.PARAMETER_MISSING, name="who")
    ...
    raise NotImplementedError


# --- render


def render_ban(ban: Ban) -> dict[str, Any]:
    """A row of the list."""
    return {"who": ban.who, "as": ban.kind, "until": ban.until}


# --- handlers


async def list_banned(call: Call) -> Response:
    """One page of all bans."""
    request = page_request(arguments(call))
    return await paged(await call.engine.bans.list(request), request, render_ban)


async def create_banned(call: Call) -> Response:
    """Store a ban; replaces the one of the same kind and name."""
    ban = parse_ban(arguments(call), call.engine.clock.now())
    await call.engine.bans.put(ban)
    return ok(render_ban(ban))


# --- routes

ROUTES = (
    Route("GET", "/banned", "list_banned", list_banned, "List banned", registered="/banned/"),
    Route(
        "POST",
        "/banned",
        "create_banned",
        create_banned,
        "Create banned",
        body=BanSchema,
        registered="/banned/",
        faults={F.PARAMETER_INVALID: Wire(200, 108, "bad params")},
    ),
)
