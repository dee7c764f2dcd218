"""One port, several generations: whose a path is."""

from __future__ import annotations

from typing import Any

import pytest
from http_toy import ENGINE, ask, generation
from starlette.responses import PlainTextResponse, Response

from emqx_compat.http.call import Call
from emqx_compat.http.ports import PortApp
from emqx_compat.http.route import DASHBOARD, MANAGEMENT, Route


async def who(call: Call) -> Response:
    return PlainTextResponse(call.generation.name)


def made(name: str, *outside: str, **dialect: Any) -> Any:
    return generation(
        Route("GET", "/who", "who", who),
        name=name,
        outside=tuple(Route("GET", path, path, who, public=True) for path in outside),
        **dialect,
    )


OLD, NEW = made("v1", "/", "/status"), made("v2", "/status")
APP = PortApp(MANAGEMENT, [OLD, NEW], ENGINE)


@pytest.mark.parametrize(("path", "name"), [("/api/v1/who", b"v1"), ("/api/v2/who", b"v2")])
async def test_a_path_goes_to_the_generation_of_its_prefix(path: str, name: bytes) -> None:
    assert (await ask(APP, "GET", path)).body == name


async def test_a_longer_word_is_not_the_prefix() -> None:
    assert (await ask(APP, "GET", "/api/v1x/who")).code == "PATH"


async def test_the_newest_generation_serves_what_two_have_outside_their_prefix() -> None:
    assert (await ask(APP, "GET", "/status")).body == b"v2"


async def test_an_older_generation_serves_what_it_alone_has_outside_its_prefix() -> None:
    assert (await ask(APP, "GET", "/")).body == b"v1"


async def test_a_generation_is_unknown_on_ports_that_it_does_not_have() -> None:
    app = PortApp(DASHBOARD, [OLD, made("v2", ports=(MANAGEMENT,))], ENGINE)
    assert (await ask(app, "GET", "/api/v2/who")).status == 404


async def test_a_port_without_generations_knows_no_path() -> None:
    assert (await ask(PortApp(MANAGEMENT, [], ENGINE), "GET", "/api/v1/who")).status == 404


async def test_the_documents_are_on_the_dashboard_port_alone() -> None:
    paths = [PortApp(port, [OLD], ENGINE) for port in (DASHBOARD, MANAGEMENT)]
    assert [(await ask(app, "GET", "/api-docs/swagger.json")).status for app in paths] == [200, 404]


async def test_the_documents_can_be_left_out() -> None:
    app = PortApp(DASHBOARD, [OLD], ENGINE, api_docs=False)
    assert (await ask(app, "GET", "/api-docs/swagger.json")).status == 404


async def test_a_websocket_is_refused() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await APP({"type": "websocket", "path": "/mqtt", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
