"""Who calls v5, and what a role may do: API keys in Basic, tokens of `POST /login` in Bearer credentials."""

from __future__ import annotations

from emqx_compat.core.accounts import Principal
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.basic import basic_credentials
from emqx_compat.http.call import Call

NO_KEYS = frozenset({"users", "api_key", "logout"})
"""First segments below which API keys are refused."""
PUBLISHER_PATHS = frozenset({"/publish", "/publish/bulk"})
"""Compared with the raw path, so that `/publish/` is not one of them (observed of 5.6.1)."""

_SUBJECTS = {"user": "You", "key": "This API Key"}


async def authenticate(call: Call) -> Principal:
    """Whose call it is. Faults: CREDENTIALS_*, KEY_*, TOKEN_*, ROLE_TOO_LOW."""
    principal = await _identify(call)
    if not _allowed(principal, call):
        raise Fault(F.ROLE_TOO_LOW, who=_SUBJECTS[principal.kind])
    return principal


def bearer_token(call: Call) -> str | None:
    """The token of the Authorization header; None for another scheme. Faults: CREDENTIALS_MALFORMED."""
    scheme, _, token = call.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    if not token or " " in token.strip():
        raise Fault(F.CREDENTIALS_MALFORMED)
    return token.strip()


async def _identify(call: Call) -> Principal:
    token = bearer_token(call)
    if token is not None:
        return await call.engine.tokens.check(token)
    key, secret = basic_credentials(call.headers.get("authorization"))
    section = _section(call)
    if section in NO_KEYS:
        raise Fault(F.KEY_NOT_ALLOWED_HERE, section=section)
    found = call.engine.api_keys.verify("v5", key, secret)
    if found is None:
        raise Fault(F.KEY_WRONG)
    return Principal("key", found.name, found.role)


def _section(call: Call) -> str:
    assert call.route is not None
    return call.route.path.split("/")[1]


def _allowed(principal: Principal, call: Call) -> bool:
    match principal.role:
        case "administrator":
            return True
        case "viewer":
            return call.method == "GET" or (principal.kind == "user" and _is_own_affair(principal.name, call))
        case "publisher":
            return call.method == "POST" and call.path in PUBLISHER_PATHS


def _is_own_affair(username: str, call: Call) -> bool:
    """What every dashboard user may do: log out, change the own password."""
    assert call.route is not None
    return call.route.id == "logout" or (call.route.id == "change_password" and call.params["username"] == username)
