"""The embedded engine: the port's services, gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emqx_compat.core.clock import Clock
from emqx_compat.core.engine import (
    AlarmService,
    ApiKeyService,
    BanService,
    ClientService,
    FeatureService,
    HotSettingService,
    ListenerService,
    MetricsService,
    MqttUserService,
    NodeService,
    PublishService,
    ResourceService,
    RuleService,
    SlowSubsService,
    SubscriptionService,
    TokenService,
    TopicMetricsService,
    UserService,
)
from emqx_compat.core.ids import Ids


@dataclass(slots=True)
class EmbeddedEngine:
    """`core.engine.Engine` over the broker of this process."""

    clock: Clock
    ids: Ids
    versions: Mapping[str, str]
    options: Mapping[str, object]
    clients: ClientService
    subscriptions: SubscriptionService
    publisher: PublishService
    bans: BanService
    metrics: MetricsService
    nodes: NodeService
    listeners: ListenerService
    users: UserService
    api_keys: ApiKeyService
    tokens: TokenService
    features: FeatureService
    hot_settings: HotSettingService
    mqtt_users: MqttUserService
    alarms: AlarmService
    topic_metrics: TopicMetricsService
    slow_subs: SlowSubsService
    rules: RuleService
    resources: ResourceService
