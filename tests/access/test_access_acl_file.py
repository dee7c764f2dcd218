"""acl.conf: how its rules are read, and whom they match."""

from __future__ import annotations

import pytest

from emqx_compat.access.acl_file import AclFile
from emqx_compat.core.clients import Client


def client(clientid: str = "c", username: str | None = "u", peerhost: str = "10.0.0.1") -> Client:
    return Client(clientid, "n", username, peerhost=peerhost)


def allowed(rules: str, topic: str, action: str = "publish", who: Client | None = None) -> bool | None:
    return AclFile(rules).decide(who or client(), action, topic, 1, False)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("all", True),
        ('{user, "u"}', True),
        ('{username, "v"}', False),
        ("{user, all}", True),
        ('{client, "c"}', True),
        ('{clientid, "d"}', False),
        ('{username, {re, "^u"}}', True),
        ('{clientid, {re, "x$"}}', False),
        ('{ipaddr, "10.0.0.1"}', True),
        ('{ipaddr, "10.0.0.0/8"}', True),
        ('{ipaddr, "127.0.0.1"}', False),
        ('{ipaddrs, ["127.0.0.1", "10.0.0.1"]}', True),
        ('{\'and\', [{user, "u"}, {client, "d"}]}', False),
        ('{\'or\', [{user, "u"}, {client, "d"}]}', True),
    ],
)
def test_who(who: str, expected: bool) -> None:
    assert (allowed("{allow, " + who + ', all, ["t"]}.', "t") is True) is expected


@pytest.mark.parametrize(
    ("action", "matched"),
    [
        ("publish", {"publish"}),
        ("subscribe", {"subscribe"}),
        ("pubsub", {"publish", "subscribe"}),
        ("all", {"publish", "subscribe"}),
        ("{publish, [{qos, 1}, {retain, false}]}", {"publish"}),
        ("{publish, {qos, 2}}", set()),
        ("{publish, [{retain, true}]}", set()),
        ("{all, [{retain, true}]}", {"subscribe"}),
    ],
)
def test_what(action: str, matched: set[str]) -> None:
    rules = "{deny, all, " + action + ', ["t"]}.'
    assert {each for each in ("publish", "subscribe") if allowed(rules, "t", each) is False} == matched


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ('"a/b"', "a/b", True),
        ('"a/b"', "a/#", False),
        ('"a/+"', "a/#", True),
        ('"a/+"', "a/+", True),
        ('"a/#"', "a", True),
        ('"#"', "$SYS/x", True),
        ('"+/x"', "$SYS/x", True),
        ('{eq, "#"}', "#", True),
        ('{eq, "#"}', "a/#", False),
        ('"%c/%u"', "c/u", True),
        ('"x${clientid}y/${username}"', "xcy/u", True),
        ('{eq, "%c"}', "c", False),
        ('<<"a">>', "a", True),
    ],
)
def test_where(pattern: str, topic: str, expected: bool) -> None:
    assert (allowed("{allow, all, all, [" + pattern + "]}.", topic) is True) is expected


def test_without_a_user_name_a_rule_with_its_placeholder_matches_no_name() -> None:
    rules = '{allow, all, all, ["%u/a", "${username}/b"]}.'
    assert [allowed(rules, topic, who=client(username=None)) for topic in ("/a", "undefined/b")] == [None, True]


def test_the_first_rule_that_matches_decides() -> None:
    rules = """
    %% comments stand anywhere
    {allow, {user, "u"}, publish, ["t"]}.  % even here
    {deny, all}.
    """
    assert (allowed(rules, "t"), allowed(rules, "t", "subscribe"), allowed("", "t")) == (True, False, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{allow, all}", "line 1: expected ."),
        ("{allow, all}.\n{deny, all", "line 2: expected ,"),
        ("{perhaps, all}.", "no rule"),
        ("{allow, {planet, mars}, all, []}.", "nobody"),
        ("{allow, all, dance, []}.", "no action"),
        ("{allow, all, {publish, [{colour, 1}]}, []}.", "no option"),
        ("{allow, all, all, t}.", "no list of topics"),
        ("{allow, all, all, [5]}.", "no topic"),
        ("{allow; all}.", "unexpected ;"),
        ('{allow, {ipaddr, "somewhere"}, all, []}.', "somewhere"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_reason_and_the_rules_before_hold(text: str, reason: str) -> None:
    acl = AclFile("{deny, all}.")
    with pytest.raises(ValueError, match=reason.replace(".", r"\.")):
        acl.load(text)
    assert acl.decide(client(), "publish", "t", 0, False) is False
