"""What rules are made from: actions, types of resources, events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api_v3.rule_catalogue import ACTIONS, OLD_ACTIONS
from emqx_compat.core.rules import EVENT_COLUMNS
from emqx_compat.testing import Server

SORTED = ["data_to_webserver", "do_nothing", "inspect", "republish"]
NOT_FOUND = {"code": 404, "message": "Not Found"}


@pytest.fixture(scope="module")
def old_api() -> Iterator[httpx.Client]:
    """A server that lists what 3.1 listed."""
    with (
        Server.in_thread(['compat.dialect.v3.rule_engine="3.1"']) as server,
        httpx.Client(base_url=server.url("v3"), auth=server.auth("v3")) as client,
    ):
        yield client


def names(answer: httpx.Response) -> list[str]:
    rows: list[dict[str, Any]] = answer.json()["data"]
    return [row["name"] for row in rows]


def test_actions_are_listed_in_their_own_order(api: httpx.Client) -> None:
    assert names(api.get("/actions")) == ["inspect", "republish", "do_nothing", "data_to_webserver"]


@pytest.mark.parametrize("asked", ["$message", "$client", "$any", *EVENT_COLUMNS, "kernel", ""])
def test_actions_for_an_event_are_ordered_by_their_titles(api: httpx.Client, asked: str) -> None:
    assert names(api.get("/actions", params={"for": asked})) == SORTED


def test_sessions_are_forgotten(api: httpx.Client) -> None:
    assert api.get("/actions?for=$session").json() == {"code": 0, "data": []}


@pytest.mark.parametrize("asked", ["nope", "$events", "$messages"])
def test_an_unknown_event_is_named(api: httpx.Client, asked: str) -> None:
    assert api.get("/actions", params={"for": asked}).json() == {"code": 400, "message": f"Event {asked} Not Found"}


@pytest.mark.parametrize("row", [*ACTIONS, *OLD_ACTIONS], ids=lambda row: row["name"])
def test_every_action_can_be_looked_up_by_its_name_in_3_1_or_3_2(api: httpx.Client, row: dict[str, Any]) -> None:
    assert api.get(f"/actions/{row['name']}").json() == {"code": 0, "data": row}


@pytest.mark.parametrize("path", ["/actions/kernel", "/resource_types/kernel"])
def test_a_known_word_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(path).json() == NOT_FOUND


@pytest.mark.parametrize(
    "path",
    ["/actions/zzz", "/resource_types/zzz", "/resource_types/zzz/resources", "/resource_types/zzz/actions"],
)
def test_a_word_that_was_never_seen_is_an_unknown_path(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.text) == (404, "Not found.")


def test_the_only_type_of_3_2_is_the_web_hook(api: httpx.Client) -> None:
    listed = api.get("/resource_types").json()["data"]
    assert [row["name"] for row in listed] == ["web_hook"]
    assert api.get("/resource_types/web_hook").json()["data"] == listed[0]
    assert api.get("/resource_types/kernel/resources").json() == {"code": 0, "data": []}


def test_the_documented_type_is_there(api: httpx.Client) -> None:
    assert api.get("/resource_types/built_in").json()["data"] == {
        "description": "The built in resource type for debug purpose",
        "name": "built_in",
        "params": {},
        "provider": "emqx_rule_engine",
    }
    assert names(api.get("/resource_types/built_in/actions")) == [
        "built_in:republish_action",
        "built_in:inspect_action",
    ]


def test_events_are_listed_with_their_columns(api: httpx.Client) -> None:
    rows = api.get("/rule_events").json()["data"]
    assert {row["event"]: tuple(row["columns"]) for row in rows} == EVENT_COLUMNS
    assert [row["event"] for row in rows] == list(EVENT_COLUMNS)


def test_the_examples_of_events_are_rules(api: httpx.Client) -> None:
    for row in api.get("/rule_events").json()["data"]:
        answer = api.post("/rules", json={"rawsql": row["sql_example"], "actions": []}).json()
        assert answer["data"]["for"] == [row["event"]]


def test_3_1_lists_its_own_names(old_api: httpx.Client) -> None:
    assert old_api.get("/actions").json()["data"] == list(OLD_ACTIONS)
    assert names(old_api.get("/actions?for=client.connected")) == ["built_in:inspect_action"]
    assert names(old_api.get("/resource_types")) == ["web_hook", "built_in"]


def test_3_1_names_its_web_hooks(old_api: httpx.Client) -> None:
    body = {"name": "webhook1", "type": "web_hook", "config": {"url": "http://127.0.0.1:9/chats"}}
    assert old_api.post("/resources", json=body).json()["data"]["id"] == "web_hook:webhook1"
