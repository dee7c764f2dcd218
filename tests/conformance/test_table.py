"""The table of docs/conformance.md: complete, true and up to date."""

from __future__ import annotations

import pytest

from conformance import table
from conformance.standard import SECTIONS, VERSIONS, statements
from conformance.unobservable import UNOBSERVABLE


@pytest.mark.parametrize("version", VERSIONS)
def test_every_statement_is_tested_or_explained(version: str) -> None:
    known = table.tested(version).keys() | UNOBSERVABLE[version].keys()
    assert not [statement for statement in statements(version) if statement not in known]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_said_of_statements_that_do_not_exist(version: str) -> None:
    known = table.tested(version).keys() | UNOBSERVABLE[version].keys()
    assert not known - set(statements(version))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_tested_is_not_called_unobservable(version: str) -> None:
    assert not table.tested(version).keys() & UNOBSERVABLE[version].keys()


def test_every_test_is_named_after_a_statement_and_says_what_it_shows() -> None:
    assert SECTIONS.keys() == UNOBSERVABLE.keys() == set(VERSIONS)
    for mark in table.marks():
        assert mark.versions and set(mark.versions) <= set(VERSIONS), mark
        assert mark.test.startswith("test_mqtt_") and mark.promise, mark
    named = {(mark.test, _name(mark.statement)) for mark in table.marks()}
    for test in {test for test, _ in named}:
        names = {name for each, name in named if each == test}
        assert any(test.startswith(f"test_{name}_") for name in names), test


def _name(statement: str) -> str:
    return statement.lower().replace("-", "_").replace(".", "_")


def test_the_table_is_up_to_date() -> None:
    """`python tests/conformance/table.py` mends it."""
    assert table.TABLE.read_text(encoding="utf-8") == table.render()
