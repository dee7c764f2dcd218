"""EMQ X 3.x's management API (reference version 3.2.8)."""

from __future__ import annotations

from api_v3 import (
    absent,
    apis,
    apps,
    banned,
    brokers,
    connections,
    listeners,
    metrics,
    mqtt,
    nodes,
    routes,
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
        *absent.AUTHENTICATION,
        *users.ROUTES,
        *absent.ALARMS,
        *apps.ROUTES,
        *banned.ROUTES,
        *brokers.ROUTES,
        *absent.CONFIGS,
        *connections.ROUTES,
        *listeners.ROUTES,
        *metrics.ROUTES,
        *nodes.ROUTES,
        *absent.PLUGINS,
        *mqtt.ROUTES,
        *routes.ROUTES,
        *sessions.ROUTES,
        *stats.ROUTES,
        *subscriptions.ROUTES,
        *absent.RULE_ENGINE,
        *mqtt.BATCH_ROUTES,
        *absent.CLUSTER_PLUGINS,
        *absent.UNLISTED,
    ),
    outside=apis.OUTSIDE,
)

__all__ = ["GENERATION"]
