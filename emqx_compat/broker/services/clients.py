"""Connections and sessions, asked and told by the management APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.broker.closing import end_session, kick
from emqx_compat.broker.exclusive import plain
from emqx_compat.broker.subscribing import bind, send_retained, unbind
from emqx_compat.core.clients import AuthzDecision, Client, ClientQuery, Order, Subscription, SubscriptionOptions
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import Page

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.session import Session

YIELD_EVERY = 500
"""Rows that a scan looks at before the event loop gets its turn."""

_CLOSING_TURNS = 5

Test = Callable[[Client], bool]


class EmbeddedClients:
    """`ClientService` over the registry."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def list(self, query: ClientQuery) -> Page[Client]:
        """One page; costs the page alone as long as no filter leaves anyone out."""
        registry = self._broker.registry
        tests = tests_of(query)
        start = query.page.offset
        stop = start + query.page.limit
        total = len(registry)
        candidates = self._candidates(query)
        known = None
        if candidates is None and query.connected is not None and len(tests) == 1:
            # The registry counts these; where all are connected, the filter is none.
            known = registry.live if query.connected else total - registry.live
            if known == total:
                tests = []
        if candidates is None and not tests:
            rows = [session.record() for session in registry.ordered(query.order, start, stop)]
            return Page(rows, total, stop < total, total)
        scan: Iterable[Session] = (
            tuple(registry.ordered(query.order)) if candidates is None else in_order(candidates, query.order)
        )
        rows = []
        matched = 0
        by_queue = query.mqueue_len_from is not None or query.mqueue_len_to is not None
        for seen, session in enumerate(scan, 1):
            client = session.record() if by_queue else session.client
            if all(test(client) for test in tests):
                if start <= matched < stop:
                    rows.append(session.record())
                matched += 1
                if matched > stop and (known is not None or not query.count_matched):
                    return Page(rows, total, True, known)
            if not seen % YIELD_EVERY:
                await asyncio.sleep(0)
        return Page(rows, total, matched > stop, matched)

    def _candidates(self, query: ClientQuery) -> Sequence[Session] | None:
        """The few sessions that exact filters leave, or None when all must be looked at."""
        registry = self._broker.registry
        if query.clientids is not None:
            found = (registry.get(clientid) for clientid in dict.fromkeys(query.clientids))
            return [session for session in found if session is not None]
        if query.usernames is not None:
            return [session for name in dict.fromkeys(query.usernames) for session in registry.named(name)]
        return None

    async def get(self, clientid: str) -> Client | None:
        """One client."""
        session = self._broker.registry.get(clientid)
        return None if session is None else session.record()

    async def kick(self, clientid: str, *, discard_session: bool) -> bool:
        """See `core.engine.ClientService.kick`."""
        session = self._broker.registry.get(clientid)
        if session is None or (session.channel is None and not discard_session):
            return False
        channel = session.channel
        kick(self._broker, session, discard_session)
        self._broker.flush()
        await self._broker.journal.saved()
        if channel is not None:
            await _gone(channel)
        return True

    async def drop_session(self, clientid: str) -> None:
        """Remove a held session."""
        session = self._session(clientid)
        if session.channel is not None:
            raise Fault(F.SESSION_RUNNING, clientid=clientid)
        end_session(session, "discarded")
        await self._broker.journal.saved()

    async def subscribe(self, clientid: str, requests: Sequence[SubscriptionOptions]) -> Sequence[Subscription]:
        """Subscribe on the client's behalf."""
        session = self._session(clientid)
        made = []
        for request in requests:
            binding = Binding(
                session,
                plain(request.topic),
                request.qos,
                request.no_local,
                request.retain_as_published,
                request.retain_handling,
                extra=request.extra,
            )
            made.append((binding, bind(self._broker, binding)))
        for binding, fresh in made:
            send_retained(binding, fresh)
        await self._broker.journal.saved()
        return [binding.row(self._broker.node) for binding, _ in made]

    async def unsubscribe(self, clientid: str, topics: Sequence[str]) -> None:
        """Unsubscribe on the client's behalf."""
        session = self._session(clientid)
        for topic in topics:
            unbind(self._broker, session, plain(topic))
        await self._broker.journal.saved()

    async def subscriptions(self, clientid: str) -> Sequence[Subscription]:
        """All filters of one session."""
        session = self._broker.registry.get(clientid)
        if session is None:
            return []
        return [binding.row(self._broker.node) for binding in session.bindings.values()]

    async def authz_cache(self, clientid: str) -> Sequence[AuthzDecision] | None:
        """What the client's connection remembers; None when it has none."""
        channel = self._channel(clientid)
        if channel is None:
            return None
        return [] if channel.authz is None else channel.authz.decisions(self._broker.clock.now())

    async def clean_authz_cache(self, clientid: str) -> bool:
        """False: the client is not connected."""
        channel = self._channel(clientid)
        if channel is not None and channel.authz is not None:
            channel.authz.forget()
        return channel is not None

    async def clean_all_authz_caches(self) -> None:
        """Every connection asks again."""
        for channel in self._broker.channels:
            if channel.authz is not None:
                channel.authz.forget()

    def _channel(self, clientid: str) -> Channel | None:
        session = self._broker.registry.get(clientid)
        return None if session is None else session.channel

    def _session(self, clientid: str) -> Session:
        session = self._broker.registry.get(clientid)
        if session is None:
            raise Fault(F.SESSION_NOT_FOUND, clientid=clientid)
        return session


async def _gone(channel: Channel) -> None:
    """Wait until the socket is closed: some turns of the loop, unless the peer is slow to take its last bytes."""
    for _ in range(_CLOSING_TURNS):
        if channel.sink.is_gone:
            return
        await asyncio.sleep(0)


def in_order(sessions: Sequence[Session], order: Order) -> Sequence[Session]:
    """Few sessions in the order of a listing."""
    if order is Order.TABLE:
        return sorted(sessions, key=lambda session: session.client.created_at)
    return sorted(sessions, key=lambda session: session.client.clientid, reverse=order is Order.DESCENDING)


def tests_of(query: ClientQuery) -> list[Test]:
    """The filters of a query, cheapest first."""
    tests: list[Test] = []
    if query.connected is not None:
        tests.append(lambda client: client.connected is query.connected)
    for name in ("clean_start", "proto_ver", "proto_name", "peerhost", "zone"):
        wanted = getattr(query, name)
        if wanted is not None:
            tests.append(lambda client, name=name, wanted=wanted: getattr(client, name) == wanted)  # type: ignore[misc]
    if query.clientids is not None and query.usernames is not None:
        usernames = frozenset(query.usernames)
        tests.append(lambda client: client.username in usernames)
    if (like_clientid := query.like_clientid) is not None:
        tests.append(lambda client: like_clientid in client.clientid)
    if (like_username := query.like_username) is not None:
        tests.append(lambda client: like_username in (client.username or ""))
    for name, floor, ceiling in _BOUNDS:
        if (lowest := getattr(query, floor)) is not None:
            tests.append(lambda client, name=name, lowest=lowest: getattr(client, name) >= lowest)  # type: ignore[misc]
        if (highest := getattr(query, ceiling)) is not None:
            tests.append(lambda client, name=name, highest=highest: getattr(client, name) <= highest)  # type: ignore[misc]
    return tests


_BOUNDS = (
    ("created_at", "created_from", "created_to"),
    ("connected_at", "connected_from", "connected_to"),
    ("mqueue_len", "mqueue_len_from", "mqueue_len_to"),
    ("mqueue_dropped", "mqueue_dropped_from", "mqueue_dropped_to"),
)
