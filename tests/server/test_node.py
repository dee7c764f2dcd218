"""The single node and what listens on it."""

from __future__ import annotations

import os

import pytest

from emqx_compat.core.clock import ManualClock
from emqx_compat.core.faults import F, Fault
from emqx_compat.node import SingleNode, memory


class Metrics:
    def counters(self) -> dict[str, int]:
        return {}

    def gauges(self) -> dict[str, tuple[int, int]]:
        return {"connections": (5, 9), "live_connections": (3, 4), "cluster_sessions": (5, 9)}

    def gauge(self, name: str) -> int:
        return self.gauges()[name][0]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def node(clock: ManualClock) -> SingleNode:
    return SingleNode("emqx@127.0.0.1", clock, Metrics(), sys_path="/opt/emqx")


async def test_the_cluster_has_one_running_member(node: SingleNode) -> None:
    [row] = await node.list()
    assert (row.name, row.running, row.role, row.sys_path) == (node.local, True, "core", "/opt/emqx")
    assert row == await node.get(node.local)


async def test_uptime_follows_the_clock(node: SingleNode, clock: ManualClock) -> None:
    clock.advance(90)
    row = await node.get(node.local)
    assert (row.uptime, row.now) == (90, clock.now())


async def test_counts_come_from_the_gauges(node: SingleNode) -> None:
    row = await node.get(node.local)
    assert (row.connections, row.live_connections, row.cluster_sessions) == (5, 3, 5)


async def test_figures_of_the_machine_are_plausible(node: SingleNode) -> None:
    row = await node.get(node.local)
    assert 0 < row.memory_used < row.memory_total
    assert (row.memory_total, row.max_fds > 0) == (memory()[0], True)
    assert 0 < row.process_used < row.process_available == 2_097_152
    assert row.load1 == pytest.approx(os.getloadavg()[0], abs=5)


async def test_another_node_is_unknown(node: SingleNode) -> None:
    with pytest.raises(Fault) as error:
        await node.get("other@127.0.0.1")
    assert error.value.kind is F.NODE_UNKNOWN
    assert error.value.params == {"node": "other@127.0.0.1"}
