"""The web hook of 2.x and 3.x: events of clients, sessions and messages are posted to a URL as JSON."""

from emqx_compat.features.web_hook.hook import WebHook
from emqx_compat.features.web_hook.settings import HookRule, WebHookSettings

__all__ = ["HookRule", "WebHook", "WebHookSettings"]
