"""Rules: `/rules`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import Arguments, arguments, by_key, ok
from api_v3.faults import UNREADABLE
from api_v3.rule_catalogue import ACTION_TYPES, WORDS
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.rules import EVENT_COLUMNS, Rule, RuleAction, SqlDialect
from emqx_compat.core.terms import Atom
from emqx_compat.http.call import Call
from emqx_compat.http.route import DASHBOARD, Route, State, Wire

# --- schemas


class ActionSchema(Schema):
    """One action of a rule."""

    name = fields.String(required=True)
    params = fields.Dict()


class RuleSchema(Schema):
    """The body of `POST /rules`; `ctx` belongs to `test`."""

    rawsql = fields.String(required=True)
    actions = fields.List(fields.Nested(ActionSchema), required=True)
    description = fields.String()
    name = fields.String()
    for_ = fields.String(data_key="for")
    test = fields.Boolean()
    ctx = fields.Dict()


class TestQuery(Schema):
    """The query of creations."""

    test = fields.Boolean()


# --- parse


def is_test(args: Arguments) -> bool:
    """Whether something is only to be tried."""
    return args.get("test") in (True, "true")


def parse_sql(args: Arguments) -> str:
    """Faults: PARAMETER_MISSING, SQL_NUMBER_INVALID (no text at all)."""
    if "rawsql" not in args:
        raise Fault(F.PARAMETER_MISSING, name="rawsql")
    sql = args["rawsql"]
    if not isinstance(sql, str):
        raise Fault(F.SQL_NUMBER_INVALID, text=sql)
    return sql


def parse_actions(args: Arguments) -> list[RuleAction]:
    """Faults: PARAMETER_MISSING, ARGUMENTS_INVALID (with the term that 3.2.8 fails with)."""
    if "actions" not in args:
        raise Fault(F.PARAMETER_MISSING, name="actions")
    if not isinstance(args["actions"], list):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("bad_generator"), args["actions"]))
    return [parse_action(entry) for entry in args["actions"]]


def parse_action(entry: object) -> RuleAction:
    """Faults: ARGUMENTS_INVALID. A name that was never seen anywhere is a bad argument, not an unknown action."""
    if not isinstance(entry, dict):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badmap"), entry))
    if "name" not in entry:
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badkey"), "name"))
    name = entry["name"]
    if not isinstance(name, str) or name not in WORDS:
        raise Fault(F.ARGUMENTS_INVALID, reason=Atom("badarg"))
    params = entry.get("params", {})
    if not isinstance(params, dict):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badmap"), params))
    return RuleAction(name, params)


async def parse_dialect(args: Arguments, sql: str, call: Call) -> SqlDialect:
    """3.1 names topics after FROM, and the event and the rule beside it; 3.2's dashboard sends those as well, but
    never with a topic."""
    if not (args.get("name") and isinstance(args["name"], str) and isinstance(args.get("for"), str)):
        return "3.2"
    sources = await call.engine.rules.sources(sql, "3.1")
    return "3.1" if sources and not EVENT_COLUMNS.keys() & set(sources) else "3.2"


async def parse_rule(args: Arguments, call: Call) -> Rule:
    """Actions are read before anything else. Faults: PARAMETER_MISSING, ARGUMENTS_INVALID."""
    actions = parse_actions(args)
    sql = parse_sql(args)
    rule = Rule(sql, await parse_dialect(args, sql, call), actions)
    if rule.dialect == "3.1":
        rule.name, rule.hook = args["name"], args["for"]
    description = args.get("description", "")
    if isinstance(description, str):
        rule.description = description
    else:
        rule.extra["description"] = description
    return rule


def parse_context(args: Arguments) -> dict[str, object]:
    """Faults: PARAMETER_MISSING, ARGUMENTS_INVALID."""
    if "ctx" not in args:
        raise Fault(F.PARAMETER_MISSING, name="ctx")
    if not isinstance(args["ctx"], dict):
        raise Fault(F.ARGUMENTS_INVALID, reason=(Atom("badmap"), args["ctx"]))
    return args["ctx"]


# --- render


def render_action(action: RuleAction, node: str) -> dict[str, Any]:
    """An action of a rule, with what it did on this node."""
    metrics = {"failed": action.metrics.failed, "node": node, "success": action.metrics.success}
    return {"id": action.id, "metrics": [metrics], "name": action.name, "params": action.params}


def render_rule(rule: Rule, call: Call) -> dict[str, Any]:
    """A row of the list. 3.1's `for` is a text, but the dashboard expects an array."""
    node = call.engine.nodes.local
    hook: object = list(rule.sources)
    if rule.dialect == "3.1":
        hook = [rule.hook] if call.port == DASHBOARD else rule.hook
    metrics = rule.metrics
    row = {
        "actions": [render_action(action, node) for action in rule.actions],
        "description": rule.extra.get("description", rule.description),
        "enabled": rule.enabled,
        "for": hook,
        "id": rule.id,
        "metrics": [
            {
                "matched": metrics.matched,
                "node": node,
                "speed": metrics.speed,
                "speed_last5m": metrics.speed_last5m,
                "speed_max": metrics.speed_max,
            }
        ],
        "rawsql": rule.sql,
    }
    return by_key(row | {"name": rule.name}) if rule.name else row


