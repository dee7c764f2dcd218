"""Dashboard users and their passwords: `/users`, `/auth`, `/change_pwd`, on the dashboard port only."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v4.dialect import UNKNOWN, Arguments, arguments, authenticate, ok, password_is_right
from emqx_compat.core.accounts import User
from emqx_compat.core.credentials import password_fault, valid_app_id
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD, Route, Wire

# --- schemas


class LoginSchema(Schema):
    """The body of `POST /auth`."""

    username = fields.String(required=True)
    password = fields.String(required=True)


class TagsSchema(Schema):
    """The body of `PUT /users/{name}`."""

    tags = fields.String()


class UserSchema(LoginSchema, TagsSchema):
    """The body of `POST /users`."""


class PasswordSchema(Schema):
    """The body of `PUT /change_pwd/{username}`."""

    old_pwd = fields.String(required=True)
    new_pwd = fields.String(required=True)


# --- parse


def parse_credentials(args: Arguments) -> tuple[str, str]:
    """Name and password of a login. Faults: USERNAME_EMPTY, PASSWORD_EMPTY (absent), PARAMETER_TYPE."""
    if "username" not in args:
        raise Fault(F.USERNAME_EMPTY)
    return _text(args, "username"), parse_old_password(args, "password")


def parse_old_password(args: Arguments, name: str) -> str:
    """A password as it was set. Faults: PASSWORD_EMPTY (absent), PARAMETER_TYPE."""
    if name not in args:
        raise Fault(F.PASSWORD_EMPTY)
    return _text(args, name)


def parse_new_password(args: Arguments, name: str) -> str:
    """A password to be set. Faults: PARAMETER_TYPE, PASSWORD_LENGTH, PASSWORD_NOT_ASCII, PASSWORD_TOO_PLAIN."""
    password = _text(args, name)
    fault = password_fault(password)
    if fault is not None:
        raise Fault(fault)
    return password


def parse_user(args: Arguments) -> tuple[User, str]:
    """A new user and its password. Faults: USER_FIELDS_EMPTY, USERNAME_RULE and those of a new password."""
    if not args.get("username") or not args.get("password"):
        raise Fault(F.USER_FIELDS_EMPTY)
    username = _text(args, "username")
    if not valid_app_id(username):
        raise Fault(F.USERNAME_RULE, username=username)
    return set_tags(User(username), args), parse_new_password(args, "password")


def set_tags(user: User, args: Arguments) -> User:
    """Overwrite the tags; what is no text is kept in `extra` and shown again."""
    tags = args.get("tags", UNKNOWN)
    user.tags = str(tags)
    user.extra = {} if isinstance(tags, str) else {"tags": tags}
    return user


def _text(args: Arguments, name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise Fault(F.PARAMETER_TYPE, name=name, value=value)
    return value


# --- render


def render_user(user: User) -> dict[str, Any]:
    """A row of the list."""
    return {"username": user.username, "tags": user.extra.get("tags", user.tags)}


# --- handlers


async def auth_user(call: Call) -> Response:
    """Check a password; there is no token, callers go on with HTTP Basic.

    Only the path as it is registered needs no credentials: `/auth/` does.
    """
    if call.path != "/auth":
        await authenticate(call)
    await _verify(call, *parse_credentials(arguments(call)))
    return ok()


async def list_users(call: Call) -> Response:
    """All users."""
    return ok([render_user(user) for user in await call.engine.users.list()])


async def create_user(call: Call) -> Response:
    """Create a user."""
    await call.engine.users.create(*parse_user(arguments(call)))
    return ok()


async def update_user(call: Call) -> Response:
    """Overwrite a user's tags; left out, they become "undefined"."""
    user = await call.engine.users.get(call.params["name"])
    if user is None:
        raise Fault(F.USER_NOT_FOUND, username=call.params["name"])
    await call.engine.users.update(set_tags(user, arguments(call)))
    return ok()


async def delete_user(call: Call) -> Response:
    """Delete a user, but not the default one."""
    await call.engine.users.delete(call.params["name"])
    return ok()


async def change_pwd(call: Call) -> Response:
    """Set a new password, given the old one."""
    args = arguments(call)
    username = call.params["username"]
    await _verify(call, username, parse_old_password(args, "old_pwd"))
    await call.engine.users.set_password(username, parse_new_password(args, "new_pwd"))
    return ok()


async def _verify(call: Call, username: str, password: str) -> None:
    """Faults: PASSWORD_WRONG, also for an unknown user."""
    if not await password_is_right(call, username, password):
        raise Fault(F.PASSWORD_WRONG)


# --- routes

_PORTS = frozenset({DASHBOARD})
_DONE = {"code": 0}

_PASSWORD_FAULTS = {
    F.PASSWORD_EMPTY: Wire(message="Password undefined"),
    F.PASSWORD_WRONG: Wire(message="Username/Password error"),
    F.PASSWORD_LENGTH: Wire(message="The password length: 8-64"),
    F.PASSWORD_NOT_ASCII: Wire(message="only ascii characters are allowed in the password"),
    F.PASSWORD_TOO_PLAIN: Wire(
        message="The password must contain at least two different kind of characters from groups of letters, "
        "numbers, and special characters. For example, if password is composed from letters, it must contain at "
        "least one number or a special character."
    ),
}
_NOT_FOUND = {F.USER_NOT_FOUND: Wire(message="Username Not Found")}

ROUTES = (
    Route(
        "POST",
        "/auth",
        "auth_user",
        auth_user,
        "Authenticate an user",
        public=True,
        ports=_PORTS,
        body=LoginSchema,
        example=_DONE,
        faults={**_PASSWORD_FAULTS, F.USERNAME_EMPTY: Wire(message="Username undefined")},
    ),
    Route(
        "POST",
        "/users",
        "create_user",
        create_user,
        "Create an user",
        registered="/users/",
        ports=_PORTS,
        body=UserSchema,
        example=_DONE,
        faults={
            **_PASSWORD_FAULTS,
            F.USER_FIELDS_EMPTY: Wire(message="Username or password undefined"),
            F.USERNAME_RULE: Wire(message="required: ^[A-Za-z0-9]+[A-Za-z0-9-_]*$"),
            F.USER_EXISTS: Wire(message="Username Already Exist"),
        },
    ),
    Route(
        "GET",
        "/users",
        "list_users",
        list_users,
        "List users",
        registered="/users/",
        ports=_PORTS,
        example={"data": [{"username": "admin", "tags": "administrator"}], "code": 0},
    ),
    Route(
        "PUT",
        "/users/{name}",
        "update_user",
        update_user,
        "Update an user",
        ports=_PORTS,
        body=TagsSchema,
        example=_DONE,
        faults=_NOT_FOUND,
    ),
    Route(
        "DELETE",
        "/users/{name}",
        "delete_user",
        delete_user,
        "Delete an user",
        ports=_PORTS,
        example=_DONE,
        faults={**_NOT_FOUND, F.USER_UNDELETABLE: Wire(message="Cannot delete {username}")},
    ),
    Route(
        "PUT",
        "/change_pwd/{username}",
        "change_pwd",
        change_pwd,
        "Change password for an user",
        ports=_PORTS,
        body=PasswordSchema,
        example=_DONE,
        faults=_PASSWORD_FAULTS,
    ),
)
