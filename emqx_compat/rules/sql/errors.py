"""What is wrong with a text that should be SQL."""

from __future__ import annotations

from emqx_compat.core.faults import F


class SqlError(Exception):
    """The parser's only error; `kind` is one of the SQL_* faults, `params` are that fault's."""

    def __init__(self, kind: F, **params: object) -> None:
        super().__init__(kind.value, params)
        self.kind = kind
        self.params = params
