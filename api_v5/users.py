"""Dashboard users: `/users`."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from api_v5.dialect import listed, no_content, ok
from api_v5.fields import Enum, Text
from api_v5.validation import FieldList, Query, body, query
from emqx_compat.core.accounts import Role, User
from emqx_compat.core.credentials import password_fault, valid_username
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

ROLES: tuple[Role, ...] = ("administrator", "viewer")
"""Of a dashboard user; publishers are API keys only."""
LOCAL = "local"

# --- schemas


class BackendQuery(Query):
    """Where the account comes from."""

    backend = Enum(LOCAL, "ldap", "saml", load_default=LOCAL)


class UserUpdateSchema(FieldList):
    """The body of `PUT /users/{username}`; without role it becomes an administrator."""

    description = Text(required=True)
    role = Text(load_default="administrator")


class UserSchema(FieldList):
    """The body of `POST /users`."""

    username = Text(required=True)
    password = Text(required=True)
    description = Text(required=True)
    role = Text(load_default="administrator")


class PasswordSchema(FieldList):
    """The body of `POST /users/{username}/change_pwd`."""

    old_pwd = Text(required=True)
    new_pwd = Text(required=True)


# --- parse


def check_username(username: str) -> None:
    """Faults: USERNAME_RULE."""
    if not valid_username(username):
        raise Fault(F.USERNAME_RULE, username=username)


def check_password(password: str) -> None:
    """Faults: PASSWORD_*."""
    fault = password_fault(password)
    if fault is not None:
        raise Fault(fault)


def parse_role(role: str) -> Role:
    """Faults: ROLE_UNKNOWN."""
    if role not in ROLES:
        raise Fault(F.ROLE_UNKNOWN, role=role)
    return role


# --- render


def render_user(user: User) -> dict[str, str]:
    """A user, without password."""
    return {
        "username": user.username,
        "description": user.description,
        "role": user.role,
        "backend": user.backend,
    }


# --- handlers


async def list_users(call: Call) -> Response:
    """All users."""
    return await listed(await call.engine.users.list(), render_user)


async def create_user(call: Call) -> Response:
    """A new user."""
    given = body(call)
    if not given["username"] or not given["password"]:
        raise Fault(F.USER_FIELDS_EMPTY)
    check_username(given["username"])
    check_password(given["password"])
    user = User(given["username"], description=given["description"], role=parse_role(given["role"]))
    await call.engine.users.create(user, given["password"])
    return ok(render_user(user))


async def update_user(call: Call) -> Response:
    """Another description and role; another role revokes the user's tokens."""
    backend = query(call)["backend"]
    given = body(call)
    role = parse_role(given["role"])
    user = await _require(call, backend)
    user = replace(user, description=given["description"], role=role)
    await call.engine.users.update(user)
    return ok(render_user(user))


async def delete_user(call: Call) -> Response:
    """Remove a user and its tokens; neither the default user nor oneself."""
    backend = query(call)["backend"]
    username = call.params["username"]
    if username == call.principal.name and username != call.engine.options["default_username"]:
        raise Fault(F.USER_SELF_UNDELETABLE)
    await _require(call, backend)
    await call.engine.users.delete(username)
    return no_content()


async def change_password(call: Call) -> Response:
    """Another password for whoever knows the old one; all tokens of the user are revoked."""
    given = body(call)
    username = call.params["username"]
    if not given["old_pwd"] or not given["new_pwd"]:
        raise Fault(F.PASSWORD_EMPTY)
    await _require(call, LOCAL)
    if call.engine.users.verify(username, given["old_pwd"]) is None:
        raise Fault(F.OLD_PASSWORD_WRONG)
    check_password(given["new_pwd"])
    await call.engine.users.set_password(username, given["new_pwd"])
    return no_content()


async def _require(call: Call, backend: str) -> User:
    username = call.params["username"]
    user = await call.engine.users.get(username)
    if user is None or user.backend != backend:
        raise Fault(F.USER_NOT_FOUND, username=username)
    return user


# --- routes

_EXAMPLE = {
    "username": "admin",
    "description": "administrator",
    "role": "administrator",
    "backend": "local",
}

ROUTES = (
    Route("GET", "/users", "list_users", list_users, "List users", tag="Dashboard", example=[_EXAMPLE]),
    Route(
        "POST",
        "/users",
        "create_user",
        create_user,
        "Create a user",
        tag="Dashboard",
        body=UserSchema,
        example=_EXAMPLE,
    ),
    Route(
        "PUT",
        "/users/{username}",
        "update_user",
        update_user,
        "Update a user",
        tag="Dashboard",
        query=BackendQuery,
        body=UserUpdateSchema,
        example=_EXAMPLE,
    ),
    Route(
        "DELETE",
        "/users/{username}",
        "delete_user",
        delete_user,
        "Delete a user",
        tag="Dashboard",
        query=BackendQuery,
    ),
    Route(
        "POST",
        "/users/{username}/change_pwd",
        "change_password",
        change_password,
        "Change a user's password",
        tag="Dashboard",
        body=PasswordSchema,
        faults={F.USER_NOT_FOUND: Wire(404, "USER_NOT_FOUND", "User not found")},
    ),
)
