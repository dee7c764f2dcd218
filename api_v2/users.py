"""Dashboard users: `/users`, `/auth`, `/change_pwd`. Any user may do anything, to other users too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import fields
from starlette.responses import Response

from api_v2.dialect import BodySchema, arguments, ok
from emqx_compat.core.accounts import User
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

# --- schemas


class UserSchema(BodySchema):
    """The body of `POST /users`; every one may be empty."""

    username = fields.String(required=True)
    password = fields.String(required=True)
    tags = fields.String(required=True)


class TagsSchema(BodySchema):
    """The body of `PUT /users/{username}`."""

    tags = fields.String(required=True)


class CredentialsSchema(BodySchema):
    """The body of `POST /auth`."""

    username = fields.String(required=True)
    password = fields.String(required=True)


class PasswordSchema(BodySchema):
    """The body of `PUT /change_pwd/{username}`."""

    old_pwd = fields.String(required=True)
    new_pwd = fields.String(required=True)


USER, TAGS, CREDENTIALS, PASSWORD = UserSchema(), TagsSchema(), CredentialsSchema(), PasswordSchema()

# --- render


def render_user(user: User) -> dict[str, Any]:
    """A row."""
    return {"username": user.username, "tags": user.tags}


# --- handlers


async def existing(call: Call, username: str) -> User:
    """The user of that name. Faults: USER_NOT_FOUND."""
    user = await call.engine.users.get(username)
    if user is None:
        raise Fault(F.USER_NOT_FOUND, username=username)
    return user


async def list_users(call: Call) -> Response:
    """All users."""
    return ok([render_user(user) for user in await call.engine.users.list()])


async def get_user(call: Call) -> Response:
    """One user, or an empty array."""
    user = await call.engine.users.get(call.params["username"])
    return ok([] if user is None else render_user(user))


async def create_user(call: Call) -> Response:
    """Add a user."""
    args = arguments(call, USER)
    await call.engine.users.create(User(args["username"], tags=args["tags"]), args["password"])
    return ok()


async def update_user(call: Call) -> Response:
    """Replace a user's tags, whatever else was sent."""
    args = arguments(call, TAGS)
    await call.engine.users.update(replace(await existing(call, call.params["username"]), tags=args["tags"]))
    return ok()


async def delete_user(call: Call) -> Response:
    """Remove a user, also the one who asks."""
    await call.engine.users.delete(call.params["username"])
    return ok()


async def auth_user(call: Call) -> Response:
    """Tell whether name and password fit; no token is made."""
    args = arguments(call, CREDENTIALS)
    user = await existing(call, args["username"])
    if call.engine.users.verify(user.username, args["password"]) is None:
        raise Fault(F.PASSWORD_WRONG)
    return ok()


async def change_password(call: Call) -> Response:
    """Change anyone's password, given the old one."""
    args = arguments(call, PASSWORD)
    user = await existing(call, call.params["username"])
    if call.engine.users.verify(user.username, args["old_pwd"]) is None:
        raise Fault(F.OLD_PASSWORD_WRONG)
    await call.engine.users.set_password(user.username, args["new_pwd"])
    return ok()


# --- routes

_DONE = {"code": 0, "result": []}
_ADMIN = {"username": "admin", "tags": "administrator"}

ROUTES = (
    Route(
        "GET",
        "/users",
        "list_users",
        list_users,
        "Retrieve the list of admin users",
        "users",
        example={"code": 0, "result": [_ADMIN]},
    ),
    Route(
        "POST", "/users", "create_user", create_user, "Add an admin user", "users", body=UserSchema, example=_DONE
    ),
    Route(
        "GET",
        "/users/{username}",
        "get_user",
        get_user,
        "Retrieve an admin user",
        "users",
        example={"code": 0, "result": _ADMIN},
    ),
    Route(
        "PUT",
        "/users/{username}",
        "update_user",
        update_user,
        "Modify an admin user",
        "users",
        body=TagsSchema,
        example=_DONE,
    ),
    Route(
        "DELETE", "/users/{username}", "delete_user", delete_user, "Delete an admin user", "users", example=_DONE
    ),
    Route(
        "POST",
        "/auth",
        "auth_user",
        auth_user,
        "Authenticate an admin user",
        "users",
        body=CredentialsSchema,
        example=_DONE,
        faults={F.USER_NOT_FOUND: Wire(code=103, message="User not found")},
    ),
    Route(
        "PUT",
        "/change_pwd/{username}",
        "change_password",
        change_password,
        "Modify an admin user's password",
        "users",
        body=PasswordSchema,
        example=_DONE,
    ),
)
