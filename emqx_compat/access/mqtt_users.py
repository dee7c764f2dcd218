"""Credentials of MQTT clients by client id and by user name: two tables in memory, written through to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import replace
from typing import cast

from emqx_compat.access.passwords import NOBODY, SALT_SIZE, SecretHash, hash_secret
from emqx_compat.core.clients import Client
from emqx_compat.core.clock import Clock
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hooks import BAD_USER_NAME_OR_PASSWORD, WELCOME
from emqx_compat.core.ids import Ids
from emqx_compat.core.mqtt_users import HASH_SCHEMES, USER_KINDS, HashScheme, MqttUser, UserKind
from emqx_compat.store import Store

DEFAULT_SCHEME: HashScheme = "sha256"

_COLUMNS = "kind, name, scheme, salt, digest, is_superuser, created_at"
_PUT = f"""
    INSERT INTO mqtt_users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, name) DO UPDATE SET
        scheme = excluded.scheme, salt = excluded.salt, digest = excluded.digest,
        is_superuser = excluded.is_superuser, created_at = excluded.created_at
"""

Authenticator = Callable[[Client, bytes | None], Awaitable[int | None]]


class MqttUsers:
    """`core.mqtt_users.MqttUserService`."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._tables: dict[UserKind, dict[str, MqttUser]] = {kind: {} for kind in USER_KINDS}
        self._schemes: dict[UserKind, HashScheme] = dict.fromkeys(USER_KINDS, DEFAULT_SCHEME)
        self._change = asyncio.Lock()
        """Held from looking to storing, so that two calls cannot both add the same name."""

    def load(self) -> None:
        """Read the entries of earlier runs."""
        for row in self._store.rows(f"SELECT {_COLUMNS} FROM mqtt_users ORDER BY id"):
            kind, name, scheme, salt, digest, is_superuser, created_at = row
            user = MqttUser(
                kind=cast(UserKind, kind),
                name=str(name),
                scheme=cast(HashScheme, scheme),
                salt=cast(bytes, salt),
                digest=cast(bytes, digest),
                is_superuser=bool(is_superuser),
                created_at=cast(float, created_at),
            )
            self._tables[user.kind][user.name] = user

    async def list(self, kind: UserKind) -> Sequence[MqttUser]:
        """By the order of their creation."""
        return list(self._tables[kind].values())

    async def get(self, kind: UserKind, name: str) -> MqttUser | None:
        """One entry."""
        return self._tables[kind].get(name)

    async def add(self, kind: UserKind, name: str, password: str, *, is_superuser: bool = False) -> MqttUser:
        """Faults: MQTT_USER_EXISTS."""
        async with self._change:
            if name in self._tables[kind]:
                raise Fault(F.MQTT_USER_EXISTS, as_=kind, who=name)
            user = MqttUser(kind, name, is_superuser=is_superuser, created_at=self._clock.now())
            return await self._put(self._with_password(user, password))

    async def update(
        self, kind: UserKind, name: str, password: str | None = None, *, is_superuser: bool | None = None
    ) -> MqttUser:
        """Replace what is given. Faults: MQTT_USER_NOT_FOUND."""
        async with self._change:
            user = self._tables[kind].get(name)
            if user is None:
                raise Fault(F.MQTT_USER_NOT_FOUND, as_=kind, who=name)
            if password is not None:
                user = self._with_password(user, password)
            if is_superuser is not None:
                user = replace(user, is_superuser=is_superuser)
            return await self._put(user)

    async def remove(self, kind: UserKind, name: str) -> bool:
        """False: there was none."""
        async with self._change:
            if name not in self._tables[kind]:
                return False
            await self._store.write(("DELETE FROM mqtt_users WHERE kind = ? AND name = ?", (kind, name)))
            del self._tables[kind][name]
            return True

    async def put(self, user: MqttUser) -> None:
        """Store or replace an entry whose hash is known already (imports)."""
        async with self._change:
            await self._put(user)

    def scheme(self, kind: UserKind) -> HashScheme:
        """How new passwords of that kind are hashed."""
        return self._schemes[kind]

    def set_scheme(self, kind: UserKind, scheme: str) -> None:
        """For passwords from now on; the entries that exist know their own. Faults: HASH_SCHEME_UNKNOWN."""
        if scheme not in HASH_SCHEMES:
            raise Fault(F.HASH_SCHEME_UNKNOWN, scheme=scheme)
        self._schemes[kind] = scheme

    def verify(self, kind: UserKind, name: str | None, password: bytes | None) -> MqttUser | bool | None:
        """The entry when the password is right, False when it is wrong, None when there is no such entry."""
        user = None if name is None else self._tables[kind].get(name)
        text = (password or b"").decode("utf-8", "surrogateescape")
        if user is None:
            NOBODY.matches(text)
            return None
        right = password is not None and SecretHash(user.scheme, user.salt, user.digest).matches(text)
        return user if right else False

    def authenticator(self, kind: UserKind, counters: MutableMapping[str, int]) -> Authenticator:
        """Asks one table: found, the password decides; not found, no opinion. Counts `auth.<kind>.<outcome>`."""

        async def authenticate(client: Client, password: bytes | None) -> int | None:
            found = self.verify(kind, client.clientid if kind == "clientid" else client.username, password)
            if found is None:
                counters[f"auth.{kind}.ignore"] += 1
                return None
            if isinstance(found, MqttUser):
                counters[f"auth.{kind}.success"] += 1
                client.is_superuser = found.is_superuser
                return WELCOME
            counters[f"auth.{kind}.failure"] += 1
            return BAD_USER_NAME_OR_PASSWORD

        return authenticate

    def _with_password(self, user: MqttUser, password: str) -> MqttUser:
        scheme = self._schemes[user.kind]
        salt = b"" if scheme == "plain" else self._ids.salt(SALT_SIZE)
        kept = hash_secret(password, salt, scheme)
        return replace(user, scheme=scheme, salt=kept.salt, digest=kept.digest)

    async def _put(self, user: MqttUser) -> MqttUser:
        values = (user.kind, user.name, user.scheme, user.salt, user.digest)
        await self._store.write((_PUT, (*values, int(user.is_superuser), user.created_at)))
        self._tables[user.kind][user.name] = user
        return user
