"""Durations, sizes, percents, rates and addresses, as EMQX writes them."""

from __future__ import annotations

import pytest

from emqx_compat.config.units import (
    Address,
    duration_text,
    parse_address,
    parse_duration,
    parse_percent,
    parse_rate,
    parse_size,
    percent_text,
    size_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("15s", 15),
        ("1m", 60),
        ("1h30m", 5400),
        ("2H", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1f", 1209600),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("0s", 0),
        (1500, 1.5),
        ("1500", 1.5),
    ],
)
def test_durations(text: str | int, seconds: float) -> None:
    assert parse_duration(text) == seconds


def test_a_bare_number_may_count_seconds() -> None:
    assert parse_duration(10, bare="s") == 10


@pytest.mark.parametrize("text", ["", "s", "15x", "1h 30m", "-5s", "1h30", -1, True])
def test_no_durations(text: str | int) -> None:
    with pytest.raises(ValueError, match="a duration such as 15s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "500ms"), (15, "15s"), (90, "90s"), (7200, "2h"), (86400, "1d"), (0, "0s"), (1.5, "1500ms")],
)
def test_durations_back_to_text(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("1MB", 1 << 20), ("64KB", 65536), ("2gb", 2 << 30), ("10b", 10), ("1024", 1024), (0, 0), (1024, 1024)],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "1.5MB", "1TB", "1 MB", -1, True])
def test_no_sizes(text: str | int) -> None:
    with pytest.raises(ValueError, match="a byte size such as 1MB"):
        parse_size(text)


@pytest.mark.parametrize(("size", "text"), [(1 << 20, "1MB"), (1536, "1536B"), (65536, "64KB"), (0, "0B")])
def test_sizes_back_to_text(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("text", "fraction"), [("80%", 0.8), ("0%", 0.0), ("100%", 1.0), (0.7, 0.7), ("12.5%", 0.125)]
)
def test_percents(text: str | float, fraction: float) -> None:
    assert parse_percent(text) == fraction


@pytest.mark.parametrize("text", ["80", "101%", "%", "x%", 80, True])
def test_no_percents(text: str | int) -> None:
    with pytest.raises(ValueError, match="a percentage"):
        parse_percent(text)


@pytest.mark.parametrize(("fraction", "text"), [(0.8, "80%"), (0.125, "12.5%"), (0.07, "7%")])
def test_percents_back_to_text(fraction: float, text: str) -> None:
    assert percent_text(fraction) == text


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1000/s", 1000.0), ("600/1m", 10.0), ("1MB/2s", 524288.0), ("5", 5.0), ("infinity", None)],
)
def test_rates(text: str, rate: float | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["fast", "1/0s", "1/x", "", "10XB/s"])
def test_no_rates(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        (1883, Address(None, 1883), ":1883"),
        ("1883", Address(None, 1883), ":1883"),
        (":1883", Address(None, 1883), ":1883"),
        ("0.0.0.0:1883", Address("0.0.0.0", 1883), "0.0.0.0:1883"),
        ("[::]:1883", Address("::", 1883), "[::]:1883"),
        ("localhost:0", Address("localhost", 0), "localhost:0"),
    ],
)
def test_addresses(text: str | int, address: Address, shown: str) -> None:
    found = parse_address(text)
    assert (found, str(found)) == (address, shown)


@pytest.mark.parametrize("text", ["", "port", "65536", "localhost", "[::1883", "host:", True])
def test_no_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="a port or address:port"):
        parse_address(text)
