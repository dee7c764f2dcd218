"""Where a generation is found on a server, and with which credentials."""

from __future__ import annotations

from typing import Literal

from emqx_compat.core.accounts import ApiKey
from emqx_compat.server.instance import Instance

Port = Literal["management_legacy", "management", "dashboard"]

HISTORICAL: dict[str, Port] = {
    "v2": "management_legacy",
    "v3": "management_legacy",
    "v4": "management",
    "v5": "dashboard",
}
"""Where each generation's clients look for it: 8080, 8080, 8081, 18083."""

SECRET = "testing-secret-1"
V3_APP = ApiKey(
    "testing",
    "testing",
    title="Testing",
    desc="made by emqx_compat.testing",
    secret=SECRET,
    generations=frozenset({"v3"}),
)
V5_KEY = ApiKey(
    "testing-v5",
    "testing-v5",
    desc="made by emqx_compat.testing",
    secret=SECRET,
    generations=frozenset({"v5"}),
)


async def make_credentials(instance: Instance) -> None:
    """v2 and v4 have credentials from the start, v3 and v5 need an app and a key; each is seen by its own only."""
    for record in (V3_APP, V5_KEY):
        await instance.api_keys.create(record, SECRET)


def url_of(instance: Instance, generation: str, port: Port | None) -> str:
    """`http://127.0.0.1:43210/api/v4`."""
    wanted = port or HISTORICAL[generation]
    for each in instance.ports:
        if each.name == wanted:
            return f"http://{each.host}:{each.port}/api/{generation}"
    raise KeyError(f"the server has no port {wanted}")


def auth_of(instance: Instance, generation: str, port: Port | None) -> tuple[str, str]:
    """User and secret for HTTP Basic."""
    match generation:
        case "v5":
            return V5_KEY.key, SECRET
        case "v3" if port != "dashboard":
            return V3_APP.key, SECRET
        case "v4" if port != "dashboard":
            app = instance.settings.accounts.default_app
            if app is None or app.secret is None:
                raise KeyError("the configuration switches v4's default application off")
            return app.app_id, app.secret
        case "v2" | "v3" | "v4":
            dashboard = instance.settings.dashboard
            return dashboard.default_username, dashboard.default_password
    raise KeyError(generation)
