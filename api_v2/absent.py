"""Documented operations that are not built; each answers 501."""

from __future__ import annotations

from dataclasses import replace

from emqx_compat.http.route import absent

_REGISTERED = {
    "list_node_plugins": "nodes/{node_name}/plugins",
    "set_node_plugin": "nodes/{node_name}/plugins/{plugin_name}",
    "set_config": "configs/{app}",
    "set_node_config": "nodes/{node_name}/configs/{app}",
}
"""What the self-listing names nevertheless, as 2.3.11 does."""

ROUTES = tuple(
    replace(route, registered=_REGISTERED.get(route.id))
    for route in absent(
        ("GET", "/nodes/{node_name}/plugins", "list_node_plugins"),
        ("PUT", "/nodes/{node_name}/plugins/{plugin_name}", "set_node_plugin"),
        ("GET", "/configs", "list_configs"),
        ("PUT", "/configs/{app_name}", "set_config"),
        ("GET", "/nodes/{node_name}/configs", "list_node_configs"),
        ("PUT", "/nodes/{node_name}/configs/{app_name}", "set_node_config"),
        ("GET", "/nodes/{node_name}/plugin_configs/{plugin_name}", "get_node_plugin_config"),
        ("PUT", "/nodes/{node_name}/plugin_configs/{plugin_name}", "set_node_plugin_config"),
        ("GET", "/nodes/{node_name}/alarms", "list_node_alarms"),
    )
)
