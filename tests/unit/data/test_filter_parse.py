"""Filters as clients write them → trees."""

import json
from typing import Any

import pytest

from insula.data.errors import InvalidFilter
from insula.data.filters.parse import MAX_CONDITIONS, MAX_DEPTH, parse_filter
from insula.data.filters.tree import All, Condition, Not, Some, Within


def test_bare_values_are_equality() -> None:
    assert parse_filter({"qty": 5}) == Condition(("qty",), "$eq", 5)
    assert parse_filter({"qty": None}) == Condition(("qty",), "$eq", None)
    assert parse_filter({"tags": ["a"]}) == Condition(("tags",), "$eq", ["a"])


def test_keys_of_one_object_all_have_to_hold() -> None:
    both = All((Condition(("a",), "$eq", 1), Condition(("b",), "$gt", 2)))
    assert parse_filter({"a": 1, "b": {"$gt": 2}}) == both
    assert parse_filter([{"a": 1}, {"b": {"$gt": 2}}]) == both
    assert parse_filter({"a": {"$gt": 1, "$lt": 5}}) == All(
        (Condition(("a",), "$gt", 1), Condition(("a",), "$lt", 5))
    )


def test_logic() -> None:
    a, b = Condition(("a",), "$eq", 1), Condition(("b",), "$eq", 2)
    assert parse_filter({"$and": [{"a": 1}, {"b": 2}]}) == All((a, b))
    assert parse_filter({"$or": [{"a": 1}, {"b": 2}]}) == Some((a, b))
    assert parse_filter({"$or": {"a": 1, "b": 2}}) == Some((a, b))
    assert parse_filter({"$not": {"a": 1}}) == Not(a)
    assert parse_filter({"$not": [{"a": 1}, {"b": 2}]}) == Not(All((a, b)))


def test_logic_under_a_field_speaks_of_the_field() -> None:
    expected = Some((Condition(("a",), "$gt", 5), Condition(("a",), "$lt", 1)))
    assert parse_filter({"a": {"$or": [{"$gt": 5}, {"$lt": 1}]}}) == expected
    assert parse_filter({"a": {"$not": {"$gt": 5}}}) == Not(Condition(("a",), "$gt", 5))
    assert parse_filter({"a": {"$not": None}}) == Condition(("a",), "$not", None)
    assert parse_filter({"a": {"$not": [1, 2]}}) == Condition(("a",), "$not", [1, 2])


def test_dots_and_objects_are_the_same_path() -> None:
    expected = Condition(("author", "name"), "$includes", "x")
    assert parse_filter({"author.name": {"$includes": "x"}}) == expected
    assert parse_filter({"author": {"name": {"$includes": "x"}}}) == expected
    assert parse_filter({"a": {"b.c": {"d": 1}}}) == Condition(("a", "b", "c", "d"), "$eq", 1)


def test_an_operator_may_stand_behind_its_field() -> None:
    assert parse_filter({"qty.$gt": 5}) == Condition(("qty",), "$gt", 5)
    assert parse_filter({"meta.size.$in": [1, 2]}) == Condition(("meta", "size"), "$in", [1, 2])
    assert parse_filter({"a.$or": [{"$gt": 5}, {"$lt": 1}]}) == parse_filter(
        {"a": {"$or": [{"$gt": 5}, {"$lt": 1}]}}
    )
    for wrong in ("qty.$none", "qty.$gt.more"):
        with pytest.raises(InvalidFilter, match=r"no operator"):
            parse_filter({wrong: 5})


def test_conditions_in_one_object_are_about_one_related_record() -> None:
    one = Within("tags", All((Condition(("name",), "$eq", "x"), Condition(("id",), "$eq", 1))))
    assert parse_filter({"tags": {"name": "x", "id": 1}}) == one
    assert parse_filter({"tags.name": "x", "tags.id": 1}) == one
    apart = All((Condition(("tags", "name"), "$eq", "x"), Condition(("tags", "id"), "$eq", 1)))
    assert parse_filter({"$and": [{"tags.name": "x"}, {"tags.id": 1}]}) == apart
    mixed = All((Condition(("tags",), "$exists", True), Condition(("tags", "name"), "$eq", "x")))
    assert parse_filter({"tags": {"$exists": True, "name": "x"}}) == mixed
    either = Some((Condition(("tags",), "$notExists", True), Condition(("tags", "name"), "$eq", "x")))
    assert parse_filter({"tags": {"$or": [{"$notExists": True}, {"name": "x"}]}}) == either
    nested = Within("a", Within("b", All((Condition(("c",), "$eq", 1), Condition(("d",), "$eq", 2)))))
    assert parse_filter({"a": {"b": {"c": 1, "d": 2}}}) == nested


@pytest.mark.parametrize(
    "raw",
    [None, "", "  ", "null", "{}", "[]", {}, [], {"$and": []}, {"$or": [{}, []]}, {"$not": {}}, {"a": {}}],
)
def test_what_is_empty_is_no_filter(raw: Any) -> None:
    assert parse_filter(raw) is None


def test_json_text() -> None:
    assert parse_filter('{"a": {"$gt": 5}}') == Condition(("a",), "$gt", 5)
    assert parse_filter('{"a":1}', zone="+08:00") == Condition(("a",), "$eq", 1, "+08:00")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1', r"line 1, column \d+ \(position \d+\)"),
        ('{\n  "a": 1,\n  "b": }', r"line 3, column 8"),
        ("{'a': 1}", "line 1, column 2"),
        ('{"a": NaN}', "line 1, column 7"),
        ('{"a": "\\ud800"}', "line 1"),
        ("[" * 10_000, "broken JSON"),
    ],
)
def test_broken_json_says_where(text: str, where: str) -> None:
    with pytest.raises(InvalidFilter, match=where):
        parse_filter(text)


def _nested(levels: int) -> dict[str, Any]:
    raw: dict[str, Any] = {"a": 1}
    for _ in range(levels):
        raw = {"$and": [raw]}
    return raw


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"a": {"$nothing": 1}}, "no operator '\\$nothing'"),
        ({"$nothing": 1}, "no operator"),
        ({"$gt": 1}, "stands where a field was expected"),
        ({"$or": "a"}, "takes a list"),
        ({"$and": [1]}, "object was expected in place of 1"),
        (5, "object was expected"),
        ('"text"', "object was expected"),
        ({"a..b": 1}, "empty part"),
        ({"": 1}, "empty part"),
        ({".".join("a" * 30): 1}, "more than 20 parts"),
        ({1: 2}, "name was expected"),
        (_nested(10_000), f"more than {MAX_DEPTH} levels"),
        ({"a": {"b": {"c": _nested(100)}}}, f"more than {MAX_DEPTH} levels"),
        ([{"a": 1}] * 10_000, f"more than {MAX_CONDITIONS} conditions"),
        ('{"a": "' + "x" * 2_000_000 + '"}', "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "raw",
)
def test_refused(raw: Any, says: str) -> None:
    with pytest.raises(InvalidFilter, match=says):
        parse_filter(raw)


def test_a_path_as_deep_as_can_be_is_refused_and_does_no_harm() -> None:
    raw: Any = 1
    for _ in range(5_000):
        raw = {"a": raw}
    with pytest.raises(InvalidFilter, match="levels"):
        parse_filter(raw)
    with pytest.raises(InvalidFilter):
        parse_filter(json.dumps({"a." * 5_000 + "a": 1}))
