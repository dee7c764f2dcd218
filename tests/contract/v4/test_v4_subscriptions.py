"""Subscriptions and routes of v4: rows, filters, pages, look-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from devices import Device

from emqx_compat.testing import Server

NODE = "/nodes/emqx@127.0.0.1"

Ask = Callable[..., dict[str, Any]]
Rows = set[tuple[str, str, int]]

S1: dict[str, int] = {"/World": 0, "t/+/x": 1, "w/#": 2, "$share/g1/sh/1": 1, "$queue/qu/1": 2, "sp ace/a&b": 0}
S2: dict[str, int] = {"/World": 2, "v5/1": 0}
QUEUE = "$share/$queue/qu/1"


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with Server.in_thread() as server:
        devices = []
        for clientid, filters in (("s1", S1), ("s2", S2)):
            devices.append(Device(server.mqtt, clientid))
            for topic, qos in filters.items():
                devices[-1].subscribe(topic, qos)
        with httpx.Client(base_url=server.url("v4"), auth=server.auth("v4")) as client:

            def get(path: str, **query: object) -> dict[str, Any]:
                answer = client.get(path, params=query)  # type: ignore[arg-type]
                assert answer.status_code == 200, answer.text
                return answer.json()  # type: ignore[no-any-return]

            yield get
        for device in devices:
            device.disconnect()


def rows(answer: dict[str, Any]) -> Rows:
    return {(row["clientid"], row["topic"], row["qos"]) for row in answer["data"]}


OF_S1 = {("s1", QUEUE if topic == "$queue/qu/1" else topic, qos) for topic, qos in S1.items()}
OF_S2 = {("s2", topic, qos) for topic, qos in S2.items()}


@pytest.mark.parametrize("prefix", ["", NODE])
def test_all_subscriptions_are_listed_and_counted(ask: Ask, prefix: str) -> None:
    answer = ask(prefix + "/subscriptions")
    assert rows(answer) == OF_S1 | OF_S2
    assert answer["meta"] == {"page": 1, "limit": 10000, "count": 8, "hasnext": False}


@pytest.mark.parametrize("prefix", ["", NODE])
@pytest.mark.parametrize(("clientid", "expected"), [("s1", OF_S1), ("s2", OF_S2), ("nobody", set())])
def test_the_subscriptions_of_a_client_are_an_array(ask: Ask, prefix: str, clientid: str, expected: Rows) -> None:
    answer = ask(f"{prefix}/subscriptions/{clientid}")
    assert rows(answer) == expected
    assert "meta" not in answer


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"clientid": "s2"}, OF_S2),
        ({"qos": "2"}, {("s1", QUEUE, 2), ("s1", "w/#", 2), ("s2", "/World", 2)}),
        ({"share": "g1"}, {("s1", "$share/g1/sh/1", 1)}),
        ({"share": "$queue"}, {("s1", QUEUE, 2)}),
        ({"share": "zzz"}, set()),
        ({"_match_topic": "t/#"}, {("s1", "t/+/x", 1)}),
        ({"_match_topic": "sh/#"}, {("s1", "$share/g1/sh/1", 1)}),
        ({"_match_topic": "#"}, OF_S1 | OF_S2),
        ({"clientid": "s1", "qos": "1"}, {("s1", "t/+/x", 1), ("s1", "$share/g1/sh/1", 1)}),
    ],
)
def test_filters_choose_and_make_the_count_unknown(ask: Ask, query: dict[str, str], expected: Rows) -> None:
    answer = ask("/subscriptions", **query)
    assert rows(answer) == expected
    assert answer["meta"]["count"] == -1


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("/World", {("s1", "/World", 0), ("s2", "/World", 2)}),
        ("w/#", {("s1", "w/#", 2)}),
        ("w%2F%23", {("s1", "w/#", 2)}),
        ("sh/1", {("s1", "$share/g1/sh/1", 1)}),
        ("$share/g1/sh/1", set()),
        ("none", set()),
    ],
)
def test_the_topic_filter_is_exact_and_counts(ask: Ask, topic: str, expected: Rows) -> None:
    answer = ask("/subscriptions", topic=topic)
    assert rows(answer) == expected
    assert answer["meta"]["count"] == len(expected)


def test_a_qos_that_is_no_number_is_told_as_a_term(api: httpx.Client) -> None:
    answer = api.get("/subscriptions", params={"qos": "abc"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain")
    assert answer.text == '{bad_value_type,{<<"qos">>,integer,<<"abc">>}}'


@pytest.mark.parametrize(("page", "count", "hasnext"), [(1, 3, True), (2, 3, True), (3, 2, False), (99, 0, False)])
def test_hasnext_tells_whether_a_row_follows(ask: Ask, page: int, count: int, hasnext: bool) -> None:
    answer = ask("/subscriptions", _page=page, _limit=3)
    assert (len(answer["data"]), answer["meta"]["hasnext"]) == (count, hasnext)


TOPICS = {"/World", "t/+/x", "w/#", "sh/1", "qu/1", "sp ace/a&b", "v5/1"}


def test_routes_are_bare_filters_without_hasnext(ask: Ask) -> None:
    answer = ask("/routes")
    assert {row["topic"] for row in answer["data"]} == TOPICS
    assert answer["meta"] == {"page": 1, "limit": 10000, "count": len(TOPICS)}


def test_pages_of_routes_together_are_the_whole_table(ask: Ask) -> None:
    pages = [ask("/routes", _page=page, _limit=3)["data"] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert {row["topic"] for page in pages for row in page} == TOPICS


@pytest.mark.parametrize(
    ("path", "topics"),
    [
        ("%2FWorld", {"/World"}),
        ("/World", set()),
        ("t%2F%2B%2Fx", {"t/+/x"}),
        ("t%2F+%2Fx", {"t/+/x"}),
        ("w%2F%23", {"w/#"}),
        ("t%2F1%2Fx", set()),
        ("sh%2F1", {"sh/1"}),
        ("sp+ace%2Fa%26b", set()),
        ("none", set()),
    ],
)
def test_a_route_is_looked_up_by_its_exact_filter(ask: Ask, path: str, topics: set[str]) -> None:
    assert {row["topic"] for row in ask(f"/routes/{path}")["data"]} == topics
