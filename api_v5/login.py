"""Bearer tokens of dashboard users: `/login` and `/logout`."""

from __future__ import annotations

from starlette.responses import Response

from api_v5.credentials import bearer_token
from api_v5.dialect import no_content, ok
from api_v5.fields import Text
from api_v5.users import BackendQuery
from api_v5.validation import FieldList, body, query
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

# --- schemas


class LoginSchema(FieldList):
    """The body of `POST /login`."""

    username = Text(required=True)
    password = Text(required=True)


class LogoutSchema(FieldList):
    """The body of `POST /logout`."""

    username = Text(required=True)


# --- render


def render_login(token: str, role: str, version: str) -> dict[str, object]:
    """A token and what a dashboard wants to know beside it."""
    return {"token": token, "role": role, "version": version, "license": {"edition": "ee"}}


# --- handlers


async def login(call: Call) -> Response:
    """A token for a name and a password; earlier tokens stay valid."""
    given = body(call)
    user = call.engine.users.verify(given["username"], given["password"])
    if user is None:
        raise Fault(F.PASSWORD_WRONG)
    token = await call.engine.tokens.issue(user)
    return ok(render_login(token, user.role, call.engine.versions["v5"]))


async def logout(call: Call) -> Response:
    """Forget the token of this very call; the name must be its owner's, the scheme be spelt `Bearer`."""
    query(call)
    username = body(call)["username"]
    token = bearer_token(call)
    if token is None or username != call.principal.name or not call.headers["authorization"].startswith("Bearer "):
        raise Fault(F.TOKEN_OF_OTHER_USER)
    await call.engine.tokens.revoke(token)
    return no_content()


# --- routes

ROUTES = (
    Route(
        "POST",
        "/login",
        "login",
        login,
        "Get a token",
        tag="Dashboard",
        public=True,
        body=LoginSchema,
        example=render_login("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x", "administrator", "5.6.1"),
    ),
    Route(
        "POST",
        "/logout",
        "logout",
        logout,
        "Forget the token",
        tag="Dashboard",
        query=BackendQuery,
        body=LogoutSchema,
    ),
)
