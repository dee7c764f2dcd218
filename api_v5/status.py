"""Whether the server runs: `/status`, below the prefix and outside it."""

from __future__ import annotations

from starlette.responses import Response

from api_v5.dialect import text_response
from api_v5.fields import Text
from api_v5.validation import Query, query
from emqx_compat.core.engine import Engine
from emqx_compat.http.call import Call
from emqx_compat.http.respond import to_json
from emqx_compat.http.route import Route

RETRY_AFTER = {"retry-after": "15"}
JSON_TYPE = {"content-type": "applicatin/json"}
"""Misspelt by 5.6.1."""

# --- schemas


class StatusQuery(Query):
    """`format` is `json`; anything else means text."""

    format = Text(load_default="text")


# --- render


def render_text(engine: Engine) -> str:
    """Two lines for people and load balancers."""
    return f"Node {engine.nodes.local} is started\nemqx is running"


def render_json(engine: Engine) -> dict[str, str]:
    """The same as an object; the version has an `e` for Enterprise in front."""
    return {
        "node_name": engine.nodes.local,
        "rel_vsn": f"e{engine.versions['v5']}",
        "broker_status": "started",
        "app_status": "running",
    }


# --- handlers


async def get_status(call: Call) -> Response:
    """The node's state; whoever gets an answer at all finds it running."""
    if query(call)["format"] == "json":
        return text_response(to_json(render_json(call.engine)).decode(), headers=RETRY_AFTER | JSON_TYPE)
    return text_response(render_text(call.engine), headers=RETRY_AFTER)


# --- routes

ROUTES = (
    Route(
        "GET",
        "/status",
        "get_status",
        get_status,
        "Whether the node runs",
        tag="Status",
        public=True,
        query=StatusQuery,
        example="Node emqx@127.0.0.1 is started\nemqx is running",
    ),
)
