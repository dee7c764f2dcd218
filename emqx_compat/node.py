"""The single node that the embedded broker is: what it tells of itself, and what listens on it."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from pathlib import Path

from emqx_compat.core.clock import Clock
from emqx_compat.core.engine import MetricsService
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.nodes import Node

PROCESS_LIMIT = 2_097_152
"""Erlang's default process limit, which every generation reports."""
PROCESSES_AT_REST = 470
"""About what an EMQX without clients runs; each connection is one more."""
NO_LOG_FILE = "log.file.enable is false, not logging to file."

_MEMINFO = Path("/proc/meminfo")


class SingleNode:
    """A cluster of one; `core.engine.NodeService`."""

    def __init__(
        self, name: str, clock: Clock, metrics: MetricsService, *, sys_path: str, log_path: str | None = None
    ) -> None:
        self._name = name
        self._clock = clock
        self._metrics = metrics
        self._sys_path = sys_path
        self._log_path = log_path or NO_LOG_FILE
        self._started_at = clock.now()
        self._memory = (0, 0)
        self._memory_until = 0.0

    @property
    def local(self) -> str:
        """The name of the node that answers."""
        return self._name

    async def list(self) -> Sequence[Node]:
        """Only this one."""
        return [self._describe()]

    async def get(self, name: str) -> Node:
        """This one. Faults: NODE_UNKNOWN."""
        self.require(name)
        return self._describe()

    def require(self, name: str) -> None:
        """Faults: NODE_UNKNOWN when `name` is not this node's."""
        if name != self._name:
            raise Fault(F.NODE_UNKNOWN, node=name)

    def _describe(self) -> Node:
        now = self._clock.now()
        load1, load5, load15 = os.getloadavg()
        if now >= self._memory_until:  # the kernel takes its time to tell
            self._memory, self._memory_until = memory(), now + 1.0
        total, used = self._memory
        gauge = self._metrics.gauge
        live = gauge("live_connections")
        return Node(
            name=self._name,
            running=True,
            uptime=now - self._started_at,
            now=now,
            load1=load1,
            load5=load5,
            load15=load15,
            memory_total=total,
            memory_used=used,
            max_fds=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            process_available=PROCESS_LIMIT,
            process_used=min(PROCESSES_AT_REST + live, PROCESS_LIMIT),
            connections=gauge("connections"),
            live_connections=live,
            cluster_sessions=gauge("cluster_sessions"),
            log_path=self._log_path,
            sys_path=self._sys_path,
        )


def memory() -> tuple[int, int]:
    """The machine's memory and how much of it is in use, in bytes."""
    try:
        lines = _MEMINFO.read_text("ascii").splitlines()
        kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        total = kilobytes["MemTotal"] * 1024
        return total, total - kilobytes["MemAvailable"] * 1024
    except (OSError, KeyError, ValueError, IndexError):  # not Linux
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return max(pages, own), own
