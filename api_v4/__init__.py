"""EMQX 4.x's management API (reference version 4.4.19)."""

from __future__ import annotations

from api_v4 import banned
from api_v4.dialect import DIALECT
from emqx_compat.http.generation import Generation

GENERATION = Generation(
    name="v4",
    title="EMQX 4.x HTTP API",
    dialect=DIALECT,
    routes=(*banned.ROUTES,),
)

__all__ = ["GENERATION"]
