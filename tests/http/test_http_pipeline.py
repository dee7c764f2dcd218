"""The way of a call: which check speaks first, what a handler sees, how a fault is answered."""

from __future__ import annotations

import logging

import pytest
from http_toy import ENGINE, KEY, MAX_BODY, ask, echo, generation
from starlette.responses import Response

from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.pipeline import GenerationApp
from emqx_compat.http.route import MANAGEMENT, Route, Wire, absent


async def lost(call: Call) -> Response:
    raise Fault(F.CLIENT_NOT_FOUND, clientid=call.params["clientid"])


async def broken(_call: Call) -> Response:
    raise LookupError("a defect")


ROUTES = (
    Route("POST", "/echo", "echo", echo),
    Route("POST", "/echo/{name}", "echo_name", echo),
    Route("POST", "/open", "open", echo, public=True),
    Route("GET", "/lost/{clientid}", "lost", lost),
    Route("GET", "/own/{clientid}", "own", lost, faults={F.CLIENT_NOT_FOUND: Wire(200, code=102)}),
    Route("GET", "/broken", "broken", broken),
    *absent(("POST", "/absent", "not_there")),
)
OUTSIDE = (Route("GET", "/status", "status", echo, public=True),)

APP = GenerationApp(generation(*ROUTES, outside=OUTSIDE), ENGINE, MANAGEMENT)
PATH_FIRST = GenerationApp(generation(*ROUTES, authenticate_first=False), ENGINE, MANAGEMENT)

NOBODY: dict[str, str] = {}
JSON, NO_JSON, TOO_LARGE = b'{"a":1}', b"{", b"x" * (MAX_BODY + 1)


@pytest.mark.parametrize(
    ("path", "body", "headers", "code"),
    [
        ("/%zz", NO_JSON, NOBODY, "MALFORMED"),
        ("/nowhere", NO_JSON, NOBODY, "CREDENTIALS"),
        ("/nowhere", NO_JSON, KEY, "PATH"),
        ("/lost/c1", NO_JSON, NOBODY, "CREDENTIALS"),
        ("/lost/c1", NO_JSON, KEY, "METHOD"),
        ("/absent", NO_JSON, NOBODY, "CREDENTIALS"),
        ("/absent", NO_JSON, KEY, "ABSENT"),
        ("/echo", NO_JSON, NOBODY, "CREDENTIALS"),
        ("/echo", TOO_LARGE, KEY, "LARGE"),
        ("/echo", NO_JSON, KEY, "JSON"),
        ("/open", NO_JSON, NOBODY, "JSON"),
    ],
)
async def test_the_first_check_that_fails_answers(
    path: str, body: bytes, headers: dict[str, str], code: str
) -> None:
    assert (await ask(APP, "POST", f"/api/v1{path}", body, headers)).code == code


@pytest.mark.parametrize(("path", "code"), [("/nowhere", "PATH"), ("/lost/c1", "METHOD"), ("/echo", "CREDENTIALS")])
async def test_a_dialect_may_route_before_it_asks_for_credentials(path: str, code: str) -> None:
    assert (await ask(PATH_FIRST, "POST", f"/api/v1{path}", headers=NOBODY)).code == code


async def test_a_wrong_method_names_the_right_ones() -> None:
    assert (await ask(APP, "PUT", "/api/v1/lost/c1")).json["message"] == "('GET',)"


async def test_the_handler_sees_parameters_query_body_and_caller() -> None:
    answer = await ask(APP, "POST", "/api/v1/echo/a%2Fb?x=1&x=2&y=&z=%20+", JSON)
    assert answer.json == {
        "params": {"name": "a/b"},
        "query": [["x", "1"], ["x", "2"], ["y", ""], ["z", "  "]],
        "body": {"a": 1},
        "by": "key",
    }


async def test_a_query_is_utf8_whether_escaped_or_not() -> None:
    answer = await ask(APP, "POST", "/api/v1/echo?a=中&b=%E4%B8%AD".encode())
    assert answer.json["query"] == [["a", "中"], ["b", "中"]]


async def test_an_empty_body_is_not_parsed() -> None:
    assert (await ask(APP, "POST", "/api/v1/echo")).json["body"] is None


async def test_a_body_in_pieces_is_put_together() -> None:
    assert (await ask(APP, "POST", "/api/v1/echo", [b'{"a"', b":", b"1}"])).json["body"] == {"a": 1}


async def test_a_body_of_the_largest_size_is_read() -> None:
    body = b'"' + b"x" * (MAX_BODY - 2) + b'"'
    assert (await ask(APP, "POST", "/api/v1/echo", body)).status == 200


async def test_a_body_is_refused_as_soon_as_it_is_too_large() -> None:
    answer = await ask(APP, "POST", "/api/v1/echo", [b"x" * MAX_BODY] * 5)
    assert (answer.code, answer.unread) == ("LARGE", 3)


async def test_a_body_cut_short_reaches_no_handler() -> None:
    assert (await ask(APP, "POST", "/api/v1/echo", JSON, cut=True)).status == 0


async def test_the_catalogue_answers_a_fault_and_keeps_placeholders_it_cannot_fill() -> None:
    answer = await ask(APP, "GET", "/api/v1/lost/c1")
    assert (answer.status, answer.json) == (404, {"code": "CLIENT", "message": "no c1 in {zone}"})


async def test_the_operations_own_cell_goes_before_the_catalogues() -> None:
    answer = await ask(APP, "GET", "/api/v1/own/c1")
    assert (answer.status, answer.json["code"]) == (200, 102)


async def test_a_defect_is_logged_and_answered_in_the_generations_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await ask(APP, "GET", "/api/v1/broken")
    assert (answer.status, answer.code) == (500, "INTERNAL")
    assert "LookupError" in caplog.text


async def test_a_fault_without_a_cell_is_an_internal_error() -> None:
    async def odd(_call: Call) -> Response:
        raise Fault(F.KEY_LIMIT)

    app = GenerationApp(generation(Route("GET", "/odd", "odd", odd)), ENGINE, MANAGEMENT)
    assert (await ask(app, "GET", "/api/v1/odd")).code == "INTERNAL"


@pytest.mark.parametrize(("method", "path"), [("POST", "/echo"), ("GET", "/nowhere"), ("GET", "/broken")])
async def test_every_answer_has_the_dialects_headers(method: str, path: str) -> None:
    assert (await ask(APP, method, f"/api/v1{path}")).headers["server"] == "toy"


async def test_an_operation_outside_the_prefix_answers_without_credentials() -> None:
    assert (await ask(APP.outside, "GET", "/status", headers=NOBODY)).status == 200


@pytest.mark.parametrize(("method", "path", "code"), [("POST", "/status", "METHOD"), ("GET", "/other", "PATH")])
async def test_outside_the_prefix_methods_and_paths_are_told_apart(method: str, path: str, code: str) -> None:
    assert (await ask(APP.outside, method, path)).code == code


async def test_an_operation_is_unknown_on_ports_that_it_does_not_have() -> None:
    elsewhere = Route("GET", "/here", "here", echo, ports=frozenset({"dashboard"}))
    app = GenerationApp(generation(elsewhere), ENGINE, MANAGEMENT)
    assert (await ask(app, "GET", "/api/v1/here")).code == "PATH"
