"""What an API checks of a topic before it asks the engine; the broker's own codec checks again, by clause."""

from __future__ import annotations

MAX_BYTES = 65_535
SHARE_PREFIX = "$share/"
QUEUE_PREFIX = "$queue/"


def valid_topic_name(topic: str, limit: int = MAX_BYTES) -> bool:
    """Whether messages may be published to `topic`: not empty, no wildcard, no U+0000, at most `limit` bytes."""
    return _valid_text(topic, limit) and "+" not in topic and "#" not in topic


def valid_topic_filter(topic: str, limit: int = MAX_BYTES) -> bool:
    """Whether `topic`, with or without `$share/<group>/` or `$queue/`, may be subscribed to [MQTT-4.7.1, 4.8.2]."""
    if not _valid_text(topic, limit):
        return False
    if topic.startswith(SHARE_PREFIX):
        group, _, topic = topic.removeprefix(SHARE_PREFIX).partition("/")
        if not group or "+" in group or "#" in group:
            return False
    else:
        topic = topic.removeprefix(QUEUE_PREFIX)
    if not topic or is_shared(topic):
        return False
    *inner, last = topic.split("/")
    return all(level == "+" or not _has_wildcard(level) for level in inner) and (
        last in ("#", "+") or not _has_wildcard(last)
    )


def is_shared(topic: str) -> bool:
    """Whether a filter asks for a shared subscription."""
    return topic.startswith((SHARE_PREFIX, QUEUE_PREFIX))


def _has_wildcard(level: str) -> bool:
    return "+" in level or "#" in level


def _valid_text(topic: str, limit: int) -> bool:
    if not topic or "\0" in topic:
        return False
    try:
        return len(topic.encode()) <= limit
    except UnicodeEncodeError:  # a lone surrogate
        return False
