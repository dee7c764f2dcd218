"""The port: what a spoke may ask of whatever engine stands behind it.

Small protocols, all asynchronous, with two adapters: the embedded broker and (later) an EMQX 5 cluster. A spoke
never knows which one answers. Every method may raise `Fault`; what it can raise is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from emqx_compat.core.accounts import ApiKey, Principal, Role, User
from emqx_compat.core.alarms import AlarmService
from emqx_compat.core.bans import Ban, BanKind
from emqx_compat.core.clients import (
    AuthzDecision,
    Client,
    ClientQuery,
    Subscription,
    SubscriptionOptions,
    SubscriptionQuery,
    TopicRoute,
)
from emqx_compat.core.clock import Clock
from emqx_compat.core.features import FeatureService
from emqx_compat.core.hot_settings import HotSettingService
from emqx_compat.core.ids import Ids
from emqx_compat.core.messages import PublishRequest, PublishResult
from emqx_compat.core.mqtt_users import MqttUserService
from emqx_compat.core.nodes import Listener, Node
from emqx_compat.core.pages import Page, PageRequest
from emqx_compat.core.rules import ResourceService, RuleService
from emqx_compat.core.slow_subs import SlowSubsService
from emqx_compat.core.topic_metrics import TopicMetricsService


class ClientService(Protocol):
    """Connections and sessions."""

    async def list(self, query: ClientQuery) -> Page[Client]:
        """One page of clients, live and disconnected ones alike unless `query.connected` says otherwise."""

    async def get(self, clientid: str) -> Client | None:
        """The client of that exact id, connected or a held session."""

    async def kick(self, clientid: str, *, discard_session: bool) -> bool:
        """End the connection (its will is published); over when this returns. False: nobody of that id.

        With `discard_session` the session goes too, also a disconnected one (v5); without it a persistent
        session stays and only a live connection counts as found (v2–v4).
        """

    async def drop_session(self, clientid: str) -> None:
        """Remove a session without connection. Faults: SESSION_NOT_FOUND, SESSION_RUNNING."""

    async def subscribe(self, clientid: str, requests: Sequence[SubscriptionOptions]) -> Sequence[Subscription]:
        """Subscribe on the client's behalf: no SUBACK, no authorization; retained messages follow.

        Works on held sessions too. The filters must be valid. Faults: SESSION_NOT_FOUND.
        """

    async def unsubscribe(self, clientid: str, topics: Sequence[str]) -> None:
        """Remove filters in their full form; unknown ones are ignored. Faults: SESSION_NOT_FOUND."""

    async def subscriptions(self, clientid: str) -> Sequence[Subscription]:
        """All filters of one session; empty when there is none."""

    async def authz_cache(self, clientid: str) -> Sequence[AuthzDecision] | None:
        """Cached decisions; None when the client is not connected."""

    async def clean_authz_cache(self, clientid: str) -> bool:
        """Forget them. False: the client is not connected."""

    async def clean_all_authz_caches(self) -> None:
        """Forget those of every client."""


class SubscriptionService(Protocol):
    """Subscriptions of all sessions, and the routing table."""

    async def list(self, query: SubscriptionQuery) -> Page[Subscription]:
        """One page of subscriptions."""

    async def routes(self, page: PageRequest, topic: str | None = None) -> Page[TopicRoute]:
        """One page of the routing table; `topic` is an exact filter (no matching)."""


class PublishService(Protocol):
    """Messages from outside MQTT."""

    async def publish(self, request: PublishRequest) -> PublishResult:
        """Publish one message; authorization does not apply. The topic must be a valid topic name."""

    async def publish_many(self, requests: Sequence[PublishRequest]) -> list[PublishResult]:
        """Publish messages in their order, as `publish` does, but with one wait for the disk."""


class BanService(Protocol):
    """Bans, by (kind, who)."""

    async def list(self, page: PageRequest) -> Page[Ban]:
        """One page; expired ones may be among them until they are purged (once a minute)."""

    async def get(self, kind: BanKind, who: str) -> Ban | None:
        """One ban."""

    async def put(self, ban: Ban) -> None:
        """Store or replace. Connected clients stay. Faults: BAN_INVALID (address or expression)."""

    async def remove(self, kind: BanKind, who: str) -> bool:
        """False: there was none."""

    async def clear(self) -> None:
        """Remove all."""


class MetricsService(Protocol):
    """Counters and gauges of one node, under the names of `core.metrics`."""

    def counters(self) -> Mapping[str, int]:
        """Every name of COUNTERS."""

    def gauges(self) -> Mapping[str, tuple[int, int]]:
        """Every name of GAUGES → (now, high-water mark)."""

    def gauge(self, name: str) -> int:
        """One gauge, now."""


class NodeService(Protocol):
    """The members of the cluster."""

    @property
    def local(self) -> str:
        """The name of the node that answers."""

    async def list(self) -> Sequence[Node]:
        """Running members first."""

    async def get(self, name: str) -> Node:
        """One member. Faults: NODE_UNKNOWN."""

    def require(self, name: str) -> None:
        """Faults: NODE_UNKNOWN when `name` is no running member."""


class ListenerService(Protocol):
    """What listens, MQTT and HTTP; MQTT listeners can be changed, and the change outlives the process.

    An id is `<type>:<name>`; settings are those of a listener in EMQX 5's configuration.
    """

    async def list(self) -> Sequence[Listener]:
        """In the order they were started."""

    async def start(self, listener_id: str) -> None:
        """Switch it on; harmless when it runs. Faults: LISTENER_NOT_FOUND, LISTENER_INVALID, LISTENER_FAILED."""

    async def stop(self, listener_id: str) -> None:
        """Switch it off and close its connections; over when this returns. Faults: as above."""

    async def restart(self, listener_id: str, *, drop_connections: bool = False) -> None:
        """Start it when it is stopped; a running one keeps its connections, unless they are to be dropped.

        Faults: as above.
        """

    async def create(self, listener_id: str, settings: Mapping[str, object]) -> Listener:
        """Add one; it is started at once unless `enable` is false. Faults: LISTENER_EXISTS and as above."""

    async def update(self, listener_id: str, settings: Mapping[str, object]) -> Listener:
        """Lay settings over what it has. With the same address connections stay, with another they are closed.

        Faults: as above; a refused change changes nothing, but a new address that cannot be had leaves it stopped.
        """

    async def delete(self, listener_id: str) -> None:
        """Stop and forget it. Faults: LISTENER_NOT_FOUND, LISTENER_INVALID (configured from outside)."""


class UserService(Protocol):
    """Dashboard users."""

    async def list(self) -> Sequence[User]:
        """By the order of their creation."""

    async def get(self, username: str) -> User | None:
        """One user."""

    async def create(self, user: User, password: str) -> None:
        """Faults: USER_EXISTS. Rules for names and passwords are the generation's (`core.credentials`)."""

    async def update(self, user: User) -> None:
        """Replace tags, description, role. Faults: USER_NOT_FOUND."""

    async def delete(self, username: str) -> None:
        """Its tokens go with it. Faults: USER_NOT_FOUND, USER_UNDELETABLE (the default user)."""

    async def set_password(self, username: str, password: str) -> None:
        """Revokes the user's tokens. Faults: USER_NOT_FOUND."""

    def verify(self, username: str, password: str) -> User | None:
        """The user when the password is right."""


