"""The states of a connection."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """What a connection is waiting for."""

    IDLE = 0
    """Its CONNECT."""
    AUTHENTICATING = 1
    """Whoever checks its credentials."""
    OPEN = 2
    CLOSED = 3
