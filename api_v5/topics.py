"""The routing table: `/topics`."""

from __future__ import annotations

from starlette.responses import Response

from api_v5.dialect import ok, page_request, paged
from api_v5.faults import crash
from api_v5.fields import Text
from api_v5.validation import PageQuery, query
from emqx_compat.core.clients import TopicRoute
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import PageRequest, page_of
from emqx_compat.core.topics import SHARE_PREFIX
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

ALL = PageRequest(1, 1 << 31)

# --- schemas


class TopicsQuery(PageQuery):
    """Which routes: an exact filter, a member."""

    topic = Text()
    node = Text()


# --- parse


def parse_topic(topic: str) -> tuple[str | None, str]:
    """Share group and filter of a topic in the form that `render_route` prints."""
    if not topic.startswith(SHARE_PREFIX):
        return None, topic
    group, _, inner = topic.removeprefix(SHARE_PREFIX).partition("/")
    return group, inner


# --- render


def render_route(route: TopicRoute) -> dict[str, str]:
    """A row; a queue subscription is the share group `$queue`."""
    topic = route.topic if route.group is None else f"$share/{route.group}/{route.topic}"
    return {"topic": topic, "node": route.node}


# --- handlers


async def list_topics(call: Call) -> Response:
    """One page of the routing table; a filter and more pages together leave the count out."""
    args = query(call)
    request = page_request(args)
    if "topic" not in args and "node" not in args:
        page = await call.engine.subscriptions.routes(request)
        return await paged(page, request, render_route, count=page.total)
    page = page_of(await _matching(call, args.get("topic"), args.get("node")), request)
    return await paged(page, request, render_route, count=None if page.hasnext else page.total)


async def _matching(call: Call, topic: str | None, node: str | None) -> list[TopicRoute]:
    """The rows of one filter, or of one member, which has none of the shared ones (observed of 5.6.1)."""
    group, inner = (None, None) if topic is None else parse_topic(topic)
    found = await call.engine.subscriptions.routes(ALL, inner)
    return [row for row in found.rows if row.group == group and node in (None, row.node)]


async def get_topic(call: Call) -> Response:
    """The routes of one topic, a row a member; 5.6.1 crashes over a filter with wildcards that has any."""
    topic = call.params["topic"]
    rows = [] if topic.startswith(SHARE_PREFIX) else await _matching(call, topic, None)
    if not rows:
        raise Fault(F.TOPIC_NOT_FOUND, topic=topic)
    if not {"+", "#"}.isdisjoint(topic.split("/")):
        raise Fault(F.TOPIC_INVALID, topic=topic)
    return ok([render_route(row) for row in rows])


# --- routes

_EXAMPLE = {"topic": "t/1", "node": "emqx@127.0.0.1"}

ROUTES = (
    Route(
        "GET",
        "/topics",
        "list_topics",
        list_topics,
        "List topics",
        tag="Topics",
        query=TopicsQuery,
        example={"data": [_EXAMPLE], "meta": {"page": 1, "limit": 100, "count": 1, "hasnext": False}},
    ),
    Route(
        "GET",
        "/topics/{topic}",
        "get_topic",
        get_topic,
        "Get a topic",
        tag="Topics",
        example=[_EXAMPLE],
        faults={F.TOPIC_INVALID: crash("error, function_clause")},
    ),
)
