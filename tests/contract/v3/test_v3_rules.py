"""Rules: what is created is listed and shown, what is refused says why, what is tried stores nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

SQL = 'select * from "message.publish"'
INSPECT = {"name": "inspect", "params": {}}
REPUBLISH = {"target_topic": "a", "target_qos": 0, "payload_tmpl": "x"}
OF_3_1 = {"name": "n", "rawsql": 'select * from "t/a"', "for": "message.publish"}
NOT_FOUND = {"code": 404, "message": "Not Found"}
NODE = "emqx@127.0.0.1"


def create(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/rules", json={"rawsql": SQL, "actions": [INSPECT], **fields}).json()
    return answer


def made(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = create(api, **fields)
    assert answer["code"] == 0
    rule: dict[str, Any] = answer["data"]
    return rule


def bad(term: str) -> dict[str, Any]:
    return {"code": 400, "message": f"Bad Arguments: {term}"}


@pytest.fixture(scope="module")
def old(api: httpx.Client) -> dict[str, Any]:
    """A rule as the documents make one."""
    return made(
        api,
        name="test-rule",
        rawsql='select * from "t/a"',
        actions=[{"name": "built_in:inspect_action", "params": {"a": 1}}],
        description="test-rule",
        **{"for": "message.publish"},
    )


# --- creating


def test_a_rule_answers_listed_and_shown_alike(api: httpx.Client) -> None:
    rule = made(api, description="d")
    assert {key: rule[key] for key in ("description", "enabled", "for", "rawsql")} == {
        "description": "d",
        "enabled": True,
        "for": ["message.publish"],
        "rawsql": SQL,
    }
    assert rule["metrics"] == [
        {"matched": 0, "node": NODE, "speed": 0.0, "speed_last5m": 0.0, "speed_max": 0},
    ]
    assert rule["actions"][0]["metrics"] == [{"failed": 0, "node": NODE, "success": 0}]
    assert re.fullmatch("rule:[0-9a-f]{8}", rule["id"])
    assert re.fullmatch(r"inspect_\d{19}", rule["actions"][0]["id"])
    assert api.get(f"/rules/{rule['id']}").json() == {"code": 0, "data": rule}
    assert rule in api.get("/rules").json()["data"]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (
            {"rawsql": 'select * from "client.connected", "client.disconnected"'},
            ["client.connected", "client.disconnected"],
        ),
        ({"rawsql": "foreach payload.s as e do e.v as v incase e.v > 1 from message.publish"}, ["message.publish"]),
        (
            {"name": "", "for": "message.publish", "rawsql": 'select * from "client.connected"'},
            ["client.connected"],
        ),
        ({"name": "n", "for": "client.connected"}, ["message.publish"]),
    ],
)
def test_events_come_from_the_sql(api: httpx.Client, fields: dict[str, Any], shown: list[str]) -> None:
    assert made(api, **fields)["for"] == shown


def test_an_id_that_is_sent_is_not_used(api: httpx.Client) -> None:
    assert made(api, id="my-rule")["id"] != "my-rule"


def test_actions_may_be_none_and_keep_unknown_parameters(api: httpx.Client) -> None:
    assert made(api, actions=[])["actions"] == []
    action = made(api, actions=[{"name": "inspect", "params": {"a": [1]}}, {"name": "do_nothing"}])["actions"]
    assert [each["params"] for each in action] == [{"a": [1]}, {}]


def test_a_description_is_kept_whatever_it_is(api: httpx.Client) -> None:
    assert made(api, description=5)["description"] == 5


@pytest.mark.parametrize("missing", ["rawsql", "actions"])
def test_sql_and_actions_are_needed(api: httpx.Client, missing: str) -> None:
    body = {"rawsql": SQL, "actions": []}
    del body[missing]
    assert api.post("/rules", json=body).json() == bad("function_clause")
    assert api.post("/rules").json() == bad("function_clause")


@pytest.mark.parametrize(
    ("fields", "term"),
    [
        ({"actions": "inspect"}, '{bad_generator,<<"inspect">>}'),
        ({"actions": [5]}, "{badmap,5}"),
        ({"actions": [{"params": {}}]}, '{badkey,<<"name">>}'),
        ({"actions": [{"name": "zzz_never"}]}, "badarg"),
        ({"actions": [{"name": 5}]}, "badarg"),
        ({"actions": [{"name": "kernel"}]}, "{action_not_found,kernel}"),
        ({"actions": [{"name": "inspect", "params": 5}]}, "{badmap,5}"),
        ({"actions": [{"name": "republish"}]}, "{required_field_missing,target_topic}"),
        ({"actions": [{"name": "data_to_webserver"}]}, "{required_field_missing,'$resource'}"),
        (
            {"actions": [{"name": "republish", "params": {**REPUBLISH, "target_qos": 5}}]},
            "{invalid_data_type,{enum,{5,[-1,0,1,2]}}}",
        ),
        (
            {"actions": [{"name": "republish", "params": {**REPUBLISH, "target_topic": 5}}]},
            "{invalid_data_type,{string,5}}",
        ),
        (
            {"actions": [{"name": "data_to_webserver", "params": {"$resource": "resource:none"}}]},
            '{resource_not_initialized,<<"resource:none">>}',
        ),
        ({"rawsql": "select bad sql here"}, '{parse_error,{"4: syntax error before: \\"here\\"",[]}}'),
        ({"rawsql": "select from"}, "{parse_error,{\"1: syntax error before: 'FROM'\",[]}}"),
        ({"rawsql": ""}, "{parse_error,invalid_string}"),
        ({"rawsql": 5}, "{parse_error,badarg,[]}"),
        ({"rawsql": SQL + " where payload[1] = 2"}, '{lex_error,{1,sql_lex,{illegal,"["}}}'),
        ({"rawsql": SQL + " where payload.x is null"}, "{parse_error,function_clause,[]}"),
        ({"rawsql": 'select * from "t/#"'}, "{parse_error,unknown_event_type,[]}"),
        ({"rawsql": SQL.replace("*", "foo")}, '{parse_error,{unknown_column,<<"foo">>},[]}'),
        ({"rawsql": SQL.replace("*", "foo.x")}, '{parse_error,{unknown_column,[<<"foo">>,<<"x">>]},[]}'),
        ({"rawsql": SQL.replace("*", "zzz_never(1)")}, "{parse_error,badarg,[]}"),
    ],
)
def test_what_is_wrong_is_a_bad_argument(api: httpx.Client, fields: dict[str, Any], term: str) -> None:
    assert create(api, **fields) == bad(term)


def test_actions_are_read_before_the_sql(api: httpx.Client) -> None:
    assert create(api, rawsql="nonsense", actions=[5]) == bad("{badmap,5}")
    assert create(api, rawsql='select * from "x"', actions=[{"name": "kernel"}]) == bad(
        "{parse_error,unknown_event_type,[]}"
    )


# --- reading, deleting


@pytest.mark.parametrize("path", ["/rules/nope", "/rules/rule%3A12345678"])
def test_an_unknown_rule_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(path).json() == NOT_FOUND


def test_ids_are_not_decoded(api: httpx.Client) -> None:
    rule = made(api)["id"]
    assert api.get(f"/rules/{rule.replace(':', '%3A')}").json() == NOT_FOUND


def test_a_deleted_rule_is_gone_and_an_unknown_one_is_no_mistake(api: httpx.Client) -> None:
    rule = made(api)["id"]
    for _ in range(2):
        assert api.delete(f"/rules/{rule}").json() == {"code": 0}
    assert api.get(f"/rules/{rule}").json() == NOT_FOUND


@pytest.mark.parametrize(("method", "path"), [("PUT", "/rules/x"), ("DELETE", "/rules")])
def test_there_is_no_update_and_no_deleting_of_all(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path, json={})
    assert (answer.status_code, answer.text) == (404, "Not found.")


def test_rules_are_the_same_on_both_ports(api: httpx.Client, dashboard: httpx.Client) -> None:
    rule = made(dashboard)
    assert api.get(f"/rules/{rule['id']}").json()["data"] == rule


def test_rules_are_counted(api: httpx.Client) -> None:
    made(api)
    stats = api.get(f"/nodes/{NODE}/stats").json()["data"]
    assert stats["rules.count"] == len(api.get("/rules").json()["data"])
    assert (stats["resources.count"], stats["actions.count"]) == (0, 4)


# --- 3.1


def test_a_rule_of_3_1_is_named_and_its_event_is_a_text(api: httpx.Client, old: dict[str, Any]) -> None:
    assert re.fullmatch(r"test-rule:\d{19}", old["id"])
    assert (old["name"], old["for"], old["description"]) == ("test-rule", "message.publish", "test-rule")
    assert old["actions"][0]["params"] == {"a": 1}
    assert api.get(f"/rules/{old['id']}").json()["data"] == old


def test_the_dashboard_gets_an_array_of_events(dashboard: httpx.Client, old: dict[str, Any]) -> None:
    assert dashboard.get(f"/rules/{old['id']}").json()["data"]["for"] == ["message.publish"]


def test_3_1_knows_hooks(api: httpx.Client) -> None:
    answer = create(api, **{**OF_3_1, "for": "no.such"})
    assert answer == {"code": 400, "message": "Hook no.such Not Found"}


def test_3_1_merges_the_settings_of_a_resource_into_the_parameters(api: httpx.Client) -> None:
    config = {"url": "http://127.0.0.1:9/x", "foo": 1}
    api.post("/resources", json={"type": "built_in", "name": "merged", "config": config})
    action = {"name": "built_in:inspect_action", "params": {"$resource": "built_in:merged", "a": 1}}
    rule = made(api, **OF_3_1, actions=[action])
    assert rule["actions"][0]["params"] == {"$resource": "built_in:merged", "a": 1, **config}
    assert list(rule) == sorted(rule)


def test_3_1_names_a_resource_that_is_not_there(api: httpx.Client) -> None:
    action = {"name": "built_in:inspect_action", "params": {"$resource": "built_in:none"}}
    assert create(api, **OF_3_1, actions=[action]) == {"code": 400, "message": "Resource built_in:none Not Found"}


def test_3_1_names_the_rule_that_uses_a_resource(api: httpx.Client) -> None:
    api.post("/resources", json={"type": "built_in", "name": "used"})
    action = {"name": "built_in:inspect_action", "params": {"$resource": "built_in:used"}}
    made(api, **OF_3_1, actions=[action])
    answer = api.delete("/resources/built_in:used")
    assert answer.json() == bad('{dependency_exists,{rule_name,<<"n">>}}')


# --- trying


def tried(api: httpx.Client, sql: str, ctx: Any, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/rules?test=true", json={"rawsql": sql, "ctx": ctx, **more}).json()
    return answer


def test_sql_is_tried_on_an_example(api: httpx.Client) -> None:
    answer = tried(api, SQL, {"topic": "t/a", "payload": '{"x":1}', "qos": 0, "client_id": "me"})
    timestamp = answer["data"].pop("timestamp")
    assert timestamp > 1_600_000_000_000
    assert answer == {
        "code": 0,
        "data": {
            "client_id": "me",
            "event": "message.publish",
            "id": "589A429E9572FB44B0000057C0001",
            "node": NODE,
            "payload": '{"x":1}',
            "peername": "127.0.0.1:50891",
            "qos": 0,
            "retain": 0,
            "topic": "t/a",
            "username": "u_emqx",
        },
    }


@pytest.mark.parametrize(
    ("event", "columns"),
    [
        ("message.deliver", "anonymous auth_result mountpoint sockname ws_cookie zone id payload retain topic qos"),
        ("client.connected", "clean_start connack connected_at is_bridge keepalive proto_ver mountpoint"),
        ("client.disconnected", "reason_code zone timestamp"),
        ("client.subscribe", "topic_filters topic qos zone timestamp"),
        ("session.subscribed", "sub_opts topic timestamp"),
    ],
)
def test_every_event_has_an_example(api: httpx.Client, event: str, columns: str) -> None:
    data = tried(api, f'select * from "{event}"', {})["data"]
    assert {*columns.split(), "client_id", "username", "event", "node"} <= data.keys()
    assert data["event"] == event


@pytest.mark.parametrize(
    ("body", "query"),
    [({}, "?test=true"), ({"test": True}, ""), ({"test": "true"}, ""), ({"actions": [5]}, "?test=true")],
)
def test_trying_is_asked_for_in_the_query_or_the_body(api: httpx.Client, body: dict[str, Any], query: str) -> None:
    before = api.get("/rules").json()
    sql = 'select topic from "message.publish"'
    answer = api.post(f"/rules{query}", json={"rawsql": sql, "ctx": {"topic": "q"}, **body}).json()
    assert answer == {"code": 0, "data": {"topic": "q"}}
    assert api.get("/rules").json() == before


def test_foreach_gives_an_array(api: httpx.Client) -> None:
    sql = 'foreach payload.s as e do e.v as v, topic incase e.v > 1 from "message.publish"'
    answer = tried(api, sql, {"topic": "t", "payload": '{"s":[{"v":1},{"v":2},{"v":3}]}'})
    assert answer["data"] == [{"topic": "t", "v": 2}, {"topic": "t", "v": 3}]


def test_filters_of_subscriptions_are_a_json_text(api: httpx.Client) -> None:
    sql = 'select topic, qos, topic_filters from "client.subscribe"'
    assert tried(api, sql, {"topic_filters": '["a", {"topic": "b", "qos": 2}]'})["data"] == {
        "topic": "a",
        "qos": 0,
        "topic_filters": [
            {"topic": "a", "qos": 0, "sub_opts": {}},
            {"topic": "b", "qos": 2, "sub_opts": {"qos": 2}},
        ],
    }


@pytest.mark.parametrize(
    ("sql", "ctx", "answer"),
    [
        (SQL + " where topic = 'x'", {"topic": "y"}, {"code": 404, "message": "SQL Not Match"}),
        (SQL.replace("*", "foo"), {}, {"code": 400, "message": "Unknown Column: foo"}),
        (SQL, {"zzz_never": 1}, bad("badarg")),
        (SQL, {"peername": "nope"}, bad('{invalid_ip_port,<<"nope">>}')),
        (SQL, {"peername": "1.2.3.4:x"}, bad("badarg")),
        (SQL, {"topic_filters": ["a"]}, bad("badarg")),
        (SQL, 5, bad("{badmap,5}")),
        (SQL.replace("*", "1/0 as x"), {}, bad("{select_and_transform_error,badarith}")),
        (
            SQL.replace("*", "kernel(1) as x"),
            {},
            bad("{select_and_transform_error,{sql_function_not_supported,kernel}}"),
        ),
        (SQL + " where not (qos = 1)", {}, bad("{match_conditions_error,function_clause}")),
        (SQL + " where upper('a')", {}, bad('{case_clause,<<"A">>}')),
        ('select * from "t/#"', {}, bad("{parse_error,unknown_event_type,[]}")),
    ],
)
def test_a_try_that_fails_says_why(api: httpx.Client, sql: str, ctx: Any, answer: dict[str, Any]) -> None:
    assert tried(api, sql, ctx) == answer


@pytest.mark.parametrize("body", [{"rawsql": SQL}, {"ctx": {}}, None])
def test_a_try_needs_sql_and_values(api: httpx.Client, body: Any) -> None:
    assert api.post("/rules?test=true", json=body).json() == bad("function_clause")
