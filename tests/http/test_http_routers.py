"""Routing on raw paths: what a path means is decided before it is decoded."""

from __future__ import annotations

import sys
from urllib.parse import quote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emqx_compat.http.route import Route
from emqx_compat.http.router import Match, Miss, Router, SegmentRouter, SpanningRouter

PRINTABLE = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isprintable())
ids = st.text(st.sampled_from(PRINTABLE), min_size=1, max_size=40)
ascii_ids = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


def table(*rows: str) -> list[Route]:
    return [Route(method, path, f"{method} {path}") for method, path in (row.split(" ") for row in rows)]


def found(router: Router, method: str, path: str) -> tuple[str, dict[str, str]] | Miss:
    hit = router.match(method, path)
    return (hit.route.id, hit.params) if isinstance(hit, Match) else hit


SEGMENTS = SegmentRouter(
    table(
        "GET /clients",
        "GET /clients/{clientid}",
        "DELETE /clients/{clientid}",
        "GET /clients/{clientid}/subscriptions",
        "GET /clients/username/{username}",
        "POST /clients/kickout/bulk",
        "GET /rules/{id:raw}",
    )
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/clients/a%2Fb", ("GET /clients/{clientid}", {"clientid": "a/b"})),
        ("/clients/a%252Fb", ("GET /clients/{clientid}", {"clientid": "a%2Fb"})),
        ("/clients/a+b", ("GET /clients/{clientid}", {"clientid": "a+b"})),
        ("/clients/%E4%B8%AD", ("GET /clients/{clientid}", {"clientid": "中"})),
        ("/clients/", ("GET /clients", {})),
        ("//clients//c1//", ("GET /clients/{clientid}", {"clientid": "c1"})),
        ("/rules/a%2Fb", ("GET /rules/{id}", {"id": "a%2Fb"})),
    ],
)
def test_segments_are_matched_as_sent_and_decoded_afterwards(path: str, expected: object) -> None:
    hit = SEGMENTS.match("GET", path)
    assert isinstance(hit, Match)
    assert (f"GET {hit.route.template}", hit.params) == expected


@pytest.mark.parametrize("path", ["/clients/a/b", "/%63lients", "/Clients", "/", ""])
def test_a_path_that_no_template_has_is_unknown(path: str) -> None:
    assert SEGMENTS.match("GET", path) == Miss()


def test_a_literal_goes_before_a_parameter() -> None:
    assert found(SEGMENTS, "GET", "/clients/username/u1") == (
        "GET /clients/username/{username}",
        {"username": "u1"},
    )


def test_a_literal_that_leads_nowhere_does_not_hide_the_parameter() -> None:
    expected = ("GET /clients/{clientid}/subscriptions", {"clientid": "username"})
    router = SegmentRouter(table("GET /clients/{clientid}/subscriptions", "GET /clients/username/all"))
    assert found(router, "GET", "/clients/username/subscriptions") == expected


def test_a_literal_of_another_method_does_not_hide_the_parameter() -> None:
    router = SegmentRouter(table("GET /clients/{clientid}", "POST /clients/kickout"))
    assert found(router, "GET", "/clients/kickout") == ("GET /clients/{clientid}", {"clientid": "kickout"})


def test_a_method_that_a_path_has_not_is_told_from_an_unknown_path() -> None:
    assert SEGMENTS.match("PUT", "/clients/c1") == Miss(("DELETE", "GET"))


@given(ids.filter(lambda text: text != "username"))  # which is a literal of another template
def test_any_printable_id_survives_its_escaping(clientid: str) -> None:
    expected = ("GET /clients/{clientid}/subscriptions", {"clientid": clientid})
    assert found(SEGMENTS, "GET", f"/clients/{quote(clientid, safe='')}/subscriptions") == expected


@given(st.text(max_size=60), st.sampled_from(["GET", "PUT"]))
def test_no_path_is_too_odd_for_segments(path: str, method: str) -> None:
    assert isinstance(SEGMENTS.match(method, path), Match | Miss)


