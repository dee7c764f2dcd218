"""The routing table: `/topics`."""

from __future__ import annotations

from starlette.responses import Response

from api_v5.dialect import ok, page_request, paged
from api_v5.faults import crash
from api_v5.validation import PageQuery, Text, query
from emqx_compat.core.clients import TopicRoute
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.pages import PageRequest, page_of
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

ALL = PageRequest(1, 1 << 31)

# --- schemas


class TopicsQuery(PageQuery):
    """Which routes: an exact filter, a member."""

    topic = Text()
    node = Text()


# --- render


def render_route(route: TopicRoute) -> dict[str, str]:
    """A row; a queue subscription is the share group `$queue`."""
    topic = route.topic if route.group is None else f"$share/{route.group}/{route.topic}"
    return {"topic": topic, "node": route.node}


# --- handlers


async def list_topics(call: Call) -> Response:
    """One page of the routing table; asked for a member, without shared subscriptions."""
    args = query(call)
    request = page_request(args)
    node = args.get("node")
    page = await call.engine.subscriptions.routes(request if node is None else ALL, args.get("topic"))
    if node is not None:
        page = page_of([row for row in page.rows if row.node == node and row.group is None], request)
    filtered = node is not None or "topic" in args
    count = page.matched if page.matched is not None else page.total
    return await paged(page, request, render_route, count=None if filtered and page.hasnext else count)


async def get_topic(call: Call) -> Response:
    """The routes of one topic, a row a member; 5.6.1 crashes over a filter with wildcards that has any."""
    topic = call.params["topic"]
    routes = await call.engine.subscriptions.routes(ALL, topic)
    rows = [row for row in routes.rows if row.group is None]
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
