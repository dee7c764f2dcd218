"""First credentials without a human: configuration and bootstrap file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from emqx_compat.access.api_keys import ApiKeys
from emqx_compat.access.tokens import Tokens
from emqx_compat.access.users import Users
from emqx_compat.config.settings import (
    AccountSettings,
    ApiKeySettings,
    AppSettings,
    DashboardSettings,
    UserSettings,
)
from emqx_compat.core.accounts import ApiKey, User
from emqx_compat.core.clock import ManualClock
from emqx_compat.core.ids import Ids
from emqx_compat.server.seeds import BootstrapError, BootstrapLine, bootstrap, bootstrap_lines, seed
from emqx_compat.store import Store


class Accounts:
    """Tables in memory."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.ids = Ids(clock)
        store = Store()
        self.users = Users(store, self.ids, Tokens(store, clock, self.ids))
        self.api_keys = ApiKeys(store, clock, self.ids)

    async def seed(self, accounts: AccountSettings, dashboard: DashboardSettings | None = None) -> None:
        await seed(accounts, dashboard or DashboardSettings(), self.users, self.api_keys, self.ids)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


async def test_by_default_there_is_admin_public_and_v4s_own_pair(accounts: Accounts) -> None:
    await accounts.seed(AccountSettings())
    admin = accounts.users.verify("admin", "public")
    assert admin == User("admin", tags="administrator", description="administrator", role="administrator")
    app = accounts.api_keys.verify("v4", "admin", "public")
    assert app is not None
    assert (app.title, app.desc, app.enabled, app.expired_at) == ("Default", "Application user", True, None)
    assert accounts.api_keys.verify("v3", "admin", "public") is None
    assert accounts.api_keys.verify("v5", "admin", "public") is None


async def test_the_default_user_is_made_again_when_it_is_missing_but_keeps_its_password(accounts: Accounts) -> None:
    await accounts.seed(AccountSettings())
    await accounts.users.set_password("admin", "changed-1")
    await accounts.seed(AccountSettings())
    assert accounts.users.verify("admin", "changed-1")


async def test_the_default_user_and_app_are_configurable(accounts: Accounts) -> None:
    await accounts.seed(AccountSettings(default_app=None), DashboardSettings("root", "secret-1"))
    assert [user.username for user in await accounts.users.list()] == ["root"]
    assert await accounts.api_keys.list("v4") == []


async def test_configured_accounts_are_made_when_absent(accounts: Accounts) -> None:
    wanted = AccountSettings(
        users=(UserSettings("ann", "secret-1", "t", "d", "viewer"),),
        apps=(AppSettings("oracle", "s3", "Oracle", "d", generations=frozenset({"v3"})),),
        api_keys=(ApiKeySettings("robot", "robot-key", "s5", role="publisher"),),
        default_app=None,
    )
    await accounts.seed(wanted)
    await accounts.users.update(User("ann", tags="changed"))
    await accounts.seed(wanted)
    ann = accounts.users.verify("ann", "secret-1")
    assert ann is not None
    assert ann.tags == "changed"
    assert [app.key for app in await accounts.api_keys.list("v3")] == ["oracle", "robot-key"]
    assert [app.key for app in await accounts.api_keys.list("v4")] == ["robot-key"]
    key = accounts.api_keys.verify("v5", "robot-key", "s5")
    assert key is not None
    assert key.role == "publisher"


async def test_an_app_without_secret_gets_one(accounts: Accounts) -> None:
    await accounts.seed(AccountSettings(apps=(AppSettings("oracle"),), default_app=None))
    app = await accounts.api_keys.get("v3", name="oracle")
    assert app is not None
    assert app.secret
    assert accounts.api_keys.verify("v3", "oracle", app.secret)


def test_lines_of_a_bootstrap_file() -> None:
    text = "test-1:secret-1\n\n  \ntest-2:secret-2:viewer\r\n"
    assert list(bootstrap_lines(text)) == [
        BootstrapLine("test-1", "secret-1"),
        BootstrapLine("test-2", "secret-2", "viewer"),
    ]


@pytest.mark.parametrize("line", ["nocolon", "a:", ":b", "a:b:boss", "a b:c", "a:b:viewer:x"])
def test_a_bad_line_is_told_with_its_number(line: str) -> None:
    with pytest.raises(BootstrapError, match="line 2"):
        list(bootstrap_lines(f"good:good\n{line}\n"))


async def test_each_bootstrap_line_becomes_a_key(accounts: Accounts, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("test-1:secret-1\ntest-2:secret-2:publisher\n")
    await accounts.seed(AccountSettings(default_app=None, bootstrap_file=file))
    rows = await accounts.api_keys.list("v5")
    assert [(row.name, row.key, row.role, row.desc) for row in rows] == [
        ("from_bootstrap_file_18926f94712af04e", "test-1", "administrator", "Bootstrapped From File"),
        (rows[1].name, "test-2", "publisher", "Bootstrapped From File"),
    ]
    assert accounts.api_keys.verify("v5", "test-2", "secret-2")


async def test_loading_stops_at_the_first_bad_line_with_an_error(
    accounts: Accounts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    file.write_text("test-1:secret-1\nbad\ntest-3:secret-3\n")
    await bootstrap(file, accounts.api_keys)
    assert [row.key for row in await accounts.api_keys.list("v5")] == ["test-1"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_missing_bootstrap_file_is_an_error_in_the_log_only(
    accounts: Accounts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await bootstrap(tmp_path / "absent", accounts.api_keys)
    assert "failed_to_load_bootstrap_file" in caplog.text


async def test_loading_again_renews_secret_and_role_and_takes_keys_over(accounts: Accounts, tmp_path: Path) -> None:
    await accounts.api_keys.create(ApiKey("mine", "test-1"), "old")
    file = tmp_path / "keys"
    file.write_text("test-1:first\n")
    await bootstrap(file, accounts.api_keys)
    file.write_text("test-1:second:viewer\n")
    await bootstrap(file, accounts.api_keys)
    key = accounts.api_keys.verify("v5", "test-1", "second")
    assert key is not None
    assert key.role == "viewer"
    assert accounts.api_keys.verify("v5", "test-1", "first") is None
    assert [row.name for row in await accounts.api_keys.list("v5")] == ["from_bootstrap_file_18926f94712af04e"]
