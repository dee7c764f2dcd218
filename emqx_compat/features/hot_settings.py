"""Hot settings over the settings object that the engine reads, and over whatever else keeps a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from emqx_compat.core.faults import F, Fault
from emqx_compat.core.hot_settings import HOT_SETTINGS, SettingValue, fits

Getter = Callable[[], SettingValue]
Setter = Callable[[SettingValue], None]


class HotSettings:
    """`core.hot_settings.HotSettingService`.

    `live` is the object whose attributes of the same names the engine reads at every use; `elsewhere` says for
    other settings how they are read and written, with a ValueError for what is no value. A setting that takes
    effect never is kept here.
    """

    def __init__(self, live: object, elsewhere: Mapping[str, tuple[Getter, Setter]]) -> None:
        self._live = live
        self._elsewhere = elsewhere
        self._kept: dict[str, SettingValue] = {
            name: row.default for name, row in HOT_SETTINGS.items() if row.takes_effect == "never"
        }

    def names(self) -> Sequence[str]:
        """All of them."""
        return tuple(HOT_SETTINGS)

    def get(self, name: str) -> SettingValue:
        """The value of now."""
        if name not in HOT_SETTINGS:
            raise Fault(F.SETTING_UNKNOWN, name=name)
        if name in self._kept:
            return self._kept[name]
        if name in self._elsewhere:
            return self._elsewhere[name][0]()
        value: SettingValue = getattr(self._live, name)
        return value

    async def set(self, name: str, value: SettingValue) -> None:
        """Change it until the next start."""
        setting = HOT_SETTINGS.get(name)
        if setting is None:
            raise Fault(F.SETTING_UNKNOWN, name=name)
        if not fits(setting, value):
            raise Fault(F.SETTING_INVALID, name=name, value=value)
        if name in self._kept:
            self._kept[name] = value
        elif name in self._elsewhere:
            try:
                self._elsewhere[name][1](value)
            except ValueError as error:
                raise Fault(F.SETTING_INVALID, name=name, value=value) from error
        else:
            setattr(self._live, name, value)
