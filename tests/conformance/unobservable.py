"""Statements without a test: they bind clients only, or nobody can see from outside whether they are kept."""

from __future__ import annotations

CLIENT = "binds the client"
COPIES = "does not arise: each matching subscription gets its own copy (MQTT-3.3.4-5)"

UNOBSERVABLE: dict[str, dict[str, str]] = {
    "3.1.1": {
        "MQTT-2.3.1-2": CLIENT,
        "MQTT-3.1.2-23": CLIENT,
        "MQTT-3.1.3-7": CLIENT,
        "MQTT-4.5.0-2": CLIENT,
        "MQTT-7.0.0-1": "does not arise: the server opens no MQTT connections of its own",
        "MQTT-7.1.2-1": CLIENT,
    },
    "5.0": {
        "MQTT-3.1.2-20": CLIENT,
        "MQTT-3.1.2-21": CLIENT,
        "MQTT-3.2.2-4": CLIENT,
        "MQTT-3.2.2-5": CLIENT,
        "MQTT-3.2.2-21": CLIENT,
        "MQTT-3.3.2-10": CLIENT,
        "MQTT-3.3.4-4": COPIES,
        "MQTT-3.3.4-8": CLIENT,
        "MQTT-4.5.0-2": CLIENT,
        "MQTT-4.6.0-1": CLIENT,
        "MQTT-4.6.0-2": CLIENT,
        "MQTT-4.6.0-3": CLIENT,
        "MQTT-4.6.0-4": CLIENT,
    },
}
"""Version → statement → why."""
