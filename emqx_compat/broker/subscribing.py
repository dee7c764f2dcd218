"""SUBSCRIBE and UNSUBSCRIBE, and the same on a client's behalf [§3.8, §3.10]."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from emqx_compat.broker import exclusive
from emqx_compat.broker.binding import Binding
from emqx_compat.broker.mounting import mounted
from emqx_compat.broker.replay import forget_replays, replay_retained
from emqx_compat.core.clients import Client, SubscriptionOptions
from emqx_compat.mqtt import (
    ReasonCode,
    Suback,
    Subscribe,
    SubscriptionRequest,
    Unsuback,
    Unsubscribe,
    encode,
    split_share,
    validate_filter,
)

if TYPE_CHECKING:
    from emqx_compat.broker.broker import Broker
    from emqx_compat.broker.channel import Channel
    from emqx_compat.broker.session import Session

T = TypeVar("T")

log = logging.getLogger(__name__)

_NONE: frozenset[int] = frozenset()


def on_subscribe(channel: Channel, packet: Subscribe, now: float) -> None:
    """One reason code per filter, in order [MQTT-3.8.4-6]; retained messages follow the SUBACK."""
    broker = channel.broker
    session = channel.session
    assert session is not None
    identifiers = (packet.properties or {}).get("subscription_identifier")
    subid = identifiers[0] if identifiers else None
    broker.counters["client.subscribe"] += 1
    broker.count_authorized(len(packet.subscriptions))
    codes: list[int] = []
    made: list[tuple[Binding, bool]] = []
    wanted, alone = exclusive.without_prefix(packet.subscriptions)
    forbidden = _forbidden(channel, wanted, now)
    if forbidden and broker.settings.authz_deny_action == "disconnect":
        channel.close("not_authorized", ReasonCode.NOT_AUTHORIZED)
        return
    if broker.hooks.client_subscribe:
        wanted = _hooked(session, wanted, forbidden)
    if len(wanted) > broker.settings.max_filters:
        broker.limits.reached("max_filters", broker.settings.max_filters, channel.name)
    for index, request in enumerate(wanted):
        refusal = ReasonCode.NOT_AUTHORIZED if index in forbidden else _refusal(channel, request, index)
        if refusal is None and index in alone:
            key = mounted(channel.mountpoint, request.topic_filter)
            refusal = exclusive.refusal(broker, session, request.topic_filter, key)
        if refusal is not None:
            codes.append(int(refusal))
            continue
        qos = min(request.qos, broker.settings.max_qos_allowed)
        binding = _binding(channel, request, qos, subid, exclusive.EXTRA if index in alone else None)
        made.append((binding, bind(broker, binding)))
        codes.append(qos)
    if any(code >= 0x80 for code in codes):
        broker.counters["packets.subscribe.error"] += 1
        if not channel.family:
            codes = [min(code, 0x80) for code in codes]
    if session.durable is None:
        _answer(channel, packet.packet_id, codes, made)
    else:
        broker.journal.when_saved(lambda: _answer(channel, packet.packet_id, codes, made))


def _answer(channel: Channel, packet_id: int, codes: list[int], made: list[tuple[Binding, bool]]) -> None:
    if channel.is_closed:
        return
    channel.send_packet(Suback(packet_id, codes))
    for binding, fresh in made:
        if binding.key in binding.session.bindings:  # also for one that was replaced meanwhile [MQTT-3.8.4-4]
            send_retained(binding, fresh)


def _forbidden(channel: Channel, requests: Sequence[SubscriptionRequest], now: float) -> frozenset[int]:
    """The positions of filters that the client may not subscribe to."""
    authz = channel.authz
    if authz is None:
        return _NONE
    found = frozenset(
        index
        for index, request in enumerate(requests)
        if not authz.allows("subscribe", split_share(request.topic_filter)[1], request.qos, False, now)
    )
    channel.broker.counters["packets.subscribe.auth_error"] += len(found)
    return found


def _hooked(
    session: Session, requests: Sequence[SubscriptionRequest], forbidden: frozenset[int]
) -> list[SubscriptionRequest]:
    """What the hooks make of the filters that are allowed; an illegal filter is not taken from them."""
    hooks = session.broker.hooks.client_subscribe
    result = list(requests)
    allowed = [index for index in range(len(result)) if index not in forbidden]
    asked = [_options(result[index]) for index in allowed]
    for hook in tuple(hooks):
        asked = fold(hook, session.client, asked)
    for index, options in zip(allowed, asked, strict=True):
        if _options(result[index]) != options and validate_filter(options.topic):
            result[index] = SubscriptionRequest(
                options.topic, options.qos, options.no_local, options.retain_as_published, options.retain_handling
            )
    return result


def _options(request: SubscriptionRequest) -> SubscriptionOptions:
    return SubscriptionOptions(
        request.topic_filter,
        request.qos,
        request.no_local,
        request.retain_as_published,
        request.retain_handling,
    )


def fold(hook: Callable[[Client, Sequence[T]], Sequence[T] | None], client: Client, items: list[T]) -> list[T]:
    """What a hook makes of a list: the same when it has no opinion, fails, or loses some."""
    try:
        changed = hook(client, items)
    except Exception:  # a hook's defect is not the client's
        log.exception("a hook failed: %r", hook)
        return items
    return items if changed is None or len(changed) != len(items) else list(changed)


def _binding(
    channel: Channel,
    request: SubscriptionRequest,
    qos: int,
    subid: int | None,
    extra: Mapping[str, object] | None,
) -> Binding:
    """What is asked for; below MQTT 5, no local and retain as published follow from settings and bridge mode."""
    assert channel.session is not None
    no_local, as_published = request.no_local, request.retain_as_published
    if not channel.family:
        no_local = channel.broker.settings.ignore_loop_deliver and not request.topic_filter.startswith("$")
        as_published = channel.session.client.is_bridge
    return Binding(
        channel.session,
        mounted(channel.mountpoint, request.topic_filter),
        qos,
        no_local,
        as_published,
        request.retain_handling,
        subid,
        extra,
    )


def _refusal(channel: Channel, request: SubscriptionRequest, index: int) -> ReasonCode | None:
    """Why the settings do not allow the filter at that place of a SUBSCRIBE, if so."""
    settings = channel.broker.settings
    if index >= settings.max_filters:
        return ReasonCode.QUOTA_EXCEEDED
    group, topic = split_share(request.topic_filter)
    if group is not None and not settings.shared_subscription:
        return ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
    if not settings.wildcard_subscription and ("+" in topic or "#" in topic):
        return ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED
    limits = channel.broker.limits
    if topic.count("/") >= settings.max_topic_levels:
        limits.reached("max_topic_levels", settings.max_topic_levels, channel.name)
        return ReasonCode.TOPIC_FILTER_INVALID
    session = channel.session
    assert session is not None
    limit = settings.max_client_subscriptions
    if settings.max_subscriptions is not None:
        limit = min(limit, settings.max_subscriptions)
    if len(session.bindings) >= limit and mounted(channel.mountpoint, request.topic_filter) not in session.bindings:
        limits.reached("max_subscriptions", limit, channel.name)
        return ReasonCode.QUOTA_EXCEEDED
    return None


def on_unsubscribe(channel: Channel, packet: Unsubscribe, now: float) -> None:
    """Filters are compared character by character [MQTT-3.10.4-1]."""
    broker = channel.broker
    session = channel.session
    assert session is not None
    broker.counters["client.unsubscribe"] += 1
    topic_filters = [exclusive.plain(topic_filter) for topic_filter in packet.topic_filters]
    for hook in tuple(broker.hooks.client_unsubscribe):
        topic_filters = fold(hook, session.client, topic_filters)
    codes = [
        0
        if unbind(broker, session, mounted(channel.mountpoint, topic_filter))
        else int(ReasonCode.NO_SUBSCRIPTION_EXISTED)
        for topic_filter in topic_filters
    ]
    if session.durable is None:
        channel.send_packet(Unsuback(packet.packet_id, codes))
    else:
        broker.journal.send_saved(channel, encode(Unsuback(packet.packet_id, codes), channel.version))


def bind(broker: Broker, binding: Binding) -> bool:
    """Make a subscription, or replace the one with the same filter [MQTT-3.8.4-3]; False: replaced."""
    session = binding.session
    fresh = binding.key not in session.bindings
    broker.router.add(binding)
    session.bindings[binding.key] = binding
    exclusive.hold(broker, binding)
    session.client.subscriptions_cnt = len(session.bindings)
    if session.durable is not None:
        session.durable.subscribed(binding)
    if fresh:
        broker.gauges.refresh(
            "subscriptions", "suboptions", "subscribers", "subscriptions.shared", "topics", "routes"
        )
    if broker.hooks.session_subscribed:
        broker.run(broker.hooks.session_subscribed, session.record(), binding.row(broker.node))
    if broker.settings.sys_client_subscribed:
        broker.sys.subscribed(session.client, binding.row(broker.node), fresh)
    return fresh


def send_retained(binding: Binding, fresh: bool) -> None:
    """Retain Handling [MQTT-3.3.1-9 … -11]; nothing is sent for shared subscriptions [§4.8.2]."""
    if binding.group is None and (not binding.retain_handling or (binding.retain_handling == 1 and fresh)):
        replay_retained(binding.session, binding)


def unbind(broker: Broker, session: Session, key: str) -> bool:
    """End a subscription; what is already on its way still arrives [MQTT-3.10.4-2, -3]. False: there was none."""
    binding = session.bindings.pop(key, None)
    if binding is None:
        return False
    broker.router.remove(binding)
    exclusive.release(broker, binding)
    forget_replays(session, key)
    session.client.subscriptions_cnt = len(session.bindings)
    if session.durable is not None:
        session.durable.unsubscribed(key)
    if broker.hooks.session_unsubscribed:
        broker.run(broker.hooks.session_unsubscribed, session.record(), binding.row(broker.node))
    if broker.settings.sys_client_unsubscribed:
        broker.sys.unsubscribed(session.client, binding.row(broker.node))
    return True
