"""What is written is read again: records made from what was sent, shown, and made again from what was shown."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_v3.apps import render_app, with_fields
from api_v3.banned import KINDS, parse_ban, render_ban
from api_v3.configs import KEYS, Key
from api_v3.plugin_configs import parse_set, render_rows
from api_v3.plugin_keys import PLUGIN_KEYS, UNSEEN
from api_v3.resources import parse_resource, render_resource
from api_v3.users import render_user, with_tags
from emqx_compat.core.accounts import ApiKey, User
from emqx_compat.core.hot_settings import HOT_SETTINGS

NODE = "emqx@127.0.0.1"
FEW = settings(max_examples=12, deadline=None)
OVER_HTTP = settings(max_examples=6, deadline=None)

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text()
ANY = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
EDGES = st.sampled_from(["", "undefined", None, True, False, 0, 1, 1.0, 2**63])
"""What a record could take for nothing, or for its like."""
SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
"""What fits into the store's JSON."""
OBJECTS = st.dictionaries(st.text(), SMALL, max_size=3)
WORDS = st.from_regex(r"[A-Za-z0-9_.~-]{1,12}", fullmatch=True).filter(lambda word: word not in (".", ".."))


def fields(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these, with anything in them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, EDGES | ANY))


def same(shown: object, expected: object) -> bool:
    """Equal as JSON, where 1, 1.0 and true are three things."""
    return json.dumps(shown, sort_keys=True) == json.dumps(expected, sort_keys=True)


# --- apps, users, bans


@FEW
@given(app_id=st.text(min_size=1), sent=fields("name", "desc", "status", "expired"))
@example(app_id="a", sent={"name": "", "desc": "", "status": 1, "expired": True})
def test_an_app_is_what_was_sent(app_id: str, sent: dict[str, Any]) -> None:
    shown = render_app(with_fields(ApiKey(app_id, app_id), sent))
    unset = dict.fromkeys(("name", "desc", "status", "expired"), "undefined")
    assert same(shown, {"app_id": app_id, **unset, **sent})
    assert same(render_app(with_fields(ApiKey(app_id, app_id), shown)), shown)


@FEW
@given(before=fields("name", "desc", "status", "expired"), sent=fields("name", "desc", "status", "expired"))
def test_nothing_of_an_app_outlives_its_update(before: dict[str, Any], sent: dict[str, Any]) -> None:
    app = with_fields(ApiKey("a", "a"), before)
    assert same(render_app(with_fields(app, sent)), render_app(with_fields(ApiKey("a", "a"), sent)))


@FEW
@given(username=st.text(min_size=1), before=fields("tags"), sent=fields("tags"))
def test_a_users_tags_are_what_was_sent(username: str, before: dict[str, Any], sent: dict[str, Any]) -> None:
    user = with_tags(with_tags(User(username), before), sent)
    shown = render_user(user)
    assert same(shown, {"username": username, "tags": "undefined", **sent})
    assert same(render_user(with_tags(user, shown)), shown)


@FEW
@given(
    kind=st.sampled_from(sorted(KINDS)),
    names=st.tuples(st.text() | st.integers(), st.ip_addresses().map(str)),
    sent=fields("by", "reason", "desc", "until"),
)
def test_a_ban_is_what_was_sent(kind: str, names: tuple[object, str], sent: dict[str, Any]) -> None:
    body = {"as": kind, "who": names[kind == "ip_address"], **sent}
    shown = render_ban(parse_ban(body))
    unset = dict.fromkeys(("by", "reason", "desc", "until"), "undefined")
    assert same(shown, {**unset, **body})
    assert same(render_ban(parse_ban(shown)), shown)


# --- configurations


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
@FEW
@given(data=st.data())
def test_a_hot_value_that_is_shown_can_be_set_again(key: Key, data: st.DataObject) -> None:
    words = HOT_SETTINGS[key.setting].words
    value = data.draw(st.sampled_from(words) if words else st.integers(0, 10**9))
    assert key.type.read(key.type.show(value)) == value


