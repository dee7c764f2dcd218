"""Resources: started when the other side can be reached, kept while rules use them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from emqx_compat.testing import SyncServer

NOWHERE = "http://127.0.0.1:9/x"
NODE = "emqx@127.0.0.1"
NOT_FOUND = {"code": 404, "message": "Not Found"}


@pytest.fixture(scope="module")
def reachable(server: SyncServer) -> str:
    """A URL behind which something listens."""
    return server.url("v3")


def create(api: httpx.Client, url: str | None = NOWHERE, query: str = "", **fields: Any) -> dict[str, Any]:
    body = {"type": "web_hook", "config": {} if url is None else {"url": url}, **fields}
    answer: dict[str, Any] = api.post(f"/resources{query}", json=body).json()
    return answer


def made(api: httpx.Client, url: str = NOWHERE, **fields: Any) -> dict[str, Any]:
    answer = create(api, url, **fields)
    assert answer["code"] == 0
    resource: dict[str, Any] = answer["data"]
    return resource


def bad(term: str) -> dict[str, Any]:
    return {"code": 400, "message": f"Bad Arguments: {term}"}


def test_a_resource_answers_listed_and_shown_alike(api: httpx.Client, reachable: str) -> None:
    resource = made(api, reachable, description="hook")
    assert re.fullmatch("resource:[0-9a-f]{8}", resource["id"])
    assert resource == {
        "config": {"url": reachable},
        "description": "hook",
        "id": resource["id"],
        "type": "web_hook",
    }
    assert resource in api.get("/resources").json()["data"]
    assert resource in api.get("/resource_types/web_hook/resources").json()["data"]
    assert api.get(f"/resources/{resource['id']}").json()["data"] == {
        **resource,
        "status": [{"is_alive": True, "node": NODE}],
    }


def test_unknown_settings_are_kept_and_ids_are_not(api: httpx.Client) -> None:
    resource = made(api, id="mine", name="n", config={"url": NOWHERE, "foo": 1, "headers": "x"})
    assert (resource["config"], "name" in resource) == ({"url": NOWHERE, "foo": 1, "headers": "x"}, False)
    assert resource["id"] != "mine"


@pytest.mark.parametrize("up", [True, False])
def test_the_status_tells_whether_the_other_side_answers(api: httpx.Client, reachable: str, up: bool) -> None:
    resource = made(api, reachable if up else NOWHERE)["id"]
    assert api.get(f"/resource_status/{resource}").json() == {"code": 0, "data": {"is_alive": up}}
    assert api.get(f"/resources/{resource}").json()["data"]["status"] == [{"is_alive": up, "node": NODE}]


def test_starting_again(api: httpx.Client, reachable: str) -> None:
    up, down = made(api, reachable)["id"], made(api, NOWHERE)["id"]
    assert api.post(f"/resources/{up}", json={"x": 1}).json() == {"code": 0}
    assert api.post(f"/resources/{down}").json() == {"code": 400, "message": f"Start Resource {down} Failed"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/resources/nope"), ("GET", "/resource_status/nope")])
def test_an_unknown_resource_is_named(api: httpx.Client, method: str, path: str) -> None:
    assert api.request(method, path).json() == {"code": 400, "message": "Resource nope Not Found"}


def test_showing_an_unknown_resource(api: httpx.Client) -> None:
    assert api.get("/resources/nope").json() == NOT_FOUND
    resource = made(api)["id"]
    assert api.get(f"/resources/{resource.replace(':', '%3A')}").json() == NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"url": None}, bad("{required_field_missing,url}")),
        ({"url": "ftp://x/y"}, bad('{invalid_data_type,{string,<<"ftp://x/y">>}}')),
        (
            {"config": {"url": NOWHERE, "method": "DELETE"}},
            bad('{invalid_data_type,{enum,{<<"DELETE">>,[<<"PUT">>,<<"POST">>]}}}'),
        ),
        ({"config": 5}, bad("{badmap,5}")),
        ({"description": 5}, bad("badarg")),
        ({"type": "zzz_never"}, {"code": 400, "message": "Resource Type zzz_never Not Found"}),
        ({"type": "kernel"}, {"code": 400, "message": "Resource Type kernel Not Found"}),
    ],
)
@pytest.mark.parametrize("query", ["", "?test=true"])
def test_what_is_wrong_is_said(
    api: httpx.Client, query: str, fields: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert create(api, query=query, **fields) == answer


@pytest.mark.parametrize("body", [None, [], {"config": {}}])
def test_a_type_is_needed(api: httpx.Client, body: Any) -> None:
    assert api.post("/resources", json=body).json() == bad("function_clause")


def test_a_type_that_is_no_text_is_500(api: httpx.Client) -> None:
    answer = api.post("/resources", json={"type": 5, "config": {}})
    assert (answer.status_code, answer.text) == (500, "Internal Error")


def test_a_try_stores_nothing(api: httpx.Client, reachable: str) -> None:
    before = api.get("/resources").json()
    assert create(api, reachable, "?test=true") == {"code": 0}
    assert create(api, reachable, test=True) == {"code": 0}
    assert create(api, NOWHERE, "?test=true") == {"code": 500, "message": "Test Creating Resource Failed"}
    assert api.get("/resources").json() == before
    assert create(api, reachable, "?test=false")["data"]["id"]


def test_a_resource_in_use_stays(api: httpx.Client, reachable: str) -> None:
    resource = made(api, reachable)["id"]
    action = {"name": "data_to_webserver", "params": {"$resource": resource}}
    body = {"rawsql": 'select * from "message.publish"', "actions": [action]}
    rule = api.post("/rules", json=body).json()["data"]["id"]
    assert api.delete(f"/resources/{resource}").json() == bad(f'{{dependency_exists,{{rule,<<"{rule}">>}}}}')
    api.delete(f"/rules/{rule}")
    for _ in range(2):
        assert api.delete(f"/resources/{resource}").json() == {"code": 0}
    assert api.get(f"/resources/{resource}").json() == NOT_FOUND


def test_a_rule_needs_a_started_resource(api: httpx.Client) -> None:
    resource = made(api, NOWHERE)["id"]
    action = {"name": "data_to_webserver", "params": {"$resource": resource}}
    body = {"rawsql": 'select * from "message.publish"', "actions": [action]}
    assert api.post("/rules", json=body).json() == bad(f'{{resource_not_initialized,<<"{resource}">>}}')


def test_a_resource_of_3_1_has_a_name_and_is_replaced_by_its_name(api: httpx.Client) -> None:
    body = {"name": "test-resource", "type": "built_in", "config": {"a": 1}, "description": "test-resource"}
    row = {"attrs": "undefined", "id": "built_in:test-resource", **body}
    for config in ({"a": 0}, {"a": 1}):
        api.post("/resources", json={**body, "config": config})
    assert api.post("/resources", json=body).json() == {"code": 0, "data": row}
    assert api.get("/resource_types/built_in/resources").json() == {"code": 0, "data": [row]}
    shown = api.get("/resources/built_in:test-resource").json()["data"]
    assert shown == {**row, "status": [{"is_alive": True, "node": NODE}]}
    assert api.delete("/resources/built_in:test-resource").json() == {"code": 0}


def test_a_resource_of_3_1_needs_its_name(api: httpx.Client) -> None:
    assert api.post("/resources", json={"type": "built_in"}).json() == bad("function_clause")
