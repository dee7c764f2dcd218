"""What bad parameters and bodies are told: the exact validation errors of 5.6.1."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from v5_world import NODE, expected, invalid, refusal, required, wrong

QUERIES: list[tuple[str, dict[str, object]]] = [
    ("/clients?page=0", expected("page", "pos_integer()", 0)),
    ("/clients?page=-1", expected("page", "pos_integer()", -1)),
    ("/clients?page=1.5", expected("page", "pos_integer()", 1.5)),
    ("/clients?page=abc", expected("page", "pos_integer()", "abc")),
    ("/clients?limit=0", expected("limit", "1..10000", 0)),
    ("/clients?limit=10001", expected("limit", "1..10000", 10001)),
    ("/banned?limit=abc", expected("limit", "1..10000", "abc")),
    ("/subscriptions?page=0", expected("page", "pos_integer()", 0)),
    ("/topics?limit=10001", expected("limit", "1..10000", 10001)),
    ("/clients?page=0&limit=0", expected("page", "pos_integer()", 0)),
    ("/clients?clean_start=maybe", expected("clean_start", "boolean()", "maybe")),
    ("/clients?clean_start=1", expected("clean_start", "boolean()", "1")),
    (
        "/clients?conn_state=gone",
        wrong("conn_state", reason="unable_to_convert_to_enum_symbol", value="gone"),
    ),
    (
        "/clients?gte_created_at=nonsense",
        expected("gte_created_at", "emqx_utils_calendar:epoch_millisecond()", "nonsense"),
    ),
    (
        "/clients?lte_created_at=99999999999999999",
        expected("lte_created_at", "emqx_utils_calendar:epoch_millisecond()", "99999999999999999"),
    ),
    (
        "/clients?lte_connected_at=2020-02-30T00:00:00Z",
        expected("lte_connected_at", "emqx_utils_calendar:epoch_millisecond()", "2020-02-30T00:00:00Z"),
    ),
    ("/subscriptions?qos=3", expected("qos", "qos()", "3")),
    ("/subscriptions?qos=a", expected("qos", "qos()", "a")),
    ("/metrics?aggregate=yes", expected("aggregate", "boolean()", "yes")),
    ("/stats?aggregate=2", expected("aggregate", "boolean()", "2")),
    ("/listeners?type=zz", wrong("type", reason="unable_to_convert_to_enum_symbol", value="zz")),
    ("/listeners/nope", wrong("id", reason="{invalid_listener_id,nope}", value="nope")),
    ("/listeners/zz:default", wrong("id", reason="{invalid_listener_id,'zz:default'}", value="zz:default")),
    ("/error_codes/NOPE", wrong("code", reason="unable_to_convert_to_enum_symbol", value="NOPE")),
    ("/error_codes/not_found", wrong("code", reason="not_a_enum_symbol", value="not_found")),
    ("/api_key/a%20b", wrong("name", reason="Name should be ^[A-Za-z]+[A-Za-z0-9-_]*$", value="a b")),
]


@pytest.mark.parametrize(("path", "said"), QUERIES, ids=[path for path, _ in QUERIES])
def test_a_bad_parameter_is_named(refused: httpx.Client, path: str, said: dict[str, object]) -> None:
    assert invalid(refused.get(path)) == said


@pytest.mark.parametrize(
    ("value", "word", "reason"),
    [("zzz", "zzz", "unable_to_convert_to_enum_symbol"), ("all,clientid", "all", "not_a_enum_symbol")],
)
def test_unknown_client_fields_match_no_member_of_the_union(
    refused: httpx.Client, value: str, word: str, reason: str
) -> None:
    assert invalid(refused.get(f"/clients?fields={value}")) == wrong(
        "fields",
        reason="matched_no_union_member",
        mismatches={
            "array": wrong("fields.1", reason=reason, value=word),
            "all": expected("fields", "all", value.split(",")),
        },
    )


PUBLISH, BANNED, SUBSCRIBE = "/publish", "/banned", "/clients/c/subscribe"
MESSAGE = {"topic": "t", "payload": "x"}

STRUCTS: list[tuple[str, object, object]] = [
    (PUBLISH, {}, [required("root.topic"), required("root.payload")]),
    (PUBLISH, {"topic": "t"}, required("root.payload")),
    (PUBLISH, {"topic": "t", "payload": None}, required("root.payload")),
    (PUBLISH, [], wrong("root", reason="bad_value_for_struct", value=[])),
    (PUBLISH, "abc", wrong("root", reason="bad_value_for_struct", value="abc")),
    (
        PUBLISH,
        MESSAGE | {"zzz": 1},
        wrong("root", reason="unknown_fields", unknown="zzz", unmatched="clientid,payload_encoding,..."),
    ),
    (PUBLISH, MESSAGE | {"qos": -1}, expected("root.qos", "qos()", "-1")),
    (PUBLISH, MESSAGE | {"qos": 1.0}, expected("root.qos", "qos()", 1.0)),
    (PUBLISH, MESSAGE | {"retain": 1}, expected("root.retain", "boolean()", 1)),
    (
        PUBLISH,
        MESSAGE | {"payload_encoding": "hex"},
        wrong("root.payload_encoding", reason="unable_to_convert_to_enum_symbol", value="hex"),
    ),
    (
        PUBLISH,
        MESSAGE | {"properties": {"foo": 1}},
        wrong(
            "root.properties",
            reason="unknown_fields",
            unknown="foo",
            unmatched="content_type,correlation_data,...",
        ),
    ),
    (
        PUBLISH,
        MESSAGE | {"properties": {"payload_format_indicator": 5}},
        expected("root.properties.payload_format_indicator", "0..1", 5),
    ),
    (
        PUBLISH,
        MESSAGE | {"properties": {"user_properties": [["a", "b"]]}},
        expected("root.properties.user_properties", "map()", "ab"),
    ),
    (
        PUBLISH,
        {"topic": "t", "qos": 7},
        [expected("root.qos", "qos()", "7"), required("root.payload")],
    ),
    ("/publish/bulk", {"topic": "t"}, wrong("root", bad_array_index_keys=["topic"])),
    ("/publish/bulk", "abc", wrong("root", expected_data_type="array", got="string")),
    ("/publish/bulk", [MESSAGE, {"topic": "t"}], required("root.2.payload")),
    ("/clients/kickout/bulk", {"clientid": "a"}, wrong("root", bad_array_index_keys=["clientid"])),
    (SUBSCRIBE, {"qos": 1}, required("root.topic")),
    (
        SUBSCRIBE,
        {"no_such_field": 1},
        wrong("root", reason="unknown_fields", unknown="no_such_field", unmatched="nl,qos,..."),
    ),
    (
        "/clients/c/unsubscribe",
        {"no_such_field": 1},
        wrong("root", reason="unknown_fields", unknown="no_such_field", unmatched="topic"),
    ),
    (
        BANNED,
        {"zz": 1},
        wrong("root", reason="unknown_fields", unknown="zz", unmatched="as,at,..."),
    ),
    (BANNED, {}, [required("root.as"), required("root.who")]),
    (
        BANNED,
        {"as": "nope", "who": "x"},
        wrong("root.as", reason="unable_to_convert_to_enum_symbol", value="nope"),
    ),
    (
        BANNED,
        {"as": "clientid", "who": "x", "until": "infinity"},
        expected("root.until", "emqx_utils_calendar:epoch_second()", "infinity"),
    ),
]


@pytest.mark.parametrize(("path", "body", "said"), STRUCTS)
def test_a_strict_body_reports_everything_below_root(
    refused: httpx.Client, path: str, body: object, said: Any
) -> None:
    assert invalid(refused.post(path, json=body)) == said


FIELD_LISTS: list[tuple[str, str, object, dict[str, object]]] = [
    ("POST", "/login", {}, required("username")),
    ("POST", "/login", {"username": None, "password": None}, required("username")),
    ("POST", "/login", {"username": "admin"}, required("password")),
    ("POST", "/logout", {}, required("username")),
    ("POST", "/users", {"no_such_field": 1}, required("username")),
    ("PUT", "/users/admin", {"role": "viewer"}, required("description")),
    ("POST", "/users/admin/change_pwd", {}, required("old_pwd")),
    ("POST", "/api_key", {"enable": True, "desc": ""}, required("name")),
    (
        "POST",
        "/api_key",
        {"name": "bad name", "enable": True, "desc": ""},
        wrong("name", reason="Name should be ^[A-Za-z]+[A-Za-z0-9-_]*$", value="bad name"),
    ),
    (
        "POST",
        "/api_key",
        {"name": "k", "enable": True, "desc": "", "role": "boss"},
        wrong("role", reason="Role does not exist", value="boss"),
    ),
    (
        "POST",
        "/logout?backend=nope",
        {"username": "admin"},
        wrong("backend", reason="unable_to_convert_to_enum_symbol", value="nope"),
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "said"), FIELD_LISTS)
def test_a_list_of_fields_reports_the_first_without_root(
    refused: httpx.Client, method: str, path: str, body: object, said: dict[str, object]
) -> None:
    assert invalid(refused.request(method, path, json=body)) == said


@pytest.mark.parametrize("path", ["/login", "/logout", "/users", "/users/admin/change_pwd"])
def test_a_list_of_fields_that_is_no_object_is_an_empty_500(refused: httpx.Client, path: str) -> None:
    answer = refused.post(path, json="abc")
    assert (answer.status_code, answer.content) == (500, b"")


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("content", ['{"a":', '{"topic":"t","payload":"x"}}', "nope", '{"a":NaN}', "[" * 100_000])
def test_broken_json_is_400(refused: httpx.Client, content: str) -> None:
    answer = refused.post("/publish", content=content, headers=JSON)
    assert refusal(answer) == (400, "BAD_REQUEST", "Invalid json message received")


@pytest.mark.parametrize(
    "content",
    [
        b"{'topic': 'nobody/listens', 'payload': 'x'}",
        b'{"topic": "nobody/it\'s", "payload": "x"}',
        b'\xef\xbb\xbf{"topic": "nobody/listens", "payload": "x"}',
        b'{"topic": "nobody/listens", "payload": "\xff\xfe"}',
        b'{"topic": "nobody/listens", "payload": 5, "qos": "1", "retain": "false"}',
        b'{"topic": 5, "payload": "x", "qos": null}',
    ],
)
def test_lenient_json_is_understood(refused: httpx.Client, content: bytes) -> None:
    answer = refused.post("/publish", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["reason_code"]) == (202, 16)


@pytest.mark.parametrize("kind", [None, "text/plain", "application/vnd.api+json"])
def test_another_content_type_makes_the_body_one_text(refused: httpx.Client, kind: str | None) -> None:
    text = '{"topic": "t", "payload": "x"}'
    answer = refused.post("/publish", content=text, headers={} if kind is None else {"Content-Type": kind})
    assert invalid(answer) == wrong("root", reason="bad_value_for_struct", value=text)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_content_type_may_be_spelt_and_extended(refused: httpx.Client, kind: str) -> None:
    content = '{"topic": "nobody/listens", "payload": "x"}'
    assert refused.post("/publish", content=content, headers={"Content-Type": kind}).status_code == 202


@pytest.mark.parametrize("content", [b"", b"null"])
def test_no_body_counts_as_an_empty_object(refused: httpx.Client, content: bytes) -> None:
    answer = refused.post("/publish", content=content, headers=JSON)
    assert invalid(answer) == [required("root.topic"), required("root.payload")]


def test_a_body_beyond_eight_megabytes_is_an_empty_500(refused: httpx.Client) -> None:
    answer = refused.post("/publish", content=b" " * 8_000_001, headers=JSON)
    assert (answer.status_code, answer.content) == (500, b"")


def test_an_array_may_be_an_object_of_positions(refused: httpx.Client) -> None:
    answer = refused.post("/publish/bulk", json={"2": {"topic": "b"}, "1": {"topic": "a", "payload": "x"}})
    assert invalid(answer) == required("root.2.payload")


def test_an_unknown_parameter_is_ignored(refused: httpx.Client) -> None:
    assert refused.get("/clients?unknown=1").status_code == 200


def test_of_a_repeated_parameter_the_last_counts(refused: httpx.Client) -> None:
    assert invalid(refused.get("/clients?page=1&page=0")) == expected("page", "pos_integer()", 0)


def test_parameters_are_looked_at_before_the_handler(refused: httpx.Client) -> None:
    assert invalid(refused.get("/clients?node=nope@x&page=0")) == expected("page", "pos_integer()", 0)


@pytest.mark.parametrize("path", ["/clients", "/subscriptions", "/topics", "/banned"])
def test_a_page_beyond_every_number_is_empty(refused: httpx.Client, path: str) -> None:
    page = 10**30
    told = refused.get(f"{path}?page={page}&limit=10000").json()
    assert (told["data"], told["meta"]["page"]) == ([], page)


def test_digits_without_end_are_no_number(refused: httpx.Client) -> None:
    digits = "9" * 5000
    assert invalid(refused.get(f"/clients?page={digits}")) == expected("page", "pos_integer()", digits)


def test_the_node_of_a_listing_must_run(refused: httpx.Client) -> None:
    message = 'bad rpc call <<"nope@x">>, Reason <<"invalid node">>'
    for path in ("/clients", "/subscriptions"):
        assert refused.get(f"{path}?node={NODE}").status_code == 200
        assert refusal(refused.get(f"{path}?node=nope@x")) == (500, "NODE_DOWN", message)
