"""EMQX 5.x's management API (reference version 5.6.1 Enterprise)."""

from __future__ import annotations

from functools import partial

from api_v5 import (
    absent,
    api_keys,
    banned,
    client_sessions,
    clients,
    error_codes,
    listeners,
    login,
    metrics,
    nodes,
    publish,
    stats,
    status,
    subscriptions,
    topics,
    users,
)
from api_v5.dialect import DIALECT
from api_v5.documents import describe_arrays
from emqx_compat.http.generation import Generation

ROUTES = (
    *status.ROUTES,
    *error_codes.ROUTES,
    *login.ROUTES,
    *users.ROUTES,
    *api_keys.ROUTES,
    *nodes.ROUTES,
    *metrics.ROUTES,
    *stats.ROUTES,
    *clients.ROUTES,
    *client_sessions.ROUTES,
    *subscriptions.ROUTES,
    *topics.ROUTES,
    *publish.ROUTES,
    *banned.ROUTES,
    *listeners.ROUTES,
    *absent.ROUTES,
)

GENERATION = Generation(
    name="v5",
    title="EMQX 5.x HTTP API",
    dialect=DIALECT,
    routes=ROUTES,
    outside=status.ROUTES,
    describe=partial(describe_arrays, routes=ROUTES),
)

__all__ = ["GENERATION"]
