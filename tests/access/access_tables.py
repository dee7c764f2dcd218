"""Tables of users, keys and tokens over a store in memory and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emqx_compat.access.api_keys import ApiKeys
from emqx_compat.access.tokens import Tokens
from emqx_compat.access.users import Users
from emqx_compat.core.clock import ManualClock
from emqx_compat.core.ids import Ids
from emqx_compat.store import Store

LIFETIME = 3600.0


@dataclass(slots=True)
class Access:
    """One life of the tables."""

    store: Store
    clock: ManualClock
    ids: Ids
    tokens: Tokens
    users: Users
    api_keys: ApiKeys


def opened(directory: Path | None, clock: ManualClock, ids: Ids) -> Access:
    store = Store(directory)
    tokens = Tokens(store, clock, ids, LIFETIME)
    users = Users(store, ids, tokens)
    api_keys = ApiKeys(store, clock, ids)
    for table in (tokens, users, api_keys):
        table.load()
    return Access(store, clock, ids, tokens, users, api_keys)


async def restarted(access: Access) -> Access:
    """The same directory, opened anew."""
    assert access.store.path is not None
    access.tokens.close()
    await access.store.close()
    return opened(access.store.path.parent, access.clock, access.ids)
