"""The rule engine of a server."""

from __future__ import annotations

from dataclasses import dataclass

from emqx_compat.broker import Broker
from emqx_compat.core.alarms import AlarmService
from emqx_compat.rules.drivers import DRIVERS
from emqx_compat.rules.registry import ACTIONS, Rules
from emqx_compat.rules.resources import Resources
from emqx_compat.store import Store
from emqx_compat.store.rules import ResourceTable, RuleTable


@dataclass(slots=True)
class RuleEngine:
    """Rules, and the resources that their actions use."""

    rules: Rules
    resources: Resources

    def start(self) -> None:
        """Read what was kept, and begin to start the resources; nobody waits for them."""
        self.resources.load()
        self.rules.load()
        self.resources.begin()

    async def stop(self) -> None:
        """Look at no resource any more; everything is kept."""
        await self.resources.close()


def rule_engine(broker: Broker, store: Store, alarms: AlarmService) -> RuleEngine:
    """Put it together; nothing runs yet."""
    resources = Resources(ResourceTable(store), broker.clock, broker.ids, alarms, DRIVERS)
    rules = Rules(RuleTable(store), resources, broker.clock, broker.ids, broker.node)
    broker.gauges.provide(lambda: len(rules), "rules")
    broker.gauges.provide(lambda: len(resources), "resources")
    broker.gauges.provide(lambda: len(ACTIONS), "actions")
    return RuleEngine(rules, resources)
