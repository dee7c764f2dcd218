"""Applications, whose ids and secrets open the management port: `/apps`, on the dashboard port only."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from starlette.responses import Response

from api_v4.dialect import UNKNOWN, Arguments, arguments, ok
from emqx_compat.core.accounts import ApiKey
from emqx_compat.core.credentials import valid_app_id
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD, Route, Wire

MAX_APP_ID = 256
SECRET_LENGTH = 44

# --- schemas


class AppUpdateSchema(Schema):
    """The body of `PUT /apps/{appid}`: what is left out becomes "undefined"."""

    name = fields.String()
    desc = fields.String()
    status = fields.Boolean()
    expired = fields.Integer()


class AppSchema(AppUpdateSchema):
    """The body of `POST /apps`; without `status` the app opens nothing."""

    app_id = fields.String(required=True, validate=validate.Length(1, MAX_APP_ID))
    secret = fields.String()


# --- parse


def parse_app_id(args: Arguments) -> str:
    """Faults: PARAMETER_TYPE (no text), PARAMETER_INVALID (its length), APP_RULE (its characters)."""
    app_id = args.get("app_id")
    if not isinstance(app_id, str):
        raise Fault(F.PARAMETER_TYPE, name="app_id", value=app_id)
    if not 0 < len(app_id) <= MAX_APP_ID:
        raise Fault(F.PARAMETER_INVALID, name="app_id", value=app_id)
    if not valid_app_id(app_id):
        raise Fault(F.APP_RULE, app_id=app_id)
    return app_id


def parse_secret(args: Arguments) -> str | None:
    """The given secret; None when one is to be made. Faults: PARAMETER_TYPE."""
    secret = args.get("secret") or None
    if secret is not None and not isinstance(secret, str):
        raise Fault(F.PARAMETER_TYPE, name="secret", value=secret)
    return secret


def set_fields(app: ApiKey, args: Arguments) -> ApiKey:
    """Overwrite all four fields; what was left out becomes "undefined".

    4.4.19 checks no types: what does not fit an `ApiKey` is kept in `extra` and shown again.
    """
    app.title, app.desc, app.enabled, app.expired_at = UNKNOWN, UNKNOWN, None, None
    app.extra = {}
    for name, (field, type_) in _FIELDS.items():
        if name not in args:
            continue
        value = args[name]
        if type(value) is type_:
            setattr(app, field, value)
        else:
            app.extra[name] = value
    return app


_FIELDS: dict[str, tuple[str, type]] = {
    "name": ("title", str),
    "desc": ("desc", str),
    "status": ("enabled", bool),
    "expired": ("expired_at", int),
}

# --- render


def render_app(app: ApiKey) -> dict[str, Any]:
    """A row of the list; a key that 5.x made goes by its own name."""
    row = {
        "app_id": app.key,
        "name": app.title if app.secret is not None else app.name,
        "desc": app.desc,
        "status": UNKNOWN if app.enabled is None else app.enabled,
        "expired": UNKNOWN if app.expired_at is None else app.expired_at,
    }
    return row | {name: value for name, value in app.extra.items() if name in row}


def render_app_with_secret(app: ApiKey) -> dict[str, Any]:
    """One app; of a key that 5.x made only a hash is known."""
    return {**render_app(app), "secret": UNKNOWN if app.secret is None else app.secret}


# --- handlers


async def list_apps(call: Call) -> Response:
    """All apps, without their secrets."""
    return ok([render_app(app) for app in await call.engine.api_keys.list("v4")])


async def lookup_app(call: Call) -> Response:
    """One app; an empty object when there is none."""
    app = await call.engine.api_keys.get("v4", key=call.params["appid"])
    return ok({} if app is None else render_app_with_secret(app))


async def add_app(call: Call) -> Response:
    """Create an app and tell its secret."""
    args = arguments(call)
    app_id = parse_app_id(args)
    secret = parse_secret(args) or call.engine.ids.text(SECRET_LENGTH)
    app = set_fields(ApiKey(name=app_id, key=app_id, secret=secret), args)
    await call.engine.api_keys.create(app, secret)
    return ok({"secret": secret})


async def update_app(call: Call) -> Response:
    """Overwrite everything but the secret."""
    app = await call.engine.api_keys.get("v4", key=call.params["appid"])
    if app is None:
        raise Fault(F.APP_NOT_FOUND)
    await call.engine.api_keys.update(set_fields(app, arguments(call)))
    return ok()


async def del_app(call: Call) -> Response:
    """Delete an app; one that was never there is no mistake."""
    app = await call.engine.api_keys.get("v4", key=call.params["appid"])
    if app is not None:
        await call.engine.api_keys.delete(app.name)
    return ok()


# --- routes

_PORTS = frozenset({DASHBOARD})
_DONE = {"code": 0}
_ROW = {
    "app_id": "admin",
    "name": "Default",
    "desc": "Application user",
    "status": True,
    "expired": "undefined",
}

ROUTES = (
    Route(
        "POST",
        "/apps",
        "add_app",
        add_app,
        "Add Application",
        registered="/apps/",
        ports=_PORTS,
        body=AppSchema,
        example={"data": {"secret": "sR647NrBrvJK9C5rTqijrH6bFub1gCrlHx0JKAZaHtvG"}, "code": 0},
        faults={
            F.PARAMETER_INVALID: Wire(message="0 < Length =< 256"),
            F.APP_RULE: Wire(message="required: ^[A-Za-z0-9]+[A-Za-z0-9-_]*$"),
            F.APP_EXISTS: Wire(message="already_existed"),
        },
    ),
    Route("DELETE", "/apps/{appid}", "del_app", del_app, "Delete Application", ports=_PORTS, example=_DONE),
    Route(
        "GET",
        "/apps",
        "list_apps",
        list_apps,
        "List Applications",
        registered="/apps/",
        ports=_PORTS,
        example={"data": [_ROW], "code": 0},
    ),
    Route(
        "GET",
        "/apps/{appid}",
        "lookup_app",
        lookup_app,
        "Lookup Application",
        ports=_PORTS,
        example={"data": {**_ROW, "secret": "public"}, "code": 0},
    ),
    Route(
        "PUT",
        "/apps/{appid}",
        "update_app",
        update_app,
        "Update Application",
        ports=_PORTS,
        body=AppUpdateSchema,
        example=_DONE,
        faults={F.APP_NOT_FOUND: Wire(message="not_found")},
    ),
)
