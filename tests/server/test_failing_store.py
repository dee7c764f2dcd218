"""A full disk is an answer to whoever writes, not the end of the server; without httptools it still serves."""

from __future__ import annotations

import sys

import httpx
import pytest

from emqx_compat.server import http_port
from emqx_compat.testing import Server

USER = {"username": "ann", "password": "secret-1", "tags": "x" * 100_000}


async def test_a_full_disk_is_a_500_and_passes(caplog: pytest.LogCaptureFixture) -> None:
    async with Server() as server, httpx.AsyncClient(auth=server.auth("v4", "dashboard")) as http:
        url, store = server.url("v4", "dashboard"), server.instance.store
        (pages,) = store.rows("PRAGMA page_count")[0]
        store.rows(f"PRAGMA max_page_count = {pages}")
        assert (await http.post(url + "/users", json=USER)).status_code == 500
        assert "full" in caplog.text
        users = (await http.get(url + "/users")).json()["data"]
        assert [user["username"] for user in users] == ["admin"]
        store.rows("PRAGMA max_page_count = 1000000")
        assert (await http.post(url + "/users", json=USER)).json()["code"] == 0


async def test_without_httptools_h11_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "emqx_compat.server.http_protocol", raising=False)
    monkeypatch.setitem(sys.modules, "httptools", None)
    assert http_port._protocol() == "h11"
    async with Server() as server, httpx.AsyncClient() as http:
        answer = await http.get(server.url("v4") + "/nodes", auth=server.auth("v4"))
        assert answer.status_code == 200