def sets_of(plugin: str) -> st.SearchStrategy[dict[str, str]]:
    """What a plugin takes: all that it ships, and some of the rest."""
    keys = PLUGIN_KEYS.get(plugin, UNSEEN)
    names = st.tuples(st.sampled_from(sorted(keys.schema) or ["any.key"]), WORDS).map(
        lambda pair: ".".join(
            pair[1].replace(".", "") or "1" if part.startswith("$") else part for part in pair[0].split(".")
        )
    )
    texts = st.text() | st.integers().map(str) | st.sampled_from(["on", "off", "ram", "64KB", "1h", "sha256"])
    return st.dictionaries(names, texts, max_size=8).map(
        lambda given: {
            **keys.shipped,
            **{key: text for key, text in given.items() if keys.accepts({key: text})},
        }
    )


@pytest.mark.parametrize("plugin", [*PLUGIN_KEYS, "emqx_coap"])
@FEW
@given(data=st.data())
def test_what_a_plugin_is_told_is_shown_in_its_order(plugin: str, data: st.DataObject) -> None:
    keys = PLUGIN_KEYS.get(plugin, UNSEEN)
    told = data.draw(sets_of(plugin).filter(bool))
    shown = render_rows(keys, keys.to_options(parse_set(told, keys)))
    assert [(row["key"], row["value"]) for row in shown if row["required"]] == list(told.items())
    assert {row["value"] for row in shown if not row["required"]} <= {""}


# --- what goes through the server


@pytest.mark.parametrize("kind", ["clientid", "username"])
@OVER_HTTP
@given(name=st.text(min_size=1), word=WORDS, password=st.text(min_size=1))
def test_any_name_is_listed_as_it_was_sent(
    api: httpx.Client, kind: str, name: str, word: str, password: str
) -> None:
    api.put(f"/nodes/{NODE}/plugins/emqx_auth_{kind}/load")
    for each in {name, word}:
        assert api.post(f"/auth_{kind}", json={kind: each, "password": password}).json().get("code", 0) == 0
        assert each in api.get(f"/auth_{kind}").json()["data"]
    assert api.get(f"/auth_{kind}/{word}").json()["data"][kind] == word
    assert api.delete(f"/auth_{kind}/{word}").json() == {"code": 0}
    assert word not in api.get(f"/auth_{kind}").json()["data"]


@FEW
@given(config=OBJECTS, description=st.text(), name=st.text(min_size=1))
def test_a_resource_of_3_1_is_what_was_sent(config: dict[str, Any], description: str, name: str) -> None:
    body = {"type": "built_in", "name": name, "config": config, "description": description}
    shown = render_resource(parse_resource(body, old=True))
    assert same(shown, {**body, "attrs": "undefined", "id": f"built_in:{name}"})
    assert same(render_resource(parse_resource(shown, old=True)), shown)


@OVER_HTTP
@given(config=OBJECTS, description=st.text())
def test_a_resource_is_shown_as_it_was_sent(api: httpx.Client, config: dict[str, Any], description: str) -> None:
    body = {"type": "web_hook", "config": {**config, "url": "http://127.0.0.1:9/"}, "description": description}
    for key in ("headers", "method"):
        body["config"].pop(key, None)  # type: ignore[attr-defined]
    made = api.post("/resources", json=body).json()["data"]
    assert same(made, {**body, "id": made["id"]})
    shown = api.get(f"/resources/{made['id']}").json()["data"]
    assert same({key: shown[key] for key in made}, made)
    assert same(api.post("/resources", json=shown).json()["data"] | {"id": made["id"]}, made)


@OVER_HTTP
@given(params=OBJECTS, description=SMALL)
def test_a_rule_is_shown_as_it_was_sent(api: httpx.Client, params: dict[str, Any], description: object) -> None:
    params.pop("$resource", None)
    body = {
        "rawsql": 'select * from "message.publish"',
        "actions": [{"name": "inspect", "params": params}, {"name": "do_nothing", "params": {}}],
        "description": description,
    }
    made = api.post("/rules", json=body).json()["data"]
    sent = [{key: action[key] for key in ("name", "params")} for action in made["actions"]]
    assert same({**{key: made[key] for key in body}, "actions": sent}, body)
    assert same(api.get(f"/rules/{made['id']}").json()["data"], made)
    again = api.post("/rules", json=made).json()["data"]
    assert same(
        {key: again[key] for key in ("rawsql", "description", "for", "enabled")},
        {key: made[key] for key in ("rawsql", "description", "for", "enabled")},
    )
