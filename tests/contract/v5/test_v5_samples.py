"""Every operation that is there answers in the documented shape: same keys, same JSON types, same envelope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from shapes import differences
from v5_world import NODE, PASSWORD, Api, connected

from api_v5 import GENERATION
from emqx_compat.http.route import State
from emqx_compat.testing import Server

BUILT = {route.id: route for route in GENERATION.routes if route.effective_state is not State.ABSENT}


@dataclass(frozen=True)
class Sample:
    """A call that succeeds, of an operation that has a documented answer, or none (204)."""

    path: str
    body: object = None
    status: int = 200


SAMPLES = {
    "get_status": Sample("/status"),
    "list_error_codes": Sample("/error_codes"),
    "get_error_code": Sample("/error_codes/BAD_REQUEST"),
    "login": Sample("/login", {"username": "admin", "password": "public"}),
    "logout": Sample("/logout", {"username": "admin"}, 204),
    "list_users": Sample("/users"),
    "create_user": Sample("/users", {"username": "u2", "password": PASSWORD, "description": "d", "role": "viewer"}),
    "update_user": Sample("/users/u1", {"description": "other", "role": "viewer"}),
    "delete_user": Sample("/users/u1", status=204),
    "change_password": Sample("/users/u1/change_pwd", {"old_pwd": PASSWORD, "new_pwd": "0therWord"}, 204),
    "list_api_keys": Sample("/api_key"),
    "create_api_key": Sample("/api_key", {"name": "k2", "enable": True, "desc": "d"}),
    "get_api_key": Sample("/api_key/k1"),
    "update_api_key": Sample("/api_key/k1", {"desc": "other"}),
    "delete_api_key": Sample("/api_key/k1", status=204),
    "list_nodes": Sample("/nodes"),
    "get_node": Sample(f"/nodes/{NODE}"),
    "get_node_metrics": Sample(f"/nodes/{NODE}/metrics"),
    "get_node_stats": Sample(f"/nodes/{NODE}/stats"),
    "list_metrics": Sample("/metrics"),
    "list_stats": Sample("/stats"),
    "list_clients": Sample("/clients"),
    "get_client": Sample("/clients/c1"),
    "kick_client": Sample("/clients/c1", status=204),
    "kick_clients": Sample("/clients/kickout/bulk", ["c1", "nobody"], 204),
    "list_client_subscriptions": Sample("/clients/c1/subscriptions"),
    "subscribe": Sample("/clients/c1/subscribe", {"topic": "t/2"}),
    "subscribe_bulk": Sample("/clients/c1/subscribe/bulk", [{"topic": "t/2"}, {"topic": "t/3", "qos": 1}]),
    "unsubscribe": Sample("/clients/c1/unsubscribe", {"topic": "t/1"}, 204),
    "unsubscribe_bulk": Sample("/clients/c1/unsubscribe/bulk", [{"topic": "t/1"}], 204),
    "list_authz_cache": Sample("/clients/c1/authorization/cache"),
    "clean_authz_cache": Sample("/clients/c1/authorization/cache", status=204),
    "list_subscriptions": Sample("/subscriptions"),
    "list_topics": Sample("/topics"),
    "get_topic": Sample("/topics/t%2F1"),
    "publish": Sample("/publish", {"topic": "t/1", "payload": "x"}),
    "publish_bulk": Sample("/publish/bulk", [{"topic": "t/1", "payload": "x"}]),
    "list_banned": Sample("/banned"),
    "create_banned": Sample("/banned", {"as": "username", "who": "other"}),
    "delete_banned": Sample("/banned/username/bad", status=204),
    "clear_banned": Sample("/banned", status=204),
    "list_listeners": Sample("/listeners"),
    "get_listener": Sample("/listeners/tcp:default"),
}

FREE = {"list_authz_cache": ("access",)}
"""Fields that are not compared: the sample is of a publish, and a remembered subscribe has no `retain`."""


@pytest.fixture
async def world(server: Server, admin: Api) -> AsyncIterator[Api]:
    """One of everything."""
    await admin.post("/users", {"username": "u1", "password": PASSWORD, "description": "d", "role": "viewer"})
    await admin.post("/api_key", {"name": "k1", "enable": True, "desc": "d", "expired_at": "2050-01-01T00:00:00Z"})
    await admin.post("/banned", {"as": "username", "who": "bad", "reason": "test"})
    async with connected(server, "c1", "someone") as client:
        await client.subscribe("t/1")
        yield admin


def test_every_operation_has_a_sample() -> None:
    assert SAMPLES.keys() == BUILT.keys()


@pytest.mark.parametrize("id_", SAMPLES)
async def test_the_answer_has_the_documented_shape(world: Api, id_: str) -> None:
    sample, route = SAMPLES[id_], BUILT[id_]
    answer = await world.call(route.method, sample.path, sample.body)
    assert answer.status_code == sample.status, answer.text
    if route.example is None:
        assert answer.content == b""
        return
    live: Any = answer.text if isinstance(route.example, str) else answer.json()
    assert differences(route.example, live, free={"settings", *FREE.get(id_, ())}) == []
