"""Roots `rewrite`, `auto_subscribe`, `topic_metrics`: what becomes of topics, and topics nobody asked for."""

from __future__ import annotations

from emqx_compat.config.kinds import enum, integer, text
from emqx_compat.config.schema import Field, ListOf, Struct

REWRITE = ListOf(
    Struct(
        {
            "action": Field(enum("publish", "subscribe", "all"), None, "Which packets it is for.", required=True),
            "source_topic": Field(text(), None, "The filter that a topic must match.", required=True),
            "dest_topic": Field(
                text(), None, "What it becomes; $1 … from re, ${clientid}, ${username}.", required=True
            ),
            "re": Field(text(), None, "The expression that takes the topic apart.", required=True),
        }
    ),
    "Topic rewrite; the last rule is tried first.",
)

TOPIC_METRICS = ListOf(
    Struct({"topic": Field(text(), None, "A topic name.", required=True)}), "Topics that are counted one by one."
)

AUTO_SUBSCRIBE = Struct(
    {
        "topics": ListOf(
            Struct(
                {
                    "topic": Field(
                        text(), None, "A filter; ${clientid}, ${username}, ${host}, ${port}.", required=True
                    ),
                    "qos": Field(integer(0, 2), 0, "The QoS asked for."),
                    "rh": Field(integer(0, 2), 0, "Retain Handling."),
                    "rap": Field(integer(0, 1), 0, "Retain As Published."),
                    "nl": Field(integer(0, 1), 0, "No Local."),
                }
            ),
            "What every new connection is subscribed to.",
        )
    }
)
