"""HTTP Basic credentials."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emqx_compat.core.faults import F, Fault
from emqx_compat.http.basic import basic_credentials


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("admin:public", ("admin", "public")),
        ("admin:p:w", ("admin", "p:w")),
        (":", ("", "")),
        ("zoë:中", ("zoë", "中")),
    ],
)
@pytest.mark.parametrize("scheme", ["Basic ", "basic ", " Basic  "])
def test_credentials_are_split_at_the_first_colon(scheme: str, text: str, expected: tuple[str, str]) -> None:
    assert basic_credentials(scheme + encoded(text)) == expected


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, F.CREDENTIALS_MISSING),
        ("", F.CREDENTIALS_MALFORMED),
        ("Basic", F.CREDENTIALS_MALFORMED),
        ("Basic ???", F.CREDENTIALS_MALFORMED),
        ("Basic é", F.CREDENTIALS_MALFORMED),
        ("Basic " + encoded("no colon"), F.CREDENTIALS_MALFORMED),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), F.CREDENTIALS_MALFORMED),
        ("Bearer abc", F.CREDENTIALS_WRONG),
        ("Bearer", F.CREDENTIALS_MALFORMED),
    ],
)
def test_what_is_no_basic_header_has_its_fault(header: str | None, kind: F) -> None:
    with pytest.raises(Fault) as caught:
        basic_credentials(header)
    assert caught.value.kind is kind


@given(st.text())
def test_no_header_raises_anything_but_a_fault(header: str) -> None:
    with contextlib.suppress(Fault):
        basic_credentials(header)
