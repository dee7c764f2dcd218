"""One MQTT broker engine behind EMQX's v2, v3, v4 and v5 management APIs."""

from emqx_compat._version import VERSION

__version__ = VERSION

__all__ = ["__version__"]
