"""A subscription as the topic tree holds it: one filter bound to one session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emqx_compat.core.clients import Subscription
from emqx_compat.mqtt import split_share

if TYPE_CHECKING:
    from emqx_compat.broker.session import Session


class Binding:
    """One filter of one session with its options [MQTT-3.8.3.1]; replaced as a whole when subscribed again."""

    __slots__ = (
        "extra",
        "group",
        "key",
        "no_local",
        "qos",
        "retain_as_published",
        "retain_handling",
        "session",
        "subid",
        "topic",
    )

    def __init__(
        self,
        session: Session,
        key: str,
        qos: int,
        no_local: bool = False,
        retain_as_published: bool = False,
        retain_handling: int = 0,
        subid: int | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.session = session
        self.key = key
        """The filter as sent, share prefix included: what the session knows it by."""
        try:
            self.group, self.topic = split_share(key)
        except ValueError:  # an API may bring what no client could: taken literally, as EMQX does
            self.group, self.topic = None, key
        self.qos = qos
        self.no_local = no_local
        self.retain_as_published = retain_as_published
        self.retain_handling = retain_handling
        self.subid = subid
        self.extra = extra

    def row(self, node: str) -> Subscription:
        """As listings show it."""
        return Subscription(
            node=node,
            clientid=self.session.client.clientid,
            topic=self.topic,
            group=self.group,
            qos=self.qos,
            no_local=self.no_local,
            retain_as_published=self.retain_as_published,
            retain_handling=self.retain_handling,
            subid=self.subid,
            extra=self.extra,
        )
