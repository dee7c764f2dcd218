"""Who may call the management APIs: dashboard users, applications and API keys, bearer tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["administrator", "viewer", "publisher"]

ROLES: tuple[Role, ...] = ("administrator", "viewer", "publisher")


@dataclass(slots=True)
class User:
    """A dashboard user. v2–v4 know `tags`, v5 knows `description` and `role`."""

    username: str
    tags: str = "administrator"
    description: str = ""
    role: Role = "administrator"
    backend: str = "local"
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ApiKey:
    """What v3 and v4 call an app and v5 an API key: one credential for programs.

    v3/v4: `key` is the app_id, `title` the name, `desc`, `enabled` the status, `expired_at` epoch seconds.
    v5: `name` is unique and chosen, `key` follows from it. An app made through v3 or v4 has its app_id as name.
    """

    name: str
    key: str
    title: str = ""
    desc: str = ""
    enabled: bool | None = True
    """None = never said (v3 and v4 show "undefined"); such a key opens nothing."""
    expired_at: int | None = None
    """Epoch seconds; None = never."""
    role: Role = "administrator"
    created_at: float = 0.0
    secret: str | None = None
    """In the clear for apps of v3 and v4, which show it again; None where only its hash was kept."""
    generations: frozenset[str] | None = None
    """Which generations know it; None = all. v4's default pair is v4's alone."""
    extra: dict[str, object] = field(default_factory=dict)
    """Values that one generation alone can say, by field name (v3's non-boolean status)."""

    def visible_to(self, generation: str) -> bool:
        """Whether that generation lists and accepts it."""
        return self.generations is None or generation in self.generations


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a call, once the credentials have been checked."""

    kind: Literal["user", "key", "anonymous"]
    name: str
    role: Role = "administrator"


ANONYMOUS = Principal("anonymous", "")
