"""The configuration: HOCON in EMQX's dialect, its schema, its layers, and what the server is built from.

configuration = load(Path("emqx.conf"), os.environ, ["mqtt.max_inflight=64"])
server = build(settings(configuration))
"""

from emqx_compat.config.errors import ConfigError, Notice, Origin, Problem
from emqx_compat.config.load import load
from emqx_compat.config.settings import ListenerSettings, MqttSettings, Settings, settings
from emqx_compat.config.tree import Configuration

__all__ = [
    "ConfigError",
    "Configuration",
    "ListenerSettings",
    "MqttSettings",
    "Notice",
    "Origin",
    "Problem",
    "Settings",
    "load",
    "settings",
]
