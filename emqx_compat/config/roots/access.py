"""Roots `authentication` and `authorization`."""

from __future__ import annotations

from emqx_compat.config.kinds import boolean, duration, enum, integer, texts
from emqx_compat.config.schema import Field, ListOf, Open, Struct

AUTHENTICATION = ListOf(Open(), "The chain of authenticators; empty: everyone may connect.", used=False)

AUTHORIZATION = Struct(
    {
        "no_match": Field(enum("allow", "deny"), "allow", "What holds when no source decides."),
        "deny_action": Field(enum("ignore", "disconnect"), "ignore", "What a refusal does to the client."),
        "cache": Struct(
            {
                "enable": Field(boolean(), True),
                "max_size": Field(integer(1, 1048576), 32),
                "ttl": Field(duration(), "1m"),
                "excludes": Field(texts(), []),
            }
        ),
        "sources": ListOf(Open(), "Where decisions are looked for, in order."),
    },
    used=False,
)
