"""First credentials without a human: what configuration and bootstrap file name is made when it is absent."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from emqx_compat.access.api_keys import ApiKeys, key_of
from emqx_compat.access.users import Users
from emqx_compat.config.settings import AccountSettings, AppSettings, DashboardSettings
from emqx_compat.core.accounts import ROLES, ApiKey, Role, User
from emqx_compat.core.faults import Fault
from emqx_compat.core.ids import Ids

DEFAULT_APP_DESC = "Application user"
BOOTSTRAP_PREFIX = "from_bootstrap_file_"
BOOTSTRAP_DESC = "Bootstrapped From File"
SECRET_LENGTH = 43

_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

log = logging.getLogger(__name__)


class BootstrapError(Exception):
    """A line of a bootstrap file that cannot be used."""


@dataclass(frozen=True, slots=True)
class BootstrapLine:
    """One line of a bootstrap file."""

    key: str
    secret: str
    role: Role = "administrator"


async def seed(
    accounts: AccountSettings, dashboard: DashboardSettings, users: Users, api_keys: ApiKeys, ids: Ids
) -> None:
    """Make what is absent; what exists is left as it is, but for the keys of the bootstrap file."""
    if await users.get(dashboard.default_username) is None:
        default = User(dashboard.default_username, description="administrator")
        await users.create(default, dashboard.default_password)
    for user in accounts.users:
        if await users.get(user.username) is None:
            record = User(user.username, tags=user.tags, description=user.description, role=user.role)
            await users.create(record, user.password)
    if accounts.default_app is not None:
        await _seed_app(accounts.default_app, DEFAULT_APP_DESC, api_keys, ids)
    for app in accounts.apps:
        await _seed_app(app, app.desc, api_keys, ids)
    for key in accounts.api_keys:
        row = ApiKey(
            key.name, key.api_key, desc=key.desc, enabled=key.enable, expired_at=key.expired_at, role=key.role
        )
        await _create(row, key.api_secret, api_keys)
    if accounts.bootstrap_file is not None:
        await bootstrap(accounts.bootstrap_file, api_keys)


async def bootstrap(path: Path, api_keys: ApiKeys) -> None:
    """Make or renew the keys of a bootstrap file [EMQX 5.6 `api_key.bootstrap_file`].

    Loading stops at the first bad line with an error in the log; keys of earlier lines stay.
    """
    try:
        for line in bootstrap_lines(_text_of(path)):
            record = ApiKey(
                BOOTSTRAP_PREFIX + key_of(line.key), line.key, desc=BOOTSTRAP_DESC, enabled=True, role=line.role
            )
            await api_keys.put(record, line.secret)
    except (OSError, ValueError, BootstrapError) as error:
        log.error("failed_to_load_bootstrap_file, file: %s, reason: %s", path, error)


def bootstrap_lines(text: str) -> Iterator[BootstrapLine]:
    """The lines `key:secret[:role]` of a bootstrap file. Raises BootstrapError at the first bad one."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = line.strip().split(":")
        if len(parts) not in (2, 3) or not all(_SIMPLE.fullmatch(part) for part in parts[:2]):
            raise BootstrapError(f"line {number} is not key:secret or key:secret:role")
        if len(parts) == 3 and parts[2] not in ROLES:
            raise BootstrapError(f"line {number}: invalid_role")
        yield BootstrapLine(parts[0], parts[1], cast(Role, parts[2]) if len(parts) == 3 else "administrator")


def _text_of(path: Path) -> str:
    return path.read_text("utf-8")


async def _seed_app(app: AppSettings, desc: str, api_keys: ApiKeys, ids: Ids) -> None:
    secret = app.secret if app.secret is not None else ids.text(SECRET_LENGTH)
    record = ApiKey(
        app.app_id,
        app.app_id,
        title=app.name,
        desc=desc,
        enabled=app.status,
        expired_at=app.expired,
        secret=secret,
        generations=app.generations,
    )
    await _create(record, secret, api_keys)


async def _create(record: ApiKey, secret: str, api_keys: ApiKeys) -> None:
    if api_keys.knows(name=record.name):
        return
    try:
        await api_keys.create(record, secret)
    except Fault as fault:
        log.warning("configured_key_not_made, name: %s, reason: %s", record.name, fault.kind)
