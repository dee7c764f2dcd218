"""Dashboard users, log-in, passwords: `/users`, `/auth`, `/change_pwd` (dashboard port only)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import ON_DASHBOARD, UNKNOWN, Arguments, arguments, ok
from emqx_compat.core.accounts import User
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- schemas


class LoginSchema(Schema):
    """The body of `POST /auth`."""

    username = fields.String(required=True)
    password = fields.String(required=True)


class TagsSchema(Schema):
    """The body of `PUT /users/:name`; tags are a free label."""

    tags = fields.String()


class UserSchema(LoginSchema, TagsSchema):
    """The body of `POST /users`."""


class PasswordSchema(Schema):
    """The body of `PUT /change_pwd/:username`."""

    old_pwd = fields.String(required=True)
    new_pwd = fields.String(required=True)


# --- parse


def parse_text(args: Arguments, name: str) -> str:
    """A value that must be text. Faults: PARAMETER_TYPE."""
    value = args.get(name)
    if not isinstance(value, str):
        raise Fault(F.PARAMETER_TYPE, name=name, value=value)
    return value


def with_tags(user: User, args: Arguments) -> User:
    """The user with its tags replaced, also by nothing; what is no text is kept in `extra` and shown again."""
    tags = args.get("tags")
    extra = {name: value for name, value in user.extra.items() if name != "tags"}
    if isinstance(tags, str) and tags:
        return replace(user, tags=tags, extra=extra)
    return replace(user, tags="", extra=extra | {"tags": tags} if "tags" in args else extra)


# --- render


def render_user(user: User) -> dict[str, Any]:
    """A row of the list."""
    return {"username": user.username, "tags": user.tags or user.extra.get("tags", UNKNOWN)}


# --- handlers


async def check_password(call: Call, username: object, args: Arguments, field: str) -> str:
    """The user whose password is in that field. Faults: PASSWORD_EMPTY, USER_NOT_FOUND, PASSWORD_WRONG, …_TYPE."""
    if field not in args:
        raise Fault(F.PASSWORD_EMPTY)
    if not isinstance(username, str) or await call.engine.users.get(username) is None:
        raise Fault(F.USER_NOT_FOUND, username=username)
    if call.engine.users.verify(username, parse_text(args, field)) is None:
        raise Fault(F.PASSWORD_WRONG)
    return username


async def auth_user(call: Call) -> Response:
    """Tell whether a password is right; no session begins."""
    args = arguments(call)
    if "username" not in args:
        raise Fault(F.USERNAME_EMPTY)
    await check_password(call, args["username"], args, "password")
    return ok()


async def create_user(call: Call) -> Response:
    """Create a user."""
    args = arguments(call)
    if args.get("username", "") == "" or args.get("password", "") == "":
        raise Fault(F.USER_FIELDS_EMPTY)
    user = User(parse_text(args, "username"))
    await call.engine.users.create(with_tags(user, args), parse_text(args, "password"))
    return ok()


async def list_users(call: Call) -> Response:
    """All users."""
    return ok([render_user(user) for user in await call.engine.users.list()])


async def update_user(call: Call) -> Response:
    """Replace the tags."""
    args = arguments(call)
    user = await call.engine.users.get(call.params["name"])
    if user is None:
        raise Fault(F.USER_NOT_FOUND, username=call.params["name"])
    await call.engine.users.update(with_tags(user, args))
    return ok()


async def delete_user(call: Call) -> Response:
    """Delete a user; the default one stays."""
    await call.engine.users.delete(call.params["name"])
    return ok()


async def change_pwd(call: Call) -> Response:
    """Set a new password against the old one; it counts from the next call on."""
    args = arguments(call)
    username = await check_password(call, call.params["username"], args, "old_pwd")
    await call.engine.users.set_password(username, parse_text(args, "new_pwd"))
    return ok()


# --- routes

ROUTES = (
    Route(
        "POST",
        "/auth",
        "auth_user",
        auth_user,
        "Authenticate an user",
        ports=ON_DASHBOARD,
        body=LoginSchema,
        example={"code": 0},
    ),
    Route(
        "POST",
        "/users",
        "create_user",
        create_user,
        "Create an user",
        registered="/users/",
        ports=ON_DASHBOARD,
        body=UserSchema,
        example={"code": 0},
    ),
    Route(
        "GET",
        "/users",
        "list_users",
        list_users,
        "List users",
        registered="/users/",
        ports=ON_DASHBOARD,
        example={"code": 0, "data": [{"username": "admin", "tags": "administrator"}]},
    ),
    Route(
        "PUT",
        "/users/{name:raw}",
        "update_user",
        update_user,
        "Update an user",
        ports=ON_DASHBOARD,
        body=TagsSchema,
        example={"code": 0},
    ),
    Route(
        "DELETE",
        "/users/{name:raw}",
        "delete_user",
        delete_user,
        "Delete an user",
        ports=ON_DASHBOARD,
        example={"code": 0},
    ),
    Route(
        "PUT",
        "/change_pwd/{username:raw}",
        "change_pwd",
        change_pwd,
        "Change password for an user",
        ports=ON_DASHBOARD,
        body=PasswordSchema,
        example={"code": 0},
    ),
)
