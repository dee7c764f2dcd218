"""Every session of the node, connected or held, and the orders in which they can be listed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from emqx_compat.core.clients import Order

if TYPE_CHECKING:
    from emqx_compat.broker.session import Session


class Registry:
    """Sessions by client id, in the order they began; ids in byte order; sessions by user name."""

    __slots__ = ("_sorted", "_usernames", "live", "persistent", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.live = 0
        """How many have a connection."""
        self.persistent = 0
        """How many outlive their connection."""
        self._sorted: list[str] = []
        self._usernames: dict[str, dict[str, Session]] = {}

    def __len__(self) -> int:
        return len(self.sessions)

    def get(self, clientid: str) -> Session | None:
        """The session of that id."""
        return self.sessions.get(clientid)

    def add(self, session: Session) -> None:
        """A session begins; its client's id must be free."""
        clientid = session.client.clientid
        self.sessions[clientid] = session
        insort(self._sorted, clientid)
        self.index(session)

    def remove(self, session: Session) -> None:
        """A session ends."""
        clientid = session.client.clientid
        del self.sessions[clientid]
        del self._sorted[bisect_left(self._sorted, clientid)]
        self.unindex(session)

    def index(self, session: Session) -> None:
        """Take a session into the indexes of what may change when it is resumed."""
        client = session.client
        if client.username is not None:
            self._usernames.setdefault(client.username, {})[client.clientid] = session
        self.persistent += client.is_persistent

    def unindex(self, session: Session) -> None:
        """The reverse, to be called before the client record changes."""
        client = session.client
        if client.username is not None:
            named = self._usernames[client.username]
            del named[client.clientid]
            if not named:
                del self._usernames[client.username]
        self.persistent -= client.is_persistent

    def named(self, username: str) -> list[Session]:
        """The sessions of a user name."""
        return list(self._usernames.get(username, {}).values())

    def ordered(self, order: Order, start: int = 0, stop: int | None = None) -> Iterator[Session]:
        """The sessions from one position to another in the asked order."""
        sessions = self.sessions
        if order is Order.TABLE:
            return islice(sessions.values(), start, stop)
        if order is Order.ASCENDING:
            ids = self._sorted[start:stop]
        else:
            size = len(self._sorted)
            end = None if stop is None else max(size - stop, 0)
            ids = self._sorted[end : max(size - start, 0)][::-1]
        return (sessions[clientid] for clientid in ids)
