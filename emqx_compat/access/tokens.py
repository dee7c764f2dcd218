"""Bearer tokens of dashboard users: JWT to look at, but valid only while the table here knows them.

As observed of EMQX 5.6.1: using a token renews it without rewriting it; one that ran out answers TOKEN_EXPIRED
until the sweep (once a lifetime) removes it; the role is that of the login; tokens survive a restart. Only their
SHA-256 is kept. Renewals reach the store once a while, not once a request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import cast

from emqx_compat.core.accounts import Principal, Role, User
from emqx_compat.core.clock import Clock, Timer
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.store import Store

_RENEWALS_FLUSHED_AFTER = 60.0
_KEY_SIZE = 32
_PUT = "INSERT INTO tokens (digest, username, role, issued_at, expires_at) VALUES (?, ?, ?, ?, ?)"


@dataclass(slots=True)
class _Token:
    principal: Principal
    expires_at: float
    """Epoch seconds."""


class Tokens:
    """The table of tokens; `core.engine.TokenService`."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, lifetime: float = 3600.0) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._lifetime = lifetime
        self._table: dict[bytes, _Token] = {}
        self._renewed: set[bytes] = set()
        self._flush_timer: Timer | None = None
        self._sweep_timer: Timer | None = None

    def load(self) -> None:
        """Read the tokens of earlier runs and begin to sweep."""
        for digest, username, role, expires_at in self._store.rows(
            "SELECT digest, username, role, expires_at FROM tokens"
        ):
            principal = Principal("user", str(username), cast(Role, role))
            self._table[cast(bytes, digest)] = _Token(principal, cast(float, expires_at))
        self._sweep_timer = self._clock.call_later(self._lifetime, self._sweep)

    def close(self) -> None:
        """Stop the timers and hand outstanding renewals to the store."""
        for timer in (self._sweep_timer, self._flush_timer):
            if timer is not None:
                timer.cancel()
        self._flush()

    async def issue(self, user: User) -> str:
        """A new token; tokens that the user has already stay valid."""
        now = self._clock.now()
        expires_at = now + self._lifetime
        text = _jwt(int(expires_at * 1000), self._ids.salt(_KEY_SIZE))
        digest = _digest(text)
        await self._store.write((_PUT, (digest, user.username, user.role, now, expires_at)))
        self._table[digest] = _Token(Principal("user", user.username, user.role), expires_at)
        return text

    async def check(self, token: str) -> Principal:
        """Whose it is; using it renews it. Faults: TOKEN_UNKNOWN, TOKEN_EXPIRED."""
        digest = _digest(token)
        row = self._table.get(digest)
        if row is None:
            raise Fault(F.TOKEN_UNKNOWN)
        now = self._clock.now()
        if row.expires_at < now:
            raise Fault(F.TOKEN_EXPIRED)
        row.expires_at = now + self._lifetime
        self._renewed.add(digest)
        if self._flush_timer is None:
            self._flush_timer = self._clock.call_later(_RENEWALS_FLUSHED_AFTER, self._flush)
        return row.principal

    async def revoke(self, token: str) -> None:
        """Forget one token; harmless when it is unknown."""
        digest = _digest(token)
        if self._table.pop(digest, None) is not None:
            await self._store.write(("DELETE FROM tokens WHERE digest = ?", (digest,)))

    async def revoke_all(self, username: str) -> None:
        """Forget every token of a user."""
        mine = [digest for digest, row in self._table.items() if row.principal.name == username]
        for digest in mine:
            del self._table[digest]
        if mine:
            await self._store.write(("DELETE FROM tokens WHERE username = ?", (username,)))

    def _flush(self) -> None:
        self._flush_timer = None
        renewed = [(digest, row) for digest in self._renewed if (row := self._table.get(digest)) is not None]
        self._renewed.clear()
        if renewed:
            update = "UPDATE tokens SET expires_at = ? WHERE digest = ?"
            self._store.post(*((update, (row.expires_at, digest)) for digest, row in renewed))

    def _sweep(self) -> None:
        self._flush()
        now = self._clock.now()
        for digest in [digest for digest, row in self._table.items() if row.expires_at < now]:
            del self._table[digest]
        self._store.post(("DELETE FROM tokens WHERE expires_at < ?", (now,)))
        self._sweep_timer = self._clock.call_later(self._lifetime, self._sweep)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _jwt(expires_at: int, key: bytes) -> str:
    """A signed JWT (HS256). The key is forgotten: nobody checks the signature, it only makes the token secret."""
    header = _part(b'{"alg":"HS256","typ":"JWT"}')
    claims = _part(json.dumps({"exp": expires_at, "iss": "EMQX"}, separators=(",", ":")).encode())
    signed = header + b"." + claims
    return (signed + b"." + _part(hmac.digest(key, signed, "sha256"))).decode("ascii")


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
