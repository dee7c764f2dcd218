"""Apps of v3 and v4, API keys of v5: one table in memory, written through to the store."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from emqx_compat.access.passwords import NOBODY, SALT_SIZE, SecretHash, hash_secret
from emqx_compat.core.accounts import ApiKey, Role
from emqx_compat.core.clock import Clock
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.ids import Ids
from emqx_compat.store import Store
from emqx_compat.store.values import json_object, json_text, names_set, names_text

LIMIT = 100
"""How many keys v5 allows; apps that v3 and v4 made are not counted."""

_COLUMNS = (
    "name, key, title, description, enabled, expired_at, role, created_at, generations, secret, scheme, salt, "
    "digest, extra"
)
_PUT = f"""
    INSERT INTO api_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET
        key = excluded.key, title = excluded.title, description = excluded.description, enabled = excluded.enabled,
        expired_at = excluded.expired_at, role = excluded.role, created_at = excluded.created_at,
        generations = excluded.generations, secret = excluded.secret, scheme = excluded.scheme,
        salt = excluded.salt, digest = excluded.digest, extra = excluded.extra
"""


def key_of(name: str) -> str:
    """The `api_key` that v5 derives from a name: the first 16 hexadecimal digits of its SHA-512."""
    return hashlib.sha512(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(slots=True)
class _Row:
    api_key: ApiKey
    secret: SecretHash


class ApiKeys:
    """The table of apps and API keys; `core.engine.ApiKeyService`."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._names: dict[str, _Row] = {}
        self._keys: dict[str, _Row] = {}
        self._change = asyncio.Lock()
        """Held from looking to storing, so that two calls cannot both create the same key."""

    def load(self) -> None:
        """Read the keys of earlier runs."""
        for row in self._store.rows(f"SELECT {_COLUMNS} FROM api_keys ORDER BY id"):
            name, key, title, desc, enabled, expired_at, role, created_at, generations, secret, *kept = row
            scheme, salt, digest, extra = kept
            api_key = ApiKey(
                name=str(name),
                key=str(key),
                title=str(title),
                desc=str(desc),
                enabled=None if enabled is None else bool(enabled),
                expired_at=cast(int | None, expired_at),
                role=cast(Role, role),
                created_at=cast(float, created_at),
                secret=cast(str | None, secret),
                generations=names_set(generations),
                extra=json_object(extra),
            )
            self._remember(_Row(api_key, SecretHash(str(scheme), cast(bytes, salt), cast(bytes, digest))))

    async def list(self, generation: str) -> Sequence[ApiKey]:
        """Those visible to that generation, by the order of their creation."""
        return [replace(row.api_key) for row in self._names.values() if row.api_key.visible_to(generation)]

    async def get(self, generation: str, *, name: str | None = None, key: str | None = None) -> ApiKey | None:
        """One by its name or its key."""
        row = None
        if name is not None:
            row = self._names.get(name)
        elif key is not None:
            row = self._keys.get(key)
        if row is None or not row.api_key.visible_to(generation):
            return None
        return replace(row.api_key)

    async def create(self, api_key: ApiKey, secret: str) -> None:
        """Without `key` it follows from the name, without `created_at` that is now.

        Faults: APP_EXISTS (name or key), KEY_LIMIT.
        """
        api_key = replace(api_key, key=api_key.key or key_of(api_key.name))
        async with self._change:
            if api_key.name in self._names or api_key.key in self._keys:
                raise Fault(F.APP_EXISTS)
            hashed_only = sum(1 for row in self._names.values() if row.api_key.secret is None)
            if api_key.secret is None and hashed_only >= LIMIT:
                raise Fault(F.KEY_LIMIT)
            await self._put(api_key, self._hash(secret))

    async def update(self, api_key: ApiKey) -> None:
        """Replace everything but name, key and secret. Faults: APP_NOT_FOUND."""
        async with self._change:
            row = self._names.get(api_key.name)
            if row is None:
                raise Fault(F.APP_NOT_FOUND)
            kept = row.api_key
            await self._put(replace(api_key, key=kept.key, secret=kept.secret), row.secret)

    async def put(self, api_key: ApiKey, secret: str) -> None:
        """Store or replace, with this secret; another record that holds the same key goes (bootstrap, imports)."""
        async with self._change:
            for row in (self._names.get(api_key.name), self._keys.get(api_key.key)):
                if row is not None and (row.api_key.name, row.api_key.key) != (api_key.name, api_key.key):
                    await self._delete(row.api_key)
            await self._put(api_key, self._hash(secret))

    async def delete(self, name: str) -> bool:
        """False: there was none."""
        async with self._change:
            row = self._names.get(name)
            if row is not None:
                await self._delete(row.api_key)
        return row is not None

    def verify(self, generation: str, key: str, secret: str) -> ApiKey | None:
        """The key when the secret is right, it is enabled and has not expired. Read it at once."""
        row = self._keys.get(key)
        if row is None or not row.api_key.visible_to(generation):
            NOBODY.matches(secret)
            return None
        api_key = row.api_key
        if api_key.enabled is not True or not row.secret.matches(secret):
            return None
        if api_key.expired_at is not None and api_key.expired_at < int(self._clock.now()):
            return None
        return api_key

    def find(self, generation: str, key: str) -> ApiKey | None:
        """The key without asking for its secret. Read it at once."""
        row = self._keys.get(key)
        return row.api_key if row is not None and row.api_key.visible_to(generation) else None

    def knows(self, *, name: str) -> bool:
        """Whether any generation has a key of that name."""
        return name in self._names

    async def _put(self, api_key: ApiKey, secret: SecretHash) -> None:
        api_key = replace(api_key, created_at=api_key.created_at or self._clock.now())
        enabled = None if api_key.enabled is None else int(api_key.enabled)
        await self._store.write(
            (
                _PUT,
                (
                    api_key.name,
                    api_key.key,
                    api_key.title,
                    api_key.desc,
                    enabled,
                    api_key.expired_at,
                    api_key.role,
                    api_key.created_at,
                    names_text(api_key.generations),
                    api_key.secret,
                    secret.scheme,
                    secret.salt,
                    secret.digest,
                    json_text(api_key.extra),
                ),
            )
        )
        self._remember(_Row(api_key, secret))

    async def _delete(self, api_key: ApiKey) -> None:
        await self._store.write(("DELETE FROM api_keys WHERE name = ?", (api_key.name,)))
        del self._names[api_key.name]
        del self._keys[api_key.key]

    def _remember(self, row: _Row) -> None:
        self._names[row.api_key.name] = row
        self._keys[row.api_key.key] = row

    def _hash(self, secret: str) -> SecretHash:
        return hash_secret(secret, self._ids.salt(SALT_SIZE))
