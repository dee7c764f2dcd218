"""What rules can do: `/actions`."""

from __future__ import annotations

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import Arguments, arguments, ok
from api_v3.faults import ABSENT
from api_v3.rule_catalogue import ACTION_ROWS, ACTIONS, ANY, OLD_ACTIONS, WORDS, Row, speaks_3_1
from api_v3.rules import FEATURE
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.rules import EVENT_COLUMNS
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

_EVERYTHING = (ANY, *EVENT_COLUMNS)
ALIASES = {
    "": _EVERYTHING,
    "$any": _EVERYTHING,
    "$message": (ANY, *(event for event in EVENT_COLUMNS if event.startswith("message."))),
    "$client": (ANY, *(event for event in EVENT_COLUMNS if event.startswith("client."))),
    "$session": ("session.subscribed", "session.unsubscribed"),
}
"""What `for` may say besides events; 3.2.8 forgets those actions for `$session` that are for everything."""
OLD_ALIASES = {
    **ALIASES,
    "$messages": (ANY, "$messages", *(event for event in EVENT_COLUMNS if event.startswith("message."))),
    "$events": (ANY, "$events", *(event for event in EVENT_COLUMNS if not event.startswith("message."))),
}
"""Those of 3.1."""

# --- schemas


class ForQuery(Schema):
    """The query of `GET /actions`: an event, or a group of events."""

    for_ = fields.String(data_key="for")


# --- parse


def parse_hooks(args: Arguments, *, old: bool) -> tuple[str, ...] | None:
    """What the wanted actions are declared for; None: whatever. Faults: EVENT_UNKNOWN."""
    if "for" not in args:
        return None
    asked = str(args["for"])
    aliases = OLD_ALIASES if old else ALIASES
    if asked in aliases:
        return aliases[asked]
    if asked not in WORDS:
        raise Fault(F.EVENT_UNKNOWN, event=asked)
    return (ANY, asked)


# --- render


def title_of(row: Row) -> str:
    """What lists are ordered by when they are asked for an event."""
    title = row.get("title")
    return str(title["en"] if isinstance(title, dict) else row["name"])


# --- handlers


async def list_actions(call: Call) -> Response:
    """All actions, or those for an event."""
    old = speaks_3_1(call)
    rows = OLD_ACTIONS if old else ACTIONS
    hooks = parse_hooks(arguments(call), old=old)
    if hooks is None:
        return ok(list(rows))
    return ok(sorted((row for row in rows if row["for"] in hooks), key=title_of))


async def show_action(call: Call) -> Response:
    """One action. A name that was never seen anywhere is an unknown path."""
    name = call.params["name"]
    if name not in WORDS:
        raise Fault(F.PATH_UNKNOWN)
    if name not in ACTION_ROWS:
        raise Fault(F.ACTION_UNKNOWN, name=name)
    return ok(ACTION_ROWS[name])


# --- routes

ROUTES = (
    Route(
        "GET",
        "/actions",
        "list_actions",
        list_actions,
        "A list of all actions",
        registered="/actions/",
        feature=FEATURE,
        query=ForQuery,
        example={"code": 0, "data": list(ACTIONS)},
    ),
    Route(
        "GET",
        "/actions/{name:raw}",
        "show_action",
        show_action,
        "Show an action",
        feature=FEATURE,
        example={"code": 0, "data": ACTION_ROWS["republish"]},
        faults={F.ACTION_UNKNOWN: ABSENT},
    ),
)
