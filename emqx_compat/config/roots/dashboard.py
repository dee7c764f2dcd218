"""Roots `dashboard` and `api_key` (defaults of EMQX 5.6.1, dashboard port as in its emqx.conf)."""

from __future__ import annotations

from emqx_compat.config.kinds import address, boolean, duration, enum, integer, text
from emqx_compat.config.schema import Field, Spec, Struct, ignored, unused

_SERVER: dict[str, Spec] = {
    "num_acceptors": unused(integer(1)),
    "max_connections": unused(integer(), 512),
    "backlog": unused(integer(), 1024),
    "send_timeout": unused(duration(), "10s"),
    "inet6": unused(boolean(), False),
    "ipv6_v6only": unused(boolean(), False),
    "proxy_header": unused(boolean(), False),
}

DASHBOARD = Struct(
    {
        "default_username": Field(text(), "admin", "The user made at the first start."),
        "default_password": Field(text(), "public", "That user's password.", secret=True),
        "token_expired_time": Field(duration(), "60m", "How long a bearer token is valid."),
        "sample_interval": unused(duration(bare="s"), "10s", "How often the monitor takes a sample."),
        "swagger_support": Field(boolean(), True, "Whether /api-docs is served."),
        "static_dir": Field(text(), "", "Folder with a dashboard build to serve beside the API; empty: none."),
        "cors": unused(boolean(), False, "Whether browsers of other origins may call the API."),
        "listeners": Struct(
            {
                "http": Struct(
                    {
                        "bind": Field(address(), 18083, "Port or address:port; a bare 0 switches it off."),
                        **_SERVER,
                    }
                ),
                **ignored("https"),
            }
        ),
        "i18n_lang": unused(enum("en", "zh"), "en"),
        **ignored("sso bootstrap_users_file"),
    },
    "The dashboard port: dashboard users of every generation, and the whole of v5.",
)

API_KEY = Struct(
    {"bootstrap_file": Field(text(), "", "File of key:secret[:role] lines, made API keys at each start.")},
    "API keys.",
)
