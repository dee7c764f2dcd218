"""The alarm of 2.x for a message queue that is filling up: `queue_high_watermark.<client id>`."""

from __future__ import annotations

from typing import Protocol

from emqx_compat.core.clients import Client
from emqx_compat.core.hooks import Hooks
from emqx_compat.features.alarms import Alarms

_V2 = frozenset({"v2"})
"""No later generation raises it."""


class Watermarks(Protocol):
    """The settings that say when."""

    mqueue_high_watermark: float


def watch_queues(hooks: Hooks, alarms: Alarms, settings: Watermarks) -> None:
    """Raise and clear the alarm whenever a queue passes its watermarks."""

    def high(client: Client, length: int) -> None:
        mark = int(client.mqueue_max * settings.mqueue_high_watermark)
        alarms.raise_alarm(
            _name(client),
            title=f"Queue {client.clientid} high-water mark",
            summary=f"queue len {length} > high_watermark {mark}",
            message=f"queue len {length} > high_watermark {mark}",
            details={"clientid": client.clientid, "mqueue_len": length, "high_watermark": mark},
            generations=_V2,
        )

    def low(client: Client, length: int) -> None:
        alarms.clear_alarm(_name(client))

    hooks.mqueue_high.append(high)
    hooks.mqueue_low.append(low)


def _name(client: Client) -> str:
    return f"queue_high_watermark.{client.clientid}"
