"""The small effects: an attribute of the live settings that is set while a feature runs, a hook that is hung in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emqx_compat.core.faults import Fault
from emqx_compat.core.hooks import Authenticator, Hooks
from emqx_compat.core.mqtt_users import MqttUserService, UserKind


class Flag:
    """Calls `switch(True)` while the feature runs, `switch(False)` when it does not."""

    def __init__(self, switch: Callable[[bool], None]) -> None:
        self._switch = switch
        switch(False)

    async def start(self, options: Mapping[str, str]) -> None:
        """On."""
        self._switch(True)

    async def stop(self) -> None:
        """Off."""
        self._switch(False)


class StoredCredentials:
    """`auth_clientid` and `auth_username`: stores that are asked in the order in which they were started."""

    def __init__(self, hooks: Hooks, users: MqttUserService, kind: UserKind, authenticator: Authenticator) -> None:
        self._hooks = hooks
        self._users = users
        self._kind = kind
        self._authenticator = authenticator

    async def start(self, options: Mapping[str, str]) -> None:
        """Ask the store at every CONNECT from now on."""
        scheme = options.get("password_hash")
        if scheme is not None:
            try:
                self._users.set_scheme(self._kind, scheme)
            except Fault as fault:
                raise ValueError(f"no password hash is called {scheme}") from fault
        self._hooks.client_authenticate.append(self._authenticator)

    async def stop(self) -> None:
        """Ask it no more."""
        self._hooks.client_authenticate.remove(self._authenticator)
