"""Features that can be switched on and off while the server runs: what 2.x, 3.x and 4.x call plugins and modules.

Every generation has its own names for them (`emq_retainer`, `emqx_retainer`); here each has one, and one state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Feature:
    """A switch."""

    name: str
    effect: str | None = None
    """What it changes here; None: the switch is kept and shown, nothing stands behind it."""
    default: bool = False
    """Before anyone has switched it, where the configuration says nothing else."""
    members: tuple[str, ...] = ()
    """Other features that stop with this one, and come back with it when they ran before."""


_RETAINER = "retained messages are stored and replayed; stopped, those that are held stay held"
_DELAYED = "$delayed/<seconds>/<topic> is held back; stopped, what waits is dropped and such topics are ordinary"

_ROWS: tuple[Feature, ...] = (
    # what is built here
    Feature("retainer", _RETAINER, True),
    Feature(
        "modules", "presence, auto_subscribe and rewrite together", True, ("presence", "auto_subscribe", "rewrite")
    ),
    Feature("presence", "$SYS/brokers/<node>/clients/<clientid>/connected and …/disconnected are published", True),
    Feature("auto_subscribe", "new connections are subscribed to the topics of root auto_subscribe"),
    Feature("rewrite", "topics are rewritten by the rules of root rewrite"),
    Feature("delayed", _DELAYED, True),
    Feature("auth_clientid", "client ids of its store must have the password of its store"),
    Feature("auth_username", "user names of its store must have the password of its store"),
    Feature("topic_metrics", "topics that are registered are counted; stopped, all of them are forgotten"),
    Feature("slow_subs", "the slowest deliveries are ranked (root slow_subs)"),
    Feature("acl_internal", "the rules of acl.conf decide who may publish and subscribe where", True),
    Feature("web_hook", "events are posted to a URL (compat.web_hook)"),
    # what always runs: the management APIs and what they are made from
    Feature("management", default=True),
    Feature("dashboard", default=True),
    Feature("recon", default=True),
    Feature("rule_engine", default=True),
    Feature("telemetry", default=True),
    # authentication against something outside
    Feature("auth_http"),
    Feature("auth_jwt"),
    Feature("auth_ldap"),
    Feature("auth_mnesia"),
    Feature("auth_mongo"),
    Feature("auth_mysql"),
    Feature("auth_pgsql"),
    Feature("auth_redis"),
    Feature("sasl"),
    Feature("psk_file"),
    # gateways and bridges
    Feature("bridge_mqtt"),
    Feature("coap"),
    Feature("exproto"),
    Feature("lwm2m"),
    Feature("sn"),
    Feature("stomp"),
    # watching and extending
    Feature("exhook"),
    Feature("lua_hook"),
    Feature("plugin_template"),
    Feature("prometheus"),
    Feature("reloader"),
    Feature("statsd"),
    Feature("trace"),
)

FEATURES: Mapping[str, Feature] = {row.name: row for row in _ROWS}
"""Every feature by its name."""


class FeatureService(Protocol):
    """The switches of this node. They are kept, and restored at the next start."""

    def names(self) -> Sequence[str]:
        """Every feature."""

    def active(self, name: str) -> bool:
        """Whether it runs. Faults: FEATURE_UNKNOWN."""

    async def start(self, name: str) -> None:
        """Switch it on; it has begun to work when this returns.

        Faults: FEATURE_UNKNOWN, FEATURE_RUNNING, FEATURE_FAILED (its options are no good; it stays off).
        """

    async def stop(self, name: str) -> None:
        """Switch it off. Faults: FEATURE_UNKNOWN, FEATURE_STOPPED."""

    async def restart(self, name: str) -> None:
        """Stop it if it runs, and start it. Faults: FEATURE_UNKNOWN, FEATURE_FAILED."""

    def options(self, name: str) -> Mapping[str, str] | None:
        """What `configure` was given last; None: nothing yet. Faults: FEATURE_UNKNOWN."""

    async def configure(self, name: str, options: Mapping[str, str]) -> None:
        """Replace the options of a feature, and restart it if it runs. Kept.

        What the features here understand: `web_hook`: `url`, `encode_payload`, `headers.<name>`, `generation`,
        `rule.<event>.<n>` (a JSON object with `action` and `topic`); `auth_clientid`, `auth_username`:
        `password_hash`. Whatever else is given is kept for whoever asks. Faults: FEATURE_UNKNOWN, FEATURE_FAILED
        (then the options before hold again).
        """
