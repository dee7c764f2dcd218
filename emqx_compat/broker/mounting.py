"""Mountpoints: a listener may put a prefix before every topic that its clients use; they never see it."""

from __future__ import annotations

from emqx_compat.broker.message import Message
from emqx_compat.core.clients import Client
from emqx_compat.mqtt import split_share


def mountpoint_of(pattern: str, client: Client) -> str:
    """The prefix of one client: `${clientid}` and `${username}` replaced, the latter only when there is one."""
    prefix = pattern.replace("${clientid}", client.clientid)
    return prefix if client.username is None else prefix.replace("${username}", client.username)


def mounted(prefix: str, topic_filter: str) -> str:
    """A filter with the prefix, behind its share group if it has one."""
    if not prefix:
        return topic_filter
    _, topic = split_share(topic_filter)
    return topic_filter[: len(topic_filter) - len(topic)] + prefix + topic


def unmounted(prefix: str, message: Message) -> Message:
    """The message as a client of that prefix sees it."""
    if not message.topic.startswith(prefix):
        return message
    topic = message.topic[len(prefix) :]
    seen = Message(
        topic, message.payload, message.qos, message.retain, message.origin, message.properties, message.at
    )
    seen.allow = message.allow
    return seen
