"""Clients, their sessions and subscriptions: the records that listings are made of, and the questions asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from emqx_compat.core.pages import PageRequest


@dataclass(slots=True)
class ClientCounters:
    """What went through one client's connections since the session began. All numbers only grow."""

    recv_oct: int = 0
    recv_cnt: int = 0
    recv_pkt: int = 0
    recv_msg: int = 0
    recv_msg_qos0: int = 0
    recv_msg_qos1: int = 0
    recv_msg_qos2: int = 0
    recv_msg_dropped: int = 0
    recv_msg_dropped_await_pubrel_timeout: int = 0
    send_oct: int = 0
    send_cnt: int = 0
    send_pkt: int = 0
    send_msg: int = 0
    send_msg_qos0: int = 0
    send_msg_qos1: int = 0
    send_msg_qos2: int = 0
    send_msg_dropped: int = 0
    send_msg_dropped_expired: int = 0
    send_msg_dropped_queue_full: int = 0
    send_msg_dropped_too_large: int = 0
    enqueue_msg: int = 0
    """Messages that had to wait in the queue."""


@dataclass(slots=True)
class Client:
    """A connection, or a disconnected session that is still held.

    The record is live: the engine keeps one per session and refreshes its gauges whenever it hands it out, so
    that a listing costs its page. Read it at once; do not keep it, do not write to it.
    """

    clientid: str
    node: str
    username: str | None = None
    listener: str = "tcp:default"
    """`<type>:<name>`; the type is tcp, ssl, ws, wss or a gateway's name."""
    peerhost: str | None = None
    peerport: int | None = None
    sockport: int | None = None
    proto_name: str = "MQTT"
    proto_ver: int = 4
    keepalive: int = 60
    clean_start: bool = True
    is_bridge: bool = False
    zone: str = "default"
    mountpoint: str | None = None
    connected: bool = True
    enable_authn: bool = True
    is_superuser: bool = False
    """Whoever authenticated the client said that it may do everything."""
    expiry_interval: int = 0
    """Seconds that the session outlives its connection."""
    created_at: float = 0.0
    """Epoch seconds when the session began."""
    connected_at: float = 0.0
    disconnected_at: float | None = None
    disconnected_cleanly: bool = False
    """True when the last connection ended with a DISCONNECT packet."""
    subscriptions_cnt: int = 0
    subscriptions_max: int | None = None
    """None = no limit."""
    inflight_cnt: int = 0
    inflight_max: int = 32
    mqueue_len: int = 0
    mqueue_max: int = 1000
    """0 = no limit."""
    mqueue_dropped: int = 0
    awaiting_rel_cnt: int = 0
    awaiting_rel_max: int = 100
    ws_cookie: str | None = None
    cn: str | None = None
    dn: str | None = None
    counters: ClientCounters = field(default_factory=ClientCounters)

    @property
    def is_persistent(self) -> bool:
        """Whether the session outlives the connection."""
        return self.expiry_interval > 0


class Order(Enum):
    """In which order a client listing runs."""

    TABLE = "table"
    """The order in which the sessions began: cheapest, stable while nothing changes."""
    ASCENDING = "ascending"
    """By client id, byte order."""
    DESCENDING = "descending"


@dataclass(slots=True)
class ClientQuery:
    """Which clients, which page. A filter left None does not restrict; several combine with AND."""

    page: PageRequest = field(default_factory=PageRequest)
    order: Order = Order.TABLE
    count_matched: bool = False
    """Scan on after the page to fill `Page.matched`."""
    clientids: tuple[str, ...] | None = None
    usernames: tuple[str, ...] | None = None
    like_clientid: str | None = None
    """Case-sensitive substring."""
    like_username: str | None = None
    """Case-sensitive substring; a client without username has the empty one."""
    peerhost: str | None = None
    connected: bool | None = None
    clean_start: bool | None = None
    proto_name: str | None = None
    proto_ver: int | None = None
    zone: str | None = None
    created_from: float | None = None
    """Inclusive, epoch seconds; the other three alike."""
    created_to: float | None = None
    connected_from: float | None = None
    connected_to: float | None = None
    mqueue_len_from: int | None = None
    """Inclusive; the other three alike."""
    mqueue_len_to: int | None = None
    mqueue_dropped_from: int | None = None
    mqueue_dropped_to: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionOptions:
    """What a subscription asks for [MQTT-3.8.3.1]; `topic` is the filter as sent, `$share/…` included."""

    topic: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0
    extra: Mapping[str, object] | None = None
    """What only one generation can say of it (a qos that is text), by field name; the listing row keeps it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One filter of one session."""

    node: str
    clientid: str
    topic: str
    """The filter without its `$share/<group>/` or `$queue/`."""
    group: str | None = None
    """Name of the share group, `$queue` for a queue subscription, None for an ordinary one."""
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0
    subid: int | None = None
    extra: Mapping[str, object] | None = None
    """As in `SubscriptionOptions`."""

    @property
    def shared_topic(self) -> str:
        """The filter in its full form: `$share/<group>/<topic>`, `$queue/<topic>` or the topic alone."""
        if self.group is None:
            return self.topic
        return f"$queue/{self.topic}" if self.group == "$queue" else f"$share/{self.group}/{self.topic}"


@dataclass(slots=True)
class SubscriptionQuery:
    """Which subscriptions, which page."""

    page: PageRequest = field(default_factory=PageRequest)
    count_matched: bool = False
    clientid: str | None = None
    qos: int | None = None
    topic: str | None = None
    """Exact filter, without a share prefix; matches ordinary and shared subscriptions unless `group` says more."""
    group: str | None = None
    """Exact group; the empty text means ordinary subscriptions only."""
    match_topic: str | None = None
    """A filter that the subscription's filter, taken as a topic, must match."""


@dataclass(frozen=True, slots=True)
class TopicRoute:
    """A row of the routing table: a filter that some session of `node` subscribed."""

    topic: str
    node: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class AuthzDecision:
    """A cached answer to "may this client do that"."""

    action: str
    """`publish` or `subscribe`."""
    topic: str
    result: str
    """`allow` or `deny`."""
    qos: int
    retain: bool
    updated_at: float
