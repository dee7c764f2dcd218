"""JSON out of the server."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import orjson
import pytest

from emqx_compat.http.respond import SLICE, json_response, json_rows, to_ascii_json, to_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"code": 0, "data": []}, b'{"code":0,"data":[]}'),
        ({"a": "é/"}, '{"a":"é/"}'.encode()),
        (2**70, b"1180591620717411303424"),
        ("\ud800", b'"\\ud800"'),
    ],
)
def test_json_is_compact_utf8_and_takes_any_value(value: object, text: bytes) -> None:
    assert to_json(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain/", b'"plain/"'),
        ("é中😀", b'"\\u00e9\\u4e2d\\ud83d\\ude00"'),
        ("a\x7f\b\f\n\r\t\x01", b'"a\\u007f\\b\\f\\n\\r\\t\\u0001"'),
        ({"é": [1, 1.5, None, True]}, b'{"\\u00e9":[1,1.5,null,true]}'),
    ],
)
def test_ascii_json_escapes_everything_beyond_printable_ascii(value: object, text: bytes) -> None:
    assert to_ascii_json(value) == text


def test_an_answer_is_application_json_without_charset() -> None:
    response = json_response({}, 201, {"X": "y"})
    assert (response.status_code, response.headers["content-type"], response.headers["x"]) == (
        201,
        "application/json",
        "y",
    )


@pytest.mark.parametrize("count", [0, 1, SLICE, SLICE + 1, 3 * SLICE, 3 * SLICE + 7])
async def test_rows_are_an_array_whatever_their_number(count: int) -> None:
    fragment = await json_rows(range(count), lambda row: {"id": row})
    assert json.loads(orjson.dumps({"data": fragment})) == {"data": [{"id": row} for row in range(count)]}


async def test_rows_are_written_in_the_dialects_encoding() -> None:
    fragment = await json_rows(["é"] * (SLICE + 1), lambda row: row, to_ascii_json)
    assert to_json(fragment).isascii()


async def test_other_tasks_run_between_the_slices_of_a_long_list() -> None:
    turns: list[int] = []
    rendered = 0

    def render(row: int) -> int:
        nonlocal rendered
        rendered += 1
        return row

    async def watch() -> None:
        while True:
            turns.append(rendered)
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    await json_rows(range(10 * SLICE), render)
    watcher.cancel()
    assert max(later - earlier for earlier, later in pairwise(turns)) <= SLICE
    assert len(turns) >= 9
