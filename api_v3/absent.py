"""Operations of 3.x that are not built: they are listed, and answer 501."""

from __future__ import annotations

import re

from emqx_compat.http.route import Route


def _absent(*rows: tuple[str, str, str, str]) -> tuple[Route, ...]:
    """Rows of the API list: method, path as registered, name, description."""
    return tuple(
        Route(method, _template(registered), name, None, summary, registered=registered)
        for method, registered, name, summary in rows
    )


def _template(registered: str) -> str:
    return re.sub(r":(\w+)", r"{\1}", registered.rstrip("/"))


_PLUGIN_CONFIGS = "/nodes/:node/plugin_configs/:plugin"

CONFIGS = _absent(
    ("GET", "/configs/", "get_all_configs", "Get all configs"),
    ("GET", "/nodes/:node/configs/", "get_all_configs", "Get all configs of a node"),
    ("PUT", "/configs/:app", "update_config", "Update config of an application in the cluster"),
    ("PUT", "/nodes/:node/configs/:app", "update_node_config", "Update config of an application on a node"),
    ("GET", _PLUGIN_CONFIGS, "get_plugin_configs", "Get configurations of a plugin on the node"),
    ("PUT", _PLUGIN_CONFIGS, "update_plugin_configs", "Update configurations of a plugin on the node"),
)
