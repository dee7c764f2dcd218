"""Topic metrics and slow subscriptions: what is set at run time is there after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from emqx_compat.config import load, settings
from emqx_compat.core.slow_subs import SlowSubsSettings
from emqx_compat.server.instance import Instance, on_free_ports


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Instance]:
    configuration = load(overrides=[f'node.data_dir="{folder}"'])
    instance = await Instance.start(configuration, on_free_ports(settings(configuration)))
    try:
        yield instance
    finally:
        await instance.stop()


async def test_registered_topics_are_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.engine.features.start("topic_metrics")
        for topic in ("a", "b"):
            await server.engine.topic_metrics.register(topic)
        await server.engine.topic_metrics.unregister("a")
    async with running(tmp_path) as server:
        assert [row.topic for row in server.engine.topic_metrics.list()] == ["b"]


async def test_settings_of_slow_subscriptions_are_kept(tmp_path: Path) -> None:
    wanted = SlowSubsSettings(True, 0.25, 60.0, 20, "response")
    async with running(tmp_path) as server:
        await server.engine.slow_subs.configure(wanted)
    async with running(tmp_path) as server:
        assert server.engine.slow_subs.settings == wanted