class ApiKeyService(Protocol):
    """Apps (v3, v4) and API keys (v5)."""

    async def list(self, generation: str) -> Sequence[ApiKey]:
        """Those visible to that generation, by the order of their creation."""

    async def get(self, generation: str, *, name: str | None = None, key: str | None = None) -> ApiKey | None:
        """One by its name or its key."""

    async def create(self, api_key: ApiKey, secret: str) -> None:
        """Faults: APP_EXISTS (name or key), KEY_LIMIT."""

    async def update(self, api_key: ApiKey) -> None:
        """Replace everything but name, key and secret. Faults: APP_NOT_FOUND."""

    async def delete(self, name: str) -> bool:
        """False: there was none."""

    def verify(self, generation: str, key: str, secret: str) -> ApiKey | None:
        """The key when the secret is right, it is enabled and has not expired."""

    def find(self, generation: str, key: str) -> ApiKey | None:
        """The key without asking for its secret."""


class TokenService(Protocol):
    """Bearer tokens of v5's dashboard users; they survive a restart."""

    async def issue(self, user: User) -> str:
        """A new token."""

    async def check(self, token: str) -> Principal:
        """Whose it is; using it renews it. Faults: TOKEN_UNKNOWN, TOKEN_EXPIRED."""

    async def revoke(self, token: str) -> None:
        """Forget one token; harmless when it is unknown."""

    async def revoke_all(self, username: str) -> None:
        """Forget every token of a user."""


class Engine(Protocol):
    """All of it."""

    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def versions(self) -> Mapping[str, str]:
        """Which version each generation reports, by `v2` … `v5`."""

    @property
    def options(self) -> Mapping[str, object]:
        """Settings that a spoke may read: `max_packet_size`, `max_clientid_len`, `default_username`, `edition`."""

    @property
    def clients(self) -> ClientService: ...
    @property
    def subscriptions(self) -> SubscriptionService: ...
    @property
    def publisher(self) -> PublishService: ...
    @property
    def bans(self) -> BanService: ...
    @property
    def metrics(self) -> MetricsService: ...
    @property
    def nodes(self) -> NodeService: ...
    @property
    def listeners(self) -> ListenerService: ...
    @property
    def users(self) -> UserService: ...
    @property
    def api_keys(self) -> ApiKeyService: ...
    @property
    def tokens(self) -> TokenService: ...
    @property
    def features(self) -> FeatureService: ...
    @property
    def hot_settings(self) -> HotSettingService: ...
    @property
    def mqtt_users(self) -> MqttUserService: ...
    @property
    def alarms(self) -> AlarmService: ...
    @property
    def topic_metrics(self) -> TopicMetricsService: ...
    @property
    def slow_subs(self) -> SlowSubsService: ...
    @property
    def rules(self) -> RuleService: ...
    @property
    def resources(self) -> ResourceService: ...


__all__ = [
    "AlarmService",
    "ApiKeyService",
    "BanService",
    "ClientService",
    "Engine",
    "FeatureService",
    "HotSettingService",
    "ListenerService",
    "MetricsService",
    "MqttUserService",
    "NodeService",
    "PublishService",
    "ResourceService",
    "Role",
    "RuleService",
    "SlowSubsService",
    "SubscriptionService",
    "TokenService",
    "TopicMetricsService",
    "UserService",
]
