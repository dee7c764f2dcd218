"""Topic names, topic filters and shared subscriptions: what is legal, and what matches what [§4.7, §4.8.2].

Topics are `str`; their UTF-8 form is limited to 65 535 bytes [MQTT-4.7.3-3].
"""

from emqx_compat.mqtt.errors import InvalidTopicFilter, InvalidTopicName

MAX_TOPIC_BYTES = 65_535
SHARE_PREFIX = "$share/"
QUEUE_PREFIX = "$queue/"
QUEUE_GROUP = "$queue"
"""The share name EMQX gives to `$queue/…` subscriptions."""


def levels(topic: str) -> list[str]:
    """The levels of a topic name or filter; adjacent separators are empty levels [§4.7.1.1]."""
    return topic.split("/")


def matches(topic: str, topic_filter: str) -> bool:
    """Whether a legal topic name matches a legal filter (without a `$share` or `$queue` prefix).

    Level by level, in one pass: `+` takes exactly one level [§4.7.1.3], `#` the rest and the parent
    [§4.7.1.2]; neither stands at the first level for a name that begins with `$` [MQTT-4.7.2-1].
    """
    if topic_filter[:1] in ("#", "+") and topic[:1] == "$":
        return False
    names = topic.split("/")
    depth = len(names)
    wanted = topic_filter.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index == depth or (level != "+" and level != names[index]):
            return False
    return len(wanted) == depth


def split_share(topic_filter: str) -> tuple[str | None, str]:
    """Share name and inner filter of a subscription: `$share/g/t` → `("g", "t")`, `t` → `(None, "t")`.

    EMQX's `$queue/t` is the share `$queue`. Raises `InvalidTopicFilter`, a `ValueError`, for an empty share
    name or one with a wildcard [MQTT-4.8.2-1, MQTT-4.8.2-2], for an empty inner filter [MQTT-4.8.2-2] and,
    as EMQX does, for a share inside a share. The inner filter is not checked further.
    """
    if topic_filter.startswith(SHARE_PREFIX):
        group, _, inner = topic_filter[len(SHARE_PREFIX) :].partition("/")
    elif topic_filter.startswith(QUEUE_PREFIX):
        group, inner = QUEUE_GROUP, topic_filter[len(QUEUE_PREFIX) :]
    else:
        return None, topic_filter
    if not group:
        raise InvalidTopicFilter("MQTT-4.8.2-1", f"{_shown(topic_filter)} has no share name")
    if "+" in group or "#" in group:
        raise InvalidTopicFilter("MQTT-4.8.2-2", f"{_shown(topic_filter)} has a wildcard in its share name")
    if not inner:
        raise InvalidTopicFilter("MQTT-4.8.2-2", f"{_shown(topic_filter)} ends with its share name")
    if inner.startswith((SHARE_PREFIX, QUEUE_PREFIX)):
        raise InvalidTopicFilter("§4.8.2", f"{_shown(topic_filter)} shares a shared subscription")
    return group, inner


def check_topic_name(topic: str) -> None:
    """Raise `InvalidTopicName` unless messages may be published to `topic`.

    It is not empty, has no wildcard [MQTT-3.3.2-2], no U+0000, no surrogate and at most 65 535 bytes.
    """
    fault = _text_fault(topic)
    if fault is None and ("+" in topic or "#" in topic):
        fault = ("MQTT-3.3.2-2", "has a wildcard")
    if fault is not None:
        raise InvalidTopicName(fault[0], f"topic name {_shown(topic)} {fault[1]}")


def check_filter(topic_filter: str) -> None:
    """Raise `InvalidTopicFilter` unless `topic_filter`, with or without a share prefix, may be subscribed to."""
    fault = _text_fault(topic_filter)
    if fault is None:
        fault = _wildcard_fault(split_share(topic_filter)[1])
    if fault is not None:
        raise InvalidTopicFilter(fault[0], f"topic filter {_shown(topic_filter)} {fault[1]}")


def validate_topic_name(topic: str) -> bool:
    """Whether `check_topic_name` has nothing against `topic`."""
    try:
        check_topic_name(topic)
    except InvalidTopicName:
        return False
    return True


def validate_filter(topic_filter: str) -> bool:
    """Whether `check_filter` has nothing against `topic_filter`."""
    try:
        check_filter(topic_filter)
    except InvalidTopicFilter:
        return False
    return True


def _wildcard_fault(topic_filter: str) -> tuple[str, str] | None:
    """Clause and text of what is wrong with the wildcards of a filter, if anything."""
    if "#" not in topic_filter and "+" not in topic_filter:
        return None
    parts = topic_filter.split("/")
    last = len(parts) - 1
    for index, level in enumerate(parts):
        if "#" in level and (level != "#" or index != last):
            return "MQTT-4.7.1-1", "has a '#' that is not its whole last level"
        if "+" in level and level != "+":
            return "MQTT-4.7.1-2", "has a '+' that is not a whole level"
    return None


def _text_fault(topic: str) -> tuple[str, str] | None:
    """Clause and text of what names and filters alike must not be, if anything."""
    if not topic:
        return "MQTT-4.7.3-1", "is empty"
    if "\0" in topic:
        return "MQTT-4.7.3-2", "has a U+0000"
    try:
        size = len(topic.encode())
    except UnicodeEncodeError:
        return "MQTT-1.5.4-1", "has a surrogate"
    if size > MAX_TOPIC_BYTES:
        return "MQTT-4.7.3-3", f"is longer than {MAX_TOPIC_BYTES} bytes"
    return None


def _shown(topic: str) -> str:
    """A topic as error messages show it: quoted and cut."""
    return repr(topic if len(topic) <= 100 else topic[:100] + "…")
