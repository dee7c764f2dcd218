"""The web hook between the broker's hook points and the sender."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

from emqx_compat.core.clients import Client, Subscription, SubscriptionOptions
from emqx_compat.core.clock import Clock
from emqx_compat.core.hooks import DeliveryHook, Hooks
from emqx_compat.features.web_hook import payloads
from emqx_compat.features.web_hook.sender import Sender
from emqx_compat.features.web_hook.settings import EVENTS, WebHookSettings, overlaid
from emqx_compat.mqtt import matches, split_share

log = logging.getLogger(__name__)


class Deliveries(Protocol):
    """Where deliveries are watched."""

    def hook_deliveries(self, callback: DeliveryHook) -> None:
        """From now on."""

    def unhook_deliveries(self, callback: DeliveryHook) -> None:
        """No more."""


class WebHook:
    """The effect. `settings` may be replaced; they hold from the next start on."""

    def __init__(
        self,
        hooks: Hooks,
        deliveries: Deliveries,
        clock: Clock,
        counters: MutableMapping[str, int],
        settings: WebHookSettings,
    ) -> None:
        self._hooks = hooks
        self._deliveries = deliveries
        self._clock = clock
        self._counters = counters
        self.settings = settings
        self._used = settings
        self._topics: dict[str, list[str | None]] = {}
        self._sender: Sender | None = None
        self._undo: list[Callable[[], None]] = []

    async def start(self, options: Mapping[str, str]) -> None:
        """Post from now on."""
        used = self._used = overlaid(self.settings, options)
        if not used.url:
            log.warning("web_hook_without_url, hint: set compat.web_hook.url")
            return
        self._topics = {}
        for rule in used.rules:
            self._topics.setdefault(rule.event, []).append(rule.topic)
        self._sender = Sender(used, self._clock, self._counters)
        self._sender.start()
        hooks = self._hooks
        points: tuple[tuple[str, list[Any], Callable[..., object]], ...] = (
            ("client.connected", hooks.client_connected, self._connected),
            ("client.disconnected", hooks.client_disconnected, self._disconnected),
            ("client.subscribe", hooks.client_subscribe, self._subscribing),
            ("client.unsubscribe", hooks.client_unsubscribe, self._unsubscribing),
            ("session.created", hooks.session_created, self._created),
            ("session.subscribed", hooks.session_subscribed, self._subscribed),
            ("session.unsubscribed", hooks.session_unsubscribed, self._unsubscribed),
            ("session.terminated", hooks.session_terminated, self._terminated),
            ("message.publish", hooks.message_publish, self._published),
            ("message.acked", hooks.message_acked, self._acked),
        )
        for event, point, callback in points:
            if event in self._topics:
                point.append(callback)
                self._undo.append(lambda point=point, callback=callback: point.remove(callback))  # type: ignore[misc]
        if "message.delivered" in self._topics:
            self._deliveries.hook_deliveries(self._delivered)
            self._undo.append(lambda: self._deliveries.unhook_deliveries(self._delivered))

    async def stop(self) -> None:
        """Post what waits, and no more."""
        for undo in self._undo:
            undo()
        self._undo.clear()
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.stop()

    # --- events ------------------------------------------------------------------------------------------------

    def _connected(self, client: Client) -> None:
        self._post("client.connected", client.clientid, payloads.connected(client, self._used.generation))

    def _disconnected(self, client: Client, reason: str) -> None:
        fields = payloads.ended("client.disconnected", client, reason, self._used.generation)
        self._post("client.disconnected", client.clientid, fields)

    def _subscribing(self, client: Client, wanted: Sequence[SubscriptionOptions]) -> None:
        for each in wanted:
            topic = split_share(each.topic)[1]
            fields = payloads.subscribed("client.subscribe", client, topic, each.qos)
            self._post("client.subscribe", client.clientid, fields, topic)

    def _unsubscribing(self, client: Client, topics: Sequence[str]) -> None:
        for topic in topics:
            fields = payloads.unsubscribed("client.unsubscribe", client, topic)
            self._post("client.unsubscribe", client.clientid, fields, topic)

    def _created(self, client: Client) -> None:
        self._post("session.created", client.clientid, payloads.of_client("session.created", client))

    def _subscribed(self, client: Client, subscription: Subscription) -> None:
        topic = subscription.topic
        fields = payloads.subscribed("session.subscribed", client, topic, subscription.qos)
        self._post("session.subscribed", client.clientid, fields, topic)

    def _unsubscribed(self, client: Client, subscription: Subscription) -> None:
        topic = subscription.topic
        fields = payloads.unsubscribed("session.unsubscribed", client, topic)
        self._post("session.unsubscribed", client.clientid, fields, topic)

    def _terminated(self, client: Client, reason: str) -> None:
        fields = payloads.ended("session.terminated", client, reason, self._used.generation)
        self._post("session.terminated", client.clientid, fields)

    def _published(self, message: Any) -> None:
        if message.is_sys or not self._wanted("message.publish", message.topic):
            return
        fields = payloads.published(message, self._used.encode_payload)
        self._post("message.publish", message.clientid, fields, message.topic)

    def _delivered(self, client: Client, message: Any) -> None:
        self._of_delivery("message.delivered", client, message)

    def _acked(self, client: Client, message: Any) -> None:
        self._of_delivery("message.acked", client, message)

    def _of_delivery(self, event: str, client: Client, message: Any) -> None:
        if message.is_sys or not self._wanted(event, message.topic):
            return
        fields = payloads.received(event, client, message, self._used.encode_payload)
        self._post(event, client.clientid, fields, message.topic)

    def _wanted(self, event: str, topic: str) -> bool:
        return any(filter_ is None or matches(topic, filter_) for filter_ in self._topics[event])

    def _post(self, event: str, key: str, fields: payloads.Fields, topic: str | None = None) -> None:
        """One post for every rule that matches."""
        if self._sender is None:
            return
        body: bytes | None = None
        for wanted in self._topics[event]:
            if wanted is None or topic is None or matches(topic, wanted):
                body = body or payloads.body(fields)
                self._counters[_COUNTERS[event]] += 1
                self._sender.send(key, body)


_COUNTERS = {event: f"web_hook.{action}" for event, action in EVENTS.items()} | {
    "message.delivered": "web_hook.message_deliver"
}
