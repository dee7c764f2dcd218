"""Topic aliases: numbers in place of topic names, for the lifetime of one connection [§3.3.2.3.4]."""

from __future__ import annotations

from emqx_compat.mqtt import ReasonCode


class InboundAliases:
    """What the client's aliases stand for [MQTT-3.3.2-8 … -10]."""

    __slots__ = ("_maximum", "_names")

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._names: dict[int, str] = {}

    def resolve(self, alias: int, topic: str) -> str | ReasonCode:
        """The topic name of a PUBLISH, which also sets the alias unless it is empty; or what is wrong [§3.3.4]."""
        if not 0 < alias <= self._maximum:
            return ReasonCode.TOPIC_ALIAS_INVALID
        if topic:
            self._names[alias] = topic
            return topic
        return self._names.get(alias, ReasonCode.PROTOCOL_ERROR)


class OutboundAliases:
    """Aliases that the client allows: the first topics get them and keep them [MQTT-3.1.2-26]."""

    __slots__ = ("_maximum", "_numbers")

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._numbers: dict[str, int] = {}

    def assign(self, topic: str) -> tuple[int, bool]:
        """The alias for a topic and whether the client knows it already; 0 when there is none left."""
        alias = self._numbers.get(topic)
        if alias is not None:
            return alias, True
        if len(self._numbers) >= self._maximum:
            return 0, False
        alias = self._numbers[topic] = len(self._numbers) + 1
        return alias, False

    def withdraw(self, topic: str) -> None:
        """Undo the latest assignment: the packet that was to announce it was not sent."""
        del self._numbers[topic]
