"""API keys: `/api_key`. None of it can be called with an API key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from api_v5.dialect import FOREVER, listed, no_content, ok, second, second_or_forever
from api_v5.faults import crash
from api_v5.fields import Boolean, Either, Epoch, Literal, Text
from api_v5.validation import FieldList, body, parameter
from emqx_compat.core.accounts import ROLES, ApiKey
from emqx_compat.core.credentials import valid_key_name
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

SECRET_LENGTH = 44


def _name_rule(name: str) -> str | None:
    return None if valid_key_name(name) else "Name should be ^[A-Za-z]+[A-Za-z0-9-_]*$"


def _role_rule(role: str) -> str | None:
    return None if role in ROLES else "Role does not exist"


NAME = Text(rule=_name_rule)
_END = Epoch("second")

# --- schemas


class ApiKeyUpdateSchema(FieldList):
    """The body of `PUT /api_key/{name}`; what is not given is kept, but for end and role, which are reset."""

    expired_at = Either({_END.expected: _END, FOREVER: Literal(FOREVER)}, load_default=FOREVER)
    desc = Text()
    enable = Boolean()
    role = Text(rule=_role_rule, load_default="administrator")


class ApiKeySchema(ApiKeyUpdateSchema):
    """The body of `POST /api_key`."""

    name = Text(required=True, rule=_name_rule)


# --- parse


def parse_end(value: int | str) -> int | None:
    """`expired_at` as epoch seconds; None = never."""
    return None if isinstance(value, str) else value


# --- render


def render_key(api_key: ApiKey, now: float, secret: str | None = None) -> dict[str, Any]:
    """An API key; the secret only in the answer that tells it."""
    rendered = {
        "name": api_key.name,
        "api_key": api_key.key,
        "desc": api_key.desc,
        "enable": bool(api_key.enabled),
        "expired": api_key.expired_at is not None and api_key.expired_at < int(now),
        "expired_at": second_or_forever(api_key.expired_at),
        "role": api_key.role,
        "created_at": second(api_key.created_at),
    }
    return rendered if secret is None else rendered | {"api_secret": secret}


# --- handlers


async def list_api_keys(call: Call) -> Response:
    """All keys, also the apps of v3 and v4."""
    now = call.engine.clock.now()
    return await listed(await call.engine.api_keys.list("v5"), lambda api_key: render_key(api_key, now))


async def create_api_key(call: Call) -> Response:
    """A new key, whose secret is told this once."""
    given = body(call)
    for name in ("enable", "desc"):
        if name not in given:
            raise Fault(F.PARAMETER_MISSING, name=name)
    secret = call.engine.ids.text(SECRET_LENGTH)
    api_key = ApiKey(
        name=given["name"],
        key="",
        title=given["name"],
        desc=given["desc"],
        enabled=given["enable"],
        expired_at=parse_end(given["expired_at"]),
        role=given["role"],
        created_at=call.engine.clock.now(),
    )
    await call.engine.api_keys.create(api_key, secret)
    created = await _require(call, given["name"])
    return ok(render_key(created, call.engine.clock.now(), secret))


async def get_api_key(call: Call) -> Response:
    """One key."""
    api_key = await _require(call, parameter(call, "name", NAME))
    return ok(render_key(api_key, call.engine.clock.now()))


async def update_api_key(call: Call) -> Response:
    """Change everything but name, key and secret."""
    name = parameter(call, "name", NAME)
    given = body(call)
    api_key = await _require(call, name)
    api_key = replace(
        api_key,
        desc=given.get("desc", api_key.desc),
        enabled=given.get("enable", api_key.enabled),
        expired_at=parse_end(given["expired_at"]),
        role=given["role"],
    )
    await call.engine.api_keys.update(api_key)
    return ok(render_key(api_key, call.engine.clock.now()))


async def delete_api_key(call: Call) -> Response:
    """Remove a key."""
    name = parameter(call, "name", NAME)
    await _require(call, name)
    await call.engine.api_keys.delete(name)
    return no_content()


async def _require(call: Call, name: str) -> ApiKey:
    api_key = await call.engine.api_keys.get("v5", name=name)
    if api_key is None:
        raise Fault(F.APP_NOT_FOUND)
    return api_key


# --- routes

_EXAMPLE = {
    "name": "EMQX-API-KEY-1",
    "api_key": "a4697a5c75a769f6",
    "desc": "Note",
    "enable": True,
    "expired": False,
    "expired_at": "2031-12-05T02:01:34+00:00",
    "role": "administrator",
    "created_at": "2021-12-01T00:00:00+00:00",
}

ROUTES = (
    Route("GET", "/api_key", "list_api_keys", list_api_keys, "List API keys", tag="API Keys", example=[_EXAMPLE]),
    Route(
        "POST",
        "/api_key",
        "create_api_key",
        create_api_key,
        "Create an API key",
        tag="API Keys",
        body=ApiKeySchema,
        example=_EXAMPLE | {"api_secret": "vJ1ZDWyfzLvUXpdMcXXLbtbwbB9C4KPuZTtBoWjkxDAn"},
        faults={F.PARAMETER_MISSING: crash("error, {{badmatch,#{{}}}}")},
    ),
    Route(
        "GET",
        "/api_key/{name}",
        "get_api_key",
        get_api_key,
        "Get an API key",
        tag="API Keys",
        example=_EXAMPLE,
    ),
    Route(
        "PUT",
        "/api_key/{name}",
        "update_api_key",
        update_api_key,
        "Update an API key",
        tag="API Keys",
        body=ApiKeyUpdateSchema,
        example=_EXAMPLE,
    ),
    Route("DELETE", "/api_key/{name}", "delete_api_key", delete_api_key, "Delete an API key", tag="API Keys"),
)
