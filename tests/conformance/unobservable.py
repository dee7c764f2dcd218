"""Statements without a test: they bind clients only, or nobody can see from outside whether they are kept."""

from __future__ import annotations

CLIENT = "binds the client"

UNOBSERVABLE: dict[str, dict[str, str]] = {
    "3.1.1": {},
    "5.0": {
        "MQTT-3.1.2-20": CLIENT,
    },
}
"""Version → statement → why."""
