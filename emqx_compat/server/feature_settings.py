"""From the configuration's words to what the features are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from emqx_compat.config import ConfigError, Configuration
from emqx_compat.config.nodes import Json
from emqx_compat.core.clients import SubscriptionOptions
from emqx_compat.core.slow_subs import SlowSubsSettings
from emqx_compat.features.machine import Watch
from emqx_compat.features.rewrite import RewriteRule
from emqx_compat.features.topic_metrics import Keep
from emqx_compat.features.web_hook import WebHookSettings
from emqx_compat.features.web_hook.settings import ALL_EVENTS, checked_url, rule_of
from emqx_compat.server.errors import StartError

Values = dict[str, Any]

log = logging.getLogger("emqx_compat")


def rewrite_rules(configuration: Configuration) -> list[RewriteRule]:
    """Root `rewrite`. Raises StartError."""
    try:
        return [
            RewriteRule.read(rule["action"], rule["source_topic"], rule["dest_topic"], rule["re"])
            for rule in cast(list[Values], configuration.get("rewrite"))
        ]
    except ValueError as error:
        raise StartError(f"rewrite: {error}") from error


def topics(configuration: Configuration) -> list[SubscriptionOptions]:
    """Root `auto_subscribe`."""
    return [
        SubscriptionOptions(each["topic"], each["qos"], bool(each["nl"]), bool(each["rap"]), each["rh"])
        for each in cast(Values, configuration.get("auto_subscribe"))["topics"]
    ]


def counted_topics(configuration: Configuration) -> list[str]:
    """Root `topic_metrics`."""
    return [each["topic"] for each in cast(list[Values], configuration.get("topic_metrics"))]


def kept_topics(configuration: Configuration) -> Keep:
    """Writes root `topic_metrics`; what is set from outside stays, and the change lasts until the next start."""

    def keep(topics: Sequence[str]) -> None:
        try:
            configuration.update("topic_metrics", [{"topic": topic} for topic in topics])
        except ConfigError as error:
            log.warning("topic_metrics_not_kept, reason: %s", error)

    return keep


def slow_subs(configuration: Configuration) -> SlowSubsSettings:
    """Root `slow_subs`."""
    return SlowSubsSettings(**cast(Values, configuration.get("slow_subs")))


def kept_slow_subs(configuration: Configuration) -> Callable[[SlowSubsSettings], None]:
    """Writes root `slow_subs`; ValueError when the configuration does not take it."""

    def keep(settings: SlowSubsSettings) -> None:
        values: Json = {
            "enable": settings.enable,
            "threshold": f"{round(settings.threshold * 1000)}ms",
            "expire_interval": f"{round(settings.expire_interval * 1000)}ms",
            "top_k_num": settings.top_k_num,
            "stats_type": settings.stats_type,
        }
        try:
            configuration.update("slow_subs", values)
        except ConfigError as error:
            raise ValueError(str(error.problems[0])) from error

    return keep


def web_hook(configuration: Configuration) -> WebHookSettings:
    """Root `compat.web_hook`. Raises StartError."""
    values = cast(Values, configuration.get("compat.web_hook"))
    try:
        rules = tuple(rule_of(rule["event"], rule["topic"]) for rule in values["rules"])
        url = checked_url(values["url"])
    except ValueError as error:
        raise StartError(f"compat.web_hook: {error}") from error
    encoding = values["encode_payload"]
    return WebHookSettings(
        url=url,
        generation=values["generation"],
        headers={str(name): str(value) for name, value in values["headers"].items()},
        rules=rules or ALL_EVENTS,
        encode_payload=None if encoding == "disabled" else encoding,
        timeout=values["timeout"],
        retries=values["retries"],
        backoff=values["backoff"],
        queue_size=values["queue_size"],
        concurrency=values["concurrency"],
    )


def watch(configuration: Configuration) -> Watch:
    """Root `sysmon.os`."""
    return Watch(**cast(Values, configuration.get("sysmon.os")))


def alarm_settings(configuration: Configuration) -> Values:
    """Root `alarm`."""
    return dict(cast(Values, configuration.get("alarm")))
