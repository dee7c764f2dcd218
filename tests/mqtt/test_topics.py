"""Topic names, filters and shares [§4.7, §4.8.2]."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emqx_compat.mqtt import (
    InvalidTopicFilter,
    InvalidTopicName,
    check_filter,
    check_topic_name,
    levels,
    matches,
    split_share,
    validate_filter,
    validate_topic_name,
)

MATCHES = [
    ("sport/tennis/player1", "sport/tennis/player1/#", True),
    ("sport/tennis/player1/ranking", "sport/tennis/player1/#", True),
    ("sport/tennis/player1/score/wimbledon", "sport/tennis/player1/#", True),
    ("sport", "sport/#", True),
    ("sports", "sport/#", False),
    ("sport/tennis/player1", "sport/tennis/+", True),
    ("sport/tennis/player1/ranking", "sport/tennis/+", False),
    ("sport", "sport/+", False),
    ("sport/", "sport/+", True),
    ("/finance", "+/+", True),
    ("/finance", "/+", True),
    ("/finance", "+", False),
    ("a", "#", True),
    ("/", "#", True),
    ("/", "+/+", True),
    ("/", "/", True),
    ("a/b/c", "a/+/c", True),
    ("a//c", "a/+/c", True),
    ("a/b/c", "a/+/+/#", True),
    ("a/b", "a/+/+/#", False),
    ("a/b", "a/+/#", True),
    ("a", "a/+/#", False),
    ("A", "a", False),
    ("a", "a/b", False),
    ("a/b", "a", False),
    ("$SYS/x", "#", False),
    ("$SYS/x", "+/x", False),
    ("$SYS", "+", False),
    ("$SYS/x", "$SYS/#", True),
    ("$SYS/x", "$SYS/+", True),
    ("$SYS", "$SYS/#", True),
    ("a/$SYS", "a/+", True),
    ("a/$SYS", "#", True),
    ("täß", "täß", True),
]


@pytest.mark.parametrize(("topic", "topic_filter", "expected"), MATCHES)
def test_matching_by_example(topic: str, topic_filter: str, expected: bool) -> None:
    assert matches(topic, topic_filter) is expected


def reference(names: list[str], wanted: list[str]) -> bool:
    """Matching as its definition reads, by recursion."""
    if wanted == ["#"]:
        return True
    if not names or not wanted:
        return not names and not wanted
    return wanted[0] in ("+", names[0]) and reference(names[1:], wanted[1:])


few_levels = st.sampled_from(["", "a", "b", "$s"])
names_of_few_levels = st.lists(few_levels, min_size=1, max_size=5)
filters_of_few_levels = st.builds(
    lambda plain, rest: plain + rest,
    st.lists(few_levels | st.just("+"), min_size=1, max_size=5),
    st.sampled_from([[], ["#"]]),
) | st.just(["#"])


@settings(max_examples=500, deadline=None)
@given(names_of_few_levels, filters_of_few_levels)
def test_matching_agrees_with_its_definition(names: list[str], wanted: list[str]) -> None:
    hidden = names[0].startswith("$") and wanted[0] in ("+", "#")
    assert matches("/".join(names), "/".join(wanted)) is (reference(names, wanted) and not hidden)


@settings(max_examples=100, deadline=None)
@given(names_of_few_levels, st.data())
def test_a_name_matches_what_is_made_from_it(names: list[str], data: st.DataObject) -> None:
    wanted = [names[0], *(data.draw(st.sampled_from([name, "+"])) for name in names[1:])]
    assert matches("/".join(names), "/".join(wanted))
    assert matches("/".join(names), "/".join([*wanted, "#"]))


def test_matching_a_deep_topic_is_no_deep_recursion() -> None:
    deep = "/".join("a" * 30_000)
    assert matches(deep, deep)
    assert matches(deep, "a/+/" + "/".join("a" * 29_997) + "/#")


@pytest.mark.parametrize(
    ("topic", "expected"), [("a/b", ["a", "b"]), ("/", ["", ""]), ("a", ["a"]), ("a//", ["a", "", ""])]
)
def test_levels_are_what_stands_between_separators(topic: str, expected: list[str]) -> None:
    assert levels(topic) == expected


@pytest.mark.parametrize("topic", ["a", "/", "a b", "$SYS/x", "/a//b/", "\ufeff", "x" * 65_535, "é" * 32_767])
def test_good_topic_names(topic: str) -> None:
    assert validate_topic_name(topic)


BAD_NAMES = [
    ("", "MQTT-4.7.3-1"),
    ("a\0", "MQTT-4.7.3-2"),
    ("x" * 65_536, "MQTT-4.7.3-3"),
    ("é" * 32_768, "MQTT-4.7.3-3"),
    ("#", "MQTT-3.3.2-2"),
    ("a/+/b", "MQTT-3.3.2-2"),
    ("a+", "MQTT-3.3.2-2"),
    ("\udfff", "MQTT-1.5.4-1"),
]


@pytest.mark.parametrize(("topic", "clause"), BAD_NAMES, ids=lambda value: ascii(value[:20]))
def test_bad_topic_names(topic: str, clause: str) -> None:
    assert not validate_topic_name(topic)
    with pytest.raises(InvalidTopicName) as caught:
        check_topic_name(topic)
    assert caught.value.clause == clause


@pytest.mark.parametrize(
    "topic_filter",
    [
        "a",
        "/",
        "#",
        "+",
        "+/+",
        "a/#",
        "+/a/#",
        "/#",
        "$SYS/#",
        "$share/g/#",
        "$share/g//",
        "$queue/+",
        "$share",
        "$queue",
    ],
)
def test_good_filters(topic_filter: str) -> None:
    assert validate_filter(topic_filter)


BAD_FILTERS = [
    ("", "MQTT-4.7.3-1"),
    ("a\0", "MQTT-4.7.3-2"),
    ("x" * 65_536, "MQTT-4.7.3-3"),
    ("a#", "MQTT-4.7.1-1"),
    ("a/#/b", "MQTT-4.7.1-1"),
    ("##", "MQTT-4.7.1-1"),
    ("#/", "MQTT-4.7.1-1"),
    ("a+", "MQTT-4.7.1-2"),
    ("+a/b", "MQTT-4.7.1-2"),
    ("++", "MQTT-4.7.1-2"),
    ("$share/", "MQTT-4.8.2-1"),
    ("$share//t", "MQTT-4.8.2-1"),
    ("$share/g", "MQTT-4.8.2-2"),
    ("$share/g/", "MQTT-4.8.2-2"),
    ("$share/g+/t", "MQTT-4.8.2-2"),
    ("$share/#/t", "MQTT-4.8.2-2"),
    ("$share/g/a#", "MQTT-4.7.1-1"),
    ("$queue/", "MQTT-4.8.2-2"),
    ("$queue/a+", "MQTT-4.7.1-2"),
    ("$queue/$share/g/t", "§4.8.2"),
    ("$share/g/$queue/t", "§4.8.2"),
]


@pytest.mark.parametrize(("topic_filter", "clause"), BAD_FILTERS, ids=lambda value: ascii(value[:20]))
def test_bad_filters(topic_filter: str, clause: str) -> None:
    assert not validate_filter(topic_filter)
    with pytest.raises(InvalidTopicFilter) as caught:
        check_filter(topic_filter)
    assert caught.value.clause == clause


@pytest.mark.parametrize(
    ("topic_filter", "expected"),
    [
        ("t", (None, "t")),
        ("$SYS/#", (None, "$SYS/#")),
        ("$share", (None, "$share")),
        ("$shared/g/t", (None, "$shared/g/t")),
        ("$share/g/t", ("g", "t")),
        ("$share/g//t", ("g", "/t")),
        ("$share/g/a/b/#", ("g", "a/b/#")),
        ("$queue/t", ("$queue", "t")),
        ("$queue//", ("$queue", "/")),
    ],
)
def test_shares_are_split_from_their_filter(topic_filter: str, expected: tuple[str | None, str]) -> None:
    assert split_share(topic_filter) == expected


@pytest.mark.parametrize("topic_filter", ["$share/", "$share/g", "$share/g/", "$share/+/t", "$queue/"])
def test_a_bad_share_is_a_value_error(topic_filter: str) -> None:
    with pytest.raises(ValueError, match=r"^\[MQTT-4\.8\.2-[12]\] "):
        split_share(topic_filter)
