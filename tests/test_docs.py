"""Documents that are made from the code are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from emqx_compat.http.catalogue import table
from emqx_compat.http.generation import generations

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.mark.skipif(len(generations()) < 4, reason="the table shows all four generations")
def test_the_table_of_faults_is_up_to_date() -> None:
    assert (DOCS / "faults.md").read_text() == table(generations()), (
        "run: python -m emqx_compat.http.catalogue > docs/faults.md"
    )
