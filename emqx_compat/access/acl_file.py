"""acl.conf: who may publish and subscribe where, as 2.x to 5.x write it. The first rule that matches decides.

{allow, {user, "dashboard"}, subscribe, ["$SYS/#"]}.
{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.
{allow, all}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from emqx_compat.access.erlang_terms import Atom, Term, terms
from emqx_compat.core.clients import Client

SHIPPED = """
{allow, {user, {re, "^dashboard$"}}, subscribe, ["$SYS/#"]}.
{allow, {ipaddr, "127.0.0.1"}, all, ["$SYS/#", "#"]}.
{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.
{allow, all}.
"""
"""The rules that every generation ships: strangers may not subscribe to `$SYS/#` and, literally, to `#`."""

_ACTIONS = {
    "publish": frozenset(("publish",)),
    "subscribe": frozenset(("subscribe",)),
    "pubsub": frozenset(("publish", "subscribe")),
    "all": frozenset(("publish", "subscribe")),
}

Who = Callable[[Client], bool]
Where = Callable[[Client, str], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line."""

    allow: bool
    who: Who
    actions: frozenset[str]
    where: tuple[Where, ...] | None
    """None: everywhere."""
    qos: frozenset[int] | None = None
    retain: bool | None = None

    def matches(self, client: Client, action: str, topic: str, qos: int, retain: bool) -> bool:
        """Whether it has something to say."""
        return (
            action in self.actions
            and (self.qos is None or qos in self.qos)
            and (self.retain is None or action == "subscribe" or retain is self.retain)
            and self.who(client)
            and (self.where is None or any(where(client, topic) for where in self.where))
        )


class AclFile:
    """The rules in force; `decide` is a `core.hooks.Authorizer`."""

    def __init__(self, text: str = SHIPPED) -> None:
        self._rules: Sequence[Rule] = ()
        self.load(text)

    def load(self, text: str) -> None:
        """Take other rules. Raises ValueError; the rules before hold then."""
        self._rules = [_rule(term) for term in terms(text)]

    def decide(self, client: Client, action: str, topic: str, qos: int, retain: bool) -> bool | None:
        """What the first rule that matches says."""
        for rule in self._rules:
            if rule.matches(client, action, topic, qos, retain):
                return rule.allow
        return None


def _rule(term: Term) -> Rule:
    match term:
        case (Atom(verdict), who, *rest) if verdict in ("allow", "deny") and len(rest) <= 2:
            actions, qos, retain = _action(rest[0]) if rest else (_ACTIONS["all"], None, None)
            where = tuple(_where(topic) for topic in _list(rest[1])) if len(rest) == 2 else None
            return Rule(verdict == "allow", _who(who), actions, where, qos, retain)
    raise ValueError(f"no rule: {term}")


def _action(term: Term) -> tuple[frozenset[str], frozenset[int] | None, bool | None]:
    match term:
        case Atom(name) if name in _ACTIONS:
            return _ACTIONS[name], None, None
        case (Atom(name), options) if name in _ACTIONS:
            qos: set[int] = set()
            retain: bool | None = None
            for option in options if isinstance(options, list) else [options]:
                match option:
                    case (Atom("qos"), int(number)):
                        qos.add(number)
                    case (Atom("retain"), Atom("true" | "false") as word):
                        retain = word.name == "true"
                    case (Atom("retain"), Atom("all")):
                        pass
                    case _:
                        raise ValueError(f"no option of {name}: {option}")
            return _ACTIONS[name], frozenset(qos) or None, retain
    raise ValueError(f"no action: {term}")


def _who(term: Term) -> Who:
    match term:
        case Atom("all") | (Atom("user" | "username" | "client" | "clientid"), Atom("all")):
            return lambda client: True
        case (Atom("user" | "username"), (Atom("re"), str(pattern))):
            expression = re.compile(pattern)
            return lambda client: client.username is not None and bool(expression.search(client.username))
        case (Atom("client" | "clientid"), (Atom("re"), str(pattern))):
            expression = re.compile(pattern)
            return lambda client: bool(expression.search(client.clientid))
        case (Atom("user" | "username"), str(name)):
            return lambda client: client.username == name
        case (Atom("client" | "clientid"), str(name)):
            return lambda client: client.clientid == name
        case (Atom("ipaddr"), str(address)):
            return _from((address,))
        case (Atom("ipaddrs"), list(addresses)):
            return _from([address for address in addresses if isinstance(address, str)])
        case (Atom("and"), list(conditions)):
            every = [_who(condition) for condition in conditions]
            return lambda client: all(condition(client) for condition in every)
        case (Atom("or"), list(conditions)):
            some = [_who(condition) for condition in conditions]
            return lambda client: any(condition(client) for condition in some)
    raise ValueError(f"nobody: {term}")


def _from(addresses: Sequence[str]) -> Who:
    found = [ip_network(address, strict=False) for address in addresses]
    hosts = {str(network.network_address) for network in found if network.num_addresses == 1}
    networks = [network for network in found if network.num_addresses > 1]
    if not networks:
        return lambda client: client.peerhost in hosts

    def matches(client: Client) -> bool:
        if client.peerhost in hosts:
            return True
        try:
            address = ip_address(client.peerhost or "")
        except ValueError:
            return False
        return any(address in network for network in networks)

    return matches


def _where(term: Term) -> Where:
    match term:
        case (Atom("eq"), str(literal)):
            return lambda client, topic: topic == literal
        case str(pattern):
            if "%" not in pattern and "$" not in pattern:
                levels = pattern.split("/")
                return lambda client, topic: _fits(topic.split("/"), levels)
            return lambda client, topic: _fits(topic.split("/"), _filled(pattern, client).split("/"))
    raise ValueError(f"no topic: {term}")


def _filled(pattern: str, client: Client) -> str:
    """`%c`, `%u` [2.x to 4.x] and `${clientid}`, `${username}` [5.x] in place; without a user name `%u` stays."""
    filled = pattern.replace("%c", client.clientid).replace("${clientid}", client.clientid)
    if client.username is not None:
        filled = filled.replace("%u", client.username)
    return filled.replace("${username}", "undefined" if client.username is None else client.username)


def _fits(topic: Sequence[str], pattern: Sequence[str]) -> bool:
    """MQTT's wildcards, but a leading `$` is nothing special; a filter is taken as a topic."""
    for index, level in enumerate(pattern):
        if level == "#":
            return True
        if index >= len(topic) or level not in ("+", topic[index]):
            return False
    return len(topic) == len(pattern)


def _list(term: Term) -> list[Term]:
    if not isinstance(term, list):
        raise ValueError(f"no list of topics: {term}")
    return term
