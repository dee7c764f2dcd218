"""The keys of a plugin's configuration as 2.x and 3.x show and take them, and what the engine makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emqx_compat.core.engine import Engine
from emqx_compat.core.mqtt_users import UserKind
from emqx_compat.http.conf_values import read_duration, read_integer

Reader = Callable[[str], object]
"""Raises ValueError when a text does not fit."""

_VARIABLE = re.compile(r"\\\$\w+")


@dataclass(frozen=True, slots=True)
class PluginKeys:
    """The configuration of one plugin."""

    schema: Mapping[str, Reader] = field(default_factory=dict)
    """By key, in the order of the schema; a part `$id` or `$name` stands for any word."""
    shipped: Mapping[str, str] = field(default_factory=dict)
    """What is set before anyone has set anything."""
    options: tuple[tuple[str, str], ...] = ()
    """Beginnings of keys → how the engine's options begin; other keys are options of the same name."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Options that go along with whatever is set."""
    switches: Mapping[str, str] = field(default_factory=dict)
    """Keys that switch features, while the plugin runs."""
    users: tuple[str, str] | None = None
    """Ends of the keys of a pair `<prefix>.<n>.<end>` that make an MQTT user: its name, its password."""
    open: bool = False
    """Any key may be set: nobody has seen the schema, and nothing here reads it."""

    def accepts(self, given: Mapping[str, object]) -> bool:
        """Whether the plugin's schema takes these values."""
        return all(isinstance(text, str) and self._fits(key, text) for key, text in given.items())

    def _fits(self, key: str, text: str) -> bool:
        if self.open:
            return True
        for pattern, read in self.schema.items():
            if re.fullmatch(_VARIABLE.sub("[^.]+", re.escape(pattern)), key):
                try:
                    read(text)
                except ValueError:
                    return False
                return True
        return False

    def to_options(self, given: Mapping[str, str]) -> dict[str, str]:
        """What the engine is given."""
        return {_renamed(key, self.options): text for key, text in given.items()} | dict(self.fixed)

    def from_options(self, options: Mapping[str, str] | None) -> Mapping[str, str]:
        """What was set, in that order; without those options that the generation has no key for."""
        if options is None:
            return self.shipped
        back = tuple((ours, key) for key, ours in self.options)
        named = {_renamed(name, back): text for name, text in options.items() if name not in self.fixed}
        return {key: text for key, text in named.items() if self._fits(key, text)}


def _renamed(name: str, prefixes: tuple[tuple[str, str], ...]) -> str:
    for before, after in prefixes:
        if name.startswith(before):
            return after + name.removeprefix(before)
    return name


def read_retained_expiry(text: str) -> int:
    """Milliseconds, or a duration."""
    return read_integer(text) if text.isdecimal() else read_duration(text)


def read_enum(*words: str) -> Reader:
    """One of the words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"not one of {', '.join(words)}: {text!r}")
        return text

    return read


async def set_switches(engine: Engine, keys: PluginKeys, given: Mapping[str, str]) -> None:
    """The parts of a plugin start and stop; what is not named has its default, off."""
    for key, feature in keys.switches.items():
        wanted = given.get(key) == "on"
        if engine.features.active(feature) is not wanted:
            await (engine.features.start(feature) if wanted else engine.features.stop(feature))


async def add_users(engine: Engine, keys: PluginKeys, feature: str, given: Mapping[str, str]) -> None:
    """The pairs of names and passwords become MQTT users, where there are none of that name."""
    if keys.users is None:
        return
    kind: UserKind = "clientid" if feature == "auth_clientid" else "username"
    of_name, of_password = keys.users
    for key, name in given.items():
        prefix, _, end = key.rpartition(".")
        password = given.get(f"{prefix}.{of_password}")
        if end == of_name and password is not None and await engine.mqtt_users.get(kind, name) is None:
            await engine.mqtt_users.add(kind, name, password)
