"""Alarms: what is wrong with the node right now, and what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Severity = Literal["warning", "error", "critical"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. While it is active its name is unique; the history may hold the same name many times."""

    name: str
    """v4 and v5: `high_cpu_usage`, `resource/<type>/<id>/down`."""
    node: str
    message: str = ""
    """One sentence for people."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What v4 and v5 show beside the message; plain JSON values."""
    severity: Severity = "warning"
    """Shown by v2, as `title` and `summary`."""
    title: str = ""
    summary: str = ""
    legacy_name: str = ""
    """v2 and v3: `cpu_high_watermark`, `resource_down/<id>`; `name` where they do not differ."""
    legacy_description: object = ""
    """v3's `desc` as JSON: a text (it shows texts as they are) or an object."""
    activated_at: float = 0.0
    """Epoch seconds."""
    deactivated_at: float | None = None
    by_restart: bool = False
    """It ended because the node did; v3 forgets such alarms, v4 and v5 show them in their history."""
    generations: frozenset[str] | None = None
    """Which generations know such alarms; None = all. 2.x alone raised one for a long message queue."""

    def visible_to(self, generation: str) -> bool:
        """Whether that generation shows it."""
        return self.generations is None or generation in self.generations


class AlarmService(Protocol):
    """The alarms of this node."""

    async def active(self, generation: str | None = None) -> Sequence[Alarm]:
        """Newest first; of all generations, or those that one knows."""

    async def history(self, generation: str | None = None) -> Sequence[Alarm]:
        """Those that are over, newest first: at most 1000, none older than 24 hours. They outlive the process."""

    async def activate(
        self,
        name: str,
        *,
        message: str = "",
        details: Mapping[str, object] | None = None,
        severity: Severity = "warning",
        title: str = "",
        summary: str = "",
        legacy_name: str = "",
        legacy_description: object = "",
        generations: frozenset[str] | None = None,
    ) -> bool:
        """Raise an alarm and tell subscribers of `$SYS/brokers/<node>/alarms/#`. False: it is active already."""

    async def deactivate(self, name: str) -> bool:
        """Move it to the history and tell subscribers. False: it is not active."""

    async def clear_history(self) -> None:
        """Forget those that are over."""

    async def delete(self, name: str) -> bool:
        """Forget every trace of that name, active or over, telling nobody. False: there was none."""
