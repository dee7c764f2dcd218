"""Dashboard users: a table in memory, written through to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from emqx_compat.access.passwords import NOBODY, SALT_SIZE, SecretHash, hash_secret
from emqx_compat.core.accounts import Role, User
from emqx_compat.core.engine import TokenService
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.store import Store
from emqx_compat.store.values import json_object, json_text

_COLUMNS = "username, tags, description, role, backend, scheme, salt, digest, extra"
_PUT = f"""
    INSERT INTO users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (username) DO UPDATE SET
        tags = excluded.tags, description = excluded.description, role = excluded.role, backend = excluded.backend,
        scheme = excluded.scheme, salt = excluded.salt, digest = excluded.digest, extra = excluded.extra
"""


@dataclass(slots=True)
class _Row:
    user: User
    password: SecretHash


class Users:
    """The table of users; `core.engine.UserService`. `default_username` names the one that cannot be deleted."""

    def __init__(self, store: Store, ids: Ids, tokens: TokenService, default_username: str = "admin") -> None:
        self._store = store
        self._ids = ids
        self._tokens = tokens
        self._default_username = default_username
        self._table: dict[str, _Row] = {}
        self._change = asyncio.Lock()
        """Held from looking to storing, so that two calls cannot both create the same user."""

    def load(self) -> None:
        """Read the users of earlier runs."""
        for row in self._store.rows(f"SELECT {_COLUMNS} FROM users ORDER BY id"):
            username, tags, description, role, backend, scheme, salt, digest, extra = row
            user = User(
                username=str(username),
                tags=str(tags),
                description=str(description),
                role=cast(Role, role),
                backend=str(backend),
                extra=json_object(extra),
            )
            password = SecretHash(str(scheme), cast(bytes, salt), cast(bytes, digest))
            self._table[user.username] = _Row(user, password)

    async def list(self) -> Sequence[User]:
        """By the order of their creation."""
        return [replace(row.user) for row in self._table.values()]

    async def get(self, username: str) -> User | None:
        """One user."""
        row = self._table.get(username)
        return None if row is None else replace(row.user)

    async def create(self, user: User, password: str) -> None:
        """Faults: USER_EXISTS. Rules for names and passwords are the generation's (`core.credentials`)."""
        async with self._change:
            if user.username in self._table:
                raise Fault(F.USER_EXISTS, username=user.username)
            await self._put(user, self._hash(password))

    async def update(self, user: User) -> None:
        """Replace tags, description, role; another role revokes the user's tokens. Faults: USER_NOT_FOUND."""
        async with self._change:
            row = self._require(user.username)
            role_before = row.user.role
            await self._put(user, row.password)
        if user.role != role_before:
            await self._tokens.revoke_all(user.username)

    async def delete(self, username: str) -> None:
        """Its tokens go with it. Faults: USER_NOT_FOUND, USER_UNDELETABLE (the default user)."""
        async with self._change:
            self._require(username)
            if username == self._default_username:
                raise Fault(F.USER_UNDELETABLE, username=username)
            await self._store.write(("DELETE FROM users WHERE username = ?", (username,)))
            del self._table[username]
        await self._tokens.revoke_all(username)

    async def set_password(self, username: str, password: str) -> None:
        """Revokes the user's tokens. Faults: USER_NOT_FOUND."""
        async with self._change:
            await self._put(self._require(username).user, self._hash(password))
        await self._tokens.revoke_all(username)

    def verify(self, username: str, password: str) -> User | None:
        """The user when the password is right. The record is the table's own: read it at once."""
        row = self._table.get(username)
        if row is None:
            NOBODY.matches(password)
            return None
        return row.user if row.password.matches(password) else None

    async def put(self, user: User, password: SecretHash) -> None:
        """Store or replace a user with a hash that is known already (imports)."""
        async with self._change:
            await self._put(user, password)

    def password_of(self, username: str) -> SecretHash | None:
        """What is kept of the user's password, for exports."""
        row = self._table.get(username)
        return None if row is None else row.password

    async def _put(self, user: User, password: SecretHash) -> None:
        user = replace(user)
        values = (user.username, user.tags, user.description, user.role, user.backend)
        kept = (password.scheme, password.salt, password.digest, json_text(user.extra))
        await self._store.write((_PUT, values + kept))
        self._table[user.username] = _Row(user, password)

    def _hash(self, password: str) -> SecretHash:
        return hash_secret(password, self._ids.salt(SALT_SIZE))

    def _require(self, username: str) -> _Row:
        row = self._table.get(username)
        if row is None:
            raise Fault(F.USER_NOT_FOUND, username=username)
        return row
