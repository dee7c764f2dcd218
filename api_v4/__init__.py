"""EMQX 4.x's management API (reference version 4.4.19)."""

from __future__ import annotations

from api_v4 import (
    absent,
    acl_cache,
    apis,
    apps,
    banned,
    clients,
    listeners,
    monitoring,
    mqtt_publish,
    mqtt_subscribe,
    nodes,
    routes,
    subscriptions,
    users,
)
from api_v4.dialect import DIALECT
from emqx_compat.http.generation import Generation

GENERATION = Generation(
    name="v4",
    title="EMQX 4.x HTTP API",
    dialect=DIALECT,
    routes=(
        *apis.ROUTES,
        *nodes.ROUTES,
        *clients.ROUTES,
        *acl_cache.ROUTES,
        *subscriptions.ROUTES,
        *routes.ROUTES,
        *mqtt_publish.ROUTES,
        *mqtt_subscribe.ROUTES,
        *monitoring.ROUTES,
        *listeners.ROUTES,
        *banned.ROUTES,
        *apps.ROUTES,
        *users.ROUTES,
        *absent.ROUTES,
    ),
    outside=apis.OUTSIDE,
)

__all__ = ["GENERATION"]
