"""The alarm while the disk is full or fails: `storage_failure`."""

from __future__ import annotations

from collections.abc import Callable

from emqx_compat.features.alarms import Alarms

NAME = "storage_failure"


def watch_store(health: list[Callable[[str | None], None]], alarms: Alarms) -> None:
    """Raise the alarm when told why the store fails, and clear it when told None."""

    def told(reason: str | None) -> None:
        if reason is None:
            alarms.clear_alarm(NAME)
        else:
            alarms.raise_alarm(
                NAME,
                message=f"messages cannot be stored: {reason}",
                details={"reason": reason},
                severity="critical",
                title="Storage failure",
            )

    health.append(told)