# --- handlers


async def create_rule(call: Call) -> Response:
    """Create a rule; or try its SQL on an example."""
    args = arguments(call)
    if is_test(args):
        sql, context = parse_sql(args), parse_context(args)
        return ok(await call.engine.rules.test(sql, "3.2", context))
    rule = await call.engine.rules.create(await parse_rule(args, call), ACTION_TYPES)
    return ok(render_rule(rule, call))


async def list_rules(call: Call) -> Response:
    """All rules."""
    return ok([render_rule(rule, call) for rule in await call.engine.rules.list()])


async def show_rule(call: Call) -> Response:
    """One rule."""
    rule = await call.engine.rules.get(call.params["id"])
    if rule is None:
        raise Fault(F.RULE_NOT_FOUND, id=call.params["id"])
    return ok(render_rule(rule, call))


async def delete_rule(call: Call) -> Response:
    """Delete a rule; one that was never there is no mistake."""
    await call.engine.rules.delete(call.params["id"])
    return ok()


# --- routes

FEATURE = "rule_engine"
ROW = {
    "actions": [
        {
            "id": "data_to_webserver_1795198606827557622",
            "metrics": [{"failed": 0, "node": "emqx@127.0.0.1", "success": 0}],
            "name": "data_to_webserver",
            "params": {"$resource": "resource:9282af91"},
        }
    ],
    "description": "d",
    "enabled": True,
    "for": ["message.publish"],
    "id": "rule:3e887491",
    "metrics": [
        {"matched": 0, "node": "emqx@127.0.0.1", "speed": 0.0, "speed_last5m": 0.0, "speed_max": 0},
    ],
    "rawsql": "select * from \"message.publish\" where topic =~ 't/#'",
}

ROUTES = (
    Route(
        "POST",
        "/rules",
        "create_rule",
        create_rule,
        "Create a rule",
        registered="/rules/",
        state=State.PARTIAL,
        feature=FEATURE,
        query=TestQuery,
        body=RuleSchema,
        example={"code": 0, "data": ROW},
        faults={
            F.PARAMETER_MISSING: UNREADABLE,
            F.EVENT_UNKNOWN: Wire(code=400, message="Hook {event} Not Found"),
        },
    ),
    Route(
        "GET",
        "/rules",
        "list_rules",
        list_rules,
        "A list of all rules",
        registered="/rules/",
        state=State.PARTIAL,
        feature=FEATURE,
        example={"code": 0, "data": [ROW]},
    ),
    Route(
        "GET",
        "/rules/{id:raw}",
        "show_rule",
        show_rule,
        "Show a rule",
        state=State.PARTIAL,
        feature=FEATURE,
        example={"code": 0, "data": ROW},
    ),
    Route(
        "DELETE",
        "/rules/{id:raw}",
        "delete_rule",
        delete_rule,
        "Delete a rule",
        feature=FEATURE,
        example={"code": 0},
    ),
)
"""Partial: rules are kept, but do not run yet, so that their numbers stay zero."""
