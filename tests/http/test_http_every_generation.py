"""What holds for the route table and the catalogue of every installed generation."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from marshmallow import Schema

from emqx_compat.core.faults import F
from emqx_compat.http.generation import Generation, generations
from emqx_compat.http.route import Route
from emqx_compat.http.router import Match
from emqx_compat.testing import Server, SyncServer

INSTALLED = generations()
ROUTES = [(generation, route) for generation in INSTALLED for route in generation.routes]

OPEN_BY_EXACT_PATH = {"/auth"}
"""v2 and v3 let anyone log in at exactly that path; their dialects know, the rows do not."""
# What the shared layer raises by itself; each generation must have words for it.
OF_THE_LAYER = (
    F.CREDENTIALS_MISSING,
    F.CREDENTIALS_MALFORMED,
    F.CREDENTIALS_WRONG,
    F.METHOD_UNKNOWN,
    F.BODY_NOT_JSON,
    F.BODY_TOO_LARGE,
    F.NOT_BUILT,
    F.INTERNAL_ERROR,
)


def row_name(value: object) -> str:
    return value.name if isinstance(value, Generation) else f"{value.method} {value.path}"  # type: ignore[attr-defined]


def concrete(route: Route) -> str:
    """The route's path with values for its parameters that are no word of any path."""
    return re.sub(r"{(\w+)}", r"zz-\1", route.template)


@pytest.fixture(scope="module")
def server() -> Iterator[SyncServer]:
    with Server.in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
def test_no_row_is_hidden_by_another(generation: Generation) -> None:
    for port in generation.dialect.ports:
        router = generation.dialect.router(generation.routes_on(port))
        for route in generation.routes_on(port):
            found = router.match(route.method, concrete(route))
            assert isinstance(found, Match) and found.route is route, (port, route.method, route.path)


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
def test_no_row_is_there_twice(generation: Generation) -> None:
    rows = Counter(
        (route.method, re.sub(r"{\w+}", "{}", route.template), route.ports) for route in generation.routes
    )
    assert [row for row, count in rows.items() if count > 1] == []


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
def test_the_layers_own_faults_have_their_answers(generation: Generation) -> None:
    assert [fault for fault in OF_THE_LAYER if fault not in generation.dialect.column] == []


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=row_name)
def test_without_credentials_an_operation_is_not_carried_out(
    server: SyncServer, http: httpx.Client, generation: Generation, route: Route
) -> None:
    port = next(port for port in generation.dialect.ports if route.ports is None or port in route.ports)
    url = server.url(generation.name, port) + concrete(route)  # type: ignore[arg-type]
    answer = http.request(route.method, url)
    assert (answer.status_code == 401) is not (route.public or route.path in OPEN_BY_EXACT_PATH)


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
def test_an_unknown_path_is_a_404(server: SyncServer, http: httpx.Client, generation: Generation) -> None:
    url, auth = server.url(generation.name), server.auth(generation.name)
    assert http.get(url + "/no/such/path", auth=auth).status_code == 404


ODD_BODIES = (
    b"",
    b"{",
    b"[" * 100_000,
    b'"\\ud800"',
    b"\xff\xfe\x00",
    b"1e999",
    b'{"a":' * 5000,
    b"[]",
    b"[1]",
    b'{"":0}',
)


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
@pytest.mark.parametrize("odd", ODD_BODIES, ids=lambda body: repr(body[:10]))
def test_no_body_makes_a_handler_fail(
    server: SyncServer,
    http: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    generation: Generation,
    odd: bytes,
) -> None:
    url, auth = server.url(generation.name), server.auth(generation.name)
    for route in generation.routes:
        if route.body is not None:
            http.request(route.method, url + concrete(route), content=odd, auth=auth)
    assert "call_failed" not in caplog.text


ODD_VALUES = (
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "\0",
    "\ud800",
    "é中😀",
    "x" * 70_000,
    "a/#/b",
    "$share/",
    [],
    {},
    ["a", {"b": 1}],
)


def field_names(schema: type[Schema]) -> list[str]:
    return [field.data_key or name for name, field in schema().fields.items()]


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
@pytest.mark.parametrize("odd", ODD_VALUES, ids=lambda value: repr(value)[:12].encode("ascii", "replace").decode())
def test_no_value_makes_a_handler_fail(
    server: SyncServer,
    http: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    generation: Generation,
    odd: object,
) -> None:
    url, auth = server.url(generation.name), server.auth(generation.name)
    for route in generation.routes:
        if route.body is None or route.handler is None:
            continue
        fields = field_names(route.body)
        plain = dict.fromkeys(fields, "text")
        for name in fields:
            for body in ({**plain, name: odd}, {name: odd}):
                text = json.dumps([body] if "batch" in route.path or "bulk" in route.path else body)
                http.request(route.method, url + concrete(route), content=text, auth=auth)
    assert "call_failed" not in caplog.text


ODD_QUERIES = (
    "",
    "1",
    "-1",
    "9" * 30,
    "1.5",
    "x",
    "%00",
    "%ff",
    "中",
    "true",
    "a%2F%23",
    "2020-01-01T00:00:00Z",
    "[",
    "*",
)


@pytest.mark.parametrize("generation", INSTALLED, ids=row_name)
@pytest.mark.parametrize("odd", ODD_QUERIES)
def test_no_query_makes_a_handler_fail(
    server: SyncServer,
    http: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    generation: Generation,
    odd: str,
) -> None:
    url, auth = server.url(generation.name), server.auth(generation.name)
    for route in generation.routes:
        if route.query is not None and route.handler is not None:
            for name in field_names(route.query):
                http.request(route.method, f"{url}{concrete(route)}?{name}={odd}&{name}={odd}", auth=auth)
    assert "call_failed" not in caplog.text
