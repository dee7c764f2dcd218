"""Applications, the credentials of programs: `/apps` (dashboard port only)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import ON_DASHBOARD, UNKNOWN, Arguments, arguments, fits, ok, or_unknown
from emqx_compat.core.accounts import ApiKey
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

SECRET_LENGTH = 47
DEFAULT_SECRET = "management.application.default_secret"
"""The key of the plugin's configuration."""
FIELDS: dict[str, type] = {"name": str, "desc": str, "status": bool, "expired": int}

# --- schemas


class AppUpdateSchema(Schema):
    """The body of `PUT /apps/:appid`; `expired` is in epoch seconds."""

    name = fields.String()
    desc = fields.String()
    status = fields.Boolean()
    expired = fields.Integer()


class AppSchema(AppUpdateSchema):
    """The body of `POST /apps`."""

    app_id = fields.String(required=True)
    secret = fields.String()


# --- parse


def with_fields(app: ApiKey, args: Arguments) -> ApiKey:
    """The app with name, desc, status and expired replaced, also by nothing.

    3.2.8 checks no types: a value that an `ApiKey` cannot hold is kept in `extra` and shown again.
    """
    sent = {name: args[name] for name in FIELDS if name in args}
    held: dict[str, Any] = {
        name: value for name, value in sent.items() if fits(value, FIELDS[name]) and value != ""
    }
    return replace(
        app,
        title=held.get("name", ""),
        desc=held.get("desc", ""),
        enabled=held.get("status"),
        expired_at=held.get("expired"),
        extra={name: value for name, value in sent.items() if name not in held},
    )


def parse_secret(args: Arguments, call: Call) -> str:
    """The secret that was sent, else the default that the management plugin was told, else a new one.

    Faults: PARAMETER_TYPE.
    """
    secret = args.get("secret", "")
    if not isinstance(secret, str):
        raise Fault(F.PARAMETER_TYPE, name="secret", value=secret)
    told = call.engine.features.options("management") or {}
    return secret or told.get(DEFAULT_SECRET) or call.engine.ids.text(SECRET_LENGTH)


# --- render


def render_app(app: ApiKey) -> dict[str, Any]:
    """A row of the list, without the secret; the hub's values, else those that it could not hold."""
    sent = app.extra
    return {
        "app_id": app.key,
        "name": app.title or sent.get("name", UNKNOWN),
        "desc": app.desc or sent.get("desc", UNKNOWN),
        "status": sent.get("status", UNKNOWN) if app.enabled is None else app.enabled,
        "expired": sent.get("expired", UNKNOWN) if app.expired_at is None else app.expired_at,
    }


def render_secret(app: ApiKey) -> dict[str, Any]:
    """The single form; the secret of a key that v5 made is not known."""
    row = render_app(app)
    return {"app_id": row.pop("app_id"), "secret": or_unknown(app.secret), **row}


# --- handlers


async def list_apps(call: Call) -> Response:
    """All apps."""
    return ok([render_app(app) for app in await call.engine.api_keys.list("v3")])


async def lookup_app(call: Call) -> Response:
    """One app with its secret; an empty list when there is none."""
    app = await call.engine.api_keys.get("v3", key=call.params["appid"])
    return ok([] if app is None else render_secret(app))


async def add_app(call: Call) -> Response:
    """Create an app; the answer tells its secret."""
    args = arguments(call)
    app_id = args.get("app_id")
    if not isinstance(app_id, str) or not app_id:
        raise Fault(F.PARAMETER_TYPE, name="app_id", value=app_id)
    secret = parse_secret(args, call)
    await call.engine.api_keys.create(with_fields(ApiKey(name=app_id, key=app_id, secret=secret), args), secret)
    return ok({"secret": secret})


async def update_app(call: Call) -> Response:
    """Replace everything but id and secret."""
    app = await call.engine.api_keys.get("v3", key=call.params["appid"])
    if app is None:
        raise Fault(F.APP_NOT_FOUND)
    await call.engine.api_keys.update(with_fields(app, arguments(call)))
    return ok()


async def del_app(call: Call) -> Response:
    """Delete an app; one that was never there is no mistake."""
    app = await call.engine.api_keys.get("v3", key=call.params["appid"])
    if app is not None:
        await call.engine.api_keys.delete(app.name)
    return ok()


# --- routes

ROW = {"name": "my app", "desc": "d", "status": True, "expired": 4102444800}

ROUTES = (
    Route(
        "POST",
        "/apps",
        "add_app",
        add_app,
        "Add Application",
        registered="/apps/",
        ports=ON_DASHBOARD,
        body=AppSchema,
        example={"code": 0, "data": {"secret": "MzMxMTU1NjkyNDgzMjMwNzMyNjIzMTg3NTQ1NDU1MzI5MjI"}},
    ),
    Route(
        "DELETE",
        "/apps/{appid:raw}",
        "del_app",
        del_app,
        "Delete Application",
        ports=ON_DASHBOARD,
        example={"code": 0},
    ),
    Route(
        "GET",
        "/apps",
        "list_apps",
        list_apps,
        "List Applications",
        registered="/apps/",
        ports=ON_DASHBOARD,
        example={"code": 0, "data": [{"app_id": "myapp", **ROW}]},
    ),
    Route(
        "GET",
        "/apps/{appid:raw}",
        "lookup_app",
        lookup_app,
        "Lookup Application",
        ports=ON_DASHBOARD,
        example={
            "code": 0,
            "data": {"app_id": "myapp", "secret": "MzMxMTU1NjkyNDgzMjMwNzMyNjIzMTg3NTQ1NDU1MzI5MjI", **ROW},
        },
    ),
    Route(
        "PUT",
        "/apps/{appid:raw}",
        "update_app",
        update_app,
        "Update Application",
        ports=ON_DASHBOARD,
        body=AppUpdateSchema,
        example={"code": 0},
    ),
)
