"""JSON bodies as 3.x and 4.x read them: as lists of pairs, of which the first of a name counts."""

from __future__ import annotations

import json
from typing import Any

import orjson

from emqx_compat.http.dialect import first_values

CAREFULLY_READ = 65_536
"""Characters up to which repeated names are looked for."""


def loads_first(text: str) -> Any:
    """The value of a JSON text; of a repeated name the first value counts. Raises ValueError when it is no JSON.

    orjson keeps the last one; it still looks at every text, because json lets NaN and lone surrogates pass, and it
    alone reads those that would take their time.
    """
    try:
        value = orjson.loads(text)
        return json.loads(text, object_pairs_hook=first_values) if len(text) <= CAREFULLY_READ else value
    except RecursionError:
        raise ValueError("nested too deeply") from None
