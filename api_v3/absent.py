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

RULE_ENGINE = _absent(
    ("POST", "/rules/", "create_rule", "Create a rule"),
    ("GET", "/rules/", "list_rules", "A list of all rules"),
    ("GET", "/rules/:id", "show_rule", "Show a rule"),
    ("DELETE", "/rules/:id", "delete_rule", "Delete a rule"),
    ("GET", "/actions/", "list_actions", "A list of all actions"),
    ("GET", "/actions/:name", "show_action", "Show an action"),
    ("GET", "/resources/", "list_resources", "A list of all resources"),
    ("POST", "/resources/", "create_resource", "Create a resource"),
    ("GET", "/resources/:id", "show_resource", "Show a resource"),
    ("GET", "/resource_status/:id", "get_resource_status", "Get status of a resource"),
    ("POST", "/resources/:id", "start_resource", "Start a resource"),
    ("DELETE", "/resources/:id", "delete_resource", "Delete a resource"),
    ("GET", "/resource_types/", "list_resource_types", "List all resource types"),
    ("GET", "/resource_types/:name", "show_resource_type", "Show a resource type"),
    ("GET", "/resource_types/:type/resources", "list_resources_by_type", "List all resources of a resource type"),
    ("GET", "/rule_events/", "list_events", "List all events with detailed info"),
)

UNLISTED = (
    Route(
        "GET",
        "/resource_types/{type}/actions",
        "list_actions_by_type",
        None,
        "List all actions of a resource type",
        listed=False,
    ),
)
"""Documented, but not part of the API list."""
