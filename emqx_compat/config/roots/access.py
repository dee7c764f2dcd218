"""Roots `authentication` and `authorization`."""

from __future__ import annotations

from emqx_compat.config.kinds import boolean, duration, enum, integer, texts
from emqx_compat.config.schema import Field, ListOf, Open, Struct, unused

AUTHENTICATION = ListOf(Open(), "The chain of authenticators; empty: everyone may connect.", used=False)

AUTHORIZATION = Struct(
    {
        "no_match": Field(enum("allow", "deny"), "allow", "What holds when no source decides."),
        "deny_action": Field(enum("ignore", "disconnect"), "ignore", "What a refusal does to the client."),
        "cache": Struct(
            {
                "enable": Field(boolean(), True, "Whether decisions are remembered."),
                "max_size": Field(integer(1, 1048576), 32, "How many, per connection."),
                "ttl": Field(duration(), "1m", "How long."),
                "excludes": unused(texts(), []),
            }
        ),
        "sources": ListOf(
            Open(), "Where decisions are looked for: {type = file, path = …} or {type = file, rules = …}."
        ),
    },
    "Who may publish and subscribe where; without sources, the rules that EMQX ships.",
)
