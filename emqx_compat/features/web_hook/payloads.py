"""The JSON of every event, as 2.x and 3.x post it. Times are epoch seconds, an absent user name is "undefined"."""

from __future__ import annotations

import base64
import json
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from emqx_compat.core.clients import Client
from emqx_compat.features.web_hook.settings import EVENTS, Generation

Fields = dict[str, object]

_REASONS: dict[Generation, dict[str, str]] = {
    "v2": {"kicked": "kick", "takenover": "conflict", "discarded": "conflict"},
    "v3": {"takenover": "conflict", "discarded": "discard"},
}
_SEXTETS = (*ascii_uppercase, *ascii_lowercase, *"012345678", "9A", "9B", "9C")


def of_client(event: str, client: Client) -> Fields:
    """What every event of a client or session begins with."""
    return {"action": EVENTS[event], "client_id": client.clientid, "username": _username(client.username)}


def connected(client: Client, generation: Generation) -> Fields:
    """3.x tells more than 2.x."""
    fields = of_client("client.connected", client)
    if generation == "v3":
        fields |= {
            "keepalive": client.keepalive,
            "ipaddress": client.peerhost,
            "proto_ver": client.proto_ver,
            "connected_at": int(client.connected_at),
        }
    return fields | {"conn_ack": 0}


def ended(event: str, client: Client, reason: str, generation: Generation) -> Fields:
    """`client.disconnected` and `session.terminated`."""
    if reason in ("tcp_closed", "ssl_closed"):
        reason = "closed"
    return of_client(event, client) | {"reason": _REASONS[generation].get(reason, reason)}


def subscribed(event: str, client: Client, topic: str, qos: int) -> Fields:
    """`client.subscribe` and `session.subscribed`."""
    return of_client(event, client) | {"topic": topic, "opts": {"qos": qos}}


def unsubscribed(event: str, client: Client, topic: str) -> Fields:
    """`client.unsubscribe` and `session.unsubscribed`."""
    return of_client(event, client) | {"topic": topic}


def published(message: Any, encoding: str | None) -> Fields:
    """`message.publish`."""
    return {"action": EVENTS["message.publish"]} | _message(message, encoding)


def received(event: str, client: Client, message: Any, encoding: str | None) -> Fields:
    """`message.delivered` and `message.acked`."""
    return of_client(event, client) | _message(message, encoding)


def body(fields: Fields) -> bytes:
    """What is posted."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def encoded(payload: bytes, encoding: str | None) -> str:
    """A payload as text: as it is (U+FFFD in the place of what is no UTF-8), in base64 or in base62."""
    if encoding == "base64":
        return base64.b64encode(payload).decode()
    if encoding == "base62":
        return _base62(payload)
    return payload.decode("utf-8", "replace")


def _message(message: Any, encoding: str | None) -> Fields:
    return {
        "from_client_id": message.clientid,
        "from_username": _username(message.username),
        "topic": message.topic,
        "qos": message.qos,
        "retain": message.retain,
        "payload": encoded(message.payload, encoding),
        "ts": int(message.at),
    }


def _username(username: str | None) -> str:
    return "undefined" if username is None else username


def _base62(payload: bytes) -> str:
    """EMQ's base62: six bits a character, the rest as it is; the three highest values are 9A, 9B, 9C."""
    bits = "".join(f"{octet:08b}" for octet in payload)
    return "".join(_SEXTETS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
