"""Alarms for a machine short of processor time or memory: read from /proc, in the intervals of root `sysmon`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emqx_compat.core.clock import Clock, Timer
from emqx_compat.features.alarms import Alarms

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Watch:
    """Root `sysmon.os`: seconds (None: never), fractions of 1."""

    cpu_check_interval: float | None = 60.0
    cpu_high_watermark: float = 0.8
    cpu_low_watermark: float = 0.6
    mem_check_interval: float | None = 60.0
    sysmem_high_watermark: float = 0.7
    procmem_high_watermark: float = 0.05


class Machine:
    """Checks from `start` to `stop`. `proc` is where the kernel tells of itself."""

    def __init__(self, clock: Clock, alarms: Alarms, watch: Watch | None = None, proc: Path = _PROC) -> None:
        self._clock = clock
        self._alarms = alarms
        self._watch = watch or Watch()
        self._proc = proc
        self._cpu: tuple[int, int] | None = None
        self._timers: dict[str, Timer] = {}

    def start(self) -> None:
        """The first checks come one interval from now."""
        self._cpu = self._times()
        self._again("cpu", self._watch.cpu_check_interval, self._check_cpu)
        self._again("memory", self._watch.mem_check_interval, self._check_memory)

    def stop(self) -> None:
        """Check no more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _again(self, name: str, interval: float | None, check: Callable[[], None]) -> None:
        def run() -> None:
            self._again(name, interval, check)
            check()

        if interval:
            self._timers[name] = self._clock.call_later(interval, run)

    def _check_cpu(self) -> None:
        before, self._cpu = self._cpu, self._times()
        if before is None or self._cpu is None or self._cpu[1] <= before[1]:
            return
        usage = (self._cpu[0] - before[0]) / (self._cpu[1] - before[1])
        high, low = self._watch.cpu_high_watermark, self._watch.cpu_low_watermark
        if usage >= high:
            shown = round(usage * 100, 2)
            self._alarms.raise_alarm(
                "high_cpu_usage",
                message=f"{shown}% cpu usage",
                details={"usage": shown, "high_watermark": _percent(high), "low_watermark": _percent(low)},
                legacy_name="cpu_high_watermark",
                legacy_description=str(usage * 100),
            )
        elif usage < low:
            self._alarms.clear_alarm("high_cpu_usage")

    def _check_memory(self) -> None:
        memory = self._fields("meminfo")
        total = memory.get("MemTotal", 0)
        if not total:
            return
        self._over(
            "System",
            "high_system_memory_usage",
            "system_memory_high_watermark",
            (total - memory.get("MemAvailable", total)) / total,
            self._watch.sysmem_high_watermark,
        )
        self._over(
            "Process",
            "high_process_memory_usage",
            "process_memory_high_watermark",
            self._fields("self/status").get("VmRSS", 0) / total,
            self._watch.procmem_high_watermark,
        )

    def _over(self, what: str, name: str, legacy_name: str, usage: float, high: float) -> None:
        if usage > high:
            self._alarms.raise_alarm(
                name,
                message=f"{what} memory usage is higher than {_percent(high)}%",
                details={"high_watermark": _percent(high), "usage": round(usage * 100, 2)},
                legacy_name=legacy_name,
            )
        else:
            self._alarms.clear_alarm(name)

    def _times(self) -> tuple[int, int] | None:
        """Ticks of all processors since the machine started: busy, and altogether."""
        try:
            words = (self._proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
            ticks = [int(word) for word in words]
        except (OSError, ValueError):
            return None
        return sum(ticks) - sum(ticks[3:5]), sum(ticks)

    def _fields(self, name: str) -> dict[str, int]:
        """`MemTotal:  1024 kB` → its number."""
        try:
            lines = (self._proc / name).read_text().splitlines()
        except OSError:
            return {}
        found = {}
        for line in lines:
            key, _, rest = line.partition(":")
            number = rest.split()[:1]
            if number and number[0].isdigit():
                found[key] = int(number[0])
        return found


def _percent(fraction: float) -> int | float:
    shown = round(fraction * 100, 2)
    return int(shown) if shown == int(shown) else shown
