"""MQTT clients' credentials kept here: by client id (`auth_clientid`) and by user name (`auth_username`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

UserKind = Literal["clientid", "username"]
USER_KINDS: tuple[UserKind, ...] = ("clientid", "username")

HashScheme = Literal["plain", "md5", "sha", "sha256"]
HASH_SCHEMES: tuple[HashScheme, ...] = ("plain", "md5", "sha", "sha256")


@dataclass(frozen=True, slots=True)
class MqttUser:
    """One entry. Key: (kind, name)."""

    kind: UserKind
    name: str
    scheme: HashScheme = "sha256"
    salt: bytes = b""
    digest: bytes = b""
    """Of salt and password; with `plain` the password itself."""
    is_superuser: bool = False
    created_at: float = 0.0
    """Epoch seconds."""

    @property
    def password(self) -> str:
        """What APIs show: the digest without its salt in lower-case hexadecimal, or the plain password."""
        return self.digest.decode("utf-8", "replace") if self.scheme == "plain" else self.digest.hex()


class MqttUserService(Protocol):
    """The two tables. They outlive the process, and the features that ask them may be stopped meanwhile."""

    async def list(self, kind: UserKind) -> Sequence[MqttUser]:
        """By the order of their creation."""

    async def get(self, kind: UserKind, name: str) -> MqttUser | None:
        """One entry."""

    async def add(self, kind: UserKind, name: str, password: str, *, is_superuser: bool = False) -> MqttUser:
        """Faults: MQTT_USER_EXISTS."""

    async def update(
        self, kind: UserKind, name: str, password: str | None = None, *, is_superuser: bool | None = None
    ) -> MqttUser:
        """Replace the password, hashed with the scheme of now. Faults: MQTT_USER_NOT_FOUND."""

    async def remove(self, kind: UserKind, name: str) -> bool:
        """Connected clients stay. False: there was none."""

    def scheme(self, kind: UserKind) -> HashScheme:
        """How new passwords of that kind are hashed."""

    def set_scheme(self, kind: UserKind, scheme: str) -> None:
        """For passwords from now on. Faults: HASH_SCHEME_UNKNOWN."""
