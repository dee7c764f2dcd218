"""Subscriptions of all sessions and the routing table, asked by the management APIs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from emqx_compat.broker.binding import Binding
from emqx_compat.core.clients import Subscription, SubscriptionQuery, TopicRoute
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.mqtt import matches

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker

YIELD_EVERY = 500


class EmbeddedSubscriptions:
    """`SubscriptionService` over registry and router."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def list(self, query: SubscriptionQuery) -> Page[Subscription]:
        """One page, session after session."""
        broker = self._broker
        node = broker.node
        start = query.page.offset
        stop = start + query.page.limit
        total = broker.router.subscriptions
        filters = (query.clientid, query.qos, query.topic, query.group, query.match_topic)
        if all(each is None for each in filters):
            found = self._from(start, query.page.limit)
            return Page([binding.row(node) for binding in found], total, stop < total, total)
        rows = []
        matched = 0
        for seen, binding in enumerate(self._candidates(query), 1):
            if _passes(binding, query):
                if start <= matched < stop:
                    rows.append(binding.row(node))
                matched += 1
                if matched > stop and not query.count_matched:
                    return Page(rows, total, True, None)
            if not seen % YIELD_EVERY:
                await asyncio.sleep(0)
        return Page(rows, total, matched > stop, matched)

    def _from(self, start: int, limit: int) -> Sequence[Binding]:
        """The page without filters: whole sessions before it are stepped over."""
        found: deque[Binding] = deque()
        for session in self._broker.registry.sessions.values():
            size = len(session.bindings)
            if start >= size:
                start -= size
                continue
            found += islice(session.bindings.values(), start, start + limit - len(found))
            start = 0
            if len(found) >= limit:
                break
        return found

    def _candidates(self, query: SubscriptionQuery) -> Iterable[Binding]:
        """Where to look: one session, one filter, or everywhere."""
        broker = self._broker
        if query.clientid is not None:
            session = broker.registry.get(query.clientid)
            return () if session is None else tuple(session.bindings.values())
        if query.topic is not None:
            leaf = broker.router.leaves.get(query.topic)
            if leaf is None:
                return ()
            shared = [binding for group in leaf.groups.values() for binding in group.bindings.values()]
            return (*leaf.bindings.values(), *shared)
        return self._all()

    def _all(self) -> Iterator[Binding]:
        for session in tuple(self._broker.registry.sessions.values()):
            yield from tuple(session.bindings.values())

    async def routes(self, page: PageRequest, topic: str | None = None) -> Page[TopicRoute]:
        """One page of the routing table."""
        broker = self._broker
        router = broker.router
        if topic is not None:
            leaf = router.leaves.get(topic)
            groups: tuple[str | None, ...] = ()
            if leaf is not None:
                groups = (*((None,) if leaf.bindings else ()), *leaf.groups)
            rows = [TopicRoute(topic, broker.node, group) for group in groups]
            return Page(
                rows[page.offset : page.offset + page.limit],
                len(rows),
                len(rows) > page.offset + page.limit,
                len(rows),
            )
        stop = page.offset + page.limit
        rows = [TopicRoute(name, broker.node, group) for name, group in islice(router.rows(), page.offset, stop)]
        return Page(rows, router.routes, stop < router.routes, router.routes)


def _passes(binding: Binding, query: SubscriptionQuery) -> bool:
    if query.qos is not None and binding.qos != query.qos:
        return False
    if query.topic is not None and binding.topic != query.topic:
        return False
    if query.group is not None and (binding.group or "") != query.group:
        return False
    return query.match_topic is None or matches(binding.topic, query.match_topic)
