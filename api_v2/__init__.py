"""emqttd 2.3's management API (reference version 2.3.11)."""

from __future__ import annotations

from typing import Any

from api_v2 import (
    alarms,
    clients,
    configs,
    listeners,
    mqtt,
    nodes,
    outside,
    plugin_configs,
    plugins,
    sessions,
    statistics,
    subscriptions,
    users,
)
from api_v2.dialect import DIALECT, OPEN_PATH
from emqx_compat.http.generation import Generation


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The one open operation is open by its exact path, which its row cannot say."""
    document["paths"][OPEN_PATH]["post"].pop("security")
    return document


GENERATION = Generation(
    name="v2",
    title="EMQ 2.x HTTP API",
    dialect=DIALECT,
    # in the order of the self-listing
    routes=(
        *nodes.ROUTES,
        *listeners.ROUTES,
        *statistics.ROUTES,
        *clients.ROUTES,
        *sessions.ROUTES,
        *subscriptions.ROUTES,
        *mqtt.ROUTES,
        *plugins.ROUTES,
        *configs.ROUTES,
        *plugin_configs.ROUTES,
        *alarms.ROUTES,
        *users.ROUTES,
    ),
    outside=outside.ROUTES,
    describe=describe,
)

__all__ = ["GENERATION"]