SPANNING = SpanningRouter(
    table(
        "GET /clients/{clientid}",
        "PUT /clients/{clientid}/clean_acl_cache",
        "GET /routes",
        "GET /routes/{topic}",
        "GET /nodes/{node}/clients",
        "GET /nodes/{node}/clients/{clientid}",
        "GET /nodes/{node}/sessions/{clientid}",
        "POST /mqtt/publish",
    ),
    strict=frozenset({"/routes", "/clients/{clientid}/clean_acl_cache", "/mqtt/publish"}),
    decode=unquote_plus,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/clients/a/b", ("GET /clients/{clientid}", {"clientid": "a/b"})),
        ("/clients/a%2Fb", ("GET /clients/{clientid}", {"clientid": "a/b"})),
        ("/clients/a/b/", ("GET /clients/{clientid}", {"clientid": "a/b"})),
        ("/clients/a//", ("GET /clients/{clientid}", {"clientid": "a/"})),
        ("/clients/c1/clean_acl_cache", ("GET /clients/{clientid}", {"clientid": "c1/clean_acl_cache"})),
        ("/routes//World", ("GET /routes/{topic}", {"topic": "/World"})),
        ("/routes/tail%2F", ("GET /routes/{topic}", {"topic": "tail/"})),
        ("/nodes/n/clients/", ("GET /nodes/{node}/clients", {"node": "n"})),
        ("/nodes/n/clients/c1", ("GET /nodes/{node}/clients/{clientid}", {"node": "n", "clientid": "c1"})),
    ],
)
def test_a_spanning_parameter_takes_slashes_as_few_as_possible(path: str, expected: object) -> None:
    assert found(SPANNING, "GET", path) == expected


@pytest.mark.parametrize("path", ["/nodes/n/clients/clients", "/nodes/n/clients/a/sessions/b"])
def test_a_path_that_fits_two_templates_is_unknown(path: str) -> None:
    assert SPANNING.match("GET", path) == Miss()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/routes/"), ("PUT", "/clients/c1/clean_acl_cache/"), ("POST", "/mqtt/publish/")],
)
def test_a_strict_template_takes_no_trailing_slash(method: str, path: str) -> None:
    assert SPANNING.match(method, path) == Miss()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/route"), ("PUT", "/clients/c1/clean_acl_cach"), ("POST", "/mqtt/publis")]
)
def test_the_last_letter_of_a_strict_template_is_optional(method: str, path: str) -> None:
    assert isinstance(SPANNING.match(method, path), Match)


def test_a_wrong_method_is_an_unknown_path_where_parameters_span() -> None:
    assert SPANNING.match("DELETE", "/clients/c1") == Miss()


@pytest.mark.parametrize("path", ["/clients/", "/clients", "//clients/c1", "/xclients/c1", ""])
def test_a_spanning_parameter_is_never_empty_and_templates_match_whole(path: str) -> None:
    assert SPANNING.match("GET", path) == Miss()


@given(ids)
def test_any_printable_id_survives_its_escaping_where_parameters_span(clientid: str) -> None:
    expected = ("GET /clients/{clientid}", {"clientid": clientid})
    assert found(SPANNING, "GET", f"/clients/{quote(clientid, safe='')}") == expected


@given(ascii_ids.filter(lambda text: not text.endswith("/") and not set(text) & {"%", "+", "?", "#"}))
def test_a_spanning_parameter_needs_no_escaping_of_slashes(clientid: str) -> None:
    expected = ("GET /clients/{clientid}", {"clientid": clientid})
    assert found(SPANNING, "GET", f"/clients/{clientid}") == expected


@given(st.text(max_size=60), st.sampled_from(["GET", "PUT"]))
def test_no_path_is_too_odd_where_parameters_span(path: str, method: str) -> None:
    assert isinstance(SPANNING.match(method, path), Match | Miss)
