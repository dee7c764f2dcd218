"""EMQ X 3.x's management API (reference version 3.2.8)."""

from __future__ import annotations

from api_v3 import (
    actions,
    alarms,
    apis,
    apps,
    auth_users,
    banned,
    brokers,
    configs,
    connections,
    listeners,
    metrics,
    mqtt,
    nodes,
    plugin_configs,
    plugins,
    resource_types,
    resources,
    routes,
    rule_events,
    rules,
    sessions,
    stats,
    subscriptions,
    users,
)
from api_v3.dialect import DIALECT
from emqx_compat.http.generation import Generation

GENERATION = Generation(
    name="v3",
    title="EMQ X 3.x HTTP API",
    dialect=DIALECT,
    # In the order of the documented API list, which is made from it; later additions follow.
    routes=(
        *apis.ROUTES,
        *auth_users.ROUTES,
        *users.ROUTES,
        *alarms.ROUTES,
        *apps.ROUTES,
        *banned.ROUTES,
        *brokers.ROUTES,
        *configs.ROUTES,
        *plugin_configs.ROUTES,
        *connections.ROUTES,
        *listeners.ROUTES,
        *metrics.ROUTES,
        *nodes.ROUTES,
        *plugins.ROUTES,
        *mqtt.ROUTES,
        *routes.ROUTES,
        *sessions.ROUTES,
        *stats.ROUTES,
        *subscriptions.ROUTES,
        *rules.ROUTES,
        *actions.ROUTES,
        *resources.ROUTES,
        *resource_types.ROUTES,
        *rule_events.ROUTES,
        *mqtt.BATCH_ROUTES,
        *plugins.CLUSTER_ROUTES,
        *resource_types.UNLISTED_ROUTES,
    ),
    outside=apis.OUTSIDE,
)

__all__ = ["GENERATION"]
