"""What a node tells of itself, and what listens on it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """A member of the cluster. Memory in bytes, uptime in seconds, times in epoch seconds."""

    name: str
    running: bool
    uptime: float
    now: float
    load1: float
    load5: float
    load15: float
    memory_total: int
    memory_used: int
    max_fds: int
    process_available: int
    process_used: int
    connections: int
    """Held connections and sessions, as the statistic `connections.count`."""
    live_connections: int
    cluster_sessions: int
    log_path: str
    sys_path: str
    role: str = "core"


@dataclass(slots=True)
class Listener:
    """An address that the server listens on, whatever the protocol above."""

    type: str
    """tcp, ssl, ws, wss; http for a management port."""
    name: str
    """`default`, …; for http `management_legacy`, `management` or `dashboard`."""
    host: str | None
    """None when only a port was configured."""
    port: int
    """The configured port; `bound_port` is the real one when that was 0."""
    bound_port: int
    acceptors: int = 16
    max_connections: int | None = None
    """None = no limit."""
    current_connections: int = 0
    enable: bool = True
    running: bool = True
    shutdown_count: dict[str, int] = field(default_factory=dict)
    """Reason → how many connections ended by it since the start; clean DISCONNECTs are not counted."""
    refused: dict[str, int] = field(default_factory=dict)
    """Reason → connections that were closed before they were anybody's."""
    settings: dict[str, object] = field(default_factory=dict)
    """The configuration as EMQX 5 names it, defaults filled in."""

    @property
    def id(self) -> str:
        """`<type>:<name>`."""
        return f"{self.type}:{self.name}"
