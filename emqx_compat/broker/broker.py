"""The broker: what its parts are, and how a message enters it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from emqx_compat.broker import delayed as delayed_topics
from emqx_compat.broker.agenda import Agenda
from emqx_compat.broker.authorizing import Authorization
from emqx_compat.broker.banned import PURGE_INTERVAL, Banned, BanStore, NoBanStore
from emqx_compat.broker.channel import Channel
from emqx_compat.broker.counters import new_counters
from emqx_compat.broker.delayed import Delayed
from emqx_compat.broker.delivery import route
from emqx_compat.broker.flapping import Flapping
from emqx_compat.broker.gauges import Gauges
from emqx_compat.broker.journal import Journal
from emqx_compat.broker.limits import Limits
from emqx_compat.broker.message import Message
from emqx_compat.broker.peer import Peer, Sink
from emqx_compat.broker.registry import Registry
from emqx_compat.broker.replay import ReplayTurns
from emqx_compat.broker.restore import restore
from emqx_compat.broker.retained import Retained
from emqx_compat.broker.router import Router
from emqx_compat.broker.services.bans import EmbeddedBans
from emqx_compat.broker.services.clients import EmbeddedClients
from emqx_compat.broker.services.metrics import EmbeddedMetrics
from emqx_compat.broker.services.publish import EmbeddedPublisher
from emqx_compat.broker.services.subscriptions import EmbeddedSubscriptions
from emqx_compat.broker.session import Session
from emqx_compat.broker.session_store import NoSessionStore, SessionStore
from emqx_compat.broker.settings import BrokerSettings
from emqx_compat.broker.states import State
from emqx_compat.broker.sys_topics import SysTopics
from emqx_compat.core.clients import Client
from emqx_compat.core.clock import Clock
from emqx_compat.core.hooks import Authorizer, DeliveryHook, Hooks
from emqx_compat.core.ids import Ids
from emqx_compat.core.topic_metrics import DROPPED, Counts, count_in
from emqx_compat.mqtt import ReasonCode

log = logging.getLogger(__name__)

SWEEP_INTERVAL = 5.0
"""How often retries and timeouts of QoS 2 identifiers are looked for, in all sessions at once."""


class Broker:
    """The embedded engine of one node.

    Everything runs in the event loop that `start` is called in. `clients`, `subscriptions`, `publisher`, `bans`
    and `metrics` are the ports of `core.engine`; transports open a `Channel` for each connection.
    """

    def __init__(
        self,
        node: str,
        clock: Clock,
        ids: Ids,
        settings: BrokerSettings,
        hooks: Hooks,
        ban_store: BanStore | None = None,
        session_store: SessionStore | None = None,
    ) -> None:
        self.node = node
        self.clock = clock
        self.ids = ids
        self.settings = settings
        self.hooks = hooks
        self.ban_store: BanStore = ban_store or NoBanStore()
        self.counters = new_counters()
        self.gauges = Gauges()
        self.agenda = Agenda(clock)
        self.registry = Registry()
        self.router = Router()
        self.exclusive: dict[str, Session] = {}
        """Filter → the session that has it for itself; see `exclusive`."""
        self.topic_counts: dict[str, Counts] = {}
        """Topics whose messages are counted one by one; see `core.topic_metrics`."""
        self.limits = Limits(clock)
        self.journal = Journal(self, session_store or NoSessionStore())
        self.unsaved = False
        """A durable place has taken a message of QoS 1 or 2 which nobody has acknowledged yet."""
        self.retained = Retained(settings, self.limits, self.journal.retained)
        self.replays = ReplayTurns(self)
        self.banned = Banned()
        self.flapping = Flapping(self)
        self.delayed = Delayed(self)
        self.sys = SysTopics(self)
        self.channels: set[Channel] = set()
        """Every connection, also those that have not sent their CONNECT yet."""
        self.authorizing = settings.authz_no_match == "deny" or bool(hooks.client_authorize)
        """Whether anyone is asked who may do what; see `review_authorization`."""
        self.dirty: list[Channel] = []
        """Connections with something to write at the end of this turn of the loop."""
        self.clients = EmbeddedClients(self)
        self.subscriptions = EmbeddedSubscriptions(self)
        self.publisher = EmbeddedPublisher(self)
        self.bans = EmbeddedBans(self)
        self.metrics = EmbeddedMetrics(self)
        self.stopped = False
        """Transports let nobody in any more."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._provide_gauges()

    def _provide_gauges(self) -> None:
        registry, router = self.registry, self.router
        gauges = self.gauges
        gauges.provide(lambda: len(registry.sessions), "connections", "channels", "sessions", "cluster_sessions")
        gauges.provide(lambda: registry.live, "live_connections")
        gauges.provide(lambda: registry.persistent, "sessions.persistent")
        gauges.provide(lambda: router.routes, "topics", "routes")
        gauges.provide(lambda: router.subscriptions, "subscriptions", "suboptions", "subscribers")
        gauges.provide(lambda: router.shared, "subscriptions.shared")
        gauges.provide(lambda: len(self.retained), "retained")
        gauges.provide(lambda: len(self.delayed), "delayed")

    # --- life --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Load what is kept and begin to keep time; connections are welcome from here on. Raises as stores do."""
        self._loop = asyncio.get_running_loop()
        for ban in self.ban_store.load():
            try:
                self.banned.put(ban)
            except Exception:  # one row that cannot be read must not keep the broker from starting
                log.exception("the stored ban of %s %s is not used", ban.kind, ban.who)
        if self.journal.enabled:
            restore(self)
        self.sys.start()
        self.agenda.after(SWEEP_INTERVAL, self._sweep)
        self.agenda.after(PURGE_INTERVAL, self._purge)

    async def stop(self) -> None:
        """Say goodbye to everyone (DISCONNECT 0x8B to MQTT 5 clients), publish their wills, stop all timers."""
        self.stopped = True
        await self.journal.settle()  # who waits for an acknowledgement gets it
        for channel in tuple(self.channels):
            channel.close("server_shutting_down", ReasonCode.SERVER_SHUTTING_DOWN)
        self.flush()
        self.agenda.stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.journal.close()

    def open_channel(self, sink: Sink, peer: Peer) -> Channel:
        """A transport has a new connection."""
        return Channel(self, sink, peer)

    # --- messages ----------------------------------------------------------------------------------------------

    def publish(self, message: Message, now: float) -> int:
        """Run the hooks, retain, deliver; to how many sessions. Counted as `messages.publish`."""
        counters = self.counters
        if self.hooks.message_publish:
            self.run(self.hooks.message_publish, message)
            if not message.allow:
                return 0
        topic = message.topic
        if topic[0] == "$":
            if topic.startswith(delayed_topics.PREFIX) and self.settings.delayed_enable:
                self.delayed.accept(message, now)
                return 0  # nobody has it yet: 0x10 to MQTT 5, 202 to v5's HTTP, as 5.6.1
            if topic.startswith("$SYS/"):
                return 0 if message.from_client else self.publish_sys(message, now)  # [§4.7.2]
        counters["messages.publish"] += 1
        counts = self.topic_counts.get(topic) if self.topic_counts else None
        if counts is not None:
            count_in(counts, message.qos)
        if message.retain:
            self._retain(message)
        receivers = route(self, message, now)
        if not receivers:
            counters["messages.dropped"] += 1
            counters["messages.dropped.no_subscribers"] += 1
            if counts is not None:
                counts[DROPPED] += 1
            if self.hooks.message_dropped:
                self.run(self.hooks.message_dropped, message)
        return receivers

    def publish_sys(self, message: Message, now: float) -> int:
        """Retain and deliver what belongs to `$SYS/`, which neither hooks nor counters see."""
        if message.retain:
            self._retain(message)
        return route(self, message, now)

    def _retain(self, message: Message) -> None:
        if not self.journal.must_keep(message):
            return
        if self.retained.store(message):
            self.counters["messages.retained"] += 1
            self.gauges.refresh("retained")

    def drop_delivery(self, client: Client, reason: str) -> None:
        """Count a message that one session did not get; `reason` as in `delivery.dropped.<reason>`."""
        counters = self.counters
        counters["delivery.dropped"] += 1
        counters[f"delivery.dropped.{reason}"] += 1
        mine = client.counters
        mine.send_msg_dropped += 1
        if reason == "queue_full":
            mine.send_msg_dropped_queue_full += 1
        elif reason == "expired":
            mine.send_msg_dropped_expired += 1
        elif reason == "too_large":
            mine.send_msg_dropped_too_large += 1

    def count_authorized(self, number: int) -> None:
        """Count PUBLISHes or filters as allowed, and as known already; `Authorization` corrects what is not so."""
        counters = self.counters
        counters["client.authorize"] += number
        counters["authorization.allow"] += number
        if self.authorizing and self.settings.authz_cache_enable:
            counters["authorization.cache_hit"] += number

    def hook_authorizer(self, authorizer: Authorizer) -> None:
        """Ask it from now on, for connections that are open too."""
        self.hooks.client_authorize.append(authorizer)
        self.review_authorization()

    def unhook_authorizer(self, authorizer: Authorizer) -> None:
        """The reverse."""
        self.hooks.client_authorize.remove(authorizer)
        self.review_authorization()

    def review_authorization(self) -> None:
        """Who may do what has changed: forget what was answered; ask only where someone could say no."""
        self.authorizing = bool(self.hooks.client_authorize) or self.settings.authz_no_match == "deny"
        for channel in self.channels:
            if channel.session is not None:
                channel.authz = Authorization(self, channel.session.client) if self.authorizing else None

    def hook_deliveries(self, callback: DeliveryHook) -> None:
        """Hang something into `hooks.message_delivered`; deliveries take the long way while anything is there."""
        self.hooks.message_delivered.append(callback)
        self._choose_way()

    def unhook_deliveries(self, callback: DeliveryHook) -> None:
        """The reverse."""
        self.hooks.message_delivered.remove(callback)
        self._choose_way()

    def _choose_way(self) -> None:
        for channel in self.channels:
            channel.set_fast()

    def run(self, point: Sequence[Callable[..., None]], *args: object) -> None:
        """Call everyone at a hook point; one that fails does not stop the others."""
        for callback in tuple(point):
            try:
                callback(*args)
            except Exception:  # what a hook raises is logged and stops nobody (core.hooks)
                log.exception("a hook failed: %r", callback)

    # --- turns of the event loop -------------------------------------------------------------------------------

    def make_dirty(self, channel: Channel) -> None:
        """A connection has something to write."""
        if not self.dirty:
            self.flush_soon()
        self.dirty.append(channel)

    def flush_soon(self) -> None:
        """Write at the end of this turn of the loop; to be called when the first connection becomes dirty."""
        self.call_soon(self.flush)

    def flush(self) -> None:
        """Write what all connections have gathered, each with one write."""
        dirty = self.dirty
        if not dirty:
            return
        channels = dirty.copy()
        dirty.clear()
        for channel in channels:
            if channel.state is not State.CLOSED:
                channel.flush()

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Run `callback` in the next turn of the loop."""
        assert self._loop is not None, "the broker has not been started"
        self._loop.call_soon(callback)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the loop's work; cancelled when the broker stops."""
        assert self._loop is not None, "the broker has not been started"
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep(self) -> None:
        """Retries and timeouts of what sessions wait for."""
        self.agenda.after(SWEEP_INTERVAL, self._sweep)
        settings = self.settings
        now = self.clock.now()
        retry_before = now - settings.retry_interval
        release_before = now - settings.await_rel_timeout
        for session in tuple(self.registry.sessions.values()):
            if session.awaiting_rel:
                lost = session.forget_awaiting_rel(release_before)
                if lost:
                    self.counters["messages.dropped"] += lost
                    self.counters["messages.dropped.await_pubrel_timeout"] += lost
                    session.client.counters.recv_msg_dropped += lost
                    session.client.counters.recv_msg_dropped_await_pubrel_timeout += lost
            channel = session.channel
            if session.inflight and settings.retry_interval and channel is not None and not channel.family:
                session.retry(retry_before, now)

    def _purge(self) -> None:
        """Forget bans and retained messages whose time is over."""
        self.agenda.after(PURGE_INTERVAL, self._purge)
        now = self.clock.now()
        for kind, who in self.banned.expired(now):
            self.banned.remove(kind, who)
            self.ban_store.purge(kind, who)
        self.retained.purge(now)
