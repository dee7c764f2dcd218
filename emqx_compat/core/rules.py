"""Rules, the actions they run, the resources those use: what 3.x and 4.x call so, and 5.x rules and connectors.

The records hold what any generation can say; `extra` keeps what one alone can say, by its field name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SqlDialect = Literal["3.1", "3.2", "4", "5"]
"""Whose SQL a rule is written in: 3.1 names topics after FROM, 3.2 events, 4 and 5 both."""

_MESSAGE = ("client_id", "username", "event", "id", "payload", "peername", "qos", "timestamp", "topic", "node")
_ACKED = ("client_id", "username", "event", "id", "payload", "peername", "topic", "qos", "timestamp", "node")
_FILTERS = (
    *("client_id", "username", "event", "auth_result", "mountpoint", "peername"),
    *("topic_filters", "topic", "qos", "timestamp", "node"),
)
_SESSION = ("client_id", "username", "event", "topic", "qos", "nl", "rap", "rc", "rh", "timestamp", "node")

EVENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "message.publish": _MESSAGE,
    "message.deliver": (
        *("client_id", "username", "event", "auth_result", "mountpoint"),
        *("id", "payload", "peername", "topic", "qos", "timestamp", "node"),
    ),
    "message.acked": _ACKED,
    "message.dropped": _MESSAGE,
    "client.connected": (
        *("client_id", "username", "event", "auth_result", "clean_start", "connack", "connected_at", "is_bridge"),
        *("keepalive", "mountpoint", "peername", "proto_ver", "timestamp", "node"),
    ),
    "client.disconnected": (
        *("client_id", "username", "event", "auth_result", "mountpoint", "peername", "reason_code"),
        *("timestamp", "node"),
    ),
    "client.subscribe": _FILTERS,
    "client.unsubscribe": _FILTERS,
    "session.subscribed": _SESSION,
    "session.unsubscribed": _SESSION,
}
"""What 3.x rules can listen to, in the order in which it lists them, and what they may select by name."""

ParamSpecs = Mapping[str, Mapping[str, Any]]
"""What may be configured, by name: `type` (string, number, boolean, array, object), `required`, `enum`, `format`
(url, topic or a regular expression), `range` ([min, max]), `items` (of an array), `schema` (of an object), as the
rule engines of 3.x and 4.x describe it."""


@dataclass(frozen=True, slots=True)
class ActionType:
    """What a rule may do, as one generation names it."""

    name: str
    params: ParamSpecs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What actions may need, as one generation names it."""

    name: str
    params: ParamSpecs = field(default_factory=dict)


@dataclass(slots=True)
class RuleMetrics:
    """How often a rule ran; speeds are matches per second."""

    matched: int = 0
    passed: int = 0
    failed: int = 0
    exception: int = 0
    no_result: int = 0
    speed: float = 0.0
    speed_max: float = 0
    speed_last5m: float = 0.0


@dataclass(slots=True)
class ActionMetrics:
    """How often an action ran."""

    taken: int = 0
    success: int = 0
    failed: int = 0


@dataclass(slots=True)
class RuleAction:
    """One action of one rule."""

    name: str
    params: dict[str, object] = field(default_factory=dict)
    id: str = ""
    """`<name>_<nanoseconds>`; empty until the rule is stored."""
    fallbacks: list[RuleAction] = field(default_factory=list)
    """What 4.x does when this fails."""
    metrics: ActionMetrics = field(default_factory=ActionMetrics)

    @property
    def resource(self) -> str | None:
        """The id of the resource it uses."""
        used = self.params.get("$resource")
        return used if isinstance(used, str) else None


@dataclass(slots=True)
class Rule:
    """Select from events, and act on what was selected."""

    sql: str
    dialect: SqlDialect
    actions: list[RuleAction] = field(default_factory=list)
    id: str = ""
    """Empty: the service makes one."""
    name: str = ""
    description: str = ""
    enabled: bool = True
    sources: tuple[str, ...] = ()
    """What stands after FROM; filled in by the service."""
    hook: str = ""
    """3.1's `for`: the event, where FROM names topics."""
    on_action_failed: Literal["continue", "stop"] = "continue"
    created_at: float = 0.0
    """Epoch seconds."""
    metrics: RuleMetrics = field(default_factory=RuleMetrics)
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Resource:
    """Something outside that actions use: 4.x's resource, 5.x's connector."""

    type: str
    config: dict[str, object] = field(default_factory=dict)
    id: str = ""
    """Empty: the service makes one."""
    name: str = ""
    """3.1 names its resources; later generations do not."""
    description: str = ""
    created_at: float = 0.0
    """Epoch seconds."""
    extra: dict[str, object] = field(default_factory=dict)


class RuleService(Protocol):
    """The rules; they outlive the process."""

    async def list(self) -> Sequence[Rule]:
        """By the order of their creation."""

    async def get(self, rule_id: str) -> Rule | None:
        """One rule."""

    async def create(self, rule: Rule, actions: Mapping[str, ActionType]) -> Rule:
        """Check and store; the result has its ids.

        `actions` are those that the generation knows. Checked in this order: SQL, then each action (known, its
        parameters, its resource).
        Faults: SQL_*, EVENT_UNKNOWN (3.1), ACTION_UNKNOWN, CONFIG_*, ARGUMENTS_INVALID, RESOURCE_NOT_FOUND (3.1),
        RESOURCE_NOT_STARTED.
        """

    async def sources(self, sql: str, dialect: SqlDialect) -> Sequence[str]:
        """What stands after FROM; nothing when the text does not parse."""

    async def delete(self, rule_id: str) -> bool:
        """False: there was none."""

    async def test(self, sql: str, dialect: SqlDialect, context: Mapping[str, object]) -> object:
        """What the SQL selects from an example of its first event, into which `context` is put: an object, or an
        array for FOREACH. Nothing is stored, no action runs.

        Faults: SQL_*, CONTEXT_UNKNOWN, ARGUMENTS_INVALID; a column that nobody knows is SQL_TEST_COLUMN_UNKNOWN.
        """


class ResourceService(Protocol):
    """The resources; they outlive the process, and are started again with it."""

    async def list(self, type_: str | None = None) -> Sequence[Resource]:
        """By the order of their creation."""

    async def get(self, resource_id: str) -> Resource | None:
        """One resource."""

    async def create(self, resource: Resource, types: Mapping[str, ResourceType]) -> Resource:
        """Check and store, then try to start it, which may fail; the result has its id. The same id replaces.

        Faults: RESOURCE_TYPE_UNKNOWN, CONFIG_*, ARGUMENTS_INVALID.
        """

    async def test(self, resource: Resource, types: Mapping[str, ResourceType]) -> None:
        """Check, start and stop it; nothing is stored. Faults: as `create`, and RESOURCE_TEST_FAILED."""

    async def start(self, resource_id: str) -> None:
        """Start it again. Faults: RESOURCE_NOT_FOUND, RESOURCE_START_FAILED."""

    async def delete(self, resource_id: str) -> bool:
        """False: there was none. Faults: RESOURCE_IN_USE (by a rule)."""

    async def alive(self, resource_id: str) -> bool:
        """Whether it was started and answers right now. Faults: RESOURCE_NOT_FOUND."""
