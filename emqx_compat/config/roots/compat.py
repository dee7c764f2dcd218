"""Root `compat`: this server's own settings. Unknown names in it are errors."""

from __future__ import annotations

from emqx_compat.config.kinds import address, boolean, duration, enum, integer, size, text, texts
from emqx_compat.config.schema import Field, ListOf, Open, Struct

_ROLES = ("administrator", "viewer", "publisher")
_GENERATIONS = ("v2", "v3", "v4", "v5")

_APPS = ListOf(
    Struct(
        {
            "app_id": Field(text(), None, "The Basic user name.", required=True),
            "secret": Field(text(), None, "Absent: one is made up.", secret=True),
            "name": Field(text(), "", "A name to show."),
            "desc": Field(text(), "", "A description to show."),
            "status": Field(boolean(), True, "Whether it is accepted."),
            "expired": Field(integer(0, None, "infinity"), "infinity", "Epoch seconds of its end."),
            "generations": Field(texts(*_GENERATIONS), None, "Of v2, v3, v4, v5; absent: all."),
        }
    ),
    "Applications (v3, v4), made at start when absent.",
)

_API_KEYS = ListOf(
    Struct(
        {
            "name": Field(text(), None, "Unique.", required=True),
            "api_key": Field(text(), None, "The Basic user name.", required=True),
            "api_secret": Field(text(), None, "The Basic password.", required=True, secret=True),
            "desc": Field(text(), "", "A description to show."),
            "enable": Field(boolean(), True, "Whether it is accepted."),
            "expired_at": Field(integer(0, None, "infinity"), "infinity", "Epoch seconds of its end."),
            "role": Field(enum(*_ROLES), "administrator", "What it may do."),
        }
    ),
    "API keys (v5), made at start when absent.",
)

_USERS = ListOf(
    Struct(
        {
            "username": Field(text(), None, "The name to log in with.", required=True),
            "password": Field(text(), None, "Kept as a hash.", required=True, secret=True),
            "tags": Field(text(), "administrator", "Shown by v2, v3 and v4."),
            "description": Field(text(), "", "Shown by v5."),
            "role": Field(enum(*_ROLES), "administrator", "What v5 lets the user do."),
        }
    ),
    "Dashboard users, made at start when absent.",
)

_WEB_HOOK = Struct(
    {
        "url": Field(text(), "", "Where events are posted; empty: the hook is off until it is switched on."),
        "generation": Field(enum("v2", "v3"), "v3", "Whose JSON it is."),
        "headers": Open({}, "Headers of every post."),
        "rules": ListOf(
            Struct(
                {
                    "event": Field(text(), None, "client.connected, message.publish, …", required=True),
                    "topic": Field(text(), None, "A filter that the topic must match; absent: any topic."),
                }
            ),
            "What is posted; absent: every event.",
        ),
        "encode_payload": Field(enum("base64", "base62", "disabled"), "disabled", "How payloads become text."),
        "timeout": Field(duration(), "5s", "How long an answer may take."),
        "retries": Field(integer(0), 3, "Further attempts when nobody or a 5xx answers."),
        "backoff": Field(duration(), "500ms", "Wait before the first of them; doubled each time."),
        "queue_size": Field(integer(1), 10000, "Posts that may wait; what comes then is dropped."),
        "concurrency": Field(integer(1), 8, "Posts on their way at once."),
    },
    "Web hook (emq_web_hook, emqx_web_hook).",
)

COMPAT = Struct(
    {
        "host": Field(
            text(), "127.0.0.1", "Address of every listener whose bind gives only a port; empty: all addresses."
        ),
        "management": Struct({"bind": Field(address(), 8081, "Management API v4; a bare 0 switches it off.")}),
        "management_legacy": Struct(
            {"bind": Field(address(), 8080, "Management APIs v2 and v3; a bare 0 switches it off.")}
        ),
        "apps": _APPS,
        "api_keys": _API_KEYS,
        "users": _USERS,
        "default_app": Struct(
            {
                "enable": Field(boolean(), True, "Whether v4's default application exists."),
                "app_id": Field(text(), "admin", "Its Basic user name."),
                "secret": Field(text(), "public", "Its Basic password.", secret=True),
            }
        ),
        "allow_anonymous": Field(
            boolean(), True, "Whether clients may connect that no authenticator knows (2.x to 4.x)."
        ),
        "durable_sessions": Field(
            boolean(), True, "Whether sessions, retained and delayed messages are kept in the data directory."
        ),
        "web_hook": _WEB_HOOK,
        "versions": Struct(
            {
                "v2": Field(text(), "2.3.11", "Version that generation reports."),
                "v3": Field(text(), "3.2.8", "Version that generation reports."),
                "v4": Field(text(), "4.4.19", "Version that generation reports."),
                "v5": Field(text(), "5.6.1", "Version that generation reports."),
            }
        ),
        "dialect": Struct(
            {name: Open({}, "Switches of that generation's dialect.") for name in _GENERATIONS},
        ),
        "shutdown_timeout": Field(duration(), "5s", "How long running requests may take after a stop."),
        "max_body_size": Field(size(), "16MB", "Largest HTTP request body."),
    },
    "This server's own settings.",
    strict=True,
)
